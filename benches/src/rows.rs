//! Rows of civil affairs, each of another person: what the programs push that measure ways in and out.

/// The row of a person.
pub fn row(person: u32) -> String {
    let (year, month, day) = (1930 + person / 336 % 70, person / 28 % 12 + 1, person % 28 + 1);
    let digits = format!("110101{year}{month:02}{day:02}{:03}", person / 23_520 % 900 + 100);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap_or(0)).unwrap_or('X');
    let given: Vec<char> = "安博昌达恩芳刚海继佳凯兰明宁平清荣书天文".chars().collect();
    let nth =
        |at: u32| given.iter().cycle().nth(usize::try_from(at % 20).unwrap_or(0)).copied().unwrap_or('安');
    serde_json::json!({
        "身份证号": format!("{digits}{check}"),
        "姓名": format!("司马{}{}", nth(person), nth(person / 20)),
        "联系方式": format!("139{person:08}"),
        "户主": "", "与户主关系": "户主", "残疾类别": "", "是否独居": "否",
    })
    .to_string()
}

/// The key of the row.
pub fn key(person: u32) -> String {
    format!("r{person}")
}

/// How many bytes so many rows have.
pub fn bytes(rows: usize) -> usize {
    (0..u32::try_from(rows).unwrap_or(u32::MAX)).map(|person| row(person).len()).sum()
}
