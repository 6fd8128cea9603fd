//! What given names are made of: fashions by sex and time.

/// What the given names of one sex and one time are made of.
pub(in crate::names) struct Fashion {
    /// First characters, by frequency.
    pub(in crate::names) first: &'static [&'static str],
    /// Second characters, by frequency.
    pub(in crate::names) second: &'static [&'static str],
    /// Names of one character, by frequency.
    pub(in crate::names) single: &'static [&'static str],
    /// How many in a hundred have one character.
    pub(in crate::names) single_percent: u32,
}

/// Men born before 1960.
pub(in crate::names) const MEN_ELDER: Fashion = Fashion {
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
pub(in crate::names) const WOMEN_ELDER: Fashion = Fashion {
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
pub(in crate::names) const MEN_MIDDLE: Fashion = Fashion {
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
pub(in crate::names) const WOMEN_MIDDLE: Fashion = Fashion {
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
pub(in crate::names) const MEN_YOUNG: Fashion = Fashion {
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
pub(in crate::names) const WOMEN_YOUNG: Fashion = Fashion {
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
pub(in crate::names) const BOYS: Fashion = Fashion {
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
pub(in crate::names) const GIRLS: Fashion = Fashion {
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
