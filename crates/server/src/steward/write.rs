//! The workbook as it goes out: a block of rows for each task, one row an element, and the decisions that hold.

use super::read::HEAD;
use super::{COLUMNS, DECISION_COLUMNS, DECISIONS, DIFFERENT, SAME, TAKE_BACK, TASKS, Task, Token, UNSURE};
use crate::handle::{Refusal, told};
use rust_xlsxwriter::{DataValidation, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use std::collections::BTreeSet;
use std::path::Path;
use yibiao_contract::values;
use yibiao_pipeline::{Node, Story};
use yibiao_record::{ElementId, EntityKind, SourceKey};
use yibiao_resolve::{FieldStory, PairStory};
use yibiao_schema::element;
use yibiao_store::ReadError;

/// Widths of the columns of tasks, in characters.
const WIDTHS: [f64; 9] = [9.0, 11.0, 26.0, 34.0, 34.0, 34.0, 16.0, 30.0, 10.0];
const DECISION_WIDTHS: [f64; 7] = [9.0, 20.0, 34.0, 14.0, 34.0, 22.0, 18.0];

/// How cells look.
struct Looks {
    header: Format,
    head: Format,
    plain: Format,
    differs: Format,
    decide: Format,
}

impl Looks {
    fn new() -> Self {
        let cell =
            || Format::new().set_text_wrap().set_align(FormatAlign::Top).set_border(FormatBorder::Hair);
        Self {
            header: cell().set_bold().set_background_color("#D9E2EC"),
            head: cell().set_bold().set_background_color("#F0F4F8"),
            plain: cell(),
            differs: cell().set_background_color("#FFF3CD"),
            decide: cell().set_bold().set_background_color("#E3F9E5"),
        }
    }
}

/// Writes tasks and decisions.
pub(super) fn workbook(node: &Node, tasks: &[Task], out: &Path) -> Result<(), Refusal> {
    let fail = |error: XlsxError| Refusal::Failed(format!("cannot write {}: {error}", out.display()));
    let mut book = Workbook::new();
    let looks = Looks::new();
    let mut stories = Vec::new();
    for task in tasks {
        let side = |keys: &[SourceKey]| -> Result<Option<Story>, ReadError> {
            let entity = keys.first().and_then(|key| node.world().entity_of(task.kind, key));
            entity.map_or(Ok(None), |entity| node.story(entity))
        };
        let sides = (side(&task.review.left), side(&task.review.right));
        stories.push((sides.0.map_err(Refusal::failed)?, sides.1.map_err(Refusal::failed)?));
    }
    let sheet = book.add_worksheet();
    write_tasks(sheet, node, tasks.iter().zip(&stories), &looks).map_err(fail)?;
    write_decisions(book.add_worksheet(), node, &looks).map_err(fail)?;
    book.save(out).map_err(fail)
}

/// Names the sheet, writes its header and keeps that in sight.
fn open<const N: usize>(
    sheet: &mut Worksheet,
    name: &str,
    columns: [&str; N],
    widths: [f64; N],
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    for (at, (column, width)) in (0u16..).zip(columns.iter().zip(widths)) {
        sheet.write_string_with_format(0, at, *column, &looks.header)?;
        sheet.set_column_width(at, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn choices(texts: &[&str], title: &str, error: &str) -> Result<DataValidation, XlsxError> {
    DataValidation::new()
        .allow_list_strings(texts)?
        .set_input_title(title)?
        .set_error_title(title)?
        .set_error_message(error)
}

/// Row, column: of the first sheet, where tasks are decided.
const DECIDE: u16 = 6;
const TOKEN: u16 = 8;

fn write_tasks<'a>(
    sheet: &mut Worksheet,
    node: &Node,
    tasks: impl Iterator<Item = (&'a Task, &'a (Option<Story>, Option<Story>))>,
    looks: &Looks,
) -> Result<(), XlsxError> {
    open(sheet, TASKS, COLUMNS, WIDTHS, looks)?;
    let list = choices(
        &[SAME, DIFFERENT, UNSURE],
        "结论 decision",
        "请从列表中选择；空白表示未决。 Choose one of the list; empty means undecided.",
    )?;
    let mut at: u32 = 1;
    for (number, (task, (left, right))) in (1u32..).zip(tasks) {
        let Task { kind, review, pair } = task;
        let token = Token::new(*kind, &pair.left, &pair.right);
        let token = serde_json::to_string(&token).unwrap_or_default();
        let all = |keys: &[SourceKey]| keys.iter().map(|key| shown(node, key)).collect::<Vec<_>>().join("\n");
        let mut lines = vec![(
            "记录 records".to_owned(),
            all(&review.left),
            all(&review.right),
            reasons(pair, review.average),
        )];
        lines.extend(elements(node, *kind, left.as_ref(), right.as_ref(), pair));
        for (line, (item, one, other, compared)) in lines.into_iter().enumerate() {
            let head = line == 0;
            let look = if head { &looks.head } else { &looks.plain };
            let side = if !head && !one.is_empty() && !other.is_empty() && one != other {
                &looks.differs
            } else {
                look
            };
            sheet.write_number_with_format(at, 0, number, look)?;
            sheet.write_string_with_format(at, 1, label(*kind), look)?;
            sheet.write_string_with_format(at, 2, item, look)?;
            sheet.write_string_with_format(at, 3, one, side)?;
            sheet.write_string_with_format(at, 4, other, side)?;
            sheet.write_string_with_format(at, 5, compared, look)?;
            if head {
                sheet.write_blank(at, DECIDE, &looks.decide)?;
                sheet.write_blank(at, DECIDE + 1, &looks.decide)?;
                sheet.add_data_validation(at, DECIDE, at, DECIDE, &list)?;
            }
            sheet.write_string(at, TOKEN, format!("{}{token}", if head { HEAD } else { "" }))?;
            at += 1;
        }
    }
    sheet.set_column_hidden(TOKEN)?;
    Ok(())
}

fn label(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Person => "人员 person",
        EntityKind::Household => "家庭户 household",
        EntityKind::Dwelling => "房屋 dwelling",
    }
}

fn shown(node: &Node, key: &SourceKey) -> String {
    format!("{}:{}", key.system, node.shown(key))
}

fn bits(thousandths: i32) -> String {
    format!("{:+.1}", f64::from(thousandths) / 1_000.0)
}

/// How the two sides stand to the cuts, and what says most about it.
fn reasons(pair: &PairStory, average: i32) -> String {
    let mut fields: Vec<&FieldStory> =
        pair.fields.iter().filter(|field| field.bits + field.rarity != 0).collect();
    fields.sort_by_key(|field| std::cmp::Reverse((field.bits + field.rarity).abs()));
    let main = fields
        .iter()
        .take(REASONS)
        .map(|field| format!("{} {}: {}", bits(field.bits + field.rarity), field.field, field.level));
    let rule = pair.rule.map(|_| "规则要求人工判定 a fixed rule asks".to_owned());
    let mut lines =
        vec![format!("合计 weight {} (自动合并 joined from {})", bits(average), bits(pair.cuts.auto))];
    lines.extend(rule);
    lines.extend(main);
    lines.join("\n")
}

/// How many fields are named as reasons.
const REASONS: usize = 4;

/// Item, one side, other side, how they compare.
type Line = (String, String, String, String);

/// A line for each element that either side has.
fn elements(
    node: &Node,
    kind: EntityKind,
    left: Option<&Story>,
    right: Option<&Story>,
    pair: &PairStory,
) -> Vec<Line> {
    let dictionary = node.dictionary();
    let has = |story: Option<&Story>| -> BTreeSet<ElementId> {
        story.into_iter().flat_map(|story| &story.canonical.0).map(|(element, _)| *element).collect()
    };
    let of = |story: Option<&Story>, element: ElementId| {
        let value = story.and_then(|story| story.canonical.get(element));
        value.map(|value| values::text(dictionary, element, &value.value)).unwrap_or_default()
    };
    let all: BTreeSet<ElementId> = has(left).union(&has(right)).copied().collect();
    let lines = all.into_iter().filter_map(|number| {
        let element = dictionary.element(number)?;
        let compared = pair
            .fields
            .iter()
            .find(|field| kind == EntityKind::Person && compared_by(number) == Some(&*field.field));
        let compared = compared.map(|field| format!("{} {}", field.level, bits(field.bits + field.rarity)));
        Some((
            format!("{} {}", element.zh, element.id),
            of(left, number),
            of(right, number),
            compared.unwrap_or_default(),
        ))
    });
    lines.collect()
}

/// The field of the model by which persons are compared on an element.
fn compared_by(element: ElementId) -> Option<&'static str> {
    Some(match element {
        element::CITIZEN_ID => "id",
        element::NAME => "name",
        element::SEX => "sex",
        element::BIRTH_DATE => "born",
        element::RESIDENCE_ADDRESS => "home",
        element::MOBILE => "phone",
        element::CONTACT_PHONE => "contact",
        element::HEAD_NAME => "head",
        _ => return None,
    })
}

fn write_decisions(sheet: &mut Worksheet, node: &Node, looks: &Looks) -> Result<(), XlsxError> {
    open(sheet, DECISIONS, DECISION_COLUMNS, DECISION_WIDTHS, looks)?;
    let list = choices(&[TAKE_BACK], TAKE_BACK, "只可选择“撤回”。 Choose it, or leave the cell empty.")?;
    let holding = node.decisions().filter(|(decision, holds)| {
        *holds && !matches!(decision.kind, yibiao_record::DecisionKind::TakeBack(_))
    });
    for (at, (decision, _)) in (1u32..).zip(holding) {
        let (what, subjects) = told(node, &decision.kind);
        let texts = [
            decision.seq.to_string(),
            what,
            subjects.join("\n"),
            decision.actor.to_string(),
            decision.reason.to_string(),
            decision.at.to_string(),
        ];
        for (column, text) in (0u16..).zip(texts) {
            sheet.write_string_with_format(at, column, text, &looks.plain)?;
        }
        sheet.write_blank(at, 6, &looks.decide)?;
        sheet.add_data_validation(at, 6, at, 6, &list)?;
    }
    Ok(())
}
