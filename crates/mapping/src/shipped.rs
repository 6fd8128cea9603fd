//! The mappings that ship with this version: one for each department of the demo.

use crate::mapping::Mapping;
use std::sync::OnceLock;
use yibiao_record::SystemId;
use yibiao_schema::Dictionary;

macro_rules! shipped {
    ($($system:literal),* $(,)?) => {
        &[$((
            concat!("schemas/mapping/", $system, ".yaml"),
            include_str!(concat!("../../../schemas/mapping/", $system, ".yaml")),
        )),*]
    };
}

/// File name and text, by which the departments come in their usual order.
pub(crate) const FILES: &[(&str, &str)] = shipped!["mz", "ga", "wj", "zj", "yj", "ny"];

impl Mapping {
    /// All shipped mappings.
    pub fn shipped() -> &'static [Mapping] {
        static SHIPPED: OnceLock<Vec<Mapping>> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            FILES
                .iter()
                .map(|(file, text)| {
                    Mapping::parse_yaml(file, text, Dictionary::shipped())
                        .expect("invariant: a shipped mapping loads, which a test checks")
                })
                .collect()
        })
    }

    /// The shipped mapping of a system.
    pub fn of_system(system: SystemId) -> Option<&'static Mapping> {
        Mapping::shipped().iter().find(|mapping| mapping.system() == system)
    }
}
