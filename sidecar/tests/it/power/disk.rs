//! What reaches a disk: every write and every sync of a run, one after another, and what of it a power cut would have left.

use std::collections::BTreeMap;
use std::path::Path;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// Something that happened to a file, or that somebody was promised.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        len: usize,
    },
    /// All of the file, and that it is there, is safe from now on; with `folder` so are deletions.
    Sync {
        file: String,
        folder: bool,
    },
    /// `safe`: so is that it is gone.
    Delete {
        file: String,
        safe: bool,
    },
    Promise(String),
}

/// What becomes of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing of it is there.
    Lost,
    /// All of it is.
    Kept,
    /// Some writes are there, others are not, in no order.
    Some,
    /// The same of each sector; some that were being written are neither old nor new.
    Torn,
}

pub(super) const RESTS: [Rest; 4] = [Rest::Lost, Rest::Kept, Rest::Some, Rest::Torn];

/// splitmix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % bound.max(1) as u64).unwrap()
    }
}

/// Files as they are after a cut.
#[derive(Default)]
pub(super) struct Image(BTreeMap<String, Vec<u8>>);

impl Image {
    /// After the first `count` operations the power goes.
    pub(super) fn after(ops: &[Op], count: usize, rest: Rest, dice: &mut Dice) -> Self {
        let (mut image, mut open): (Self, Vec<&Op>) = Default::default();
        for op in &ops[..count] {
            match op {
                Op::Sync { file, folder } => {
                    if *folder {
                        image.delete(&mut open);
                    }
                    open.retain(|op| image.took(op, file));
                    image.0.entry(file.clone()).or_default();
                }
                Op::Delete { file, safe: true } => {
                    open.retain(|op| name(op) != Some(file));
                    image.0.remove(file);
                }
                Op::Promise(_) => {}
                other => open.push(other),
            }
        }
        for op in open {
            image.maybe(op, rest, dice);
        }
        image
    }

    /// What is deleted is gone, with all that was written to it before.
    fn delete(&mut self, open: &mut Vec<&Op>) {
        while let Some(at) = open.iter().position(|op| matches!(op, Op::Delete { .. })) {
            let file = name(open[at]).cloned();
            file.iter().for_each(|file| drop(self.0.remove(file)));
            let mut index = 0;
            open.retain(|op| {
                index += 1;
                index > at + 1 || name(op) != file.as_ref()
            });
        }
    }

    /// Does what concerns this file; whether it was something else.
    fn took(&mut self, op: &Op, file: &String) -> bool {
        let is_other = name(op) != Some(file);
        if !is_other {
            self.apply(op);
        }
        is_other
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Write { file, at, bytes } => self.write(file, *at, bytes),
            Op::Truncate { file, len } => self.0.entry(file.clone()).or_default().resize(*len, 0),
            Op::Delete { file, .. } => drop(self.0.remove(file)),
            Op::Sync { .. } | Op::Promise(_) => {}
        }
    }

    fn write(&mut self, file: &str, at: usize, bytes: &[u8]) {
        let content = self.0.entry(file.to_owned()).or_default();
        if content.len() < at + bytes.len() {
            content.resize(at + bytes.len(), 0);
        }
        content[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn maybe(&mut self, op: &Op, rest: Rest, dice: &mut Dice) {
        match (rest, op) {
            (Rest::Lost, _) => {}
            (Rest::Torn, Op::Write { file, at, bytes }) => self.torn(file, *at, bytes, dice),
            (Rest::Some | Rest::Torn, _) if dice.below(2) == 0 => {}
            _ => self.apply(op),
        }
    }

    /// Bytes outside of what was being written stay as they are, which SQLite relies on.
    fn torn(&mut self, file: &str, at: usize, bytes: &[u8], dice: &mut Dice) {
        let (mut from, end) = (at, at + bytes.len());
        while from < end {
            let to = ((from / SECTOR + 1) * SECTOR).min(end);
            match dice.below(8) {
                0 => self.write(file, from, &vec![0xa5; to - from]),
                1..5 => self.write(file, from, &bytes[from - at..to - at]),
                _ => {}
            }
            from = to;
        }
    }

    /// As files.
    pub(super) fn lay_out(&self, folder: &Path) {
        self.0.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
    }
}

fn name(op: &Op) -> Option<&String> {
    match op {
        Op::Write { file, .. } | Op::Truncate { file, .. } | Op::Sync { file, .. } | Op::Delete { file, .. } => {
            Some(file)
        }
        Op::Promise(_) => None,
    }
}

#[test]
fn what_was_synced_is_there_and_of_the_rest_what_the_dice_say() {
    let write = |at, byte| Op::Write { file: "a".into(), at, bytes: vec![byte; SECTOR] };
    let ops: [Op; 5] = [
        write(0, 1),
        Op::Sync { file: "a".into(), folder: false },
        write(0, 2),
        write(SECTOR, 3),
        write(2 * SECTOR, 4),
    ];
    let of = |rest, seed| Image::after(&ops, 5, rest, &mut Dice(seed)).0["a"].clone();
    assert_eq!(of(Rest::Lost, 0), [1; SECTOR]);
    assert_eq!(of(Rest::Kept, 0), [[2; SECTOR], [3; SECTOR], [4; SECTOR]].concat());
    let different: std::collections::BTreeSet<Vec<u8>> = (0..100).map(|seed| of(Rest::Some, seed)).collect();
    assert_eq!(different.len(), 8, "any of the three, in no order");
    assert!(Image::after(&ops, 1, Rest::Lost, &mut Dice(0)).0.is_empty());
    let sync = |file: &str, folder| Op::Sync { file: file.into(), folder };
    let delete = || Op::Delete { file: "a".into(), safe: false };
    let maybe = [write(0, 1), sync("a", false), write(0, 2), delete(), write(0, 3), sync("b", true)];
    assert_eq!(Image::after(&maybe, 5, Rest::Lost, &mut Dice(0)).0["a"], [1; SECTOR], "a deletion may be undone");
    assert!(!Image::after(&maybe, 6, Rest::Lost, &mut Dice(0)).0.contains_key("a"));
    assert_eq!(Image::after(&maybe, 6, Rest::Kept, &mut Dice(0)).0["a"], [3; SECTOR]);
    let gone = [write(0, 1), Op::Sync { file: "a".into(), folder: false }, Op::Delete { file: "a".into(), safe: true }];
    assert!(Image::after(&gone, 3, Rest::Lost, &mut Dice(0)).0.is_empty());
}
