//! Units, which are the ends of keys' names. `docs/wire.md` says so of all keys.

/// Ends of keys, the longest first, and the unit as it is written.
const UNITS: &[(&str, &str)] = &[
    ("_bytes_per_second", "B/s"),
    ("_bits_per_second", "bit/s"),
    ("_percent", "%"),
    ("_celsius", "°C"),
    ("_seconds", "s"),
    ("_bytes", "B"),
    ("_volts", "V"),
    ("_rpm", "rpm"),
];

/// The unit of a key's values; empty for counts and for what is so or not.
#[must_use]
pub fn unit(key: &str) -> &'static str {
    UNITS.iter().find(|(end, _)| key.ends_with(end)).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use atalaya_wire::discovery::entities;
    use atalaya_wire::view::KINDS;

    use super::*;

    #[test]
    fn units_are_those_that_home_assistant_is_told() {
        let mut seen = 0;
        for kind in KINDS {
            for entity in entities(kind.name).iter().filter(|entity| entity.unit.is_some()) {
                assert_eq!(Some(unit(entity.key)), entity.unit, "{}.{}", kind.name, entity.key);
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
