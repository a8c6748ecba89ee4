//! A notification's id: made from what is told, so that the same transition has the same id, also when the step that told
//! it is done again after a crash.

use std::fmt::Write;

use crate::action::{Kind, Told};

/// FNV-1a of 128 bits: ids are told apart, nothing is protected.
fn fnv(text: &str) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let begin: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    text.bytes().fold(begin, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// `counts` says for each alert how often it was told before.
pub(super) fn id(kind: Kind, to: &str, alerts: &[Told], counts: &[u64]) -> String {
    let mut text = format!("{kind:?}\n{to}\n");
    for (told, count) in alerts.iter().zip(counts) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {} {count}", told.alert, told.episode);
    }
    format!("{:032x}", fnv(&text))
}

/// That the engine is full, for the time that it says so at this clock.
pub(super) fn full(at: u64) -> String {
    format!("{:032x}", fnv(&format!("full {at}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_fnv() {
        assert_eq!(fnv("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
