//! The lists from which names are drawn. They are the project's own, written from general knowledge of how people
//! are called in the hills of the south-west; the order and the weights are rough frequencies, no census.

/// Surnames of the county at large, with weights.
pub(super) const SURNAMES: &[(&str, u32)] = &[
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
pub(super) const CLANS: &[(&str, u32)] = &[
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
pub(super) const GENERATIONS: &[&str] = &[
    "宏", "开", "正", "启", "文", "世", "光", "昌", "先", "泽", "绍", "祖", "承", "万", "安", "定", "国",
    "维", "仁", "义", "克", "廷", "兴", "朝", "永", "德", "学", "本", "天", "应",
];

/// What the given names of one sex and one time are made of.
pub(super) struct Fashion {
    /// First characters, by frequency.
    pub(super) first: &'static [&'static str],
    /// Second characters, by frequency.
    pub(super) second: &'static [&'static str],
    /// Names of one character, by frequency.
    pub(super) single: &'static [&'static str],
    /// How many in a hundred have one character.
    pub(super) single_percent: u32,
}

/// Men born before 1960.
pub(super) const MEN_ELDER: Fashion = Fashion {
    first: &[
        "国", "世", "光", "文", "德", "明", "正", "兴", "永", "大", "成", "祥", "仁", "万", "克", "家", "天",
        "洪", "福", "贵",
    ],
    second: &[
        "明", "华", "福", "贵", "才", "清", "全", "林", "富", "荣", "发", "安", "生", "成", "武", "寿", "云",
        "江", "昌", "轩",
    ],
    single: &["忠", "德", "勤", "俭", "云", "林", "福", "松", "银", "贵"],
    single_percent: 8,
};

/// Women born before 1960.
pub(super) const WOMEN_ELDER: Fashion = Fashion {
    first: &[
        "秀", "玉", "桂", "素", "淑", "菊", "月", "正", "德", "凤", "金", "兰", "春", "翠", "莲", "碧", "仁",
        "腊", "冬", "银",
    ],
    second: &[
        "英", "珍", "兰", "芳", "香", "梅", "莲", "碧", "珠", "群", "容", "云", "琼", "芝", "清", "秀", "花",
        "姐", "娥", "翠",
    ],
    single: &["琼", "碧", "群", "芳", "珍", "兰", "菊", "英"],
    single_percent: 9,
};

/// Men born from 1960 to 1979.
pub(super) const MEN_MIDDLE: Fashion = Fashion {
    first: &[
        "建", "志", "小", "国", "永", "胜", "红", "晓", "少", "卫", "春", "学", "玉", "庆", "大", "忠", "向",
        "长", "兴", "和",
    ],
    second: &[
        "军", "平", "华", "明", "强", "勇", "林", "国", "生", "伟", "兵", "刚", "文", "江", "云", "忠", "全",
        "波", "海", "松",
    ],
    single: &["军", "勇", "平", "兵", "刚", "强", "毅", "斌", "伟", "林", "华", "波"],
    single_percent: 24,
};

/// Women born from 1960 to 1979.
pub(super) const WOMEN_MIDDLE: Fashion = Fashion {
    first: &[
        "小", "红", "春", "晓", "秀", "海", "玉", "丽", "建", "永", "艳", "桂", "冬", "美", "云", "雪", "惠",
        "爱", "素", "金",
    ],
    second: &[
        "红", "梅", "英", "琼", "芳", "霞", "兰", "蓉", "燕", "华", "平", "丽", "群", "容", "凤", "萍", "艳",
        "琴", "菊", "香",
    ],
    single: &["红", "芳", "琼", "梅", "霞", "燕", "英", "敏", "丽", "萍", "蓉", "群"],
    single_percent: 26,
};

/// Men born from 1980 to 1999.
pub(super) const MEN_YOUNG: Fashion = Fashion {
    first: &[
        "小", "海", "俊", "志", "晓", "鹏", "云", "家", "江", "一", "明", "祥", "亚", "旭", "少", "立", "文",
        "成", "金", "登",
    ],
    second: &[
        "波", "伟", "涛", "杰", "峰", "龙", "飞", "鹏", "辉", "超", "林", "亮", "强", "洋", "斌", "磊", "华",
        "君", "松", "川",
    ],
    single: &["涛", "伟", "超", "杰", "鹏", "磊", "波", "浩", "鑫", "亮", "飞", "凯", "洋", "峰", "俊", "健"],
    single_percent: 36,
};

/// Women born from 1980 to 1999.
pub(super) const WOMEN_YOUNG: Fashion = Fashion {
    first: &[
        "小", "晓", "雪", "海", "丹", "春", "玲", "佳", "雅", "慧", "婷", "冬", "丽", "诗", "文", "静", "思",
        "梦", "燕", "利",
    ],
    second: &[
        "芳", "燕", "丽", "琴", "玲", "婷", "娟", "霞", "蓉", "梅", "艳", "萍", "娇", "雪", "英", "丹", "莉",
        "君", "敏", "平",
    ],
    single: &["婷", "静", "丽", "娟", "艳", "倩", "雪", "敏", "玲", "颖", "琴", "丹", "燕", "莉", "娇", "洁"],
    single_percent: 33,
};

/// Boys born since 2000.
pub(super) const BOYS: Fashion = Fashion {
    first: &[
        "浩", "子", "俊", "宇", "梓", "嘉", "奕", "皓", "沐", "思", "一", "泽", "铭", "睿", "晨", "景", "承",
        "家", "天", "锦",
    ],
    second: &[
        "轩", "宇", "然", "涵", "杰", "豪", "辰", "洋", "泽", "航", "阳", "熙", "霖", "睿", "博", "凡", "恒",
        "源", "旭", "城",
    ],
    single: &["浩", "睿", "鑫", "宇", "博", "航", "昊", "晨", "轩", "阳"],
    single_percent: 9,
};

/// Girls born since 2000.
pub(super) const GIRLS: Fashion = Fashion {
    first: &[
        "雨", "欣", "梓", "子", "诗", "思", "佳", "雅", "梦", "语", "可", "若", "沐", "芷", "静", "依", "紫",
        "心", "婉", "艺",
    ],
    second: &[
        "涵", "怡", "萱", "琪", "妍", "彤", "桐", "瑶", "欣", "悦", "婷", "琳", "妤", "菲", "雯", "熙", "瑾",
        "然", "曦", "宁",
    ],
    single: &["婷", "悦", "欣", "妍", "瑶", "琪", "萱", "颖", "涵", "玥"],
    single_percent: 8,
};

/// Given names of Uyghur men and how another clerk writes them.
pub(super) const UYGHUR_MEN: &[(&str, &str)] = &[
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
pub(super) const UYGHUR_WOMEN: &[(&str, &str)] = &[
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
pub(super) const KAZAKH_MEN: &[(&str, &str)] = &[
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
pub(super) const KAZAKH_WOMEN: &[(&str, &str)] = &[
    ("阿依古丽", "阿依姑丽"),
    ("古丽娜", "古丽纳"),
    ("叶尔克", "叶日克"),
    ("沙吾列", "沙吾烈"),
    ("巴哈尔", "巴哈古丽"),
];

/// Yi names of women and men, which carry a dot in writing.
pub(super) const YI_FIRST: &[(&str, &str)] =
    &[("阿尔", "阿儿"), ("吉克", "吉刻"), ("沙马", "沙玛"), ("曲比", "曲碧"), ("马海", "马亥")];

/// The second part of Yi names.
pub(super) const YI_SECOND: &[(&str, &str)] =
    &[("尔布", "尔补"), ("木果", "木呷"), ("阿牛", "阿妞"), ("史者", "石者"), ("依洛", "衣洛")];

/// Names of one part without a surname: Mongolian and Tibetan.
pub(super) const UNDIVIDED: &[&str] =
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
pub(super) const RARE: &[Rare] = &[
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

/// Characters of the same sound, one group in each text.
pub(super) const SAME_SOUND: &[&str] = &[
    "英瑛莹盈",
    "秀绣琇",
    "珍真贞",
    "兰岚",
    "芳方",
    "梅玫媚",
    "莲连涟",
    "碧必璧",
    "珠朱",
    "群裙",
    "容蓉荣",
    "云芸耘",
    "琼穷",
    "芝之枝",
    "清青卿",
    "花华",
    "翠粹",
    "玉育钰",
    "桂贵",
    "素粟",
    "淑书舒",
    "菊局",
    "月悦",
    "凤奉",
    "金今锦",
    "春椿",
    "银吟",
    "国帼",
    "世仕士",
    "光广",
    "文雯纹",
    "德得",
    "明名铭",
    "正政",
    "兴星",
    "永勇咏",
    "大达",
    "成诚城",
    "祥详翔",
    "仁人任",
    "万旺",
    "家嘉佳",
    "天添",
    "洪宏红",
    "福富",
    "才财",
    "全泉",
    "林琳霖",
    "发法",
    "安按",
    "生升胜",
    "武五伍",
    "寿守",
    "江姜",
    "昌长",
    "建健剑",
    "志智治",
    "小晓筱",
    "少绍",
    "卫伟",
    "学雪",
    "庆清",
    "忠中钟",
    "向相",
    "和合何",
    "军君均",
    "平萍苹",
    "强蔷",
    "兵斌彬",
    "刚钢",
    "波博",
    "海亥",
    "松淞",
    "霞侠",
    "燕艳雁",
    "丽利莉",
    "琴勤芹",
    "香湘乡",
    "敏闽",
    "俊骏峻",
    "鹏朋",
    "祖组",
    "旭绪",
    "立力",
    "登灯",
    "涛韬",
    "杰捷",
    "峰锋丰",
    "龙隆",
    "飞菲非",
    "辉晖徽",
    "超钞",
    "亮靓",
    "洋阳扬",
    "磊垒",
    "川串",
    "浩皓昊",
    "鑫欣新",
    "凯恺",
    "婷庭停",
    "静靖",
    "娟捐",
    "倩茜",
    "颖影",
    "丹单",
    "娇姣",
    "洁结",
    "雅娅",
    "慧惠蕙",
    "诗施",
    "思斯丝",
    "梦孟",
    "玲铃灵",
    "子梓紫",
    "宇雨羽语",
    "奕艺一依怡",
    "沐牧",
    "泽择",
    "睿瑞",
    "晨辰宸",
    "景璟",
    "承呈",
    "轩萱宣",
    "然燃",
    "涵晗含寒",
    "豪毫",
    "航杭",
    "熙曦溪",
    "凡帆",
    "恒衡",
    "源元媛",
    "若偌",
    "可珂",
    "芷止",
    "心馨",
    "婉宛",
    "琪淇祺",
    "妍言研",
    "彤同桐童",
    "瑶遥",
    "妤余",
    "瑾谨",
    "宁凝",
    "启起",
    "先仙",
    "维唯",
    "义毅谊",
    "克刻",
    "廷亭",
    "朝潮",
    "本苯",
    "应映",
    "开凯",
    "定订",
];

/// Surnames that are mistaken for one another by ear or shorthand, one group in each text.
pub(super) const SAME_SURNAME: &[&str] = &[
    "张章",
    "刘柳",
    "陈程",
    "吴武",
    "余于俞",
    "肖萧",
    "付傅",
    "代戴",
    "邱丘",
    "江姜蒋",
    "向项",
    "谭覃",
    "徐许",
    "何贺",
    "阎闫",
    "候侯",
    "龚宫",
    "韦魏",
];

/// Look-alikes, variants and traditional forms, one group in each text.
pub(super) const LOOK_ALIKE: &[&str] = &[
    "峰峯",
    "群羣",
    "升昇",
    "云雲",
    "华華",
    "国國",
    "兰蘭",
    "凤鳳",
    "龙龍",
    "丽麗",
    "杰傑",
    "强強",
    "秀琇绣",
    "未末",
    "己已巳",
    "珍珎",
    "富冨",
    "德徳",
    "辉煇",
    "万萬",
    "双雙",
    "庆慶",
    "贵貴",
    "宝寶",
    "琼瓊",
    "芝芷",
    "莹瑩",
    "英荚",
    "淑椒",
    "桂挂",
    "洁絜",
    "菊匊",
    "晴睛",
    "茂荗",
    "哲喆",
    "堃坤",
    "淼渺",
    "浩诰",
    "俊浚",
    "燕鷰",
    "平苹",
    "勇湧",
    "军軍",
    "红紅",
    "忠忡",
    "学學",
    "兴興",
    "志誌",
    "永泳",
    "明朙",
];

/// What a village calls its old people after the surname.
pub(super) const NICKNAMES_MEN: &[&str] = &["老爹", "大爷", "老汉", "幺爷", "老幺", "公公"];

/// The same for women.
pub(super) const NICKNAMES_WOMEN: &[&str] = &["婆婆", "大娘", "幺娘", "孃孃", "老太"];
