//! What a task's process says of itself at its end, as `--json`: each says some of it.

use serde::Deserialize;

/// See the module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    /// Of a backup.
    pub(super) snapshot: Option<String>,
    /// Of a backup, what it saw; of a prune, what there was.
    pub(super) bytes: Option<u64>,
    pub(super) files_read: Option<u64>,
    pub(super) files_new: Option<u64>,
    pub(super) files_unchanged: Option<u64>,
    pub(super) read_bytes: Option<u64>,
    pub(super) new_bytes: Option<u64>,
    pub(super) added_bytes: Option<u64>,
    pub(super) problems: Option<u64>,
    /// Of a check: what it found.
    pub(super) findings: Option<u64>,
    /// Of a check: whether its key could read what is stored.
    pub(super) content_verified: Option<bool>,
    pub(super) packs_read: Option<u64>,
    pub(super) bytes_read: Option<u64>,
    pub(super) files_affected: Option<u64>,
    /// Of a check or a prune.
    pub(super) snapshots: Option<u64>,
    pub(super) packs: Option<u64>,
    /// Of a prune.
    pub(super) deleted_packs: Option<u64>,
    pub(super) deleted_bytes: Option<u64>,
    pub(super) locked_bytes: Option<u64>,
    pub(super) waiting_for: Vec<Waiting>,
    /// Of a forget.
    pub(super) forgotten: Option<u64>,
    pub(super) kept: Option<u64>,
    pub(super) frozen: Vec<Frozen>,
    /// Of a copy, which is told of one at a time.
    pub(super) targets: Vec<Target>,
    #[serde(deserialize_with = "remarks")]
    pub(super) warnings: Vec<String>,
    pub(super) error: Option<String>,
}

/// A backup that began before.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Waiting {
    began: String,
}

/// What became of a replica.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    pub(super) copied_packs: u64,
    pub(super) copied_bytes: u64,
    pub(super) deleted_packs: u64,
    pub(super) deleted_bytes: u64,
    pub(super) not_deleted: Option<String>,
    pub(super) damaged: u64,
    warnings: Vec<String>,
}

/// A job of which nothing was forgotten.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Frozen {
    job: String,
    why: String,
}

/// A backup's are texts; a check only counts its own.
fn remarks<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl Said {
    /// What is to be told of a run that did all it was to do.
    pub(super) fn remark(&self) -> String {
        if let Some(first) = self.waiting_for.first() {
            return format!("nothing was deleted yet: a backup that began {} may rely on what is unused", first.began);
        }
        let of_copies = self.targets.iter().flat_map(|target| &target.warnings);
        self.warnings.iter().chain(of_copies).next().cloned().unwrap_or_default()
    }

    /// What a check or a copy found damaged or missing.
    pub(super) fn damaged(&self) -> u64 {
        self.findings.unwrap_or_default() + self.targets.iter().map(|target| target.damaged).sum::<u64>()
    }

    /// Why a replica that has everything also has what it should not.
    pub(super) fn held(&self) -> Option<String> {
        let why = self.targets.iter().find_map(|target| target.not_deleted.as_ref())?;
        Some(format!("everything was copied and nothing deleted: {why}"))
    }

    /// Why nothing of some job was forgotten.
    pub(super) fn freeze(&self) -> String {
        let Some(first) = self.frozen.first() else { return String::new() };
        let more =
            if self.frozen.len() > 1 { format!(", and of {} more", self.frozen.len() - 1) } else { String::new() };
        format!("nothing of {} is forgotten{more}: {}", first.job, first.why)
    }
}
