//! Figures for people: to the terminal, and into the benchmarks' page.

use crate::sets;
use yibiao_tests::Failure;

/// Tells a line to the terminal.
#[expect(clippy::print_stdout, reason = "a benchmark tells its figures to the terminal")]
pub fn tell(line: &str) {
    println!("{line}");
}

/// Replaces what stands between two markers in `benches/README.md`.
pub fn write(marker: &str, text: &str) -> Result<(), Failure> {
    let path = sets::project().join("benches/README.md");
    let page = std::fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {marker}: begin -->\n"), format!("<!-- {marker}: end -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let Some((before, (_, after))) = parts else {
        return Err(format!("{} lacks the markers of {marker}", path.display()).into());
    };
    std::fs::write(&path, format!("{before}{begin}{text}{end}{after}"))?;
    Ok(())
}
