//! Times and states as views carry them.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::{Text, text};
use jiff::{SignedDuration, Timestamp};

use crate::probe::Moment;

/// To the second, in UTC.
pub(crate) fn when(time: Timestamp) -> Text {
    text(&format!("{time:.0}"))
}

/// `seconds` since 1970; `None` where that is no time.
pub(crate) fn from_unix(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// What the wall clock said when the machine had run for `boot`.
pub(crate) fn at_boot(at: Moment, boot: Duration) -> Option<Timestamp> {
    let ago = SignedDuration::try_from(at.boot.checked_sub(boot)?).ok()?;
    at.wall.checked_sub(ago).ok()
}

/// Leaves at most `bytes` bytes, ending at a character.
pub(crate) fn cut(text: &mut String, bytes: usize) {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}

/// Since when things are as they are.
#[derive(Debug, Default)]
pub(crate) struct Since<S> {
    known: BTreeMap<String, (S, Timestamp)>,
}

impl<S: PartialEq> Since<S> {
    /// Since when `name` is in `state`, as far as was seen.
    pub(crate) fn of(&mut self, name: &str, state: S, now: Timestamp) -> Timestamp {
        match self.known.get(name) {
            Some((old, since)) if *old == state => *since,
            _ => {
                self.known.insert(name.to_owned(), (state, now));
                now
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_as_old_as_it_was_first_seen() {
        let time = |seconds| from_unix(seconds).unwrap();
        let mut since = Since::default();
        for (now, name, state, expected) in
            [(10, "a", true, 10), (20, "a", true, 10), (25, "b", true, 25), (30, "a", false, 30), (40, "a", true, 40)]
        {
            assert_eq!(since.of(name, state, time(now)), time(expected), "{name} at {now}");
        }
    }

    #[test]
    fn times_are_told_to_the_second() {
        let wall: Timestamp = "2026-11-20T10:00:00.5Z".parse().unwrap();
        let at = Moment { boot: Duration::from_secs(100), wall };
        assert_eq!(when(wall), "2026-11-20T10:00:00Z");
        assert_eq!(when(at_boot(at, Duration::from_secs(40)).unwrap()), "2026-11-20T09:59:00Z");
        assert_eq!(at_boot(at, Duration::from_secs(101)), None);
    }
}
