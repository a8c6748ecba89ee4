//! What is known of people, in memory: the same as in the database, found without it.

use std::collections::BTreeMap;

use super::limits::{SEEN_EVERY_SECONDS, SESSIONS_MAX};
use super::{Customers, End, Person, Rights, Role, Scope, Secret, Terms};
use crate::clock::Now;
use crate::db::read::people::Loaded;
use crate::db::{AccountRow, Row, TokenRow};

/// An account as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name; big and small letters are the same.
    pub name: String,
    /// What it may.
    pub role: Role,
    /// Of whom.
    pub customers: Customers,
    /// `en` or `es`.
    pub language: String,
    /// Name of a time zone.
    pub zone: String,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    pub(super) hash: String,
}

/// A session as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// SHA-256 of its secret, by which it can be ended.
    pub hash: [u8; 32],
    /// When it was begun, in seconds since 1970.
    pub made: i64,
    /// When it was last used.
    pub seen: i64,
    /// From which address.
    pub peer: String,
}

/// A token as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// As it was made.
    pub row: TokenRow,
    /// When it was last shown, in seconds since 1970.
    pub seen: Option<i64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// By their names in small letters.
    accounts: BTreeMap<String, Account>,
    sessions: BTreeMap<[u8; 32], Session>,
    tokens: BTreeMap<[u8; 32], Token>,
    /// Links for the first account that were not used.
    pub(super) links: BTreeMap<[u8; 32], End>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: String,
    pub(super) csrf: [u8; 32],
    pub(super) made: i64,
    pub(super) seen: i64,
    pub(super) written: i64,
    pub(super) peer: String,
    /// After its last use.
    pub(super) idle: End,
    /// Whatever is done.
    pub(super) ends: End,
}

#[derive(Debug)]
struct Token {
    row: TokenRow,
    ends: Option<End>,
    seen: Option<i64>,
    written: Option<i64>,
}

/// How an account is found.
pub(super) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl Book {
    pub(super) fn new(loaded: Loaded, terms: &Terms, now: Now) -> Self {
        let mut book = Self::default();
        loaded.accounts.into_iter().for_each(|row| book.put_account(row));
        for row in loaded.sessions {
            let idle = End::at(row.seen.saturating_add(seconds(terms.idle)), now);
            let (account, ends) = (key(&row.account), End::at(row.ends, now));
            let (csrf, made, seen, peer) = (row.csrf, row.made, row.seen, row.peer);
            book.sessions.insert(row.hash, Session { account, csrf, made, seen, written: seen, peer, idle, ends });
        }
        for (row, seen) in loaded.tokens {
            let ends = row.ends.map(|ends| End::at(ends, now));
            book.tokens.insert(row.hash, Token { row, ends, seen, written: seen });
        }
        let links = loaded.once.into_iter().filter(|once| once.what == "first" && once.used.is_none());
        book.links = links.map(|once| (once.hash, End::at(once.ends, now))).collect();
        book
    }

    /// An account of a role that this version does not know may only look.
    pub(super) fn put_account(&mut self, row: AccountRow) {
        let role = Role::named(&row.role).unwrap_or(Role::Viewer);
        let customers = Customers::read(row.customers.as_deref());
        let AccountRow { name, hash, language, zone, made, .. } = row;
        self.accounts.insert(key(&name), Account { name, role, customers, language, zone, made, hash });
    }

    pub(super) fn remove_account(&mut self, name: &str) {
        self.accounts.remove(&key(name));
        self.end_sessions(name, None);
    }

    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.get(&key(name))
    }

    pub(super) fn account_mut(&mut self, name: &str) -> Option<&mut Account> {
        self.accounts.get_mut(&key(name))
    }

    pub(super) fn accounts(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.accounts.values()
    }

    /// Whether somebody else than `name` may manage.
    pub(super) fn has_manager_besides(&self, name: &str) -> bool {
        let manages = |account: &Account| account.role == Role::Approver && account.customers == Customers::All;
        self.accounts.iter().any(|(known, account)| *known != key(name) && manages(account))
    }

    /// Sessions of an account, the last used first.
    pub(super) fn sessions_of(&self, name: &str) -> Vec<SessionView> {
        let of = self.sessions.iter().filter(|(_, session)| session.account == key(name));
        let view = |(hash, session): (&[u8; 32], &Session)| {
            let Session { made, seen, peer, .. } = session;
            SessionView { hash: *hash, made: *made, seen: *seen, peer: peer.clone() }
        };
        let mut views: Vec<_> = of.map(view).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.seen));
        views
    }

    /// What has to go so that an account can have one session more.
    pub(super) fn surplus(&self, name: &str) -> Vec<[u8; 32]> {
        self.sessions_of(name).iter().skip(SESSIONS_MAX - 1).map(|session| session.hash).collect()
    }

    pub(super) fn put_session(&mut self, hash: [u8; 32], session: Session) {
        self.sessions.insert(hash, session);
    }

    pub(super) fn end_session(&mut self, hash: &[u8; 32]) {
        self.sessions.remove(hash);
    }

    pub(super) fn end_sessions(&mut self, name: &str, but: Option<[u8; 32]>) {
        self.sessions.retain(|hash, session| session.account != key(name) || Some(*hash) == but);
    }

    pub(super) fn session(&self, hash: &[u8; 32]) -> Option<&Session> {
        self.sessions.get(hash)
    }

    /// Whose session this is; notes that it is used.
    pub(super) fn visit(&mut self, secret: &Secret, idle: i64, now: Now) -> Option<Person> {
        let hash = secret.hash();
        let session = self.sessions.get_mut(&hash).filter(|session| !session.is_over(now))?;
        let account = self.accounts.get(&session.account)?;
        session.seen = session.seen.max(now.seconds());
        session.idle = End::after(idle, now);
        Some(account.person(Some(hash)))
    }

    /// Whose token this is; notes that it is used.
    pub(super) fn show(&mut self, secret: &Secret, now: Now) -> Option<&TokenRow> {
        let token = self.tokens.get_mut(&secret.hash())?;
        if token.ends.is_some_and(|end| end.is_over(now)) {
            return None;
        }
        token.seen = token.seen.max(Some(now.seconds()));
        Some(&token.row)
    }

    /// The one of this name, unless it is over.
    pub(super) fn token(&self, name: &str, now: Now) -> Option<&TokenRow> {
        let token = self.tokens.values().find(|token| token.row.name == name)?;
        (!token.ends.is_some_and(|end| end.is_over(now))).then_some(&token.row)
    }

    pub(super) fn put_token(&mut self, row: TokenRow, now: Now) {
        let ends = row.ends.map(|ends| End::at(ends, now));
        self.tokens.insert(row.hash, Token { row, ends, seen: None, written: None });
    }

    pub(super) fn remove_token(&mut self, name: &str) {
        self.tokens.retain(|_, token| token.row.name != name);
    }

    pub(super) fn tokens(&self) -> Vec<TokenView> {
        let view = |token: &Token| TokenView { row: token.row.clone(), seen: token.seen };
        let mut views: Vec<_> = self.tokens.values().map(view).collect();
        views.sort_by(|one, other| one.row.name.cmp(&other.row.name));
        views
    }

    /// What is to be written of who was here, and which sessions are over.
    pub(super) fn house(&self, now: Now) -> Vec<Row> {
        let mut rows = Vec::new();
        for (hash, session) in &self.sessions {
            if session.is_over(now) {
                rows.push(Row::SessionGone { hash: *hash });
            } else if session.has_news() {
                rows.push(Row::SessionSeen { hash: *hash, seen: session.seen });
            }
        }
        for (hash, token) in &self.tokens {
            if let Some(seen) = token.seen.filter(|_| token.has_news()) {
                rows.push(Row::TokenSeen { hash: *hash, seen });
            }
        }
        rows
    }

    /// It is written. Who came meanwhile is taken for written too: it is minutes that are kept, and not moments.
    pub(super) fn house_kept(&mut self, now: Now) {
        self.sessions.retain(|_, session| !session.is_over(now));
        self.sessions.values_mut().filter(|one| one.has_news()).for_each(|one| one.written = one.seen);
        self.tokens.values_mut().filter(|one| one.has_news()).for_each(|one| one.written = one.seen);
        self.links.retain(|_, end| !end.is_over(now));
    }
}

impl Session {
    fn is_over(&self, now: Now) -> bool {
        self.ends.is_over(now) || self.idle.is_over(now)
    }

    const fn has_news(&self) -> bool {
        self.seen - self.written >= SEEN_EVERY_SECONDS
    }
}

impl Token {
    fn has_news(&self) -> bool {
        let since = |seen: i64| self.written.is_none_or(|written| seen - written >= SEEN_EVERY_SECONDS);
        self.seen.is_some_and(since)
    }
}

impl Account {
    /// Somebody who has shown to have this account.
    pub(super) fn person(&self, session: Option<[u8; 32]>) -> Person {
        Person {
            name: self.name.clone(),
            rights: Rights::Role(self.role),
            customers: self.customers.clone(),
            language: self.language.clone(),
            zone: self.zone.clone(),
            session,
        }
    }

    pub(super) fn row(&self) -> AccountRow {
        AccountRow {
            name: self.name.clone(),
            hash: self.hash.clone(),
            role: self.role.name().into(),
            customers: self.customers.write(),
            language: self.language.clone(),
            zone: self.zone.clone(),
            made: self.made,
        }
    }
}

impl TokenView {
    /// What it may.
    #[must_use]
    pub fn scopes(&self) -> std::collections::BTreeSet<Scope> {
        Scope::read(&self.row.scopes)
    }

    /// Of whom.
    #[must_use]
    pub fn customers(&self) -> Customers {
        Customers::read(self.row.customers.as_deref())
    }
}

/// Whole seconds.
pub(super) fn seconds(of: std::time::Duration) -> i64 {
    i64::try_from(of.as_secs()).unwrap_or(i64::MAX)
}
