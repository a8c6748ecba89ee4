//! What is sudden, and what only looks so.

use atalaya_retain::{Facts, Sudden, sudden};

const GIB: u64 = 1 << 30;

fn facts(entries: u64, bytes: u64, added_bytes: u64) -> Facts {
    Facts { entries, bytes, added_bytes, full: false }
}

/// A first backup, and some days with little new.
fn usual() -> Vec<Facts> {
    let mut out = vec![facts(1000, 100 * GIB, 90 * GIB)];
    out.extend((0..5).map(|day| facts(1000 + day, 100 * GIB, GIB)));
    out
}

#[test]
fn cases() {
    for (what, last, expected) in [
        ("a day like any other", facts(1005, 100 * GIB, 2 * GIB), None),
        ("everything encrypted by somebody", facts(1005, 100 * GIB, 99 * GIB), Some(Sudden::Changed(99))),
        ("a large film was added", facts(1006, 140 * GIB, 40 * GIB), None),
        ("as much again was added", facts(2000, 300 * GIB, 200 * GIB), None),
        ("most is gone", facts(300, 30 * GIB, 0), Some(Sudden::Gone(70))),
        ("a folder was tidied", facts(800, 90 * GIB, 0), None),
    ] {
        assert_eq!(sudden(&usual(), &last), expected, "{what}");
    }
}

#[test]
fn nothing_is_unusual_before_something_is_usual() {
    let last = facts(1, 100 * GIB, 100 * GIB);
    assert_eq!(sudden(&[], &last), None);
    assert_eq!(sudden(&usual()[..2], &last), None);
}

#[test]
fn a_job_that_is_always_all_new_is_not_sudden() {
    let always: Vec<Facts> = (0..6).map(|_| facts(1, GIB, GIB)).collect();
    assert_eq!(sudden(&always, &facts(1, GIB, GIB)), None);
}
