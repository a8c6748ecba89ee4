use super::*;

const FLUSH: Duration = Duration::from_secs(900);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn ten_thousand_updates_of_fifty_topics_are_three_batches() {
    let mut ledger = Ledger::default();
    let (mut batches, mut written) = (0, 0);
    // 1,000 seconds, ten updates in each.
    for second in 0..1_000 {
        for update in 0..10 {
            ledger.set(&format!("atalaya/nas/disk/{}", (second * 10 + update) % 50), Some("nas"), 500, false);
        }
        let due = ledger.due(at(second), FLUSH);
        batches += usize::from(!due.is_empty());
        written += due.len();
    }
    let last = ledger.rest();
    batches += usize::from(!last.is_empty());
    assert_eq!((batches, written, last.len()), (3, 100, 50));
}

#[test]
fn a_new_topic_is_due_within_ten_seconds_and_a_removed_one_too() {
    let mut ledger = Ledger::default();
    assert!(ledger.due(at(0), FLUSH).is_empty());
    ledger.set("a", None, 1, false);
    let when = (1..=10).find(|second| ledger.due(at(*second), FLUSH) == [Arc::from("a")]);
    assert!(when.is_some());
    ledger.clear("a", None);
    let when = (11..=20).find(|second| ledger.due(at(*second), FLUSH) == [Arc::from("a")]);
    assert!(when.is_some());
    assert!((21..5_000).all(|second| ledger.due(at(second), FLUSH).is_empty()));
}

#[test]
fn what_is_written_already_is_not_written_again() {
    let mut ledger = Ledger::default();
    ledger.set("a", None, 1, true);
    assert!(ledger.rest().is_empty());
    ledger.set("a", None, 2, false);
    assert!((0..900).all(|second| ledger.due(at(second), FLUSH).is_empty()), "a changed one waits");
    assert_eq!(ledger.due(at(900), FLUSH), [Arc::from("a")]);
}

#[test]
fn what_could_not_be_written_is_due_again() {
    let mut ledger = Ledger::default();
    ledger.set("a", None, 1, false);
    ledger.due(at(0), FLUSH);
    assert_eq!(ledger.due(at(5), FLUSH).len(), 1);
    ledger.give_back(["a", "gone"].into_iter());
    ledger.due(at(6), FLUSH);
    let mut again = ledger.due(at(11), FLUSH);
    again.sort();
    assert_eq!(again, [Arc::from("a"), Arc::from("gone")]);
}

#[test]
fn a_large_flush_comes_in_pieces_and_ends() {
    let mut ledger = Ledger::default();
    ledger.due(at(0), FLUSH);
    for topic in 0..200 {
        ledger.set(&format!("t/{topic:03}"), None, 100_000, false);
    }
    let pieces: Vec<usize> = (900..930).map(|second| ledger.due(at(second), FLUSH).len()).collect();
    assert_eq!(pieces.iter().sum::<usize>(), 200);
    assert!(pieces[..18].iter().all(|piece| (10..=11).contains(piece)), "{pieces:?}");
}

#[test]
fn what_is_left_at_the_end_comes_in_pieces_too() {
    let mut ledger = Ledger::default();
    for topic in 0..200 {
        ledger.set(&format!("t/{topic:03}"), None, 100_000, topic % 2 == 0);
        ledger.set(&format!("t/{topic:03}"), None, 100_001, false);
    }
    let pieces: Vec<usize> = std::iter::repeat_with(|| ledger.rest().len()).take_while(|piece| *piece > 0).collect();
    assert_eq!(pieces.iter().sum::<usize>(), 200);
    assert!(pieces.iter().all(|piece| *piece <= 11), "{pieces:?}");
}

#[test]
fn full_is_full_for_each_bound_and_an_old_topic_stays() {
    let mut ledger = Ledger::default();
    assert!(ledger.has_room("x", None, RETAINED_BYTES_MAX));
    assert!(!ledger.has_room("x", None, RETAINED_BYTES_MAX + 1));
    for topic in 0..RETAINED_PER_NODE_MAX {
        ledger.set(&format!("atalaya/nas/{topic}"), Some("nas"), 1, false);
    }
    assert!(!ledger.has_room("atalaya/nas/more", Some("nas"), 1));
    assert!(ledger.has_room("atalaya/nas/7", Some("nas"), 1));
    assert!(ledger.has_room("atalaya/nas2/more", Some("nas2"), 1));
    ledger.clear("atalaya/nas/0", Some("nas"));
    assert!(ledger.has_room("atalaya/nas/more", Some("nas"), 1));
    for topic in 0..RETAINED_TOTAL_BYTES_MAX as usize / (RETAINED_BYTES_MAX + 16) {
        ledger.set(&format!("big/{topic:08}"), None, RETAINED_BYTES_MAX, false);
    }
    assert!(!ledger.has_room("big/more", None, RETAINED_BYTES_MAX));
    assert!(ledger.has_room("big/00000001", None, RETAINED_BYTES_MAX), "in the place of the old one");
    let bytes: u64 = ledger.sizes.bytes.values().map(|size| u64::from(*size)).sum();
    assert_eq!(ledger.bytes(), bytes);
}
