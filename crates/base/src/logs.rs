//! Where a service's lines go: the journal with named fields where there is one, else standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// From now on. `ATALAYA_LOG` sets the level: `error`, `warn`, `info` (as without it), `debug`.
pub fn start() {
    start_without(&[]);
}

/// The same, with only the warnings of libraries whose names begin so: what is news to them is none to who reads this.
pub fn start_without(talkative: &[&str]) {
    let wanted = std::env::var("ATALAYA_LOG").ok().filter(|level| !level.is_empty());
    let level = wanted.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    // systemd says so when standard error is its journal.
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let plain = journal
        .is_none()
        .then(|| tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false));
    let quiet = talkative.iter().map(|name| ((*name).to_owned(), level.min(LevelFilter::WARN)));
    let wanted = Targets::new().with_default(level).with_targets(quiet);
    let _ = tracing_subscriber::registry().with(wanted).with(journal).with(plain).try_init();
}
