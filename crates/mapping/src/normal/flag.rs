//! Yes and no: `是`, `√`, `1`, `Y`, `true`, `✔`; `否`, `0`, `N`, `×`.

use super::{Outcome, Reading, Unreadable, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::Value;

/// How a column writes yes and no. An empty word leaves the cell empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// The word for yes.
    pub yes: Box<str>,
    /// The word for no.
    pub no: Box<str>,
}

/// Reads a flag. An empty cell says nothing: whether it means "no" is the mapping's to say.
pub fn parse(cell: &Cell) -> Outcome {
    if let Cell::Bool(truth) = cell {
        return Ok(Some(Reading::plain(Value::Bool(*truth))));
    }
    let Some(said) = text::cell_text(cell) else { return Ok(None) };
    let said = text::narrow(&said);
    let yes = ["是", "有", "√", "✓", "✔", "☑", "对", "1"];
    let no = ["否", "无", "没有", "不是", "×", "✗", "✘", "☐", "0", "-", "—"];
    let truth = if yes.contains(&&*said)
        || ["y", "yes", "t", "true"].iter().any(|w| w.eq_ignore_ascii_case(&said))
    {
        true
    } else if no.contains(&&*said) || ["n", "no", "f", "false"].iter().any(|w| w.eq_ignore_ascii_case(&said))
    {
        false
    } else {
        return Err(Unreadable("yes or no"));
    };
    Ok(Some(Reading::plain(Value::Bool(truth))))
}

/// Writes a flag.
pub fn write(truth: bool, style: &Style) -> Option<Cell> {
    let word = if truth { &style.yes } else { &style.no };
    Some(if word.is_empty() { Cell::Absent } else { Cell::Text(word.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn truth(text: &str) -> Result<Option<Value>, Unreadable> {
        parse(&Cell::Text(text.into())).map(|reading| reading.map(|reading| reading.value))
    }

    #[test]
    fn every_spelling_of_yes_and_no_is_read() {
        for text in ["是", "√", "1", "１", "Y", "true", "✔", " 是　", "TRUE"] {
            assert_eq!(truth(text), Ok(Some(Value::Bool(true))), "{text}");
        }
        for text in ["否", "0", "N", "无", "—", "false", "×"] {
            assert_eq!(truth(text), Ok(Some(Value::Bool(false))), "{text}");
        }
        assert_eq!(parse(&Cell::Integer(1)).unwrap().unwrap().value, Value::Bool(true));
        assert_eq!(parse(&Cell::Bool(false)).unwrap().unwrap().value, Value::Bool(false));
    }

    #[test]
    fn an_empty_cell_is_neither_yes_nor_no() {
        assert_eq!(parse(&Cell::Absent), Ok(None));
        assert_eq!(truth(" "), Ok(None));
    }

    #[test]
    fn another_word_is_refused() {
        assert_eq!(truth("部分"), Err(Unreadable("yes or no")));
    }

    proptest! {
        #[test]
        fn a_flag_reads_back_as_written(yes: bool) {
            for (word, other) in [("是", "否"), ("√", "×"), ("1", "0"), ("Y", "N")] {
                let style = Style { yes: word.into(), no: other.into() };
                let cell = write(yes, &style).unwrap();
                prop_assert_eq!(parse(&cell).unwrap().unwrap().value, Value::Bool(yes));
            }
        }

        #[test]
        fn other_text_is_never_a_flag(text in "[^是有对否无没yYnNtTfF√✓✔☑×✗✘☐01１０—-]{2,5}") {
            prop_assert!(matches!(truth(&text), Err(_) | Ok(None)));
        }
    }
}
