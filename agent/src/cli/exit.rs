//! The one place where failures become exit codes and hints.

use std::fmt;
use std::io;
use std::process::ExitCode;

use atalaya_base::signals::Signals;
use atalaya_base::text::without_numbers;
use atalaya_repo::{Error, Kind};

/// How the program ends; the README's table says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done,
    /// It failed.
    Failed,
    /// What was asked makes no sense.
    Usage,
    /// Done, but some files could not be read or written as they should.
    Incomplete,
    /// It was looked at, and does not hold what was asked about.
    #[cfg_attr(not(feature = "daemon"), expect(dead_code, reason = "only the daemon's configuration has a policy"))]
    NotHeld,
    /// There is no repository at that place.
    NoRepository,
    /// Somebody else holds what is needed.
    #[expect(dead_code, reason = "nothing in this version excludes others; the number is kept for what will")]
    Locked,
    /// The secret opens nothing, or has no right to do this.
    WrongKey,
    /// Stopped by this signal.
    Signal(u8),
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::NotHeld => 4,
            Self::NoRepository => 10,
            Self::Locked => 11,
            Self::WrongKey => 12,
            Self::Signal(number) => 128 + number,
        }
    }

    /// `Done`, or `Incomplete` if there were problems.
    #[must_use]
    pub(crate) fn with_problems(problems: u64) -> Self {
        if problems == 0 { Self::Done } else { Self::Incomplete }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended early.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What the shell is told.
    pub(crate) exit: Exit,
    /// What a person is told; empty if there is nobody to tell (a closed pipe).
    pub(crate) text: String,
}

/// The result of commands.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that ends with `exit` and says `text`.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    /// A mistake in what was asked.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// The failure that `err` is; if it comes from a signal, the exit code says which.
    pub(crate) fn stopped(err: Error, signals: &Signals) -> Self {
        let interrupted = err.kind == Kind::Interrupted;
        let mut failure = Self::from(err);
        if let Some(number) = signals.came().filter(|_| interrupted) {
            failure.exit = Exit::Signal(number);
        }
        failure
    }

    /// As `check` itself says it, which cannot advise to run it.
    pub(crate) fn without_check(mut self) -> Self {
        if let Some(text) = self.text.strip_suffix(CHECK_SAYS_MORE) {
            self.text = format!("{text}restore what you need from it, then back up to a new repository");
        }
        self
    }

    /// Standard output cannot be written. When its reader has gone away there is nothing to say.
    pub(crate) fn output(err: &io::Error) -> Self {
        let gone = err.kind() == io::ErrorKind::BrokenPipe;
        let text = if gone { String::new() } else { format!("cannot write to standard output: {err}") };
        Self::new(Exit::Failed, text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_numbers(&self.text))
    }
}

impl From<Error> for Failure {
    fn from(err: Error) -> Self {
        let (exit, mut hint) = verdict(err.kind);
        let mut text = err.text;
        // No other user may either.
        if err.kind == Kind::Denied && text.contains("Read-only file system") {
            hint = Some("mount it for writing, or choose another place");
        }
        // Messages that end in advice keep their own.
        if let Some(hint) = hint
            && !text.contains("; ")
        {
            text.push_str("; ");
            text.push_str(hint);
        }
        Self { exit, text }
    }
}

/// The hint for damage.
const CHECK_SAYS_MORE: &str = "\"atalaya-agent check\" says what else is affected";

/// What each kind of failure means to the shell, and what a person can do.
fn verdict(kind: Kind) -> (Exit, Option<&'static str>) {
    match kind {
        Kind::NoRepository => (Exit::NoRepository, None),
        Kind::WrongKey => (Exit::WrongKey, None),
        Kind::NotAllowed => (Exit::WrongKey, None),
        Kind::Usage | Kind::Budget => (Exit::Usage, None),
        Kind::Full => (Exit::Failed, Some("make room there and run it again; what was stored is kept")),
        Kind::Denied => (Exit::Failed, Some("run it as a user who may, or change the rights")),
        Kind::TooNew => (Exit::Failed, Some("upgrade the program")),
        Kind::Damaged => (Exit::Failed, Some(CHECK_SAYS_MORE)),
        Kind::AlreadyThere | Kind::NotFound | Kind::Refused | Kind::Fenced | Kind::Interrupted | Kind::Io => {
            (Exit::Failed, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_given_once() {
        let text = |text: &str| Failure::from(Error::new(Kind::Full, text)).text;
        assert!(text("disk full").contains("make room"));
        assert_eq!(text("disk full; buy another"), "disk full; buy another");
        let denied = |text: &str| Failure::from(Error::new(Kind::Denied, text)).text;
        assert!(denied("Permission denied").contains("as a user who may"));
        assert!(denied("Read-only file system").contains("mount it for writing"));
    }
}
