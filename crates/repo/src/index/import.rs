//! Copies a run from the store into the state folder, and believes it only when its signature holds and all of it is as
//! the format says.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use atalaya_store::Store;
use sha2::{Digest, Sha256};

use super::filter::Filter;
use super::run::{BORDER, FOOT_BYTES, FOOT_MAGIC, HEAD_BYTES, MAGIC, Run, SIGNATURE_BYTES, VERSION};
use crate::error::Judged;
use crate::keys::{Keyring, Role, Roster};
use crate::{Error, Kind, Result, names};

const COPY_BYTES: usize = 64 << 10;

/// Copies object `name` of `len` bytes to `path`, and verifies all of it.
pub(super) fn import(
    store: &dyn Store,
    keyring: &Keyring,
    roster: &Roster,
    name: &str,
    len: u64,
    path: &Path,
) -> Judged<Run> {
    let partial = names::partial(path)?;
    match copy(store, keyring, roster, name, len, &partial) {
        Ok(Ok(mut run)) => {
            std::fs::rename(&partial, path).map_err(|err| failed(&err))?;
            path.clone_into(&mut run.path);
            Ok(Ok(run))
        }
        other => {
            let _ = std::fs::remove_file(&partial);
            other.map(|judged| judged.map_err(|err| err.context(&format!("index run {name}"))))
        }
    }
}

fn failed(err: &std::io::Error) -> Error {
    Error::io("cannot write to the state folder", err)
}

fn copy(store: &dyn Store, keyring: &Keyring, roster: &Roster, name: &str, len: u64, to: &Path) -> Judged<Run> {
    let mut out = File::create(to).map_err(|err| failed(&err))?;
    let streamed = stream(store, name, len, &mut |part| out.write_all(part).map_err(|err| failed(&err)))?;
    let role = match streamed.and_then(|whole| whole.signed_by(roster)) {
        Ok(role) => role,
        Err(err) => return Ok(Err(err)),
    };
    let opened = Run::open(to.to_owned(), keyring).and_then(|mut run| {
        believe(&run, name, role)?;
        run.well_formed()?;
        Ok(run)
    });
    match opened {
        Err(err) if !matches!(err.kind, Kind::Damaged | Kind::TooNew) => Err(err),
        judged => Ok(judged),
    }
}

/// What a true signature does not say: that the run stands under its own name, and that its signer may replace others.
fn believe(run: &Run, name: &str, role: Role) -> Result<()> {
    if names::unhex(name) != Some(run.id) || run.id == BORDER {
        return Err(misnamed());
    }
    if run.replaced > 0 && role < Role::Maintainer {
        return Err(Error::damaged("a writer says that it replaces other runs, which only a maintainer may"));
    }
    Ok(())
}

fn misnamed() -> Error {
    Error::damaged("it is another index run than its name says")
}

/// Reads a run in the store from its first byte to its last and compares it with its signature; nothing is written.
pub(crate) fn verify_stored(store: &dyn Store, roster: &Roster, name: &str, len: u64) -> Result<()> {
    read_verified(store, roster, name, len, &mut |_| Ok(()))?
}

/// The same, and `each` is given every part on its way. What only a reader with the index key can tell is not looked at.
pub(crate) fn read_verified(
    store: &dyn Store,
    roster: &Roster,
    name: &str,
    len: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Judged<()> {
    let verified = stream(store, name, len, each)?.and_then(|whole| {
        whole.signed_by(roster)?;
        if names::unhex(name).is_some_and(|id: [u8; 16]| whole.head[24..] == id) { Ok(()) } else { Err(misnamed()) }
    });
    Ok(verified.map_err(|err| err.context(&format!("index run {name}"))))
}

const TAIL_BYTES: usize = FOOT_BYTES + SIGNATURE_BYTES;

/// What is left of an object that went by.
struct Whole {
    head: [u8; HEAD_BYTES],
    hash: [u8; 32],
    foot: [u8; FOOT_BYTES],
    signature: [u8; SIGNATURE_BYTES],
}

impl Whole {
    /// The signer's role, if the signature is true.
    fn signed_by(&self, roster: &Roster) -> Result<Role> {
        let signer = u32::from_be_bytes([self.foot[16], self.foot[17], self.foot[18], self.foot[19]]);
        let judged = roster.member(signer).and_then(|member| {
            let sound =
                &self.foot[20..] == FOOT_MAGIC && crate::crypto::verify(&member.public, &self.hash, &self.signature);
            if sound {
                Ok(member.role)
            } else {
                Err(Error::damaged("its signature is wrong: it was altered or forged"))
            }
        });
        // Where a newer version has its signature is not known here, so all that can be said is what it says of itself.
        // Nothing is lost by passing over it: what only it names counts as not there, and a backup stores it once more.
        if judged.is_err() && &self.head[..4] == MAGIC && self.head[4] > VERSION {
            return Err(Error::new(Kind::TooNew, "it is of a newer version, or was altered; upgrade the program"));
        }
        judged
    }
}

/// Reads an object once, in order, and gives each part to `each`. Head, foot and signature are those bytes that were
/// hashed: a store that answers otherwise when asked again deceives nobody.
fn stream(store: &dyn Store, name: &str, len: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Judged<Whole> {
    if len < (HEAD_BYTES + TAIL_BYTES) as u64 {
        return Ok(Err(Error::damaged("it is too short")));
    }
    let signed = len - SIGNATURE_BYTES as u64;
    let (mut hash, mut buf, mut tail) = (Sha256::new(), vec![0; COPY_BYTES], Vec::with_capacity(TAIL_BYTES));
    let mut head = [0; HEAD_BYTES];
    let mut at = 0;
    while at < len {
        let part = &mut buf[..(len - at).min(COPY_BYTES as u64) as usize];
        if let Err(err) = store.get(name, at, part) {
            return Ok(Err(err.into()));
        }
        if let (0, Some(first)) = (at, part.first_chunk()) {
            head = *first;
        }
        let hashed = signed.saturating_sub(at).min(part.len() as u64) as usize;
        hash.update(&part[..hashed]);
        let before_tail = (len - TAIL_BYTES as u64).saturating_sub(at).min(part.len() as u64) as usize;
        tail.extend_from_slice(&part[before_tail..]);
        each(part)?;
        at += part.len() as u64;
    }
    let (mut foot, mut signature) = ([0; FOOT_BYTES], [0; SIGNATURE_BYTES]);
    foot.copy_from_slice(&tail[..FOOT_BYTES]);
    signature.copy_from_slice(&tail[FOOT_BYTES..]);
    Ok(Ok(Whole { head, hash: hash.finalize().into(), foot, signature }))
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
