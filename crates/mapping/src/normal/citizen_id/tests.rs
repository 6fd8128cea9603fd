//! Rules of ids, one table a rule.

use super::*;
use proptest::prelude::*;

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn read(cell: &Cell) -> (String, IdQuality, ClaimFlags) {
    let reading = parse(cell).unwrap().unwrap();
    match reading.value {
        Value::Id(id) => (id.digits.to_string(), id.quality, reading.flags),
        _ => unreachable!(),
    }
}

const WHOLE: &str = "990101195006190225";

#[test]
fn the_check_character_is_that_of_the_standard() {
    assert!(check_holds("11010519491231002X"));
    assert!(check_holds(WHOLE));
    assert!(!check_holds("990101195006190226"));
}

#[test]
fn punctuation_case_and_width_in_an_id_change_nothing() {
    for said in [
        WHOLE,
        "'990101195006190225",
        "990101 19500619 0225",
        "990101-19500619-0225",
        "９９０１０１１９５００６１９０２２５",
        "　990101195006190225 \t",
        "990101\u{200B}195006190225",
    ] {
        assert_eq!(read(&text(said)), (WHOLE.into(), IdQuality::Valid, ClaimFlags::default()), "{said}");
    }
    for said in [
        "11010519491231002X",
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ] {
        assert_eq!(read(&text(said)).0, "11010519491231002X", "{said}");
    }
    assert_eq!(read(&Cell::Integer(990_101_195_006_190_225)).0, WHOLE);
}

#[test]
fn an_old_number_is_raised() {
    for (said, id) in [
        ("990101500619022", WHOLE),
        ("110105491231002", "11010519491231002X"),
        // Order numbers 996 to 999: born in the nineteenth century.
        ("110105991231996", "110105189912319968"),
        // That would be too long ago.
        ("990101550726997", "990101195507269978"),
    ] {
        assert_eq!(read(&text(said)), (id.into(), IdQuality::Valid, ClaimFlags::RAISED), "{said}");
    }
    // A double holds 15 digits whole.
    assert_eq!(read(&Cell::Number(990_101_500_619_022.0)).0, WHOLE);
    assert_eq!(read(&text("990101501319022")).1, IdQuality::Other);
}

#[test]
fn a_number_cell_keeps_the_digits_that_are_really_known() {
    let lost = |cell: Cell| {
        let (digits, quality, flags) = read(&cell);
        assert_eq!((quality, flags), (IdQuality::Prefix, ClaimFlags::TRUNCATED));
        digits
    };
    // 15 digits, the last of which may be zeros of the number itself.
    assert_eq!(lost(Cell::Number(9.901_011_952_051_93e17)), "990101195205193");
    assert_eq!(lost(Cell::Number(9.901_011_962_030_5e17)), "990101196203050");
    assert_eq!(lost(Cell::Number(9.901_011_958_061e17)), "990101195806100");
    // Only what a narrow column displayed.
    assert_eq!(lost(Cell::Number(9.90101e17)), "990101");
    assert_eq!(lost(text("9.90101E+17")), "990101");
    assert_eq!(lost(text("9.90E+17")), "99");
    assert_eq!(lost(text("9.90101194608292E+17")), "990101194608292");
    assert_eq!(lost(text("9.9010119620305E+17")), "990101196203050");
    // A double of all 18 digits, and one of 17 because its X was dropped.
    assert_eq!(lost(Cell::Number(990_101_195_006_190_225.0)), "990101195006190");
    assert_eq!(lost(Cell::Number(1.101_011_990_030_744_8e17)), "110101199003074");
    assert_eq!(lost(Cell::Number(9.901_011_980_092_6e16)), "990101198009260");
    // A spreadsheet's number that was stored as text afterwards, and an X that was dropped.
    assert_eq!(lost(text("990101196203051000")), "990101196203051");
    assert_eq!(lost(text("11010519491231002")), "11010519491231002");
}

#[test]
fn seventeen_digits_without_a_dropped_x_are_another_paper() {
    assert_eq!(read(&text("99010119500619022")).1, IdQuality::Other);
}

#[test]
fn a_disability_certificate_begins_with_the_id() {
    for (said, id) in [("99010119500619022542", WHOLE), ("11010519491231002x43", "11010519491231002X")] {
        assert_eq!(read(&text(said)), (id.into(), IdQuality::Valid, ClaimFlags::default()));
    }
    assert_eq!(certificate(&text("99010119500619022542")), Some(('4', '2')));
    assert_eq!(certificate(&text("'11010519491231002X43")), Some(('4', '3')));
    assert_eq!(certificate(&text(WHOLE)), None);
    assert_eq!(read(&text("99010119500619022599")).1, IdQuality::Other);
}

#[test]
fn a_slip_of_the_hand_is_seen() {
    for said in ["990101195006190252", "990101195013190225", "99010119500619022X"] {
        let (digits, quality, flags) = read(&text(said));
        assert_eq!((&*digits, quality, flags), (said, IdQuality::BadCheck, ClaimFlags::BAD_CHECK), "{said}");
    }
}

#[test]
fn other_papers_and_nothing_are_told_apart() {
    for said in ["H12345678", "EA1234567", "990101"] {
        assert_eq!(read(&text(said)).1, IdQuality::Other, "{said}");
    }
    for said in ["", "无", "不详", "/", "未提供", "　"] {
        assert_eq!(parse(&text(said)), Ok(None), "{said}");
    }
    for said in ["说明:见附表", "1.5E+3", "身份证", "-9.9E+17"] {
        assert_eq!(parse(&text(said)), Err(REFUSED), "{said}");
    }
    for number in [f64::NAN, f64::INFINITY, -1.0, 0.5] {
        assert_eq!(parse(&Cell::Number(number)), Err(REFUSED));
    }
}

fn valid() -> impl Strategy<Value = IdNumber> {
    (100_000u32..990_000, 1900u16..2030, 1u8..13, 1u8..29, 0u16..1000).prop_map(|(region, y, m, d, order)| {
        let mut digits = format!("{region}{y}{m:02}{d:02}{order:03}");
        digits.push(check_character(&digits).unwrap());
        IdNumber { digits: digits.into(), quality: IdQuality::Valid }
    })
}

proptest! {
    #[test]
    fn a_valid_id_reads_back_from_text(id in valid()) {
        let cell = write(&id, Style::Text).unwrap();
        prop_assert_eq!(parse(&cell).unwrap().unwrap(), Reading::plain(Value::Id(id)));
    }

    #[test]
    fn a_double_keeps_what_it_can(id in valid()) {
        let Some(cell) = write(&id, Style::Double) else { return Ok(()) };
        let Value::Id(read) = parse(&cell).unwrap().unwrap().value else { unreachable!() };
        prop_assert_eq!(read.digits.len(), 15);
        prop_assert!(id.refines(&read));
        prop_assert_eq!(write(&read, Style::Double), Some(cell));
    }

    #[test]
    fn a_double_of_all_digits_never_claims_a_wrong_one(id in valid()) {
        let Ok(number) = id.digits.parse::<f64>() else { return Ok(()) };
        prop_assume!(id.digits.get(15..).unwrap() < "872");
        let Value::Id(read) = parse(&Cell::Number(number)).unwrap().unwrap().value else { unreachable!() };
        prop_assert!(id.refines(&read));
    }

    #[test]
    fn whatever_is_read_whole_can_be_written_and_read_again(
        said: String,
        digits in "[0-9XxE+.' -]{0,24}",
        number in prop_oneof![any::<f64>(), 1e4..1e18f64],
    ) {
        for cell in [text(&said), text(&digits), Cell::Number(number), Cell::Number(number.trunc())] {
            let Ok(Some(Reading { value: Value::Id(id), .. })) = parse(&cell) else { continue };
            let Some(cell) = write(&id, Style::Text) else { continue };
            prop_assert_eq!(parse(&cell).unwrap().unwrap().value, Value::Id(id));
        }
    }

    #[test]
    fn only_twenty_characters_are_a_certificate(digits in "[0-9X ]{0,24}") {
        let characters = digits.chars().filter(|c| *c != ' ').count();
        prop_assert!(certificate(&text(&digits)).is_none() || characters == 20);
    }
}
