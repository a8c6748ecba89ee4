//! What the cases say in one line: put this, expect that.

use std::collections::BTreeSet;
use std::io::Write;

use crate::{Error, Kind, Result, SpoolFile, Store};

pub(super) fn spool_with(store: &dyn Store, bytes: &[u8]) -> Result<SpoolFile> {
    let mut spool = store.spool(&std::env::temp_dir())?;
    spool.file.write_all(bytes).map_err(|err| Error::io("write a spool file", &err))?;
    Ok(spool)
}

pub(super) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8 ^ (i >> 8) as u8).collect()
}

pub(super) fn names(store: &dyn Store, prefix: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    store.list(prefix, &mut |entry| {
        let new = found.insert(entry.name.clone());
        ensure(new, &format!("{} is listed twice", entry.name))
    })?;
    Ok(found)
}

pub(super) fn expect_names(store: &dyn Store, prefix: &str, expected: &[&str]) -> Result<()> {
    let found = names(store, prefix)?;
    let expected = expected.iter().map(|name| (*name).to_owned()).collect();
    ensure(found == expected, &format!("listing {prefix:?} gave {found:?}, not {expected:?}"))
}

pub(super) fn expect_object(store: &dyn Store, name: &str, bytes: &[u8]) -> Result<()> {
    ensure(store.stat(name)? == bytes.len() as u64, &format!("{name} has a wrong length"))?;
    let mut buf = vec![0; bytes.len()];
    store.get(name, 0, &mut buf)?;
    ensure(buf == bytes, &format!("{name} has wrong bytes"))
}

pub(super) fn expect_kind<T>(result: Result<T>, kind: Kind, what: &str) -> Result<()> {
    match result {
        Err(err) if err.kind == kind => Ok(()),
        Err(err) => ensure(false, &format!("{what}: {:?} ({err}) and not {kind:?}", err.kind)),
        Ok(_) => ensure(false, &format!("{what}: success and not {kind:?}")),
    }
}

pub(super) fn ensure(holds: bool, text: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::new(Kind::Io, text)) }
}
