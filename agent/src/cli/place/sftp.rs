//! Folders of machines that are reached by SSH.

use std::sync::Arc;

use atalaya_store::{Access, Error, Kind, Retry, SftpStore, SftpUrl, Store};

use super::{Place, Scratch, scratch_name};
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::global::Global;

/// Tries of each call, with half a second between the first two and twice as much each time: a minute in all.
const TRIES: u32 = 8;

pub(super) fn open(url: &SftpUrl, global: &Global) -> Result<Place> {
    let store = SftpStore::open(url.clone(), access(global)?).map_err(|err| match err.kind {
        Kind::NotFound => Failure::new(
            Exit::NoRepository,
            format!("cannot open repository {err}; have it mounted there, or create it with \"atalaya-agent init --repo {url}\""),
        ),
        Kind::BadName => Failure::new(Exit::NoRepository, format!("cannot open repository: {err}")),
        _ => failed("open", url, &err),
    })?;
    Ok(place(store, false))
}

pub(super) fn create(url: &SftpUrl, global: &Global) -> Result<Place> {
    let store = SftpStore::create(url.clone(), access(global)?).map_err(|err| failed("create", url, &err))?;
    Ok(place(store, true))
}

fn place(store: SftpStore, new: bool) -> Place {
    let mut remarks = Vec::new();
    if new && let Some(key) = store.host_key() {
        remarks.push(format!("The server's key is {key}"));
    }
    Place { store: Arc::new(Retry::new(store, TRIES, std::thread::sleep)), folder: None, remarks }
}

pub(super) fn scratch(url: &SftpUrl, global: &Global) -> Result<Scratch> {
    // What is missing is said of the folder that was named.
    drop(open(url, global)?);
    let below = url.below(&scratch_name());
    let fail = |err: Error| failed("try", url, &err);
    let mut access = access(global)?;
    access.trust = None;
    let store = Arc::new(SftpStore::create(below, access).map_err(fail)?);
    let shortcomings = store.shortcomings().map_err(fail)?.into_iter().map(str::to_owned).collect();
    let again = store.clone();
    Ok(Scratch {
        fresh: Box::new(move || {
            store.start_over()?;
            Ok(store.clone() as Arc<dyn Store>)
        }),
        clean: Box::new(move || again.remove_all()),
        shortcomings,
        weaker: Vec::new(),
    })
}

fn access(global: &Global) -> Result<Access> {
    global.ssh.access()
}

/// Messages of the store that end in advice keep their own.
fn failed(what: &str, url: &SftpUrl, err: &Error) -> Failure {
    let known = err
        .text
        .replace(&format!("cannot use {url}: "), "")
        .replace(&format!("no connection to {url}: "), "no connection: ");
    let hint = match err.kind {
        _ if known.contains("; ") => "",
        Kind::Io => "; look whether the server is on and reached from here",
        _ => "",
    };
    Failure::new(Exit::Failed, format!("cannot {what} repository {url}: {known}{hint}"))
}
