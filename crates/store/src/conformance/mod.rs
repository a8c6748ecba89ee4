//! What every backend must pass: the contract of [`Store`], sentence by sentence.

mod expect;

use std::sync::Barrier;

use crate::{Body, Error, Kind, Result, Store};
use expect::{ensure, expect_kind, expect_names, expect_object, names, pattern, spool_with};

/// Objects in the long listing: more than a page of any cloud's listing.
const MANY: usize = 10_000;
/// Larger than any buffer a backend copies with, and not a multiple of one.
const LARGE: usize = 3 * (1 << 20) + 17;

/// Which cases are run: each includes those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What a repository could not do without, in a moment.
    Short,
    /// All of the contract.
    Usual,
    /// Also what takes long over a slow line.
    Long,
}

/// The case that a store fails that knows no way to put only where nothing is, in one step.
pub const ONE_OF_MANY: &str = "one of many puts wins";

/// One part of the suite; it wants an empty store.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// When it is run.
    pub part: Part,
    /// What it shows.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(&dyn Store) -> Result<()>,
}

/// All parts.
pub const CASES: &[Case] = &[
    Case { part: Part::Usual, name: "what is put can be read", run: put_and_get },
    Case { part: Part::Short, name: "a range is read exactly", run: ranges },
    Case { part: Part::Usual, name: "reading past the end is Truncated", run: truncated },
    Case { part: Part::Short, name: "what is not there is NotFound", run: not_found },
    Case { part: Part::Short, name: "an existing name is not overwritten", run: exists },
    Case { part: Part::Usual, name: "bad names are refused", run: bad_names },
    Case { part: Part::Usual, name: "empty objects", run: empty },
    Case { part: Part::Usual, name: "spool files of all sizes", run: spool_files },
    Case { part: Part::Usual, name: "a spool file can be put again", run: spool_again },
    Case { part: Part::Short, name: "a listing goes by whole components", run: listing },
    Case { part: Part::Usual, name: "a listing ends at the callback's error", run: listing_error },
    Case { part: Part::Usual, name: "the store can be used while it lists", run: listing_reentrant },
    Case { part: Part::Long, name: "ten thousand objects", run: many },
    Case { part: Part::Short, name: "a deleted name is free again", run: delete },
    Case { part: Part::Usual, name: ONE_OF_MANY, run: concurrent },
    Case { part: Part::Usual, name: "sync with nothing to do, and after puts", run: sync },
];

/// Runs the whole suite; `make` gives an empty store each time.
///
/// # Panics
/// When the store does not keep the contract.
pub fn check(make: &dyn Fn() -> Box<dyn Store>) {
    for case in CASES {
        let store = make();
        if let Err(err) = (case.run)(&*store) {
            panic!("{}: {}: {err}", store.place(), case.name);
        }
    }
}

fn put_and_get(store: &dyn Store) -> Result<()> {
    for (name, len) in [("a", 1), ("data/ab/cdef", 5000), ("data/ab/cdeg", LARGE), ("x.y/-_/Z", 256)] {
        let bytes = pattern(len);
        store.put(name, Body::Bytes(&bytes))?;
        expect_object(store, name, &bytes)?;
    }
    Ok(())
}

fn ranges(store: &dyn Store) -> Result<()> {
    let bytes = pattern(10_000);
    store.put("r", Body::Bytes(&bytes))?;
    for (offset, len) in [(0, 1), (9_999, 1), (1, 9_998), (4_096, 4_096), (10_000, 0), (5, 0)] {
        let mut buf = vec![0; len];
        store.get("r", offset as u64, &mut buf)?;
        ensure(buf == bytes[offset..offset + len], &format!("wrong bytes at {offset}"))?;
    }
    Ok(())
}

fn truncated(store: &dyn Store) -> Result<()> {
    store.put("t", Body::Bytes(&pattern(100)))?;
    for (offset, len) in [(0, 101), (100, 1), (50, 51), (101, 0), (u64::MAX, 1), (u64::MAX - 4, 8), (1 << 63, 0)] {
        let mut buf = vec![0; len];
        let what = format!("{len} bytes at {offset} of 100");
        expect_kind(store.get("t", offset, &mut buf), Kind::Truncated, &what)?;
    }
    Ok(())
}

fn not_found(store: &dyn Store) -> Result<()> {
    store.put("there/object", Body::Bytes(b"x"))?;
    for name in ["gone", "there/gone", "gone/gone", "there"] {
        expect_kind(store.get(name, 0, &mut [0; 4]), Kind::NotFound, &format!("get {name}"))?;
        expect_kind(store.get(name, 0, &mut []), Kind::NotFound, &format!("get nothing of {name}"))?;
        expect_kind(store.stat(name), Kind::NotFound, &format!("stat {name}"))?;
        expect_kind(store.delete(name), Kind::NotFound, &format!("delete {name}"))?;
    }
    expect_names(store, "gone/", &[])?;
    expect_object(store, "there/object", b"x")
}

fn exists(store: &dyn Store) -> Result<()> {
    store.put("e/1", Body::Bytes(b"first"))?;
    expect_kind(store.put("e/1", Body::Bytes(b"second one")), Kind::Exists, "put again")?;
    let spool = spool_with(store, &pattern(1000))?;
    expect_kind(store.put("e/1", Body::File(&spool)), Kind::Exists, "put a file again")?;
    expect_object(store, "e/1", b"first")
}

fn bad_names(store: &dyn Store) -> Result<()> {
    let long = "n".repeat(201);
    for name in ["", "/a", "a/", "a//b", "..", "../a", "a/../b", ".hidden", "a/.b", "a b", "ä", "a\0b", "a\\b", &long]
    {
        let what = format!("name {name:?}");
        expect_kind(store.put(name, Body::Bytes(b"x")), Kind::BadName, &what)?;
        expect_kind(store.get(name, 0, &mut [0]), Kind::BadName, &what)?;
        expect_kind(store.stat(name), Kind::BadName, &what)?;
        expect_kind(store.delete(name), Kind::BadName, &what)?;
    }
    for prefix in ["data", "/", "../", "a//"] {
        expect_kind(store.list(prefix, &mut |_| Ok(())), Kind::BadName, &format!("prefix {prefix:?}"))?;
    }
    expect_names(store, "", &[])?;
    store.put(&long[1..], Body::Bytes(b"x"))?;
    expect_names(store, "", &[&long[1..]])
}

fn empty(store: &dyn Store) -> Result<()> {
    store.put("zero", Body::Bytes(b""))?;
    let spool = spool_with(store, b"")?;
    store.put("zero-file", Body::File(&spool))?;
    for name in ["zero", "zero-file"] {
        expect_object(store, name, b"")?;
        store.get(name, 0, &mut [])?;
        expect_kind(store.get(name, 0, &mut [0]), Kind::Truncated, "a byte of nothing")?;
    }
    expect_names(store, "", &["zero", "zero-file"])
}

fn spool_files(store: &dyn Store) -> Result<()> {
    for (at, len) in [1, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, LARGE].into_iter().enumerate() {
        let bytes = pattern(len);
        let spool = spool_with(store, &bytes)?;
        let name = format!("spooled/{at}");
        store.put(&name, Body::File(&spool))?;
        drop(spool);
        expect_object(store, &name, &bytes)?;
    }
    // One that is never put leaves nothing.
    drop(spool_with(store, b"never put")?);
    ensure(names(store, "")?.len() == 5, "a spool file shows in the listing")
}

fn spool_again(store: &dyn Store) -> Result<()> {
    let bytes = pattern(300_000);
    let spool = spool_with(store, &bytes)?;
    store.put("again/1", Body::File(&spool))?;
    store.put("again/2", Body::File(&spool))?;
    store.delete("again/1")?;
    expect_object(store, "again/2", &bytes)?;
    store.put("again/1", Body::File(&spool))?;
    drop(spool);
    expect_object(store, "again/1", &bytes)
}

fn listing(store: &dyn Store) -> Result<()> {
    let all = ["data", "data2/x", "dat/y", "datb/ab/1", "datb/ab/2", "datb/abc/3", "datb/a"];
    for (len, name) in all.iter().enumerate() {
        store.put(name, Body::Bytes(&pattern(len)))?;
    }
    expect_names(store, "", &all)?;
    expect_names(store, "data/", &[])?;
    expect_names(store, "datb/", &["datb/ab/1", "datb/ab/2", "datb/abc/3", "datb/a"])?;
    expect_names(store, "datb/ab/", &["datb/ab/1", "datb/ab/2"])?;
    store.list("", &mut |entry| {
        let len = all.iter().position(|name| *name == entry.name);
        ensure(len == usize::try_from(entry.len).ok(), &format!("wrong length of {}", entry.name))
    })
}

fn listing_error(store: &dyn Store) -> Result<()> {
    for name in ["l/1", "l/2", "l/3"] {
        store.put(name, Body::Bytes(b"x"))?;
    }
    let mut seen = 0;
    let result = store.list("l/", &mut |_| {
        seen += 1;
        Err(Error::new(Kind::Denied, "enough"))
    });
    expect_kind(result, Kind::Denied, "the callback's error")?;
    ensure(seen == 1, "the listing went on after an error")
}

fn listing_reentrant(store: &dyn Store) -> Result<()> {
    for name in ["m/1", "m/2", "m/3"] {
        store.put(name, Body::Bytes(b"abc"))?;
    }
    store.list("m/", &mut |entry| {
        ensure(store.stat(&entry.name)? == entry.len, "stat while listing")?;
        store.delete(&entry.name)
    })?;
    expect_names(store, "", &[])
}

fn many(store: &dyn Store) -> Result<()> {
    let all: Vec<String> = (0..MANY).map(|i| format!("many/{:02x}/{i:05}", i % 7)).collect();
    for name in &all {
        store.put(name, Body::Bytes(name.as_bytes()))?;
    }
    let found = names(store, "many/")?;
    ensure(found == all.into_iter().collect(), "the listing is not what was put")
}

fn delete(store: &dyn Store) -> Result<()> {
    store.put("d/1", Body::Bytes(b"old"))?;
    store.put("d/2", Body::Bytes(b"other"))?;
    store.delete("d/1")?;
    expect_kind(store.stat("d/1"), Kind::NotFound, "stat of a deleted name")?;
    expect_kind(store.delete("d/1"), Kind::NotFound, "a second delete")?;
    expect_names(store, "d/", &["d/2"])?;
    store.put("d/1", Body::Bytes(b"new"))?;
    expect_object(store, "d/1", b"new")
}

fn concurrent(store: &dyn Store) -> Result<()> {
    const THREADS: usize = 8;
    for round in 0..20 {
        let name = format!("race/{round}/object");
        let barrier = Barrier::new(THREADS);
        let results: Vec<Result<()>> = std::thread::scope(|scope| {
            let (name, barrier) = (&name, &barrier);
            let start = |number| scope.spawn(move || race(store, name, barrier, number));
            let racers: Vec<_> = (0..THREADS).map(start).collect();
            let failed = || Err(Error::new(Kind::Io, "a thread panicked"));
            racers.into_iter().map(|racer| racer.join().unwrap_or_else(|_| failed())).collect()
        });
        let winners: Vec<usize> = (0..THREADS).filter(|i| results[*i].is_ok()).collect();
        ensure(winners.len() == 1, &format!("{} puts of one name succeeded", winners.len()))?;
        for result in results.into_iter().filter(Result::is_err) {
            expect_kind(result, Kind::Exists, "a put that lost")?;
        }
        expect_object(store, &name, &racer_bytes(winners[0]))?;
    }
    Ok(())
}

fn race(store: &dyn Store, name: &str, barrier: &Barrier, number: usize) -> Result<()> {
    let bytes = racer_bytes(number);
    let spool = if number.is_multiple_of(2) { Some(spool_with(store, &bytes)) } else { None };
    // Before anything can return, or the others would wait for ever.
    barrier.wait();
    match spool.transpose()? {
        Some(spool) => store.put(name, Body::File(&spool)),
        None => store.put(name, Body::Bytes(&bytes)),
    }
}

fn racer_bytes(number: usize) -> Vec<u8> {
    vec![b'0' + number as u8; 10_000 + number]
}

fn sync(store: &dyn Store) -> Result<()> {
    store.sync()?;
    for i in 0..40 {
        store.put(&format!("s/{i}/deep/er/object"), Body::Bytes(b"x"))?;
    }
    store.delete("s/0/deep/er/object")?;
    store.sync()?;
    store.sync()?;
    store.free()?;
    ensure(!store.place().is_empty(), "a store must say where it is")?;
    expect_object(store, "s/39/deep/er/object", b"x")
}
