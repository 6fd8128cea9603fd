//! The XML file of NY: elements in Chinese, absent, empty and nil ones mixed.

use std::io::Write;

use quick_xml::escape::escape;
use yibiao_format::Cell;

use super::{Source, WriteErrorKind};
use crate::office::ny;

/// Writes the file.
pub(super) fn write(source: Source<'_>, out: &mut impl Write) -> Result<(), WriteErrorKind> {
    out.write_all(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <防返贫监测数据 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" 批次=\"2026H2\" 导出单位=\"示例区农业农村局\" \
         导出时间=\"2026-10-31T09:00:00+08:00\">\n"
            .as_bytes(),
    )?;
    let names: Vec<String> = ny::COLUMNS.iter().map(|column| element_name(column)).collect();
    for (number, entry) in (1_u64..).zip(&source.rolls.ny) {
        let written = ny::row(source.plan, source.world, entry);
        let mut xml = format!("  <记录 序号=\"{number}\">\n");
        for (name, cell) in names.iter().zip(&written.cells) {
            match cell {
                Cell::Absent => {}
                cell if *cell == ny::NIL => xml.push_str(&format!("    <{name} xsi:nil=\"true\"/>\n")),
                Cell::Text(text) if !text.is_empty() => {
                    xml.push_str(&format!("    <{name}>{}</{name}>\n", escape(text)))
                }
                _ => xml.push_str(&format!("    <{name}/>\n")),
            }
        }
        xml.push_str("  </记录>\n");
        out.write_all(xml.as_bytes())?;
    }
    out.write_all("</防返贫监测数据>\n".as_bytes())?;
    Ok(())
}

/// A column name as an element name, by the SQL/XML rule: what no name may hold becomes `_xHHHH_`.
fn element_name(column: &str) -> String {
    let mut name = String::new();
    for character in column.chars() {
        if character.is_alphanumeric() {
            name.push(character);
        } else {
            name.push_str(&format!("_x{:04x}_", u32::from(character)));
        }
    }
    name
}
