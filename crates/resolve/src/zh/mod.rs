//! Keys and comparison of what stands in Chinese registers: personal names, citizen ids, birth dates, addresses. Keys
//! are for matching only: they are never stored and never shown.

mod birth;
mod citizen;
mod fold;
mod form;
pub(crate) mod key;
mod level;
mod place;
mod sound;
mod tables;

/// Keys are personal data: they print their type only.
macro_rules! redacted {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("<", stringify!($name), ">"))
            }
        }
    )* };
}
redacted!(NameForm, CitizenId, BirthDate, Home);

pub use birth::{BirthDate, date_text};
pub use citizen::{CitizenId, id_birth_date, id_sex, id_text};
pub use form::{NameForm, NameForms, name_texts};
pub use key::Key;
pub use level::{HanNameLevel, han_name_level};
pub use place::{Home, home_text};
