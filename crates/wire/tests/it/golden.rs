//! What was ever sent can be read for ever: parts and messages of the first version, as bytes and as what they say. A layout
//! that changed fails here; it needs a new kind, and a file of its own. `ATALAYA_WRITE_GOLDEN=1` writes files that lack,
//! and never one that is there.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use atalaya_wire::event::{self, Event};
use atalaya_wire::message::{Builder, Head, Message, Stream};
use atalaya_wire::view::{Field, KINDS};
use atalaya_wire::{Hex, ObjectId, Sample, Stamp, StreamId, text, unhex};

/// Bytes and what they say, as they were first written.
fn golden(name: &str, bytes: &[u8], says: &str) -> (Vec<u8>, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(format!("{name}.txt"));
    if !path.exists() && std::env::var_os("ATALAYA_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{}\n{says}\n", Hex(bytes))).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name} has no file; ATALAYA_WRITE_GOLDEN=1"));
    let (bytes, says) = text.split_once('\n').unwrap();
    (unhex(bytes).unwrap(), says.trim_end().to_owned())
}

/// Postcard of a view whose keys all have values that differ, made from the table alone.
fn filled(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        out.push(1);
        let number = at as u64 * 1000 + 7;
        match field.shape {
            "text" => out.extend(postcard::to_allocvec(&format!("text {at}")).unwrap()),
            "number" => out.extend(postcard::to_allocvec(&(at as f32 + 0.5)).unwrap()),
            "true or false" => out.push(1),
            "whole number" => out.extend(postcard::to_allocvec(&number).unwrap()),
            other => panic!("{other}"),
        }
    }
    out
}

#[test]
fn every_view_is_read_as_it_was_first_sent() {
    for kind in KINDS {
        let made = filled(kind.fields);
        let said = |bytes: &[u8]| {
            let sample = Sample::decode(kind.kind, bytes).unwrap().unwrap();
            String::from_utf8(sample.json(1_800_000_000, 1)).unwrap()
        };
        let (bytes, says) = golden(&format!("view-{}-{}", kind.kind, kind.name), &made, &said(&made));
        assert_eq!(said(&bytes), says, "{}", kind.name);
        assert_eq!(Hex(&bytes).to_string(), Hex(&made).to_string(), "{}", kind.name);
    }
}

fn check<E: Event + Debug + PartialEq>(told: &E) {
    let name = event::KINDS.iter().find(|(kind, _)| *kind == E::KIND).unwrap().1;
    let made = postcard::to_allocvec(told).unwrap();
    let (bytes, says) = golden(&format!("event-{:04x}-{name}", E::KIND), &made, &format!("{told:?}"));
    assert_eq!(&postcard::from_bytes::<E>(&bytes).unwrap(), told);
    assert_eq!((Hex(&bytes).to_string(), says), (Hex(&made).to_string(), format!("{told:?}")));
}

fn stamp() -> Stamp {
    Stamp { wall_millis: 1_800_000_000_123, boot_millis: 456_789, boot: [7; 16], synchronised: true }
}

#[test]
fn every_event_is_read_as_it_was_first_sent() {
    let (run, job, problem) = ([9; 16], text("photos"), text("the disk is full"));
    check(&event::Lost { from: 40, to: 52 });
    check(&event::Began { version: text("0.1.0"), clean: true });
    check(&event::RunBegan { run, job: job.clone(), cause: text("calendar") });
    check(&event::RunEnded { run, job, began: stamp(), result: text("failed"), exit: Some(1), problem });
    check(&event::Changed {
        view: text("disk"),
        key: text("health"),
        from: text("ok"),
        to: text("failing"),
        problem: text("17 sectors were replaced"),
    });
    check(&event::Commanded { name: text("backup"), outcome: text("refused"), reason: text("too soon") });
    check(&event::Requested { request: vec![48, 130, 1], installed: text("ab12") });
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    for (kind, name) in event::KINDS {
        assert!(folder.join(format!("event-{kind:04x}-{name}.txt")).exists(), "{name} is not held by a file");
    }
}

#[test]
fn messages_are_read_as_they_were_first_sent() {
    for (name, stream) in [("frame", Stream::Frame), ("record", Stream::Record)] {
        let head = Head { stream, id: StreamId([3; 16]), seq: 70_000, stamp: stamp() };
        let mut builder = Builder::new(&head);
        assert!(builder.part(1, &ObjectId::only(), b"one"));
        assert!(builder.part(0x7abc, &ObjectId::of("WD-1"), b"of a kind that nobody knows yet"));
        let made = builder.finish();
        let says = |bytes: &[u8]| {
            let message = Message::parse(bytes).unwrap();
            let parts: Vec<_> = message.parts().map(|part| format!("{part:?}")).collect();
            format!("{:?} {}", message.head, parts.join(" "))
        };
        let (bytes, said) = golden(&format!("message-{name}"), &made, &says(&made));
        assert_eq!((Hex(&bytes).to_string(), says(&bytes)), (Hex(&made).to_string(), said));
    }
}
