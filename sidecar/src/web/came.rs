//! What came of the notifications that a timeline names: the engine only wants people to be told.

use std::collections::BTreeMap;

use atalaya_alert::{Entry, What};
use rusqlite::Connection;

use crate::db::read::notifications;
use crate::error::Result;

/// By id, channels with states. One that is no longer kept is not there.
pub(super) type Came = BTreeMap<String, Vec<(String, String)>>;

/// Which notification an entry is about.
fn notification(entry: &Entry) -> Option<&str> {
    match &entry.what {
        What::Told { id, .. } => Some(id),
        _ => None,
    }
}

/// Of those in these entries.
pub(super) fn of(connection: &Connection, entries: &[Entry]) -> Result<Came> {
    let mut came = Came::new();
    for sent in entries.iter().filter_map(notification) {
        came.extend(notifications::came_to(connection, sent)?.map(|to| (sent.to_owned(), to)));
    }
    Ok(came)
}
