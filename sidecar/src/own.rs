//! Tells the tower how the program around it is, every few seconds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use atalaya_broker::{Counters, Why, limits};
use atalaya_notify::turn::State;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Config;
use crate::limits::TICK;
use crate::program::Shared;
use crate::renewals::Readings;
use crate::tower::{Own, OwnChannel, Word};

/// Until it is ended.
pub async fn tell(shared: Shared, configs: watch::Receiver<Arc<Config>>) {
    let mut room = Room::new(shared.folder.clone());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let free_bytes = room.free().await;
        let config = Arc::clone(&configs.borrow());
        let own = feel(&shared, &config, free_bytes);
        // Where it finds no place, the next one says it anew.
        let _ = shared.tower.try_send(Word::Own(Box::new(own)));
    }
}

fn feel(shared: &Shared, config: &Config, free_bytes: Option<u64>) -> Own {
    let health = shared.desk.health();
    let troubles = shared.channels.troubles();
    let given_up = shared.channels.given_up();
    let channel = |name: &String| {
        let (state, problem) = match troubles.get(name) {
            Some(State::WrongSetUp(why)) => ("wrong", why.clone()),
            Some(State::Failing(why)) => ("failing", why.clone()),
            Some(State::Works) | None => ("works", String::new()),
        };
        OwnChannel { state, problem, given_up: given_up.get(name).copied().unwrap_or_default() }
    };
    let names = config.alerts.channels.iter().map(|channel| channel.settings.common.name.clone());
    Own {
        unwritable: health.problem,
        damaged: health.damaged,
        stopped: health.history,
        free_bytes,
        dropped: shared.ear.dropped(),
        broker: shared.doorman.looks().map(|(_, counters)| kept(&counters)),
        channels: names.map(|name| (name.clone(), channel(&name))).collect(),
        renewals: Readings::of(&shared.renewals.seen(), &shared.records.list(), shared.clock.now().seconds()),
    }
}

/// How full the broker's room for retained messages is in percent, by number or by size; and how many it did not retain.
#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn kept(counters: &Counters) -> (f64, u64) {
    let by_number = counters.retained as f64 / limits::RETAINED_MAX as f64;
    let by_size = counters.retained_bytes as f64 / limits::RETAINED_TOTAL_BYTES_MAX as f64;
    (100.0 * by_number.max(by_size), counters.refused_for(Why::NotRetained))
}

/// How much the file system of the state folder has left. One that does not answer is asked once, and keeps nobody waiting.
struct Room {
    folder: PathBuf,
    asking: Option<JoinHandle<Option<u64>>>,
}

/// A disk that is there answers at once.
const ANSWER: Duration = Duration::from_secs(1);

impl Room {
    const fn new(folder: PathBuf) -> Self {
        Self { folder, asking: None }
    }

    /// In bytes, for the sidecar's own user; unknown while nothing is answered.
    async fn free(&mut self) -> Option<u64> {
        let folder = self.folder.clone();
        let asking =
            self.asking.get_or_insert_with(|| tokio::task::spawn_blocking(move || crate::db::free_bytes(&folder)));
        let answer = tokio::time::timeout(ANSWER, asking).await.ok()?;
        self.asking = None;
        answer.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_room_is_scarcer_counts() {
        let half = Counters { retained: limits::RETAINED_MAX / 2, retained_bytes: 1, ..Counters::default() };
        assert_eq!(kept(&half).0, 50.0);
        let large = Counters { retained_bytes: limits::RETAINED_TOTAL_BYTES_MAX, ..half };
        assert_eq!(kept(&large).0, 100.0);
    }

    #[tokio::test]
    async fn a_folder_has_room_and_none_has_unknown() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Room::new(folder.path().to_owned()).free().await.unwrap() > 0);
        assert_eq!(Room::new(folder.path().join("none")).free().await, None);
    }
}
