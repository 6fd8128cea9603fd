//! How often each kind of damage happens.

use crate::dice::Rate;

/// Shares of rows or people that carry a deviation. Rates of rows hold on average: a clerk's habits, a careless row
/// and (in the population register) the care of the police raise or lower them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noise {
    /// Citizen id left out, or a word such as 无 in its place.
    pub id_missing: Rate,
    /// The 15-digit form used before 1999 (of people born before 1984).
    pub id_old_form: Rate,
    /// Went through a spreadsheet number: the last digits are lost.
    pub id_truncated: Rate,
    /// Wrong check character.
    pub id_check: Rate,
    /// One digit wrong, or two neighbours swapped.
    pub id_typo: Rate,
    /// A relative's valid id.
    pub id_relative: Rate,
    /// MZ and NY, of disabled people: the 20-digit disability certificate number.
    pub id_certificate: Rate,
    /// A character of the same sound.
    pub name_homophone: Rate,
    /// A look-alike, variant or traditional character.
    pub name_variant: Rate,
    /// A character dropped or doubled.
    pub name_dropped: Rate,
    /// YJ, people of 50 and more: a nickname with the name in brackets.
    pub name_alias: Rate,
    /// Blanks around the name.
    pub name_padded: Rate,
    /// MZ and YJ: a name of two characters spread by a blank.
    pub name_spread: Rate,
    /// Of dotted names: the dot dropped.
    pub name_dot_lost: Rate,
    /// Of dotted names: another transliteration.
    pub name_transliterated: Rate,
    /// Of characters outside GBK: replaced (not in GA and WJ).
    pub name_rare_lost: Rate,
    /// Of renamed people: still under the former name.
    pub name_former: Rate,
    /// Birth date left out.
    pub birth_missing: Rate,
    /// Day and month swapped, or a digit wrong.
    pub birth_typo: Rate,
    /// MZ, born before 1966: a lunar date in words.
    pub birth_lunar_words: Rate,
    /// WJ and NY, born before 1970: the lunar date where a solar one belongs.
    pub birth_lunar_as_solar: Rate,
    /// Wrong sex.
    pub sex_wrong: Rate,
    /// Phone left out.
    pub phone_missing: Rate,
    /// A relative's number.
    pub phone_shared: Rate,
    /// The previous number.
    pub phone_stale: Rate,
    /// One level of the address left out.
    pub address_level_omitted: Rate,
    /// Of villages merged: the former name.
    pub address_old_village: Rate,
    /// Of households that moved: the old address.
    pub address_before_move: Rate,
    /// The row typed a second time.
    pub row_twice: Rate,
    /// Another cell blank.
    pub cell_missing: Rate,
    /// People who share name and village with somebody else.
    pub same_name: Rate,
    /// Of MZ rows: the person is dead and still paid.
    pub dead_but_paid: Rate,
    /// Of wives: still registered with their parents too.
    pub married_out: Rate,
    /// Of people of 60 and more: also counted in a child's household.
    pub two_households: Rate,
    /// Of adults: two registrations with two valid ids.
    pub two_ids: Rate,
}

impl Noise {
    /// The middling level, which published descriptions of such registers suggest.
    pub const fn mid() -> Noise {
        Noise {
            id_missing: Rate::basis(600),
            id_old_form: Rate::basis(300),
            id_truncated: Rate::basis(400),
            id_check: Rate::basis(100),
            id_typo: Rate::basis(100),
            id_relative: Rate::basis(40),
            id_certificate: Rate::basis(1200),
            name_homophone: Rate::basis(300),
            name_variant: Rate::basis(100),
            name_dropped: Rate::basis(20),
            name_alias: Rate::basis(1000),
            name_padded: Rate::basis(600),
            name_spread: Rate::basis(2500),
            name_dot_lost: Rate::basis(1000),
            name_transliterated: Rate::basis(1000),
            name_rare_lost: Rate::basis(6000),
            name_former: Rate::basis(4500),
            birth_missing: Rate::basis(200),
            birth_typo: Rate::basis(60),
            birth_lunar_words: Rate::basis(1200),
            birth_lunar_as_solar: Rate::basis(150),
            sex_wrong: Rate::basis(30),
            phone_missing: Rate::basis(600),
            phone_shared: Rate::basis(800),
            phone_stale: Rate::basis(1000),
            address_level_omitted: Rate::basis(4000),
            address_old_village: Rate::basis(2500),
            address_before_move: Rate::basis(4000),
            row_twice: Rate::basis(100),
            cell_missing: Rate::basis(400),
            same_name: Rate::basis(200),
            dead_but_paid: Rate::basis(100),
            married_out: Rate::basis(300),
            two_households: Rate::basis(200),
            two_ids: Rate::basis(10),
        }
    }

    /// No damage: every row says the truth in its department's format.
    pub fn none() -> Noise {
        Noise::mid().scaled(0)
    }

    /// Every rate times `percent` hundredths.
    pub fn scaled(&self, percent: u32) -> Noise {
        let scale = |rate: Rate| rate.times(percent);
        Noise {
            id_missing: scale(self.id_missing),
            id_old_form: scale(self.id_old_form),
            id_truncated: scale(self.id_truncated),
            id_check: scale(self.id_check),
            id_typo: scale(self.id_typo),
            id_relative: scale(self.id_relative),
            id_certificate: scale(self.id_certificate),
            name_homophone: scale(self.name_homophone),
            name_variant: scale(self.name_variant),
            name_dropped: scale(self.name_dropped),
            name_alias: scale(self.name_alias),
            name_padded: scale(self.name_padded),
            name_spread: scale(self.name_spread),
            name_dot_lost: scale(self.name_dot_lost),
            name_transliterated: scale(self.name_transliterated),
            name_rare_lost: scale(self.name_rare_lost),
            name_former: scale(self.name_former),
            birth_missing: scale(self.birth_missing),
            birth_typo: scale(self.birth_typo),
            birth_lunar_words: scale(self.birth_lunar_words),
            birth_lunar_as_solar: scale(self.birth_lunar_as_solar),
            sex_wrong: scale(self.sex_wrong),
            phone_missing: scale(self.phone_missing),
            phone_shared: scale(self.phone_shared),
            phone_stale: scale(self.phone_stale),
            address_level_omitted: scale(self.address_level_omitted),
            address_old_village: scale(self.address_old_village),
            address_before_move: scale(self.address_before_move),
            row_twice: scale(self.row_twice),
            cell_missing: scale(self.cell_missing),
            same_name: scale(self.same_name),
            dead_but_paid: scale(self.dead_but_paid),
            married_out: scale(self.married_out),
            two_households: scale(self.two_households),
            two_ids: scale(self.two_ids),
        }
    }
}
