//! Copies a run from the store into the state folder, and believes it only when its signature holds.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use atalaya_store::Store;
use sha2::{Digest, Sha256};

use super::filter::Filter;
use super::run::{FOOT_BYTES, FOOT_MAGIC, Run, SIGNATURE_BYTES};
use crate::keys::{Keyring, Role, Roster};
use crate::{Error, Result, names};

const COPY_BYTES: usize = 64 << 10;

/// Copies object `name` of `len` bytes to `path`, verifies it, and makes its filter.
pub(super) fn import(
    store: &dyn Store,
    keyring: &Keyring,
    roster: &Roster,
    name: &str,
    len: u64,
    path: &Path,
) -> Result<Run> {
    let partial = names::partial(path)?;
    let believed = copy_and_hash(store, name, len, &partial).and_then(|(hash, foot, signature)| {
        let signer = u32::from_be_bytes([foot[16], foot[17], foot[18], foot[19]]);
        let member = roster.member(signer)?;
        if &foot[20..] != FOOT_MAGIC || !crate::crypto::verify(&member.public, &hash, &signature) {
            return Err(Error::damaged("its signature is wrong: it was altered or forged"));
        }
        let run = Run::open(partial.clone(), keyring)?;
        believe(&run, name, member.role)?;
        Ok(run)
    });
    let mut run = match believed {
        Ok(run) => run,
        Err(err) => {
            let _ = std::fs::remove_file(&partial);
            return Err(err.context(&format!("index run {name}")));
        }
    };
    std::fs::rename(&partial, path).map_err(|err| Error::io("cannot write to the state folder", &err))?;
    path.clone_into(&mut run.path);
    Ok(run)
}

/// What a true signature does not say: that the run stands under its own name, and that its signer may replace others.
fn believe(run: &Run, name: &str, role: Role) -> Result<()> {
    if names::unhex(name) != Some(run.id) {
        return Err(Error::damaged("it is another index run than its name says"));
    }
    if run.replaced > 0 && role < Role::Maintainer {
        return Err(Error::damaged("a writer says that it replaces other runs, which only a maintainer may"));
    }
    Ok(())
}

type Copied = ([u8; 32], [u8; FOOT_BYTES], [u8; SIGNATURE_BYTES]);

fn copy_and_hash(store: &dyn Store, name: &str, len: u64, to: &Path) -> Result<Copied> {
    let bad = || Error::damaged("it is too short");
    let signed = len.checked_sub(SIGNATURE_BYTES as u64).filter(|n| *n > FOOT_BYTES as u64).ok_or_else(bad)?;
    let mut out = File::create(to).map_err(|err| Error::io("cannot write to the state folder", &err))?;
    let mut hash = Sha256::new();
    let mut buf = vec![0; COPY_BYTES];
    let mut at = 0;
    while at < len {
        let part = &mut buf[..(len - at).min(COPY_BYTES as u64) as usize];
        store.get(name, at, part)?;
        let hashed = signed.saturating_sub(at).min(part.len() as u64) as usize;
        hash.update(&part[..hashed]);
        out.write_all(part).map_err(|err| Error::io("cannot write to the state folder", &err))?;
        at += part.len() as u64;
    }
    let mut foot = [0; FOOT_BYTES];
    store.get(name, signed - FOOT_BYTES as u64, &mut foot)?;
    let mut signature = [0; SIGNATURE_BYTES];
    store.get(name, signed, &mut signature)?;
    Ok((hash.finalize().into(), foot, signature))
}

/// Loads the run's filter, or makes it by reading every page once.
pub(super) fn make_filter(run: &mut Run) -> Result<()> {
    let path = run.path.with_extension("filter");
    if run.filter.is_some() {
        return Ok(());
    }
    if let Some(filter) = Filter::load(&path) {
        run.filter = Some(filter);
        return Ok(());
    }
    let mut filter = Filter::for_ids(run.records);
    for number in 0..run.pages() {
        for record in run.page(number)? {
            let mut id = [0; 32];
            id.copy_from_slice(&record[..32]);
            filter.insert(&id);
        }
    }
    filter.save(&path)?;
    run.filter = Some(filter);
    Ok(())
}
