//! For tests and benchmarks only: states that would take days to reach.

mod years;

pub use years::years;

use atalaya_store::Body;

use crate::config::encode;
use crate::envelope::{self, Purpose};
use crate::index::{Record, RunBuilder};
use crate::model::ChunkId;
use crate::pack::{BlobRecord, PackInfo};
use crate::snapshot::Fence;
use crate::{Error, Repository, Result, names};

/// Records in one made-up run.
const RUN_RECORDS: u64 = 1_000_000;

/// Adds index runs with `chunks` records of chunks that nobody uses. All point into one pack that exists, so
/// that backups and restores go on; a check says that they are not there.
pub fn inflate_index(repo: &Repository, chunks: u64) -> Result<()> {
    let mut pack: Option<PackInfo> = None;
    repo.index()?.each_pack(&mut |info| {
        pack.get_or_insert(*info);
        Ok(())
    })?;
    let pack = pack.ok_or_else(|| Error::damaged("make a backup first: there is no pack to point into"))?;
    let mut left = chunks;
    while left > 0 {
        let count = left.min(RUN_RECORDS);
        put_run(repo, &pack, count)?;
        left -= count;
    }
    Ok(repo.store.sync()?)
}

/// Puts the fence that a prune would, for the session of this id in hex.
pub fn fence(repo: &Repository, session: &str) -> Result<()> {
    let id = names::unhex(session).ok_or_else(|| Error::damaged("no session has this id"))?;
    let body = encode(&Fence { session: id, condemned: [0; 16], secs: 0 })?;
    let keyring = &repo.keyring;
    let bytes = envelope::seal(Purpose::Fence, keyring.material.member, &keyring.signer, &body);
    Ok(repo.store.put(&names::object(names::FENCES, &id), Body::Bytes(&bytes))?)
}

/// Ids spread evenly, as keyed hashes are, and rising.
fn put_run(repo: &Repository, pack: &PackInfo, count: u64) -> Result<()> {
    let spool = repo.store.spool(repo.state())?;
    let file = spool.file.try_clone().map_err(|err| Error::io("cannot copy a descriptor", &err))?;
    let mut builder = RunBuilder::new(&repo.keyring, std::io::BufWriter::new(file))?;
    let name = builder.id;
    let step = u64::MAX / count;
    for n in 0..count {
        let mut id = repo.keyring.blob_id(crate::names::BlobType::Data, &n.to_be_bytes()).0;
        let within = u64::from(u32::from_be_bytes([id[0], id[1], id[2], id[3]])) % step;
        id[..8].copy_from_slice(&(n * step + within).to_be_bytes());
        id[24..].copy_from_slice(&name[..8]);
        let blob = BlobRecord { id: ChunkId(id), position: 0, offset: 1 << 11, stored: 1 << 20, raw: 1 << 20 };
        builder.record(&Record { pack: 0, blob })?;
    }
    builder.pack(pack)?;
    builder.finish(&[], true)?;
    Ok(repo.store.put(&names::object(names::INDEX, &name), Body::File(&spool))?)
}
