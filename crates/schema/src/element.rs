//! The elements that code must know by name.
//!
//! **Invariant:** each constant is the number that the shipped dictionary gives to the id of the same name.

use yibiao_record::ElementId;

macro_rules! elements {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: ElementId = ElementId($number);)*

        #[cfg(test)]
        const ALL: &[(&str, ElementId)] = &[$((stringify!($name), $name)),*];
    };
}

elements! {
    /// 公民身份号码 citizen id number
    CITIZEN_ID = 1;
    /// 姓名 name
    NAME = 2;
    /// 性别 sex
    SEX = 3;
    /// 出生日期 date of birth
    BIRTH_DATE = 4;
    /// 民族 ethnicity
    ETHNICITY = 5;
    /// 联系电话 telephone numbers
    MOBILE = 6;
    /// 户籍地址 registered address
    HUKOU_ADDRESS = 7;
    /// 现居住地址 residence address
    RESIDENCE_ADDRESS = 8;
    /// 行政区划(村/社区) administrative division
    DIVISION_CODE = 9;
    /// 网格编号 grid
    GRID_CODE = 10;
    /// 户标识 household reference
    HOUSEHOLD_REF = 11;
    /// 户主姓名 head of household
    HEAD_NAME = 12;
    /// 与户主关系 relation to head
    RELATION_TO_HEAD = 13;
    /// 家庭/同住人口数 household size
    HOUSEHOLD_SIZE = 14;
    /// 婚姻状况 marital status
    MARITAL_STATUS = 15;
    /// 文化程度 education
    EDUCATION = 16;
    /// 工作/务工单位 employer
    EMPLOYER = 17;
    /// 紧急联系人(监护人) emergency contact
    CONTACT_NAME = 18;
    /// 紧急联系人电话 emergency contact's telephone
    CONTACT_PHONE = 19;
    /// 健康状况 health status
    HEALTH_STATUS = 20;
    /// 慢性病/大病 chronic diseases
    CHRONIC_DISEASE = 21;
    /// 残疾类别 disability type
    DISABILITY_TYPE = 22;
    /// 残疾等级 disability grade
    DISABILITY_LEVEL = 23;
    /// 自理能力 self-care ability
    SELF_CARE_ABILITY = 24;
    /// 独居/空巢 living arrangement
    LIVING_ALONE = 25;
    /// 最近走访/随访日期 last visit
    LAST_VISIT_DATE = 26;
    /// 救助类别 assistance categories
    ASSISTANCE_CATEGORY = 27;
    /// 享受起始年月 assistance since
    ASSISTANCE_START = 28;
    /// 月保障金 monthly amount
    MONTHLY_AMOUNT = 29;
    /// 一卡通账号 bank account
    BANK_ACCOUNT = 30;
    /// 月人均收入 monthly income per head
    INCOME_PC_MONTH = 31;
    /// 房屋/标准地址编码 house reference
    HOUSE_REF = 32;
    /// 房屋结构 house structure
    HOUSE_STRUCTURE = 33;
    /// 建造年份 year built
    BUILD_YEAR = 34;
    /// 建筑面积 floor area
    FLOOR_AREA = 35;
    /// 房屋用途 house use
    HOUSE_USE = 36;
    /// 房屋安全等级 safety grade
    SAFETY_GRADE = 37;
    /// 隐患描述 hazard description
    HAZARD_DESC = 38;
    /// 整改状态 rectification status
    HAZARD_STATUS = 39;
    /// 转移安置点 evacuation site
    EVAC_SITE = 40;
    /// 转移责任人 evacuation officer
    EVAC_RESPONSIBLE = 41;
    /// 帮扶责任人 assigned helper
    HELPER_NAME = 42;
    /// 返贫致贫风险 risk of return to poverty
    RETURN_RISK = 43;
    /// 承包耕地面积 contracted farmland
    FARMLAND_AREA = 44;
    /// 签约家庭医生 family doctor
    FAMILY_DOCTOR = 45;
    /// 人均年纯收入 yearly net income per head
    INCOME_PC_YEAR = 46;
    /// 监测对象类别 monitoring category
    MONITOR_CATEGORY = 47;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dictionary;

    #[test]
    fn every_constant_and_every_element_agree() {
        let of_dictionary: Vec<_> = Dictionary::shipped()
            .elements()
            .map(|element| (element.id.to_uppercase(), element.number))
            .collect();
        let of_code: Vec<_> = ALL.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        assert_eq!(of_dictionary, of_code);
    }
}
