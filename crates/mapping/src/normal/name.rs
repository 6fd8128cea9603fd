//! Persons' names: padding, spread short names, interpuncts of every kind, nicknames and notes in brackets, lost hanzi.

use super::{Outcome, Reading, Unreadable, text};
use serde::Deserialize;
use yibiao_format::Cell;
use yibiao_record::{Name, Value};

/// How a column writes names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// What stands between the parts of a dotted name: `·`, `•`, `・`, `‧`, `.`, `-` or a space. Where that would not
    /// read back (a space in a name of up to four hanzi), `·` stands.
    pub interpunct: char,
    /// Whether another form of the name is written before the bracketed full name: `冉婆婆(冉秀英)`.
    pub nickname: bool,
    /// The longest name that the column holds; a longer one does not fit.
    pub characters_max: Option<u8>,
}

impl Default for Style {
    fn default() -> Self {
        Self { interpunct: '·', nickname: false, characters_max: None }
    }
}

/// The longest name that is taken for one.
const CHARACTERS_MAX: usize = 50;
/// Up to so many hanzi a space within a name is a clerk's spreading, above it separates the parts of a dotted name.
const SPREAD_MAX: usize = 4;
const REFUSED: Unreadable = Unreadable("name");

/// Reads a name.
pub fn parse(cell: &Cell) -> Outcome {
    let Some(said) = text::said(cell) else { return Ok(None) };
    if said.len() <= 12 && !said.contains('之') && said.chars().all(text::is_hanzi) {
        return Ok(Some(Reading::plain(Value::Name(Name::plain(&said)))));
    }
    let (outer, inner) = bracketed(&said).ok_or(REFUSED)?;
    let outer = tidy(outer).ok_or(REFUSED)?;
    let name = match inner.map(text::trim).filter(|inner| !inner.is_empty() && !is_note(inner)) {
        None => Name { full: outer.into(), others: Vec::new() },
        Some(inner) => combined(outer, inner).ok_or(REFUSED)?,
    };
    Ok(Some(Reading::plain(Value::Name(name))))
}

/// Writes a name.
pub fn write(name: &Name, style: &Style) -> Option<Cell> {
    let fits = |text: &str| style.characters_max.is_none_or(|max| text.chars().count() <= usize::from(max));
    let reads_back = |text: &str, as_name: &Name| match parse(&Cell::Text(text.to_owned())) {
        Ok(Some(Reading { value: Value::Name(read), .. })) => read == *as_name,
        _ => false,
    };
    let plain = if name.full.contains('·') {
        let dotted = name.full.replace('·', style.interpunct.encode_utf8(&mut [0; 4]));
        if reads_back(&dotted, &Name::plain(&name.full)) { dotted } else { name.full.to_string() }
    } else {
        name.full.to_string()
    };
    if style.nickname
        && let [other] = &*name.others
    {
        let with_nickname = [other, "(", &plain, ")"].concat();
        if fits(&with_nickname) && reads_back(&with_nickname, name) {
            return Some(Cell::Text(with_nickname));
        }
    }
    fits(&plain).then_some(Cell::Text(plain))
}

/// Whether a word in brackets or behind a comma tells of the person instead of naming them: a relation, a state.
pub(super) fn is_note(word: &str) -> bool {
    const NOTES: [&str; 55] = [
        "儿",
        "子",
        "女",
        "妻",
        "夫",
        "父",
        "母",
        "亲",
        "儿子",
        "女儿",
        "长子",
        "次子",
        "三子",
        "长女",
        "次女",
        "三女",
        "儿媳",
        "女婿",
        "配偶",
        "妻子",
        "丈夫",
        "老伴",
        "父亲",
        "母亲",
        "父子",
        "爷爷",
        "奶奶",
        "外公",
        "外婆",
        "孙子",
        "孙女",
        "外孙",
        "外孙女",
        "兄弟",
        "哥哥",
        "弟弟",
        "姐姐",
        "妹妹",
        "侄子",
        "侄女",
        "亲属",
        "亲戚",
        "邻居",
        "监护人",
        "户主",
        "本人",
        "村干部",
        "网格员",
        "帮扶人",
        "已故",
        "故",
        "死亡",
        "外出",
        "迁出",
        "注销",
    ];
    NOTES.contains(&word)
}

/// What stands before a bracket, a quotation or a comma, and what stands in it or behind it. `None` if that is not one
/// name with one note.
fn bracketed(said: &str) -> Option<(&str, Option<&str>)> {
    let mark = |c| matches!(c, '(' | '（' | '[' | '【' | '〔' | '"' | '“' | ',' | '，');
    let Some(at) = said.find(mark) else { return Some((said, None)) };
    let (outer, rest) = said.split_at(at);
    let mut rest = rest.chars();
    let open = rest.next()?;
    let rest = rest.as_str();
    let close = match open {
        '(' | '（' => [')', '）'],
        '[' | '【' | '〔' => ['】', ']'],
        '"' | '“' => ['"', '”'],
        // Behind a comma only a note: two names are not one.
        _ => return is_note(text::trim(rest)).then_some((outer, None)),
    };
    let inner = match rest.find(close) {
        Some(end) => {
            let (inner, after) = rest.split_at(end);
            text::trim(after.trim_start_matches(close)).is_empty().then_some(inner)?
        }
        None => rest,
    };
    Some((outer, Some(inner)))
}

/// A name and what stands in brackets behind it, which is not a mere note.
fn combined(outer: String, inner: &str) -> Option<Name> {
    if let Some(other) = ["曾用名", "原名", "又名", "别名", "小名", "乳名", "绰号", "外号"]
        .iter()
        .find_map(|word| inner.strip_prefix(word))
    {
        let other = tidy(other.trim_start_matches([':', '：']))?;
        return Some(Name { full: outer.into(), others: vec![other.into()] });
    }
    let lost = composed(inner);
    if lost.is_some() || outer.chars().nth(1).is_none() {
        // A surname alone, or well-known components: the bracket spells a hanzi that the writer's font lacks.
        let full = format!("{outer}{}", lost.unwrap_or('?'));
        return Some(Name { full: full.into(), others: vec![[&outer, "(", inner, ")"].concat().into()] });
    }
    let inner = tidy(inner)?;
    // A nickname keeps the surname; where neither form is plainly one, the bracket holds the name of the papers.
    let kin = outer.chars().next() == inner.chars().next();
    let inner_is_full = match (is_nickname(&outer), is_nickname(&inner)) {
        (true, false) => true,
        (false, true) => false,
        _ => kin && !is_of_someone(&inner),
    };
    let (full, other) = if inner_is_full { (inner, outer) } else { (outer, inner) };
    Some(Name { full: full.into(), others: vec![other.into()] })
}

/// A hanzi of personal names outside the old character sets, by how people spell it.
fn composed(components: &str) -> Option<char> {
    Some(match components {
        "龙天" => '䶮',
        "金宏" | "钅宏" => '𬭎',
        "金华" | "钅华" => '铧',
        "吉吉" => '喆',
        "方方土" => '堃',
        "先先" => '兟',
        "水水水" | "三水" => '淼',
        "火火火" | "三火" => '焱',
        "金金金" | "三金" => '鑫',
        "牛牛牛" | "三牛" => '犇',
        _ => return None,
    })
}

/// `孙傲林之父`, `吴大勇之子`: someone named by another.
fn is_of_someone(name: &str) -> bool {
    ["之妻", "之夫", "之父", "之母", "之子", "之女", "之孙", "之媳"].iter().any(|end| name.ends_with(end))
}

/// `冉婆婆`, `老张`, `张老汉`, `李二娃`: how neighbours call someone.
fn is_nickname(name: &str) -> bool {
    const ENDS: [&str; 29] = [
        "婆婆", "婆", "爷爷", "爷", "奶奶", "大爷", "大娘", "大妈", "大伯", "伯伯", "伯", "公公", "嬢", "孃",
        "娘", "嫂", "嫂子", "老汉", "老太", "老头", "老师", "娃", "幺", "幺妹", "叔", "哥", "姐", "妹",
        "老幺",
    ];
    name.starts_with('老') && name.chars().count() <= 3
        || name.starts_with('阿') && name.chars().count() == 2
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// A name without padding and spreading, its interpuncts all `·`, its lost hanzi all `?`. `None` where it is no name.
fn tidy(said: &str) -> Option<String> {
    let said = text::trim(said);
    let hanzi = said.chars().filter(|c| is_part(*c)).count();
    let mut out = String::with_capacity(said.len());
    // What stands between two parts and is not yet decided upon.
    let mut between: Option<char> = None;
    for c in said.chars() {
        if is_invisible(c) {
            continue;
        }
        let Some(separator) = separator(c) else {
            let part = match c {
                '？' | '\u{FFFD}' | '□' | '■' | '*' | '＊' => '?',
                c if c.is_alphabetic() || c == '?' || c == '\'' => c,
                _ => return None,
            };
            if let Some(separator) = between.take() {
                let joins = is_part(part) && out.chars().next_back().is_some_and(is_part);
                match separator {
                    ' ' if joins && hanzi <= SPREAD_MAX => {}
                    '·' => out.push('·'),
                    _ if joins => out.push('·'),
                    other => out.push(other),
                }
            }
            out.push(part);
            continue;
        };
        if !out.is_empty() {
            between = Some(if between.is_none() || between == Some(' ') { separator } else { '·' });
        }
    }
    let characters = out.chars().count();
    ((1..=CHARACTERS_MAX).contains(&characters) && !text::is_placeholder(&out, &[])).then_some(out)
}

fn is_part(c: char) -> bool {
    text::is_hanzi(c) || c == '?'
}

/// Padding that has no width: nothing was meant by it.
fn is_invisible(c: char) -> bool {
    text::is_padding(c) && !c.is_whitespace()
}

/// What may stand between the parts of a name: `·` for all kinds of dot, `-` for all kinds of hyphen, or a space.
fn separator(c: char) -> Option<char> {
    Some(match c {
        '·' | '•' | '・' | '‧' | '∙' | '⋅' | '･' | '●' | '᛫' | '﹒' | '．' | '.' | '｡' | '。' => {
            if c == '·' || !c.is_ascii() {
                '·'
            } else {
                '.'
            }
        }
        '-' | '－' | '–' | '—' | '‐' | '‑' | '_' => '-',
        c if text::is_padding(c) => ' ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
