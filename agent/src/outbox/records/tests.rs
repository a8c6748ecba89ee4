use atalaya_wire::message::Message;
use atalaya_wire::{ObjectId, Sample, text, view::Auth};

use super::*;

fn open(folder: &Path) -> Records {
    Records::open(folder, [7; 16]).unwrap()
}

fn append(records: &mut Records, number: u64) -> u64 {
    let auth = Auth { failed_count: Some(number), source: Some(text(&"x".repeat(100))), ..Auth::default() };
    records.append(Stamp::default(), |builder| assert!(builder.sample(&ObjectId::only(), &Sample::from(auth)))).unwrap()
}

fn numbers(records: &Records) -> Vec<u64> {
    let mut out = Vec::new();
    let each = |seq, bytes: Vec<u8>| {
        assert_eq!(Message::parse(&bytes).unwrap().head.seq, seq);
        out.push(seq);
        true
    };
    records.each(0, each).unwrap();
    out
}

#[test]
fn records_stay_until_they_are_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    let id = records.id();
    for number in 1..=5 {
        assert_eq!(append(&mut records, number), number);
    }
    let mut records = Records::open(folder.path(), [8; 16]).unwrap();
    assert_eq!((records.id(), numbers(&records)), (id, vec![1, 2, 3, 4, 5]));
    assert!(!records.acknowledge(StreamId([9; 16]), 3).unwrap() && !records.acknowledge(id, 6).unwrap());
    assert!(records.acknowledge(id, 3).unwrap() && !records.acknowledge(id, 2).unwrap());
    assert_eq!(numbers(&records), [4, 5]);
    assert!(records.acknowledge(id, 5).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let mut records = open(folder.path());
    assert_eq!((numbers(&records), append(&mut records, 6)), (vec![], 6));
}

#[test]
fn what_a_power_cut_tore_is_cut_off_and_its_number_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    for number in 1..=3 {
        append(&mut records, number);
    }
    let path = records.path(1);
    let whole = fs::read(&path).unwrap();
    for end in (whole.len() - 100)..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let mut records = open(folder.path());
        assert_eq!(numbers(&records), [1, 2]);
        assert_eq!((append(&mut records, 3), numbers(&records)), (3, vec![1, 2, 3]));
    }
    let mut flipped = whole.clone();
    flipped[whole.len() - 1] ^= 1;
    fs::write(&path, &flipped).unwrap();
    assert_eq!(numbers(&open(folder.path())), [1, 2]);
}

#[test]
fn years_without_anybody_to_take_them_cost_the_oldest_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    let body = vec![0; 60_000];
    for _ in 0..400 {
        records.append(Stamp::default(), |builder| assert!(builder.part(60_000, &ObjectId::only(), &body))).unwrap();
    }
    let size: u64 = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(size <= DISK_BYTES_MAX + 2 * SEGMENT_BYTES_MAX, "{size}");
    let first = numbers(&records)[0];
    assert!(first > 1);
    // Also by one that began since, and only by the first that is left.
    let reopened = open(folder.path());
    for records in [&records, &reopened] {
        assert_eq!(lost(records), [(first, 1, first - 1)]);
    }
    assert!(records.acknowledge(reopened.id(), first).unwrap());
    assert_eq!(lost(&records), []);
}

/// Which record tells of the loss of which others.
fn lost(records: &Records) -> Vec<(u64, u64, u64)> {
    let mut out = Vec::new();
    let each = |seq, bytes: Vec<u8>| {
        for part in Message::parse(&bytes).unwrap().parts().filter(|part| part.kind == 0x4001) {
            let lost: event::Lost = postcard::from_bytes(part.body).unwrap();
            out.push((seq, lost.from, lost.to));
        }
        true
    };
    records.each(0, each).unwrap();
    out
}

#[test]
fn what_the_disk_lost_is_told_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    let body = vec![0; 60_000];
    for _ in 0..9 {
        records.append(Stamp::default(), |builder| assert!(builder.part(60_000, &ObjectId::only(), &body))).unwrap();
    }
    let second = records.segments[1];
    fs::remove_file(records.path(second.first)).unwrap();
    let after = second.first + second.count;
    assert_eq!(lost(&open(folder.path())), [(after, second.first, after - 1)]);
}

#[test]
fn a_stream_whose_note_is_lost_goes_on_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    append(&mut records, 1);
    fs::write(folder.path().join("stream"), b"rubbish\xff").unwrap();
    let mut records = Records::open(folder.path(), [8; 16]).unwrap();
    // Whoever has record 1 knows it by the stream it was of.
    assert_eq!((records.id(), numbers(&records)), (StreamId([7; 16]), vec![1]));
    assert!(records.acknowledge(StreamId([7; 16]), 1).unwrap());
    fs::write(folder.path().join("stream"), b"rubbish\xff").unwrap();
    let records = Records::open(folder.path(), [8; 16]).unwrap();
    assert_eq!(records.id(), StreamId([8; 16]));
}

#[test]
fn a_folder_that_was_removed_is_made_again_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records");
    let mut records = open(&path);
    append(&mut records, 1);
    append(&mut records, 2);
    assert!(records.acknowledge(records.id(), 1).unwrap());
    fs::remove_dir_all(&path).unwrap();
    records.reopen().unwrap();
    assert_eq!((records.id(), records.acked(), append(&mut records, 3)), (StreamId([7; 16]), 1, 3));
    assert_eq!(lost(&records), [(3, 2, 2)]);
    assert_eq!(lost(&open(&path)), [(3, 2, 2)]);
}

#[test]
fn a_segment_that_was_removed_is_told_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = open(folder.path());
    append(&mut records, 1);
    append(&mut records, 2);
    fs::remove_file(records.path(1)).unwrap();
    assert_eq!(append(&mut records, 3), 3);
    assert_eq!((numbers(&records), lost(&open(folder.path()))), (vec![3], vec![(3, 1, 2)]));
}

#[test]
fn the_folder_that_comes_back_from_under_a_mount_has_its_records_still() {
    let folder = tempfile::tempdir().unwrap();
    let (path, under) = (folder.path().join("records"), folder.path().join("under"));
    let mut records = open(&path);
    append(&mut records, 1);
    fs::rename(&path, &under).unwrap();
    records.reopen().unwrap();
    append(&mut records, 2);
    fs::remove_dir_all(&path).unwrap();
    fs::rename(&under, &path).unwrap();
    records.reopen().unwrap();
    append(&mut records, 3);
    assert_eq!(numbers(&open(&path)), [1, 3]);
    assert_eq!(lost(&open(&path)), [(3, 2, 2)]);
    // Another stream's records count as they are.
    fs::remove_dir_all(&path).unwrap();
    append(&mut Records::open(&path, [8; 16]).unwrap(), 1);
    records.reopen().unwrap();
    assert_eq!((records.id(), records.last()), (StreamId([8; 16]), 1));
}
