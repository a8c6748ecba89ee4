//! Sessions of those who have logged in. Only hashes of their secrets are kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::book::{Session, seconds};
use super::{Account, End, LoggedIn, People, Person, Refused, Rights, Secret, SessionView, random, same};
use crate::clock::Now;
use crate::db::Row;
use crate::tower::Who;

impl People {
    /// Whose cookie this is; none if it is nobody's or is over. Counts as a use of the session.
    #[must_use]
    pub fn who(&self, cookie: &str, now: Now) -> Option<Person> {
        let idle = seconds(self.terms().idle);
        self.book().visit(&Secret::parse(cookie)?, idle, now)
    }

    /// Whether somebody may go on with what was begun: the session is open, and the account may what it might. No use of it.
    #[must_use]
    pub fn stands(&self, person: &Person) -> bool {
        let book = self.book();
        let Some(hash) = &person.session else {
            return person.rights == Rights::Machine || book.accounts().len() == 0;
        };
        let account = book.account(&person.name).filter(|_| book.session(hash).is_some());
        account.is_some_and(|account| {
            let now = account.person(person.session);
            now.rights == person.rights && now.customers == person.customers
        })
    }

    /// What each form of the session sends along, so that no other site can send one.
    #[must_use]
    pub fn csrf(&self, person: &Person) -> Option<String> {
        let csrf = self.book().session(person.session.as_ref()?)?.csrf;
        Some(BASE64.encode(csrf))
    }

    /// Whether a form came from one of the session's own pages.
    #[must_use]
    pub fn is_own_form(&self, person: &Person, shown: &str) -> bool {
        self.csrf(person).is_some_and(|csrf| same(csrf.as_bytes(), shown.as_bytes()))
    }

    /// Sessions of a person, the last used first.
    #[must_use]
    pub fn sessions(&self, person: &Person) -> Vec<SessionView> {
        self.book().sessions_of(&person.name)
    }

    /// Ends the session that somebody came with.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], or what the database says.
    pub async fn log_out(&self, person: &Person, peer: &str, now: Now) -> Result<(), Refused> {
        self.end_session(person, &person.session.ok_or(Refused::Missing)?, peer, now).await
    }

    /// Ends one of a person's own sessions.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], or what the database says.
    pub async fn end_session(&self, person: &Person, hash: &[u8; 32], peer: &str, now: Now) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        if !self.sessions(person).iter().any(|session| session.hash == *hash) {
            return Err(Refused::Missing);
        }
        let line = person.who(peer).did(now.seconds(), "session.end", &person.name, "");
        let rows = vec![Row::SessionGone { hash: *hash }, Row::Audit(line)];
        self.write(rows, |book| book.end_session(hash)).await
    }

    /// Writes `rows` and begins a session of the account after them. The turn is the caller's.
    pub(super) async fn begin_session(
        &self,
        mut rows: Vec<Row>,
        account: Account,
        who: &Who,
        now: Now,
        then: impl FnOnce(&mut super::book::Book),
    ) -> Result<LoggedIn, Refused> {
        let (secret, csrf, terms) = (Secret::random()?, random()?, self.terms());
        let hash = secret.hash();
        let (ends, idle) = (End::after(seconds(terms.session), now), End::after(seconds(terms.idle), now));
        let (made, peer, name) = (now.seconds(), who.peer.clone(), account.name.clone());
        let surplus = self.book().surplus(&name);
        rows.extend(surplus.iter().map(|hash| Row::SessionGone { hash: *hash }));
        rows.push(Row::Session { hash, account: name.clone(), csrf, made, ends: ends.wall, peer: peer.clone() });
        rows.push(Row::Audit(who.did(made, "session.begin", &name, "")));
        self.write(rows, |book| {
            then(book);
            surplus.iter().for_each(|hash| book.end_session(hash));
            let account = super::book::key(&name);
            book.put_session(hash, Session { account, csrf, made, seen: made, written: made, peer, idle, ends });
        })
        .await?;
        Ok(LoggedIn {
            cookie: secret.text(),
            ends: ends.wall,
            csrf: BASE64.encode(csrf),
            person: account.person(Some(hash)),
        })
    }
}
