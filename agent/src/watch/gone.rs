//! Hardware that was there and is not any more: told once as missing, or forgotten where nobody misses it. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};

use super::board::Board;
use super::known::{Known, hardware_of, missing};

/// What a reading that told everything there is means for what it did not tell.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Gone {
    /// To be shown, as it is when it is missing.
    pub(super) missed: Vec<(ObjectId, Sample)>,
    /// To be taken off.
    pub(super) forgotten: Vec<ObjectId>,
}

/// Compares what `probe` told with what was known of its kind, which comes back too. What is missing is told once, and
/// again when the board's heartbeat is over, as is everything that does not change.
pub(super) fn gone(
    known: &Known,
    board: &Board,
    probe: &str,
    told: &[(ObjectId, Sample)],
    misses: impl Fn(&ObjectId, &Sample) -> bool,
    now: Duration,
) -> Option<(&'static str, Gone)> {
    let kind = hardware_of(probe)?;
    let told = told.iter().filter(|(_, sample)| sample.name() == kind);
    let there: BTreeSet<&str> = told.map(|(id, _)| id.as_str()).collect();
    let mut gone = Gone::default();
    let mut kept = BTreeSet::new();
    for (id, identity) in known.absent(kind, |id| there.contains(id)) {
        let Some(sample) = identity.filter(|what| misses(&id, what)).and_then(|what| missing(&what)) else {
            gone.forgotten.push(id);
            continue;
        };
        if !board.has_told(&id, &sample, now) {
            gone.missed.push((id.clone(), sample));
        }
        kept.insert(id);
    }
    let left = board.ids(kind).filter(|id| !there.contains(id.as_str()) && !kept.contains(id));
    let left: Vec<ObjectId> = left.filter(|id| !gone.forgotten.contains(id)).cloned().collect();
    gone.forgotten.extend(left);
    Some((kind, gone))
}

#[cfg(test)]
mod tests {
    use atalaya_wire::text;
    use atalaya_wire::view::{FileSystem, Net, Raid};

    use super::*;

    fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    fn fs(mount: &str) -> (ObjectId, Sample) {
        let view = FileSystem { mount: Some(text(mount)), state: Some(text("ok")), ..FileSystem::default() };
        (ObjectId::of(mount), view.into())
    }

    /// What a daemon does with a reading of `fs`; the states that it shows besides.
    fn read(known: &mut Known, board: &mut Board, told: &[&str], misses: bool, at: u64) -> (Vec<String>, usize) {
        let told: Vec<_> = told.iter().map(|mount| fs(mount)).collect();
        let (kind, gone) = gone(known, board, "fs", &told, |_, _| misses, second(at)).unwrap();
        let mut shown = Vec::new();
        for (id, sample) in gone.missed {
            let Sample::FileSystem(view) = &sample else { panic!("{sample:?}") };
            shown.push(format!("{} {}", view.mount.as_deref().unwrap(), view.state.as_deref().unwrap()));
            board.see(id, sample, second(at), 1);
        }
        for id in &gone.forgotten {
            known.forget(kind, id);
            board.remove(kind, id);
        }
        for (id, sample) in told {
            if misses {
                known.meet(&id, &sample);
            }
            board.see(id, sample, second(at), 1);
        }
        (shown, gone.forgotten.len())
    }

    #[test]
    fn what_goes_while_it_is_watched_is_missing_once_and_comes_back() {
        let state = tempfile::tempdir().unwrap();
        let (mut known, mut board) = (Known::load(state.path()), Board::new(1, second(900)));
        let quiet = (Vec::new(), 0);
        assert_eq!(read(&mut known, &mut board, &["/srv", "/usb"], true, 0), quiet);
        assert_eq!(read(&mut known, &mut board, &["/srv", "/usb"], true, 60), quiet);
        let missing = || (vec!["/usb missing".to_owned()], 0);
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 120), missing());
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 180), quiet, "once");
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 1020), missing(), "and at the heartbeat");
        assert_eq!(board.of("fs").len(), 2, "it stays one entry");
        assert_eq!(read(&mut known, &mut board, &["/srv", "/usb"], true, 1080), quiet);
        let (id, back) = fs("/usb");
        assert_eq!(board.get("fs", &id), Some(&back));
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 1140), missing());
        // Dismissed: nobody speaks of it any more.
        assert!(known.forget("fs", &id));
        board.remove("fs", &id);
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 3000), quiet);
        // After a restart, too, it is missed.
        read(&mut known, &mut board, &["/srv", "/usb"], true, 3060);
        known.save().unwrap();
        let (mut known, mut board) = (Known::load(state.path()), Board::new(1, second(900)));
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 60), missing());
    }

    #[test]
    fn what_nobody_misses_is_taken_off() {
        let state = tempfile::tempdir().unwrap();
        let (mut known, mut board) = (Known::load(state.path()), Board::new(1, second(900)));
        read(&mut known, &mut board, &["/srv", "/media/stick"], false, 0);
        assert_eq!(read(&mut known, &mut board, &["/srv"], false, 60), (Vec::new(), 1));
        assert_eq!(board.of("fs").len(), 1);
        // One that was known, and is to be left out from now on.
        known.meet(&fs("/srv").0, &fs("/srv").1);
        assert_eq!(read(&mut known, &mut board, &[], false, 120), (Vec::new(), 1));
        assert!(board.of("fs").is_empty() && !known.forget("fs", &fs("/srv").0));
    }

    #[test]
    fn what_was_expected_and_never_there_goes_with_the_expectation() {
        let state = tempfile::tempdir().unwrap();
        let (mut known, mut board) = (Known::load(state.path()), Board::new(1, second(900)));
        let never = FileSystem { mount: Some(text("/usb")), state: Some(text("missing")), ..FileSystem::default() };
        let id = ObjectId::of("/usb");
        known.meet(&id, &never.clone().into());
        board.see(id, never.into(), second(0), 1);
        assert_eq!(read(&mut known, &mut board, &["/srv"], true, 60), (Vec::new(), 1));
        assert_eq!(board.of("fs").len(), 1);
    }

    #[test]
    fn each_kind_has_its_word_and_others_are_let_be() {
        let state = tempfile::tempdir().unwrap();
        let (mut known, board) = (Known::load(state.path()), Board::new(1, second(900)));
        let id = ObjectId::of("x");
        known.meet(&id, &Raid { state: Some(text("ok")), ..Raid::default() }.into());
        known.meet(&id, &Net { up: Some(true), ..Net::default() }.into());
        let told = |probe: &str| gone(&known, &board, probe, &[], |_, _| true, second(0)).map(|(_, gone)| gone.missed);
        let only = |probe: &str| told(probe).and_then(|mut all| all.pop()).map(|(_, sample)| sample);
        assert!(matches!(only("raid"), Some(Sample::Raid(raid)) if raid.state.as_deref() == Some("inactive")));
        assert!(matches!(only("net"), Some(Sample::Net(net)) if net.up == Some(false)));
        assert_eq!((told("ups"), told("services")), (Some(Vec::new()), None));
    }
}
