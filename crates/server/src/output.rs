//! The only place that prints.
#![expect(clippy::print_stderr, reason = "a command line speaks to its user here")]

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As JSON, for programs.
    pub(crate) json: bool,
}

impl Output {
    /// A result: as JSON, or as `text` makes it.
    pub(crate) fn result<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        let text = if self.json {
            serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("\"{error}\""))
        } else {
            text(value).trim_end().to_owned()
        };
        // Whoever reads may have seen enough and gone (`yibiao status … | head`); then nobody is left to tell.
        writeln!(std::io::stdout(), "{text}").unwrap_or_default();
    }

    /// What failed.
    pub(crate) fn error(self, code: u8, message: &str) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": message, "code": code }));
        } else {
            eprintln!("error: {message}");
        }
    }

    /// A progress bar on long work; hidden for programs and where no terminal looks on.
    pub(crate) fn progress(self, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::no_length().with_message(what);
        if self.json || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} {per_sec} {elapsed}") {
            bar.set_style(style);
        }
        bar
    }
}

/// A table for a person.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}
