//! A task of a repository's upkeep, as the schedule and its process have it.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::{Place, Spanned, Written};
use atalaya_repo::{Role, key_role};

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
}

impl Work {
    /// As the command, the section and the view call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::Prune => "prune",
            Self::Check => "check",
        }
    }

    /// When it is done if nobody says.
    pub(super) const fn schedule(self) -> &'static str {
        match self {
            // Both at once: they are done one after the other.
            Self::Forget | Self::Prune => "weekly sun 04:00",
            Self::Check => "monthly 1 04:00",
        }
    }

    /// As the schedule calls it in the upkeep called `name`. No job is called so: their names have no dots.
    #[must_use]
    pub fn of(self, name: &str) -> String {
        format!("{name}.{}", self.name())
    }
}

/// A task of a repository's upkeep.
#[derive(Clone, Debug)]
pub struct Chore {
    /// As the schedule sees it.
    pub plan: schedule::Job,
    /// Of which upkeep.
    pub name: String,
    /// Which task.
    pub work: Work,
    /// The repository.
    pub repo: String,
    /// Its folder, if it is one of this machine.
    pub folder: Option<PathBuf>,
    /// What to pass to the process that does it, after the task and its state folder.
    pub words: Vec<String>,
    /// How long a run may take.
    pub time_max: Option<Duration>,
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
