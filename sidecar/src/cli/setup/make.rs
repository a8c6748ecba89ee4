//! Makes what was looked at: all of it, or nothing.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::Path;

use atalaya_base::signals::Signals;

use super::account::{self, Wish};
use super::file::{Folders, Part};
use super::folder::{cannot_use, is_of_root};
use super::owner::Owner;
use super::place::{Place, cannot_write};
use super::refused;
use super::wanted::Wanted;
use crate::broker;
use crate::certificates::Certificates;
use crate::cli::exit::{Exit, Failure, Result};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::pki::{Authority, CommandKey};

/// Whether another broker can be reached, and takes us in.
pub(super) fn reach_broker(wanted: &Wanted) -> Result<()> {
    let Some(other) = &wanted.broker else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| Failure::new(Exit::Failed, format!("cannot start: {err}")))?;
    runtime.block_on(broker::try_out(&other.external)).map_err(|why| {
        let url = &other.external.url;
        Failure::new(Exit::Failed, format!("cannot set up: the broker {url} does not take us in: {why}"))
    })
}

/// Makes the folder, puts the configuration in its place, and makes the account last.
pub(super) fn make(
    place: &Place,
    text: &str,
    config: &Config,
    folder: &Path,
    owner: &Owner,
    account: Option<&Wish>,
) -> Result<()> {
    let written = |err: io::Error| cannot_write(&place.path, &err);
    // What is begun is done or undone; a second Ctrl-C ends it as it is.
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let around = Folders::make(&place.folder(), 0o755).map_err(written)?;
    let group = owner.0.as_ref().map(|somebody| somebody.gid);
    let part = Part::write(&place.path, text, group).map_err(written)?;
    owner.act(|| can_be_read(&part))?;
    let kept = State::make(folder, owner)?;
    let mut put = Put { place, part, group, is_there: false };
    // The database is the owner's, and the configuration is whose it is to set up.
    owner.act(|| certify(folder, config))?;
    if signals.came().is_some() {
        return Err(Failure::new(Exit::Failed, "stopped; nothing was done"));
    }
    put.put()?;
    owner.act(|| account::write(folder, config, account))?;
    put.keep();
    kept.keep();
    around.keep();
    Ok(())
}

fn can_be_read(part: &Part) -> Result<()> {
    fs::File::open(part.path()).map(drop).map_err(|_| {
        let path = part.path().with_extension("");
        refused(format_args!("the sidecar's user cannot read {}; give another --config FILE", path.display()))
    })
}

/// Keys and certificates as the sidecar makes them when it starts: names that no certificate can have show here.
fn certify(folder: &Path, config: &Config) -> Result<()> {
    let authority = Authority::open(folder)?;
    CommandKey::open(folder)?;
    let now = System::default().now().seconds();
    Certificates::open(config, folder, &config.broker.names, &authority, now)?;
    Ok(())
}

/// The configuration in its place, until it is kept.
struct Put<'a> {
    place: &'a Place,
    part: Part,
    group: Option<nix::unistd::Gid>,
    is_there: bool,
}

impl Put<'_> {
    fn put(&mut self) -> Result<()> {
        self.is_there = true;
        self.part.put().map_err(|err| cannot_write(&self.place.path, &err))
    }

    fn keep(mut self) {
        self.is_there = false;
    }
}

impl Drop for Put<'_> {
    fn drop(&mut self) {
        if !self.is_there {
            return;
        }
        let _ = match &self.place.before {
            Some(text) => Part::write(&self.place.path, text, self.group).and_then(|part| part.put()),
            None => fs::remove_file(&self.place.path),
        };
    }
}

/// The folder that everything is kept in, until it is kept: what is new in it goes again.
struct State<'a> {
    folder: &'a Path,
    owner: &'a Owner,
    made: Folders,
    was_empty: bool,
}

impl<'a> State<'a> {
    fn make(folder: &'a Path, owner: &'a Owner) -> Result<Self> {
        let failed = |err: io::Error| cannot_use(folder, &err);
        let made = Folders::make(folder, 0o700).map_err(failed)?;
        let was_empty = fs::read_dir(folder).map_err(failed)?.next().is_none();
        if let Some(somebody) = owner.0.as_ref().filter(|_| is_of_root(folder)) {
            chown(folder, Some(somebody.uid.as_raw()), Some(somebody.gid.as_raw())).map_err(failed)?;
        }
        Ok(Self { folder, owner, made, was_empty })
    }

    fn keep(mut self) {
        self.was_empty = false;
        std::mem::replace(&mut self.made, Folders::none()).keep();
    }
}

impl Drop for State<'_> {
    fn drop(&mut self) {
        // A new folder goes as a whole.
        if !self.was_empty || self.made.are_new() {
            return;
        }
        let _ = self.owner.act(|| {
            for entry in fs::read_dir(self.folder).into_iter().flatten().flatten() {
                let _ = fs::remove_file(entry.path());
            }
            Ok(())
        });
    }
}
