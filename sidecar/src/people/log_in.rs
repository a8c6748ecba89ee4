//! Logging in, and one's own password.

use std::net::IpAddr;

use super::account::{check_password, cut};
use super::limits::{NAME_BYTES_MAX, PASSWORD_BYTES_MAX};
use super::{Account, Password, People, Person, Refused};
use crate::clock::Now;
use crate::db::Row;
use crate::tower::Who;

/// A session that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The secret for the cookie: 43 characters. It is nowhere else.
    pub cookie: String,
    /// When the session ends at the latest, in seconds since 1970.
    pub ends: i64,
    /// What each form of the session sends along.
    pub csrf: String,
    /// Who it is.
    pub person: Person,
}

/// The secret is not shown.
impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn").field("person", &self.person).finish_non_exhaustive()
    }
}

impl People {
    /// Begins a session. Every try that is looked at leaves a line of the audit; one that has to wait does not, so that
    /// nobody fills the disk with them.
    ///
    /// # Errors
    ///
    /// [`Refused::Wrong`], [`Refused::Wait`], [`Refused::Busy`], or what the database says.
    pub async fn log_in(&self, name: &str, password: Password, peer: IpAddr, now: Now) -> Result<LoggedIn, Refused> {
        let who = Who { name: shown(name), how: "page", peer: peer.to_string() };
        let account = self.known(name, password, &who, peer, now).await?;
        let _turn = self.turn.lock().await;
        // The account may have gone, and the password been changed, while this one was looked at.
        let account =
            self.book().account(name).filter(|now| now.hash == account.hash).cloned().ok_or(Refused::Wrong)?;
        let who = Who { name: account.name.clone(), ..who };
        self.begin_session(Vec::new(), account, &who, now, |_| {}).await
    }

    /// Who this is, by name and password, for one thing that is done without a session. Tries are counted and wait as with
    /// [`People::log_in`].
    ///
    /// # Errors
    ///
    /// As [`People::log_in`].
    pub async fn vouch(&self, name: &str, password: Password, peer: IpAddr, now: Now) -> Result<Person, Refused> {
        let who = Who { name: shown(name), how: "api", peer: peer.to_string() };
        let account = self.known(name, password, &who, peer, now).await?;
        self.book()
            .account(name)
            .filter(|now| now.hash == account.hash)
            .map(|account| account.person(None))
            .ok_or(Refused::Wrong)
    }

    /// Gives the person another password. All sessions of the account end; the one that is given back begins.
    ///
    /// # Errors
    ///
    /// As [`People::log_in`] for the old password, and what is wrong with the new one.
    pub async fn change_password(
        &self,
        person: &Person,
        old: Password,
        new: Password,
        peer: IpAddr,
        now: Now,
    ) -> Result<LoggedIn, Refused> {
        check_password(&person.name, &new)?;
        let who = person.who(&peer.to_string());
        let before = self.known(&person.name, old, &who, peer, now).await?;
        let hash = self.hasher.hash(new).await?;
        let _turn = self.turn.lock().await;
        let account = self.book().account(&person.name).filter(|now| now.hash == before.hash).cloned();
        let account = Account { hash, ..account.ok_or(Refused::Wrong)? };
        let name = account.name.clone();
        let rows = vec![
            Row::Password { name: name.clone(), hash: account.hash.clone() },
            Row::SessionsGone { account: name.clone(), but: None },
            Row::Audit(who.did(now.seconds(), "account.password", &name, "")),
        ];
        let changed = account.clone();
        self.begin_session(rows, account, &who, now, move |book| {
            book.end_sessions(&name, None);
            book.put_account(changed.row());
        })
        .await
    }

    /// The account, if this is its password.
    async fn known(
        &self,
        name: &str,
        password: Password,
        who: &Who,
        peer: IpAddr,
        now: Now,
    ) -> Result<Account, Refused> {
        self.begin(name, peer, now)?;
        let account = self.book().account(name).cloned();
        // Longer ones are nobody's, and would keep the one place for long.
        let fits = password.len() <= PASSWORD_BYTES_MAX;
        let stored = account.as_ref().filter(|_| fits).map(|account| account.hash.clone());
        let password = if fits { password } else { Password::default() };
        match self.hasher.is(password, stored).await {
            Ok(true) => {
                super::lock(&self.throttle).succeeded(name, peer);
                account.ok_or(Refused::Wrong)
            }
            Ok(false) => {
                let line = Row::Audit(who.did(now.seconds(), "session.refused", shown(name), ""));
                self.desk.write(vec![line]).await?;
                Err(Refused::Wrong)
            }
            Err(why) => {
                super::lock(&self.throttle).unseen(name, peer);
                Err(why)
            }
        }
    }
}

/// What somebody typed as a name: for the audit.
fn shown(name: &str) -> String {
    cut(name, NAME_BYTES_MAX).chars().filter(|c| !c.is_control()).collect()
}
