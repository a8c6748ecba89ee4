//! A folder that is read and never changed: it is opened by `EXAMINE`, and mails are fetched by `BODY.PEEK`. Of what
//! concerns nobody here only the header is seen.
//!
//! The library frames and parses; commands are said here, so that each answer is looked at once and let go.

use std::collections::BTreeMap;
use std::time::Duration;

use async_imap::Session;
use async_imap::error::Error;
use async_imap::imap_proto::{AttributeValue, Capability, MailboxDatum, MessageSection, Response, ResponseCode};
use async_imap::imap_proto::{SectionPath, Status};
use tokio::time::timeout;

use crate::connect::{Guarded, connect};
use crate::cursor::{Cursor, Fetched, Round};
use crate::failed::Failed;
use crate::limits::{COMMAND, FIRST_MAX, HEADER_BYTES_MAX, LIST_BYTES_MAX, MAIL_BYTES_MAX, ROUND_MAX, TALK_BYTES_MAX};
use crate::settings::Settings;

const LOGOUT: &str = "LOGOUT";

/// A connection to a folder. After an error another one is needed.
pub struct Mailbox {
    pub(crate) session: Session<Guarded>,
    folder: String,
    pub(crate) idles: bool,
    pub(crate) seen: Seen,
}

/// What a server says of the folder without being asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    validity: Option<u32>,
    /// How many mails there are.
    pub(crate) exists: u32,
    /// Whether there are more than when the round began.
    pub(crate) grew: bool,
    pub(crate) bye: bool,
}

impl Mailbox {
    /// Connects, and says who reads.
    ///
    /// # Errors
    ///
    /// See [`Failed`].
    pub async fn open(settings: &Settings) -> Result<Self, Failed> {
        let client = connect(settings).await?;
        let login = timeout(COMMAND, client.login(&settings.user, settings.password.as_str())).await;
        let session = login.map_err(|_| Failed::slow())?.map_err(|(err, _)| refused(&err))?;
        let folder = settings.folder.clone();
        let mut out = Self { session, folder, idles: false, seen: Seen::default() };
        let mut idles = false;
        out.ask("CAPABILITY", TALK_BYTES_MAX, 0, |response| {
            if let Response::Capabilities(all) = response {
                idles |=
                    all.iter().any(|one| matches!(one, Capability::Atom(name) if name.eq_ignore_ascii_case("IDLE")));
            }
        })
        .await?;
        out.idles = idles;
        Ok(out)
    }

    /// Reads what is new since `cursor`, at most so much as one round may; without a cursor, the folder's last mails.
    /// Mails are read whole where `concerns` says so of their header.
    ///
    /// # Errors
    ///
    /// See [`Failed`]. The cursor stays where it was.
    pub async fn round(&mut self, cursor: Option<Cursor>, concerns: impl Fn(&[u8]) -> bool) -> Result<Round, Failed> {
        let validity = self.examine().await?;
        let before = cursor;
        let known = before.filter(|cursor| cursor.validity == validity);
        let (new, more) = match known {
            Some(Cursor { uid: u32::MAX, .. }) => (BTreeMap::new(), false),
            Some(cursor) => self.list(&format!("UID FETCH {}:*", cursor.uid + 1), cursor.uid).await?,
            None if self.seen.exists == 0 => (BTreeMap::new(), false),
            None => {
                let first = self.seen.exists.saturating_sub(FIRST_MAX - 1).max(1);
                self.list(&format!("FETCH {first}:*"), 0).await?
            }
        };
        let mut cursor = Cursor { validity, uid: known.map_or(0, |cursor| cursor.uid) };
        let mut mails = Vec::new();
        for (uid, size) in new {
            if concerns(&self.header(uid).await?) {
                mails.push(self.whole(uid, size).await?);
            }
            cursor.uid = uid;
        }
        Ok(Round { mails, cursor, more, renumbered: before.is_some() && known.is_none() })
    }

    /// Says goodbye; whether it is heard does not matter.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(2), self.ask(LOGOUT, TALK_BYTES_MAX, 0, |_| {})).await;
    }

    /// Opens the folder, to be read, and gives its `UIDVALIDITY`.
    async fn examine(&mut self) -> Result<u32, Failed> {
        let name = self.folder.replace('\\', "\\\\").replace('"', "\\\"");
        if name.chars().any(char::is_control) {
            return Err(Failed::SetUp("the folder's name holds what IMAP cannot say".into()));
        }
        self.seen = Seen::default();
        let opened = self.ask(&format!("EXAMINE \"{name}\""), TALK_BYTES_MAX, 0, |_| {}).await;
        opened.map_err(|failed| match failed {
            Failed::SetUp(_) => Failed::SetUp(format!("the mail server does not open the folder {}", self.folder)),
            other => other,
        })?;
        self.seen.grew = false;
        self.seen.validity.ok_or_else(|| Failed::SetUp("the mail server does not number its mails".into()))
    }

    /// Numbers and sizes of what is beyond `after`, the lowest of them, and whether there are more.
    async fn list(&mut self, fetch: &str, after: u32) -> Result<(BTreeMap<u32, u32>, bool), Failed> {
        let (mut out, mut more) = (BTreeMap::new(), false);
        self.ask(&format!("{fetch} (UID RFC822.SIZE)"), LIST_BYTES_MAX, 0, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let uid = attributes.iter().find_map(|one| match one {
                AttributeValue::Uid(uid) => Some(*uid),
                _ => None,
            });
            let size = attributes.iter().find_map(|one| match one {
                AttributeValue::Rfc822Size(size) => Some(*size),
                _ => None,
            });
            // `5:*` names the last mail also where that is before 5.
            if let Some(uid) = uid.filter(|uid| *uid > after) {
                out.insert(uid, size.unwrap_or(0));
                if out.len() > ROUND_MAX {
                    out.pop_last();
                    more = true;
                }
            }
        })
        .await?;
        Ok((out, more))
    }

    async fn header(&mut self, uid: u32) -> Result<Vec<u8>, Failed> {
        let ask = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER]<0.{HEADER_BYTES_MAX}>)");
        Ok(self.body(&ask, uid, HEADER_BYTES_MAX).await?.unwrap_or_default())
    }

    async fn whole(&mut self, uid: u32, size: u32) -> Result<Fetched, Failed> {
        let is_large = |size: usize| size >= MAIL_BYTES_MAX;
        if is_large(usize::try_from(size).unwrap_or(usize::MAX)) {
            return Ok(Fetched::TooLarge { uid, size });
        }
        // Asked to a bound, because some servers only guess sizes.
        let ask = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{MAIL_BYTES_MAX}>)");
        let bytes = self.body(&ask, uid, MAIL_BYTES_MAX).await?.unwrap_or_default();
        Ok(if is_large(bytes.len()) { Fetched::TooLarge { uid, size } } else { Fetched::Mail { uid, bytes } })
    }

    /// What a fetch gives of this mail. `None`: it went in the meantime.
    async fn body(&mut self, ask: &str, wanted: u32, most: usize) -> Result<Option<Vec<u8>>, Failed> {
        let mut out = None;
        self.ask(ask, TALK_BYTES_MAX + most, most, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let of_it = attributes.iter().any(|one| matches!(one, AttributeValue::Uid(uid) if *uid == wanted));
            let body = attributes.iter().find_map(|one| match one {
                AttributeValue::BodySection {
                    section: None | Some(SectionPath::Full(MessageSection::Header)),
                    data: Some(data),
                    ..
                } => Some(data.to_vec()),
                _ => None,
            });
            if of_it && body.is_some() {
                out = body;
            }
        })
        .await?;
        Ok(out)
    }

    /// Says a command and looks at each answer until the one that ends it.
    pub(crate) async fn ask(
        &mut self,
        command: &str,
        bytes: usize,
        literal: usize,
        look: impl FnMut(&Response<'_>),
    ) -> Result<(), Failed> {
        self.session.get_mut().allow(bytes, literal);
        timeout(COMMAND, self.ask_on(command, look)).await.map_err(|_| Failed::slow())?
    }

    async fn ask_on(&mut self, command: &str, mut look: impl FnMut(&Response<'_>)) -> Result<(), Failed> {
        let asked = self.session.run_command(command).await.map_err(|err| Failed::of(&err))?;
        loop {
            let response = self.session.read_response().await.map_err(|err| Failed::of_io(&err))?;
            let Some(response) = response else { return Err(self.hung_up()) };
            self.seen.note(response.parsed());
            // It may stay silent and connected; only to a goodbye of ours there is an answer after its own.
            if self.seen.bye && command != LOGOUT {
                return Err(self.hung_up());
            }
            match response.parsed() {
                Response::Done { tag, status, .. } if *tag == asked => {
                    let refused = || Failed::SetUp("the mail server refuses a command".into());
                    return if matches!(status, Status::Ok) { Ok(()) } else { Err(refused()) };
                }
                other => look(other),
            }
        }
    }

    pub(crate) fn hung_up(&self) -> Failed {
        let why = if self.seen.bye { "the mail server said goodbye" } else { "the mail server hung up" };
        Failed::Unreachable(why.into())
    }
}

impl Seen {
    pub(crate) fn note(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.grew |= *count > self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            Response::Data { status: Status::Bye, .. } => self.bye = true,
            Response::Data { outcome, .. } => {
                if let Some(ResponseCode::UidValidity(validity)) = &outcome.code {
                    self.validity = Some(*validity);
                }
            }
            _ => {}
        }
    }
}

/// Why nobody was let in.
fn refused(err: &Error) -> Failed {
    match err {
        // RFC 5530: the server's own trouble, which passes.
        Error::No(text) if ["UNAVAILABLE", "INUSE", "LIMIT"].iter().any(|code| text.contains(code)) => {
            Failed::Unreachable("the mail server lets nobody in now".into())
        }
        Error::No(_) => Failed::WrongPassword("the mail server refuses the user or the password".into()),
        Error::Bad(_) => Failed::SetUp("the mail server takes no password in this way".into()),
        other => Failed::of(other),
    }
}
