//! The link for the first account: good once, for an hour, and only while there is no account. Whoever reads the terminal or
//! the log may be the first; nobody else.

use std::net::IpAddr;

use super::limits::LINK_SECONDS;
use super::{AccountWish, Customers, End, LoggedIn, Made, Password, People, Refused, Role, Secret};
use crate::clock::Now;
use crate::db::Row;
use crate::tower::Who;

impl People {
    /// A new link's secret, if there is no account; those before it are void.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn first_link(&self, now: Now) -> Result<Option<Made>, Refused> {
        let _turn = self.turn.lock().await;
        if self.book().accounts().len() > 0 {
            return Ok(None);
        }
        let (secret, end) = (Secret::random()?, End::after(LINK_SECONDS, now));
        let mut rows = self.void(now);
        rows.push(Row::Once { hash: secret.hash(), what: "first", body: String::new(), ends: end.wall });
        let own = Who { how: "self", ..Who::default() };
        rows.push(Row::Audit(own.did(now.seconds(), "link.make", "", "")));
        self.write(rows, |book| {
            book.links.clear();
            book.links.insert(secret.hash(), end);
        })
        .await?;
        Ok(Some(Made(secret.text())))
    }

    /// Whether a link is good now.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFirst`] or [`Refused::Link`].
    pub fn is_first(&self, secret: &str, now: Now) -> Result<(), Refused> {
        let book = self.book();
        if book.accounts().len() > 0 {
            return Err(Refused::NotFirst);
        }
        let end = Secret::parse(secret).and_then(|secret| book.links.get(&secret.hash()).copied());
        if end.is_some_and(|end| !end.is_over(now)) { Ok(()) } else { Err(Refused::Link) }
    }

    /// Makes the first account, an approver for all customers, whatever role was wished for, and logs it in.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFirst`], [`Refused::Link`], what is wrong with the account, or what the database says.
    pub async fn first_account(
        &self,
        secret: &str,
        wish: AccountWish,
        password: Password,
        peer: IpAddr,
        now: Now,
    ) -> Result<LoggedIn, Refused> {
        self.is_first(secret, now)?;
        let wish = AccountWish { role: Role::Approver, customers: Customers::All, ..wish };
        wish.check(&password)?;
        let hash = self.hasher.hash(password).await?;
        let _turn = self.turn.lock().await;
        // Somebody may have been faster.
        self.is_first(secret, now)?;
        let who = Who { name: wish.name.clone(), how: "page", peer: peer.to_string() };
        let (account, mut rows) = wish.made(hash, &who, now);
        rows.extend(self.void(now));
        let row = account.row();
        self.begin_session(rows, account, &who, now, |book| {
            book.links.clear();
            book.put_account(row);
        })
        .await
    }

    fn void(&self, now: Now) -> Vec<Row> {
        let used = |hash: &[u8; 32]| Row::OnceUsed { hash: *hash, at: now.seconds() };
        self.book().links.keys().map(used).collect()
    }
}
