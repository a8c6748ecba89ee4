//! Buckets: of servers that speak as S3 does, of Azure, of Google.

use std::sync::Arc;
use std::time::Duration;

use atalaya_store::conformance::ONE_OF_MANY;
use atalaya_store::{BucketStore, BucketUrl, Error, Kind, Retained, Retry, Store, jittered};

use super::{Place, Scratch, scratch_name};
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::global::Global;

/// Tries of each call, with half a second between the first two and twice as much each time: a minute in all, four where
/// the server asks for patience.
const TRIES: u32 = 8;

/// The store of a repository, new or not: a bucket is made by whoever pays for it.
pub(super) fn open(url: &BucketUrl, global: &Global) -> Result<Place> {
    let store = connect(url, global, "open")?;
    Ok(Place { store: Arc::new(Retry::new(store, TRIES, pause)), folder: None, remarks: Vec::new() })
}

pub(super) fn scratch(url: &BucketUrl, global: &Global) -> Result<Scratch> {
    // What is missing is said of the place that was named.
    drop(connect(url, global, "try")?);
    let store = Arc::new(connect(&url.below(&scratch_name()), global, "try")?);
    let fail = |err: Error| failed("try", url, &err);
    let shortcomings: Vec<String> = store.shortcomings().map_err(fail)?.into_iter().map(str::to_owned).collect();
    let weaker = if shortcomings.is_empty() { Vec::new() } else { vec![ONE_OF_MANY] };
    let again = store.clone();
    Ok(Scratch {
        fresh: Box::new(move || {
            store.remove_all()?;
            Ok(Arc::new(Retry::new(store.clone(), TRIES, pause)) as Arc<dyn Store>)
        }),
        clean: Box::new(move || again.remove_all()),
        shortcomings,
        weaker,
    })
}

/// Sees to it that what is there is kept for so many days.
pub(crate) fn retain(url: &BucketUrl, global: &Global, days: u32) -> Result<Retained> {
    let store = connect(url, global, "open")?;
    store.retain(days).map_err(|err| Failure::new(Exit::Failed, format!("cannot keep what is in {url}: {err}")))
}

fn connect(url: &BucketUrl, global: &Global, what: &str) -> Result<BucketStore> {
    let access = global.bucket.access(url, global.quiet)?;
    BucketStore::open(url.clone(), access, pause).map_err(|err| failed(what, url, &err))
}

fn pause(wait: Duration) {
    std::thread::sleep(jittered(wait));
}

/// Messages of the store that end in advice keep their own.
fn failed(what: &str, url: &BucketUrl, err: &Error) -> Failure {
    let known = err
        .text
        .replace(&format!("list in {url}: "), "")
        .replace(&format!("no connection to {url}: "), "no connection: ")
        .replace(" (to list)", "");
    let hint = match err.kind {
        _ if known.contains("; ") => "",
        Kind::Io => "; look whether the server is on and reached from here",
        Kind::Busy => "; try again later",
        _ => "",
    };
    let exit = if err.kind == Kind::BadName { Exit::NoRepository } else { Exit::Failed };
    Failure::new(exit, format!("cannot {what} repository {url}: {known}{hint}"))
}
