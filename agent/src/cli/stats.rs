//! `stats`: what a repository holds and costs.

use atalaya_base::units::{count, counted, size};
use atalaya_repo::{Repository, Stats};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Result};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent stats --repo /mnt/usb/nas
  atalaya-agent stats --repo /mnt/usb/nas --json";

/// Show what a repository holds and how much room it takes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// A number of things and their bytes.
#[derive(Serialize)]
struct Sum {
    number: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct JsonStats {
    repository: String,
    id: String,
    cipher: &'static str,
    key_role: String,
    snapshots: u64,
    latest_entries: u64,
    latest_bytes: u64,
    all_bytes: u64,
    objects: u64,
    stored_bytes: u64,
    data_packs: Sum,
    tree_packs: Sum,
    index_runs: Sum,
    chunks: Sum,
    tree_blobs: Sum,
    duplicates: u64,
    free_bytes: Option<u64>,
}

impl From<(u64, u64)> for Sum {
    fn from((number, bytes): (u64, u64)) -> Self {
        Self { number, bytes }
    }
}

impl JsonStats {
    fn new(repo: &Repository, stats: &Stats, free_bytes: Option<u64>) -> Self {
        Self {
            repository: repo.place(),
            id: repo.id(),
            cipher: repo.cipher().name(),
            key_role: repo.role().to_string(),
            snapshots: stats.snapshots,
            latest_entries: stats.latest_entries,
            latest_bytes: stats.latest_bytes,
            all_bytes: stats.all_bytes,
            objects: stats.objects,
            stored_bytes: stats.stored_bytes,
            data_packs: stats.data_packs.into(),
            tree_packs: stats.tree_packs.into(),
            index_runs: stats.index_runs.into(),
            chunks: stats.chunks.into(),
            tree_blobs: stats.tree_blobs.into(),
            duplicates: stats.duplicates,
            free_bytes,
        }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let packs = |sum: &Sum| format!("{} in {}", size(sum.bytes), counted(sum.number, "pack", "packs"));
        let mut lines = vec![
            ("Repository", format!("{} at {}", &self.id[..8], self.repository)),
            ("Cipher", self.cipher.to_owned()),
            ("Key in use", self.key_role.clone()),
            ("Snapshots", count(self.snapshots)),
            ("Newest", format!("{} entries, {}", count(self.latest_entries), size(self.latest_bytes))),
            ("All together", format!("{} if each stood alone", size(self.all_bytes))),
            ("Stored", format!("{} in {} objects{}", size(self.stored_bytes), count(self.objects), self.ratio())),
            ("  content", packs(&self.data_packs)),
            ("  names", packs(&self.tree_packs)),
            (
                "  index",
                format!("{} in {}", size(self.index_runs.bytes), counted(self.index_runs.number, "run", "runs")),
            ),
            ("Chunks", format!("{}, {} before compression", count(self.chunks.number), size(self.chunks.bytes))),
        ];
        if self.duplicates > 0 {
            lines.push(("Stored twice", format!("{} chunks", count(self.duplicates))));
        }
        if let Some(free) = self.free_bytes {
            lines.push(("Free there", size(free)));
        }
        lines
    }

    /// How much less it takes than copies would.
    fn ratio(&self) -> String {
        let ratio = self.all_bytes as f64 / self.stored_bytes.max(1) as f64;
        if self.all_bytes == 0 { String::new() } else { format!("; copies would take {ratio:.1} times that") }
    }
}

pub(crate) fn run(context: &Context, _args: &Args) -> Result<Exit> {
    let place = context.place()?;
    let repo = context.open_to_read()?;
    let stats = JsonStats::new(&repo, &repo.stats()?, place.store.free().unwrap_or(None));
    let mut out = context.output();
    if out.json {
        out.json(&stats)?;
    } else {
        stats.lines().iter().try_for_each(|(what, text)| out.line(format_args!("{what:<12}  {text}")))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}
