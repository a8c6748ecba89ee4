//! Pages of the database that nobody reads are looked at now and then, behind everything else.

use std::path::PathBuf;
use std::time::Duration;

use crate::db::{self, Damage, Looked};
use crate::limits::{LOOK_EVERY, LOOK_SOON};

/// When.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Where the start had no time for all of them.
    soon: Duration,
    /// From one look to the next.
    every: Duration,
}

pub(crate) const PACE: Pace = Pace { soon: LOOK_SOON, every: LOOK_EVERY };

/// For ever. What is found is told through `damage`.
pub(crate) async fn look(folder: PathBuf, damage: Damage, looked: Looked, pace: Pace) {
    let mut wait = if looked == Looked::Begun { pace.soon } else { pace.every };
    loop {
        tokio::time::sleep(wait).await;
        let (folder, damage) = (folder.clone(), damage.clone());
        let _ = tokio::task::spawn_blocking(move || db::behind(&folder, &damage)).await;
        wait = pace.every;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    const NEVER: Duration = Duration::from_secs(1 << 30);
    const NOW: Duration = Duration::from_millis(1);

    /// A database; where it begins to be unreadable is said to `spoil`.
    fn made(folder: &Path) {
        drop(db::open(folder, 1_800_000_000).unwrap());
    }

    fn spoil(folder: &Path) {
        let path = folder.join(db::FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        // All pages but the first, which says what the file is.
        bytes[8192..].fill(0xa5);
        std::fs::write(path, bytes).unwrap();
    }

    /// Waits until damage is met, which is only so if somebody looks.
    fn finds(looked: Looked, pace: Pace, late: bool) {
        let folder = tempfile::tempdir().unwrap();
        made(folder.path());
        if !late {
            spoil(folder.path());
        }
        let damage = Damage::default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let looking = runtime.spawn(look(folder.path().to_owned(), damage.clone(), looked, pace));
        if late {
            // It looks at what is sound before, or not: what counts is that it looks again.
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(damage.met(), None);
            spoil(folder.path());
        }
        let end = Instant::now() + Duration::from_secs(30);
        while damage.met().is_none() {
            assert!(Instant::now() < end, "nobody looked");
            std::thread::sleep(NOW);
        }
        damage.end();
        looking.abort();
    }

    #[test]
    fn what_a_start_had_no_time_for_is_looked_at_soon_and_the_rest_in_its_time() {
        finds(Looked::Begun, Pace { soon: NOW, every: NEVER }, false);
        finds(Looked::Through, Pace { soon: NEVER, every: NOW }, false);
    }

    #[test]
    fn it_is_looked_at_again_and_again() {
        finds(Looked::Begun, Pace { soon: NOW, every: NOW }, true);
    }
}
