//! What No-IP said of the key, the program or itself holds for names that are added later, too.

use jiff::Timestamp;

use super::decide::{Memory, TROUBLE};
use super::memory::Names;

/// Gives to `names` of which nothing is remembered what `known` names of the same key were told for all. `mark` is what
/// stands for the configuration of a name.
pub(super) fn inherit(mut names: Names, known: &Names, mark: impl Fn(&str) -> String, now: Timestamp) -> Names {
    // A known name of another key has another mark than it would have now.
    let same_key = || known.iter().filter(|(host, memory)| mark(host) == memory.config).map(|(_, memory)| memory);
    let latched = same_key().filter_map(|memory| memory.latched).find(|last| last.of_all());
    let trouble = same_key().filter(|memory| memory.why == TROUBLE).filter_map(|memory| memory.not_before);
    let trouble = trouble.filter(|until| *until > now).max();
    for memory in names.values_mut() {
        memory.latched = memory.latched.or(latched);
        let fresh = Memory { config: memory.config.clone(), ..Memory::default() };
        if let (true, Some(until)) = (*memory == fresh, trouble) {
            (memory.not_before, memory.why) = (Some(until), TROUBLE.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noip::Final;

    fn known(memory: Memory) -> Names {
        Names::from([("a".to_owned(), Memory { config: "a key".into(), ..memory })])
    }

    /// A name that is new, with the key `key`.
    fn added(known: &Names, key: &str) -> Memory {
        let fresh = Memory { config: format!("b {key}"), ..Memory::default() };
        let names = Names::from([("b".to_owned(), fresh)]);
        inherit(names, known, |host| format!("{host} {key}"), Timestamp::UNIX_EPOCH).remove("b").unwrap()
    }

    #[test]
    fn a_blocked_key_stays_blocked_for_names_that_are_added() {
        for (last, all) in [(Final::Abuse, true), (Final::BadAuth, true), (Final::NoHost, false)] {
            let known = known(Memory { latched: Some(last), ..Memory::default() });
            assert_eq!(added(&known, "key").latched, all.then_some(last));
            assert_eq!(added(&known, "other").latched, None);
        }
    }

    #[test]
    fn trouble_at_no_ip_is_waited_for_by_all() {
        let until = Timestamp::from_second(1_800).unwrap();
        let trouble = Memory { not_before: Some(until), why: TROUBLE.into(), ..Memory::default() };
        assert_eq!(added(&known(trouble.clone()), "key").not_before, Some(until));
        assert_eq!(added(&known(trouble.clone()), "other").not_before, None);
        let over = Memory { not_before: Some(Timestamp::UNIX_EPOCH), ..trouble };
        assert_eq!(added(&known(over), "key").not_before, None);
    }
}
