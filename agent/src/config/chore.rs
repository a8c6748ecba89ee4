//! A task of a repository's upkeep, as the schedule and its process have it.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use atalaya_base::config::{Place, Spanned, Written};
use atalaya_repo::{Role, key_role};

use crate::policy::Lies;
use crate::schedule;

/// Larger than any key file.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

/// Which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Forgets snapshots that no rule keeps.
    Forget,
    /// Deletes what no snapshot uses.
    Prune,
    /// Checks that everything is there, and a share of it.
    Check,
    /// Brings a replica up to date.
    Copy,
}

impl Work {
    /// As the command, the section and the view call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::Prune => "prune",
            Self::Check => "check",
            Self::Copy => "copy",
        }
    }

    /// When it is done if nobody says.
    pub(super) const fn schedule(self) -> &'static str {
        match self {
            // Both at once: they are done one after the other.
            Self::Forget | Self::Prune => "weekly sun 04:00",
            Self::Check => "monthly 1 04:00",
            // After the nightly backup, and on Sundays behind what is pruned.
            Self::Copy => "daily 05:00",
        }
    }
}

/// A task of a repository's upkeep.
#[derive(Clone, Debug)]
pub struct Chore {
    /// As the schedule sees it.
    pub plan: schedule::Job,
    /// Of which upkeep.
    pub name: String,
    /// What it does.
    pub work: Work,
    /// As it is called there: the name of the work, for copies with the name of the target behind it.
    pub task: String,
    /// The repository; of a copy the one that is copied to.
    pub repo: String,
    /// Of a copy: what is copied.
    pub from: Option<String>,
    /// Of a copy: on what, and where its target lies.
    pub lies: Lies,
    /// What to pass to the process that does it, after the task and its state folder.
    pub words: Vec<String>,
    /// How long a run may take.
    pub time_max: Option<Duration>,
}

impl Chore {
    /// What its runs are about: of those of other repositories nothing is known.
    #[must_use]
    pub fn about(&self) -> String {
        self.from.as_ref().map_or_else(|| self.repo.clone(), |from| format!("{from} > {}", self.repo))
    }

    /// Whether a person who says `words` means it: an upkeep, one task of it, or all its copies.
    #[must_use]
    pub fn is_called(&self, words: &str) -> bool {
        let kind = words.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.'));
        self.name == words || self.plan.name == words || kind == Some(self.work.name())
    }
}

/// A key file, and whether what it is for deletes.
#[derive(Debug)]
pub(super) struct KeyNeed {
    pub(super) file: Spanned<Place>,
    pub(super) deletes: bool,
}

impl KeyNeed {
    /// Why the key will never do; `None` where it does, or cannot be read here.
    pub(super) fn mistake(&self, written: &Written) -> Option<String> {
        let path = &self.file.get_ref().0;
        let place = written.place(Some(self.file.span().start));
        let tell = |what: String| Some(format!("{place}: upkeep.key_file: {} {what}", path.display()));
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes)).ok()?;
        match key_role(&bytes) {
            Ok(Role::Writer) if self.deletes => tell(
                "is a writer's key, which may neither forget nor prune; name that of a maintainer or the owner".into(),
            ),
            Ok(_) => None,
            Err(err) => tell(format!("is of no use: {}", err.text)),
        }
    }
}
