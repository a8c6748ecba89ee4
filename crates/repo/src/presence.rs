//! One name in a store: whether it is there, deleted whoever did it, put so that it is there whole. Asked for by its name,
//! since a listing may be partial or lag.

use atalaya_store::{Body, Kind, Store};

use crate::Result;
use crate::config::read_small;

/// Whether the store surely does not have it.
pub(crate) fn is_gone(store: &dyn Store, name: &str) -> Result<bool> {
    match store.stat(name) {
        Ok(_) => Ok(false),
        Err(err) if err.kind == Kind::NotFound => Ok(true),
        Err(err) => Err(err.into()),
    }
}

/// Deletes it, now or before.
pub(crate) fn delete(store: &dyn Store, name: &str) -> Result<()> {
    match store.delete(name) {
        Err(err) if err.kind == Kind::NotFound => Ok(()),
        other => Ok(other?),
    }
}

/// Puts it, now or before. What is in its place and is not the same is torn or damaged, and replaced.
pub(crate) fn put(store: &dyn Store, name: &str, bytes: &[u8]) -> Result<()> {
    match store.put(name, Body::Bytes(bytes)) {
        Err(err) if err.kind == Kind::Exists => {}
        other => return Ok(other?),
    }
    if read_small(store, name).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    delete(store, name)?;
    Ok(store.put(name, Body::Bytes(bytes))?)
}
