//! When snapshots were first seen here. The time in a snapshot is what its writer says, so one that is post-dated or
//! back-dated could take the place of genuine ones in what retention keeps. It cannot have been made after it was seen, nor
//! before the last look at which it was not there.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::{decode, encode};
use crate::model::Time;
use crate::snapshot::Info;
use crate::{Repository, Result, state};

/// A snapshot's time, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What the snapshot says, brought between the two looks, in seconds since 1970.
    pub time_secs: i64,
    /// The first look at which it was there.
    pub seen_secs: i64,
}

#[derive(Default, Serialize, Deserialize)]
struct Note {
    /// The last look.
    looked: Option<i64>,
    /// The look before the first at which it was there, and that one.
    seen: BTreeMap<[u8; 16], (Option<i64>, i64)>,
}

/// A snapshot takes the place of another one, and its time: for who looks at it from this state folder it is no newer.
pub(crate) fn pass_on(state: &Path, places: &[([u8; 16], [u8; 16])]) -> Result<()> {
    let path = state.join("sightings");
    let Ok(bytes) = std::fs::read(&path) else { return Ok(()) };
    let Ok(mut note) = decode::<Note>(&bytes) else { return Ok(()) };
    for (old, new) in places {
        if let Some(seen) = note.seen.get(old).copied() {
            note.seen.insert(*new, seen);
        }
    }
    state::replace(&path, &encode(&note)?)
}

impl Repository {
    /// Looks at `snapshots`, which are all there are, and remembers it. Gives a sighting for each.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn sightings(&self, snapshots: &[Info], now: Time) -> Result<Vec<Sighting>> {
        let path = self.state().join("sightings");
        let mut note: Note = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes).ok()).unwrap_or_default();
        let (before, mut seen) = (note.looked, BTreeMap::new());
        // A clock that was set back must not make old snapshots newer than they were.
        let now = before.map_or(now.secs, |before| before.max(now.secs));
        let out = snapshots.iter().map(|info| {
            let said = info.catalogue.started.0;
            // The very first look cannot tell when anything came, and believes what is said.
            let first = if before.is_some() { now } else { now.min(said) };
            let (from, to) = *note.seen.get(&info.id).unwrap_or(&(before, first));
            seen.insert(info.id, (from, to));
            Sighting { time_secs: said.max(from.unwrap_or(i64::MIN)).min(to), seen_secs: to }
        });
        let out = out.collect();
        note = Note { looked: Some(now), seen };
        state::replace(&path, &encode(&note)?)?;
        Ok(out)
    }
}
