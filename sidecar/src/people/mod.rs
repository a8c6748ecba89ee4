//! People and their tools: accounts, sessions, tokens, and who may do what. Looked up in memory; every change is in the
//! database, with its line of the audit in the same transaction, before anybody hears that it was done.

mod account;
mod book;
mod end;
mod first;
mod guard;
pub mod limits;
mod log_in;
mod password;
mod refused;
mod role;
mod secret;
mod session;
mod throttle;
mod token;

pub use account::AccountWish;
pub(crate) use account::check_name;
pub use book::{Account, SessionView, TokenView};
pub use end::End;
pub use guard::{Need, Person, Rights, Why, guard};
pub use log_in::LoggedIn;
pub use password::{Hasher, Password};
pub use refused::Refused;
pub use role::{Customers, Role, Scope};
pub use secret::Secret;
pub(crate) use secret::{random, same};
pub use throttle::Throttle;
pub use token::{Made, TokenWish};

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Now;
use crate::db::read::people::Loaded;
use crate::db::{Desk, Row};
use book::Book;

/// What people's things go by.
#[derive(Clone, Debug)]
pub struct Terms {
    /// A session ends so long after it was begun.
    pub session: Duration,
    /// A session ends so long after it was last used.
    pub idle: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct People {
    desk: Desk,
    hasher: Hasher,
    terms: Mutex<Terms>,
    book: Mutex<Book>,
    throttle: Mutex<Throttle>,
    /// Changes are made one after another: each is decided from what the one before it left.
    turn: tokio::sync::Mutex<()>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl People {
    /// Goes on from what was written.
    #[must_use]
    pub fn new(desk: Desk, terms: Terms, loaded: Loaded, now: Now) -> Self {
        let book = Book::new(loaded, &terms, now);
        Self {
            desk,
            hasher: Hasher::default(),
            terms: Mutex::new(terms),
            book: Mutex::new(book),
            throttle: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// From now on others count; sessions that were begun keep their end.
    pub fn set_terms(&self, terms: Terms) {
        *lock(&self.terms) = terms;
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    fn terms(&self) -> Terms {
        lock(&self.terms).clone()
    }

    /// Counts a try to log in, or says how long to wait.
    fn begin(&self, name: &str, peer: IpAddr, now: Now) -> Result<(), Refused> {
        lock(&self.throttle).begin(name, peer, now.since_start).map_err(Refused::Wait)
    }

    /// Writes, and only then lets it be so.
    async fn write(&self, rows: Vec<Row>, then: impl FnOnce(&mut Book)) -> Result<(), Refused> {
        self.desk.write(rows).await?;
        then(&mut self.book());
        Ok(())
    }

    /// Writes when people were last here, and forgets sessions that are over. To be called every minute or so.
    ///
    /// # Errors
    ///
    /// What the database says; it is tried again at the next call.
    pub async fn keep_house(&self, now: Now) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        let rows = self.book().house(now);
        if rows.is_empty() {
            return Ok(());
        }
        self.write(rows, |book| book.house_kept(now)).await
    }
}

#[cfg(test)]
mod tests;
