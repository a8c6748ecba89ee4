//! Why a probe sees nothing.

use std::fmt;
use std::io;

/// Result of a probe.
pub type Result<T> = std::result::Result<T, Fault>;

/// Why a probe sees nothing. What does not exist is no failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such thing here: no UPS, no ZFS. Says what was looked for.
    Absent(String),
    /// It is there and may not be read. Says what, and which user, group or helper it needs.
    Denied(String),
    /// It is there and did not work.
    Failed(String),
}

impl Fault {
    /// What went wrong with `what`.
    #[must_use]
    pub fn io(what: impl fmt::Display, err: &io::Error) -> Self {
        let text = format!("cannot read {what}: {}", plain(err));
        match err.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent(text),
            io::ErrorKind::PermissionDenied => Self::Denied(text),
            _ => Self::Failed(text),
        }
    }

    /// As it stands in the view `probe`.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Absent(_) => "absent",
            Self::Denied(_) => "denied",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Absent(text) | Self::Denied(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}

/// Without the number of the error.
fn plain(err: &io::Error) -> String {
    let text = err.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
