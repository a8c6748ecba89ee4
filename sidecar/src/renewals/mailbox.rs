//! Providers' mails become tasks. What a mail asks for is on the disk before the mailbox's cursor goes on, so that a mail is
//! read again rather than lost. Nothing is ever fetched: a person opens the link.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atalaya_mailbox as mail;
use atalaya_mailbox::{Cursor, Failed, Fetched, Rules, Stage, Verdict, Why, concerns, judge};
use atalaya_renew::limits::{DAY_SECONDS, short};
use atalaya_renew::{Event, Item, Key, Kind, List, State as Known, Task, Trouble};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::seal::Seal;
use crate::config::{Config, Mailbox};
use crate::db::Opened;
use crate::private_file::{read_value, replace_value};
use crate::program::Shared;

/// The source that is not configured as a provider.
pub const MAILBOX: &str = "mailbox";
/// In the state folder.
const FILE: &str = "mailbox.json";
/// Days from No-IP's first mail to the end of a name.
const NOIP_DAYS: i64 = 7;
/// The connection is waited on for so long; then the configuration is looked at again.
const WAIT: Duration = Duration::from_secs(600);
/// After a failure, and where there is no mailbox.
const AGAIN: Duration = Duration::from_secs(60);
const AGAIN_MAX: Duration = Duration::from_secs(3_600);
/// Mails that a person should look at, kept for the page.
const NOTES_MAX: usize = 20;

/// How the mailbox is, shared with whoever lists it.
#[derive(Clone, Debug, Default)]
pub struct Post(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    trouble: Option<Trouble>,
    notes: VecDeque<Note>,
}

/// A mail that is no task, and that a person should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was read.
    pub at: i64,
    /// Whose it is or claims to be.
    pub provider: mail::Provider,
    /// Its subject.
    pub subject: String,
    /// Why it is not believed; nothing for one that is.
    pub why: Option<Why>,
}

impl Post {
    /// Nothing that ends is in it; only how it is.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn list(&self) -> Result<List, Trouble> {
        self.with(|state| state.trouble.clone().map_or_else(|| Ok(List::default()), Err))
    }

    /// Mails to know of, the newest first.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.with(|state| state.notes.iter().cloned().collect())
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is(&self, trouble: Option<Trouble>) -> bool {
        self.with(|state| std::mem::replace(&mut state.trouble, trouble.clone()) != trouble)
    }
}

/// What is kept beside the database: how far which folder was read, and what was noted.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Whose folder.
    of: String,
    cursor: Option<Cursor>,
    notes: VecDeque<Note>,
}

/// Reads until it is ended.
pub async fn read(shared: Shared, post: Post, configs: watch::Receiver<Arc<Config>>) {
    let mut before = kept(&shared.folder);
    post.with(|state| state.notes.clone_from(&before.notes));
    // A copy of the database knows less than the mailbox's cursor says.
    if matches!(shared.opened, Opened::SetAside(_)) {
        before.cursor = None;
        if let Err(why) = keep(&shared.folder, &before) {
            tracing::warn!(%why, "the mailbox is not read again");
        }
    }
    let mut failed = 0_u32;
    loop {
        let Some(settings) = configs.borrow().mailbox.clone() else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let done = session(&shared, &post, &settings, &mut failed).await;
        let trouble = done.err().map(|why| why.trouble());
        if trouble.is_some() {
            failed = failed.saturating_add(1);
        }
        if post.is(trouble) {
            shared.renewals.happened(Event::Listed(MAILBOX.into(), post.list()));
        }
        if failed > 0 {
            tokio::time::sleep(AGAIN.saturating_mul(1 << failed.min(7)).min(AGAIN_MAX)).await;
        }
    }
}

fn kept(folder: &Path) -> Kept {
    read_value(folder, FILE)
}

fn keep(folder: &Path, kept: &Kept) -> Result<(), Failed> {
    replace_value(folder, FILE, kept).map_err(|err| Failed::SetUp(err.text))
}

/// One connection: everything that is new, then waiting for more.
async fn session(shared: &Shared, post: &Post, settings: &Mailbox, failed: &mut u32) -> Result<(), Failed> {
    let seal = Seal::of(&shared.folder).map_err(|err| Failed::SetUp(err.text))?;
    let mut mailbox = mail::Mailbox::open(&opened(settings)?).await?;
    loop {
        let mut kept = kept(&shared.folder);
        let mut ours = hosts(shared, settings);
        ours.sort();
        // With another name that is ours a mail that was nobody's business may be: all that a round reads is read again.
        let of = format!("{} {} {} {}", settings.user, settings.host, settings.folder, ours.join(" "));
        if kept.of != of {
            kept = Kept { of: of.clone(), notes: kept.notes, cursor: None };
        }
        let round = mailbox.round(kept.cursor, concerns).await?;
        *failed = 0;
        if post.is(None) {
            shared.renewals.happened(Event::Listed(MAILBOX.into(), Ok(List::default())));
        }
        let rules = Rules { server: settings.authserv_id.clone(), hosts: ours };
        for one in round.mails {
            take(shared, &seal, &rules, one, &mut kept.notes).await?;
        }
        post.with(|state| state.notes.clone_from(&kept.notes));
        kept.cursor = Some(round.cursor);
        keep(&shared.folder, &kept)?;
        if round.more {
            continue;
        }
        if mailbox.wait(WAIT).await? == mail::Woken::Time {
            mailbox.close().await;
            return Ok(());
        }
    }
}

fn opened(settings: &Mailbox) -> Result<mail::Settings, Failed> {
    Ok(mail::Settings {
        host: settings.host.clone(),
        port: settings.port,
        security: settings.security,
        ca_file: settings.ca_file.clone(),
        user: settings.user.clone(),
        password: settings.password.read().map_err(Failed::SetUp)?,
        folder: settings.folder.clone(),
    })
}

/// Names that are ours: those of the configuration, and those that providers and people know.
fn hosts(shared: &Shared, settings: &Mailbox) -> Vec<String> {
    let known = shared.renewals.seen();
    let listed = known.items.keys().filter(|key| key.kind == Kind::HostName).map(|key| key.name.clone());
    listed.chain(settings.hosts.iter().cloned()).collect()
}

/// One mail: a task, a note, or nothing.
async fn take(
    shared: &Shared,
    seal: &Seal,
    rules: &Rules,
    mail: Fetched,
    notes: &mut VecDeque<Note>,
) -> Result<(), Failed> {
    let now = shared.clock.now().seconds();
    let Fetched::Mail { bytes, .. } = mail else {
        let subject = "a mail that is larger than is read; look at it in your mailbox".to_owned();
        note(notes, Note { at: now, provider: mail::Provider::NoIp, subject, why: Some(Why::Unreadable) });
        return Ok(());
    };
    let told = match judge(&bytes, rules) {
        Verdict::Unrelated => return Ok(()),
        Verdict::Confirm { host, stage, link, sent } => {
            // When it was sent is the sender's word: it makes no task younger than it is.
            let at = sent.filter(|sent| *sent <= now).unwrap_or(now);
            let link = link.map(|link| seal.close(link.token())).transpose();
            let link = link.map_err(|err| Failed::SetUp(err.text))?;
            let task = Task { at, deadline: deadline(stage, at), what: what(stage, &host), link };
            let told = shared.renewals.keep(Event::Mail(Key::new(Kind::HostName, &host), task)).await;
            return told.map_err(|_| Failed::Unreachable("a mail's task cannot be written now".into()));
        }
        Verdict::Look { provider, subject, sent } => {
            let at = sent.filter(|sent| *sent <= now).unwrap_or(now);
            if let Some((key, task)) = reminder(&shared.renewals.seen(), provider, &subject, at) {
                let told = shared.renewals.keep(Event::Mail(key, task)).await;
                return told.map_err(|_| Failed::Unreachable("a mail's task cannot be written now".into()));
            }
            Note { at: now, provider, subject: short(&subject), why: None }
        }
        Verdict::Suspicious { provider, why, subject } => {
            tracing::warn!(?provider, ?why, "a mail claims to be a provider's and is not believed");
            Note { at: now, provider, subject: short(&subject), why: Some(why) }
        }
    };
    note(notes, told);
    Ok(())
}

/// A believed mail about an end whose subject names a domain that is known: a task without a link, because nobody documents
/// what these mails link to. It ends when the domain does.
fn reminder(known: &Known, provider: mail::Provider, subject: &str, at: i64) -> Option<(Key, Task)> {
    let subject = short(subject);
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let words: Vec<String> =
        subject.split(|c: char| !is_of_a_name(c)).map(|word| word.trim_matches('.').to_ascii_lowercase()).collect();
    let is_named = |item: &&Item| item.key.kind == Kind::Domain && words.contains(&item.key.name);
    let item = known.items.values().find(is_named)?;
    let deadline = item.life()?.ends;
    let what = format!("{} writes: {subject}", provider.name());
    Some((item.key.clone(), Task { at, deadline, what: short(&what), link: None }))
}

/// Once each: a folder is read again when there is reason to.
fn note(notes: &mut VecDeque<Note>, new: Note) {
    let is_known = |old: &Note| old.subject == new.subject && old.provider == new.provider && old.why == new.why;
    if !notes.iter().any(is_known) {
        notes.push_front(new);
        notes.truncate(NOTES_MAX);
    }
}

const fn deadline(stage: Stage, at: i64) -> i64 {
    match stage {
        Stage::ExpiringSoon => at.saturating_add(NOIP_DAYS * DAY_SECONDS),
        // It has ended: every hour counts.
        Stage::Expired | Stage::Redemption => at,
    }
}

fn what(stage: Stage, host: &str) -> String {
    match stage {
        Stage::ExpiringSoon => format!("No-IP wants {host} confirmed"),
        Stage::Expired => format!("{host} has expired at No-IP; confirm it"),
        Stage::Redemption => format!("{host} is in redemption at No-IP; it can still be had back"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atalaya_renew::{Ends, Found, Rank, Sighting};

    #[test]
    fn a_believed_mail_that_names_a_domain_of_ours_is_a_task_without_a_link() {
        let mut known = Known::default();
        for (kind, name) in [(Kind::Domain, "example.com"), (Kind::HostName, "nas.ddns.net")] {
            let mut item = Item::new(Key::new(kind, name));
            let found = Found::new(kind, name, Ends::At(9_000));
            item.seen.insert("shop".into(), Sighting { rank: Rank::Holder, at: 0, found });
            known.items.insert(item.key.clone(), item);
        }
        let told = |subject: &str| reminder(&known, mail::Provider::GoDaddy, subject, 50);
        let (key, task) = told("Your domain Example.COM. expires in 30 days").unwrap();
        assert_eq!(key, Key::new(Kind::Domain, "example.com"));
        assert_eq!((task.at, task.deadline, task.link), (50, 9_000, None));
        assert_eq!(task.what, "GoDaddy writes: Your domain Example.COM. expires in 30 days");
        for other in
            ["Your domain notexample.com expires", "example.com.evil.net expires", "nas.ddns.net expires", "expires"]
        {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
