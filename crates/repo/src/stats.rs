//! What a repository holds and what it costs.

use atalaya_store::Entry;

use crate::names;
use crate::pack::PackInfo;
use crate::{Repository, Result};

/// Figures of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Snapshots that verify.
    pub snapshots: u64,
    /// Paths in the newest one.
    pub latest_entries: u64,
    /// Bytes of content in the newest one.
    pub latest_bytes: u64,
    /// Bytes of content in all of them, as if each stood alone.
    pub all_bytes: u64,
    /// Objects in the store.
    pub objects: u64,
    /// Bytes in the store.
    pub stored_bytes: u64,
    /// Packs of file content: number, bytes.
    pub data_packs: (u64, u64),
    /// Packs of trees: number, bytes.
    pub tree_packs: (u64, u64),
    /// Index runs: number, bytes.
    pub index_runs: (u64, u64),
    /// Different chunks of content: number, bytes before compression.
    pub chunks: (u64, u64),
    /// Different tree blobs: number, bytes before compression.
    pub tree_blobs: (u64, u64),
    /// Chunks and tree blobs that lie in more than one pack.
    pub duplicates: u64,
    /// Bundles that are less than a quarter used, as this machine's last full backups saw it; the next backup
    /// bundles their files anew.
    pub rotten_bundles: u64,
}

impl Repository {
    /// Counts; reads the index and the list of objects, no pack.
    pub fn stats(&self) -> Result<Stats> {
        let mut stats = Stats::default();
        let (snapshots, _) = self.snapshots()?;
        stats.snapshots = snapshots.len() as u64;
        stats.all_bytes = snapshots.iter().map(|info| info.catalogue.bytes).sum();
        if let Some(latest) = snapshots.last() {
            stats.latest_entries = latest.catalogue.entries;
            stats.latest_bytes = latest.catalogue.bytes;
        }
        self.store.list("", &mut |entry| {
            count_object(&mut stats, entry);
            Ok(())
        })?;
        self.count_blobs(&mut stats)?;
        stats.rotten_bundles = crate::backup::rotten_bundles(self.state());
        Ok(stats)
    }

    fn count_blobs(&self, stats: &mut Stats) -> Result<()> {
        let mut last = None;
        self.index()?.each(&mut |pack: &PackInfo, blob| {
            if last.replace(blob.id) == Some(blob.id) {
                stats.duplicates += 1;
                return Ok(());
            }
            let counter = match pack.kind {
                names::BlobType::Data => &mut stats.chunks,
                names::BlobType::Tree => &mut stats.tree_blobs,
            };
            counter.0 += 1;
            counter.1 += u64::from(blob.raw);
            Ok(())
        })
    }
}

fn count_object(stats: &mut Stats, entry: &Entry) {
    stats.objects += 1;
    stats.stored_bytes += entry.len;
    let counter = match entry.name.split_inclusive('/').next() {
        Some("data/") => &mut stats.data_packs,
        Some("tree/") => &mut stats.tree_packs,
        Some(names::INDEX) => &mut stats.index_runs,
        _ => return,
    };
    counter.0 += 1;
    counter.1 += entry.len;
}
