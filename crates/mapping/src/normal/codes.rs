//! Several values in one cell (`低保,特困`), and a code with its meaning (`3空巢`, `9(中度依赖)`).

use super::text;

/// The values in a cell, without padding, in their order; empty ones are left out. Separators are `,` `;` `、` `/` and
/// their full-width forms. Brackets keep together what stands in them.
pub fn split(cell: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0u32;
    cell.split(move |c| {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, ',' | '，' | ';' | '；' | '、' | '/' | '／' | '\n')
    })
    .map(text::trim)
    .filter(|item| !item.is_empty())
}

/// Writes several values in one cell.
pub fn join<'a>(items: impl IntoIterator<Item = &'a str>, separator: &str) -> String {
    items.into_iter().collect::<Vec<_>>().join(separator)
}

/// Splits a code from the meaning that follows it: `3空巢` is (`3`, `空巢`), `9(中度依赖)` (`9`, `中度依赖`). What
/// stands alone is all code: (`3`, ``), (`空巢`, ``).
pub fn code_and_meaning(item: &str) -> (&str, &str) {
    let item = text::trim(item);
    let Some(at) = item.find(|c: char| !c.is_ascii_alphanumeric() && c != '.') else { return (item, "") };
    if at == 0 {
        return (item, "");
    }
    let (code, meaning) = item.split_at(at);
    let meaning = meaning.trim_matches(|c| text::is_padding(c) || "()（）-—:：.、".contains(c));
    (code, meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn several_values_in_one_cell_come_apart_at_any_separator() {
        for text in [
            "农村低保,高龄津贴",
            "农村低保， 高龄津贴",
            "农村低保;高龄津贴",
            "农村低保；高龄津贴；",
            "农村低保、高龄津贴",
        ] {
            assert_eq!(split(text).collect::<Vec<_>>(), ["农村低保", "高龄津贴"], "{text}");
        }
        assert_eq!(split("I10;E11.9").collect::<Vec<_>>(), ["I10", "E11.9"]);
        assert_eq!(split("高血压(一级、二级)、糖尿病").collect::<Vec<_>>(), ["高血压(一级、二级)", "糖尿病"]);
    }

    #[test]
    fn a_code_parts_from_its_meaning() {
        for (text, code, meaning) in [
            ("3空巢", "3", "空巢"),
            ("2独居", "2", "独居"),
            ("9(中度依赖)", "9", "中度依赖"),
            ("1（可自理）", "1", "可自理"),
            ("3", "3", ""),
            ("空巢", "空巢", ""),
            ("E11.9 糖尿病", "E11.9", "糖尿病"),
            ("1.可自理", "1.", "可自理"),
        ] {
            assert_eq!(code_and_meaning(text), (code, meaning), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_joined_comes_apart_again(items in prop::collection::vec("[一-龥A-Z0-9.]{1,5}", 0..5)) {
            let text = join(items.iter().map(String::as_str), "、");
            prop_assert_eq!(split(&text).collect::<Vec<_>>(), items);
        }

        #[test]
        fn any_text_comes_apart(text: String) {
            split(&text).count();
            code_and_meaning(&text);
        }
    }
}
