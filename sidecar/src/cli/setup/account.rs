//! The first account: who it is to be, and how it is made while no sidecar runs.

use std::path::Path;
use std::sync::Arc;

use nix::unistd::{User, getuid};

use super::answer::{ask, is_somebody_there, say};
use super::wanted::Wanted;
use super::{Args, Reach, missing, refused};
use crate::cli::exit::{Exit, Failure, Result};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::db::{self, Writer};
use crate::error::Error;
use crate::people::{self, AccountWish, Customers, Password, People, Refused, Role, Terms};
use crate::tower::Who;

/// An account that is wanted.
pub(super) struct Wish {
    account: AccountWish,
    password: Password,
}

impl Wish {
    /// The name and the password; `None` where there is to be none, or there are some already.
    pub(super) fn read(args: &Args, wanted: &Wanted, config: &Config, has_accounts: bool) -> Result<Option<Self>> {
        if has_accounts {
            return match &args.account {
                Some(_) => {
                    Err(refused("there are accounts already; leave --account out, and add more by \"user add\""))
                }
                None => {
                    if is_somebody_there() {
                        say("There are accounts already: none is made.");
                    }
                    Ok(None)
                }
            };
        }
        let Some(name) = name(args, wanted.reach)? else {
            return if args.from.is_given() {
                Err(refused("--password-file is of an account; give --account NAME"))
            } else {
                Ok(None)
            };
        };
        let account = AccountWish {
            name,
            role: Role::Approver,
            customers: Customers::All,
            language: config.state.language.to_owned(),
            zone: config.state.zone.iana_name().unwrap_or("UTC").to_owned(),
        };
        let password = password(args, &account)?;
        Ok(Some(Self { account, password }))
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.account.name
    }
}

fn name(args: &Args, reach: Reach) -> Result<Option<String>> {
    let given = match &args.account {
        Some(name) => name.clone(),
        None if is_somebody_there() && (reach == Reach::Network || args.reach.is_none()) => return asked(reach),
        None if reach == Reach::Machine => return Ok(None),
        None => return Err(missing("who the first account is for", "--account NAME")),
    };
    people::check_name(&given).map_err(wrong)?;
    Ok(Some(given))
}

fn asked(reach: Reach) -> Result<Option<String>> {
    loop {
        let name = match reach {
            Reach::Network => ask("Name of the first account, which may do everything", "admin")?,
            Reach::Machine => ask("Name of the first account; empty for none", "")?,
        };
        match people::check_name(&name) {
            _ if name.is_empty() => return Ok(None),
            Ok(()) => return Ok(Some(name)),
            Err(why) => say(&why.to_string()),
        }
    }
}

/// Somebody at the terminal is asked until it does; what a file says does or does not.
fn password(args: &Args, account: &AccountWish) -> Result<Password> {
    loop {
        let password = args.from.read(&account.name)?;
        match account.check(&password) {
            Ok(()) => return Ok(password),
            Err(why) if args.from.is_given() => return Err(wrong(why)),
            Err(why) => say(&why.to_string()),
        }
    }
}

fn wrong(why: Refused) -> Failure {
    match why {
        Refused::Failed(err) => err.into(),
        why => refused(format_args!("the account: {why}")),
    }
}

/// The folder's database, begun or gone on from, and the account in it.
pub(super) fn write(folder: &Path, config: &Config, wish: Option<&Wish>) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let now = clock.now();
    let database = db::open(folder, now.seconds())?;
    let loaded = db::read::people::load(&database.connection, now.seconds())?;
    let writer = Writer::start(database, Arc::clone(&clock), Vec::new(), |_| ())?;
    let terms = Terms { session: config.web.session, idle: config.web.session_idle };
    let people = People::new(writer.desk(), terms, loaded, now);
    let made = wish.map_or(Ok(()), |wish| add(&people, wish, &clock));
    writer.stop();
    made
}

fn add(people: &People, wish: &Wish, clock: &Arc<dyn Clock>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| Failure::from(Error::from(err)))?;
    let name = User::from_uid(getuid()).ok().flatten().map_or_else(|| getuid().to_string(), |user| user.name);
    let by = Who { name, how: "command", peer: String::new() };
    let made = people.add_account(&by, wish.account.clone(), wish.password.clone(), clock.now());
    runtime.block_on(made).map_err(|why| match why {
        Refused::Failed(err) => Failure::new(Exit::Failed, format!("cannot make the account: {err}")),
        why => wrong(why),
    })
}
