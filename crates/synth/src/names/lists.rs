//! The lists from which names are drawn. They are the project's own, written from general knowledge of how people
//! are called in the hills of the south-west; the order and the weights are rough frequencies, no census.

pub(super) mod confusion;
pub(super) mod fashion;

/// Surnames of the county at large, with weights.
pub(in crate::names) const SURNAMES: &[(&str, u32)] = &[
    ("王", 62),
    ("李", 70),
    ("张", 66),
    ("刘", 52),
    ("陈", 58),
    ("杨", 55),
    ("黄", 34),
    ("赵", 22),
    ("周", 30),
    ("吴", 33),
    ("徐", 14),
    ("孙", 10),
    ("朱", 13),
    ("马", 11),
    ("胡", 18),
    ("郭", 12),
    ("何", 24),
    ("高", 8),
    ("林", 9),
    ("罗", 30),
    ("郑", 10),
    ("梁", 8),
    ("谢", 12),
    ("宋", 9),
    ("唐", 17),
    ("许", 9),
    ("韩", 5),
    ("冯", 11),
    ("邓", 14),
    ("曹", 7),
    ("彭", 26),
    ("曾", 15),
    ("肖", 13),
    ("田", 40),
    ("董", 6),
    ("袁", 10),
    ("潘", 8),
    ("于", 3),
    ("蒋", 13),
    ("蔡", 7),
    ("余", 10),
    ("杜", 8),
    ("叶", 6),
    ("程", 6),
    ("苏", 6),
    ("魏", 6),
    ("吕", 5),
    ("丁", 5),
    ("任", 7),
    ("沈", 3),
    ("姚", 7),
    ("卢", 7),
    ("傅", 4),
    ("钟", 8),
    ("姜", 4),
    ("崔", 2),
    ("谭", 36),
    ("廖", 12),
    ("范", 6),
    ("汪", 9),
    ("陆", 4),
    ("金", 3),
    ("石", 14),
    ("戴", 5),
    ("贾", 3),
    ("韦", 5),
    ("夏", 7),
    ("邱", 7),
    ("方", 6),
    ("侯", 4),
    ("邹", 8),
    ("熊", 10),
    ("孟", 3),
    ("秦", 10),
    ("白", 5),
    ("江", 6),
    ("阎", 1),
    ("薛", 2),
    ("尹", 3),
    ("段", 4),
    ("雷", 7),
    ("黎", 6),
    ("史", 2),
    ("龙", 22),
    ("陶", 4),
    ("贺", 5),
    ("顾", 1),
    ("毛", 4),
    ("郝", 1),
    ("龚", 8),
    ("邵", 2),
    ("万", 5),
    ("覃", 30),
    ("武", 2),
    ("钱", 2),
    ("严", 3),
    ("洪", 2),
    ("赖", 3),
    ("莫", 3),
    ("孔", 1),
    ("向", 34),
    ("冉", 38),
    ("瞿", 9),
    ("舒", 8),
    ("滕", 7),
    ("牟", 9),
    ("蒲", 8),
    ("庹", 3),
    ("粟", 2),
    ("麻", 3),
    ("候", 1),
    ("付", 4),
    ("代", 4),
    ("阳", 3),
    ("单", 1),
    ("仇", 1),
    ("解", 1),
    ("查", 1),
    ("区", 1),
    ("盖", 1),
    ("乐", 1),
    ("欧阳", 4),
    ("上官", 2),
    ("司马", 1),
    ("诸葛", 1),
    ("尉迟", 1),
    ("皇甫", 1),
    ("令狐", 2),
];

/// Surnames one of which half a village shares, with weights.
pub(in crate::names) const CLANS: &[(&str, u32)] = &[
    ("田", 12),
    ("冉", 12),
    ("向", 11),
    ("谭", 10),
    ("覃", 9),
    ("彭", 8),
    ("杨", 8),
    ("张", 7),
    ("李", 7),
    ("龙", 6),
    ("罗", 6),
    ("陈", 5),
    ("石", 5),
    ("瞿", 4),
    ("吴", 4),
    ("秦", 4),
    ("黄", 4),
    ("牟", 3),
    ("舒", 3),
    ("庹", 2),
    ("滕", 2),
    ("蒲", 2),
];

/// Characters that name a generation of a clan, in the order of its poem.
pub(in crate::names) const GENERATIONS: &[&str] = &[
    "宏", "开", "正", "启", "文", "世", "光", "昌", "先", "泽", "绍", "祖", "承", "万", "安", "定", "国",
    "维", "仁", "义", "克", "廷", "兴", "朝", "永", "德", "学", "本", "天", "应",
];

/// Given names of Uyghur men and how another clerk writes them.
pub(in crate::names) const UYGHUR_MEN: &[(&str, &str)] = &[
    ("阿卜杜拉", "阿布都拉"),
    ("买买提", "麦麦提"),
    ("吐尔逊", "图尔荪"),
    ("艾尔肯", "艾力肯"),
    ("库尔班", "库尔巴尼"),
    ("玉素甫", "玉苏普"),
    ("亚森", "亚生"),
    ("依明", "伊敏"),
    ("卡德尔", "卡迪尔"),
    ("热合曼", "热合满"),
    ("肉孜", "茹孜"),
    ("努尔", "奴尔"),
];

/// Given names of Uyghur women.
pub(in crate::names) const UYGHUR_WOMEN: &[(&str, &str)] = &[
    ("古丽", "谷丽"),
    ("阿依努尔", "阿依奴尔"),
    ("帕提古丽", "帕提姑丽"),
    ("热依汗", "热伊汗"),
    ("祖丽菲娅", "祖力菲亚"),
    ("玛依拉", "马依拉"),
    ("阿米娜", "阿米乃"),
    ("米热古丽", "米日古丽"),
];

/// Given names of Kazakh men.
pub(in crate::names) const KAZAKH_MEN: &[(&str, &str)] = &[
    ("叶尔肯", "叶尔坎"),
    ("巴合提", "巴赫提"),
    ("赛力克", "赛里克"),
    ("木拉提", "穆拉提"),
    ("哈那提", "哈纳提"),
    ("加尔恒", "加依恒"),
    ("努尔兰", "努日兰"),
    ("达吾列提", "达吾来提"),
];

/// Given names of Kazakh women.
pub(in crate::names) const KAZAKH_WOMEN: &[(&str, &str)] = &[
    ("阿依古丽", "阿依姑丽"),
    ("古丽娜", "古丽纳"),
    ("叶尔克", "叶日克"),
    ("沙吾列", "沙吾烈"),
    ("巴哈尔", "巴哈古丽"),
];

/// Yi names of women and men, which carry a dot in writing.
pub(in crate::names) const YI_FIRST: &[(&str, &str)] =
    &[("阿尔", "阿儿"), ("吉克", "吉刻"), ("沙马", "沙玛"), ("曲比", "曲碧"), ("马海", "马亥")];

/// The second part of Yi names.
pub(in crate::names) const YI_SECOND: &[(&str, &str)] =
    &[("尔布", "尔补"), ("木果", "木呷"), ("阿牛", "阿妞"), ("史者", "石者"), ("依洛", "衣洛")];

/// Names of one part without a surname: Mongolian and Tibetan.
pub(in crate::names) const UNDIVIDED: &[&str] =
    &["巴图", "乌兰", "其其格", "格日勒", "德吉", "扎西", "央金", "次仁", "卓玛", "旺堆", "娜仁花", "朝鲁"];

/// A character outside GBK, and what a system that cannot hold it shows.
#[derive(Clone, Copy)]
pub(crate) struct Rare {
    /// The character.
    pub(crate) hanzi: &'static str,
    /// Its sound.
    pub(crate) sound: &'static str,
    /// A common character of that sound.
    pub(crate) homophone: &'static str,
    /// It described by its parts, in brackets.
    pub(crate) parts: &'static str,
}

/// Characters outside GBK that parents choose.
pub(in crate::names) const RARE: &[Rare] = &[
    Rare { hanzi: "䶮", sound: "yan", homophone: "岩", parts: "(龙天)" },
    Rare { hanzi: "𬭎", sound: "hong", homophone: "宏", parts: "(金弘)" },
    Rare { hanzi: "𬘭", sound: "chen", homophone: "琛", parts: "(丝林)" },
    Rare { hanzi: "𬍛", sound: "fu", homophone: "夫", parts: "(王夫)" },
    Rare { hanzi: "𫖯", sound: "fu", homophone: "府", parts: "(府页)" },
    Rare { hanzi: "𬱖", sound: "di", homophone: "迪", parts: "(由页)" },
    Rare { hanzi: "𬭚", sound: "chun", homophone: "淳", parts: "(金享)" },
    Rare { hanzi: "𬀩", sound: "wei", homophone: "伟", parts: "(日韦)" },
    Rare { hanzi: "𬬭", sound: "lun", homophone: "伦", parts: "(金仑)" },
    Rare { hanzi: "𫍯", sound: "xian", homophone: "贤", parts: "(言咸)" },
];
