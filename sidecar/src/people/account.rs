//! Accounts: made, changed and removed by those who may manage, or on the machine itself.

use atalaya_base::zone;

use super::limits::{ACCOUNTS_MAX, NAME_BYTES_MAX, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use super::{Account, Customers, Password, People, Person, Refused, Role};
use crate::clock::Now;
use crate::db::Row;
use crate::tower::Who;

/// An account that is wanted.
#[derive(Clone, Debug)]
pub struct AccountWish {
    /// 1 to 64 letters, digits, `.`, `_`, `-` and `@`.
    pub name: String,
    /// What it may.
    pub role: Role,
    /// Of whom.
    pub customers: Customers,
    /// `en` or `es`.
    pub language: String,
    /// Name of a time zone.
    pub zone: String,
}

impl People {
    /// All accounts, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.book().accounts().cloned().collect()
    }

    /// Makes an account.
    ///
    /// # Errors
    ///
    /// What is wrong with it, that there is one of that name, or what the database says.
    pub async fn add_account(&self, by: &Who, wish: AccountWish, password: Password, now: Now) -> Result<(), Refused> {
        wish.check(&password)?;
        let hash = self.hasher.hash(password).await?;
        let _turn = self.turn.lock().await;
        self.room_for(&wish.name)?;
        let (account, rows) = wish.made(hash, by, now);
        self.write(rows, |book| book.put_account(account.row())).await
    }

    pub(super) fn room_for(&self, name: &str) -> Result<(), Refused> {
        let book = self.book();
        if book.account(name).is_some() {
            return Err(Refused::Taken);
        }
        if book.accounts().len() >= ACCOUNTS_MAX { Err(Refused::Full) } else { Ok(()) }
    }

    /// Gives an account another role or other customers; that counts at once, also for sessions that are open.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], [`Refused::LastManager`], or what the database says.
    pub async fn change_account(
        &self,
        by: &Who,
        name: &str,
        role: Option<Role>,
        customers: Option<Customers>,
        now: Now,
    ) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        let mut account = self.one(name)?;
        account.role = role.unwrap_or(account.role);
        account.customers = customers.unwrap_or(account.customers);
        if (account.role != Role::Approver || account.customers != Customers::All) && !self.can_do_without(name) {
            return Err(Refused::LastManager);
        }
        let detail = may(&account);
        let line = by.did(now.seconds(), "account.change", &account.name, detail);
        let rows = vec![Row::Account(account.row()), Row::Audit(line)];
        self.write(rows, |book| book.put_account(account.row())).await
    }

    /// Removes an account; its sessions end.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], [`Refused::LastManager`], or what the database says.
    pub async fn remove_account(&self, by: &Who, name: &str, now: Now) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        let name = self.one(name)?.name;
        if !self.can_do_without(&name) {
            return Err(Refused::LastManager);
        }
        let line = by.did(now.seconds(), "account.remove", &name, "");
        let rows = vec![Row::AccountGone { name: name.clone(), at: now.seconds() }, Row::Audit(line)];
        self.write(rows, |book| book.remove_account(&name)).await
    }

    /// Gives somebody another password without the old one; all sessions of the account end.
    ///
    /// # Errors
    ///
    /// What is wrong with it, [`Refused::Missing`], [`Refused::Busy`], or what the database says.
    pub async fn set_password(&self, by: &Who, name: &str, new: Password, now: Now) -> Result<(), Refused> {
        check_password(name, &new)?;
        self.one(name)?;
        let hash = self.hasher.hash(new).await?;
        let _turn = self.turn.lock().await;
        let account = Account { hash, ..self.one(name)? };
        let rows = vec![
            Row::Password { name: account.name.clone(), hash: account.hash.clone() },
            Row::SessionsGone { account: account.name.clone(), but: None },
            Row::Audit(by.did(now.seconds(), "account.password", &account.name, "")),
        ];
        self.write(rows, |book| {
            book.end_sessions(&account.name, None);
            book.put_account(account.row());
        })
        .await
    }

    /// Language and zone of a person's own pages.
    ///
    /// # Errors
    ///
    /// [`Refused::Language`], [`Refused::Zone`], [`Refused::Missing`], or what the database says.
    pub async fn set_preferences(
        &self,
        person: &Person,
        language: &str,
        zone: &str,
        peer: &str,
        now: Now,
    ) -> Result<(), Refused> {
        check_language(language, zone)?;
        let _turn = self.turn.lock().await;
        let name = self.one(&person.name)?.name;
        let line = person.who(peer).did(now.seconds(), "account.preferences", &name, format!("{language}, {zone}"));
        let row = Row::Preferences { name: name.clone(), language: language.into(), zone: zone.into() };
        self.write(vec![row, Row::Audit(line)], |book| {
            if let Some(account) = book.account_mut(&name) {
                (account.language, account.zone) = (language.into(), zone.into());
            }
        })
        .await
    }

    fn one(&self, name: &str) -> Result<Account, Refused> {
        self.book().account(name).cloned().ok_or(Refused::Missing)
    }

    /// Whether this one manages nothing, or somebody else manages too.
    fn can_do_without(&self, name: &str) -> bool {
        let book = self.book();
        let manages = |account: &Account| account.role == Role::Approver && account.customers == Customers::All;
        book.has_manager_besides(name) || !book.account(name).is_some_and(manages)
    }
}

impl AccountWish {
    /// Whether there can be such an account.
    ///
    /// # Errors
    ///
    /// What is wrong with its name, the password, or the preferences.
    pub fn check(&self, password: &str) -> Result<(), Refused> {
        check_name(&self.name)?;
        check_password(&self.name, password)?;
        check_language(&self.language, &self.zone)
    }

    /// The account and what is written of it. One of that name that is gone keeps its row, and not its preferences.
    pub(super) fn made(self, hash: String, by: &Who, now: Now) -> (Account, Vec<Row>) {
        let Self { name, role, customers, language, zone } = self;
        let account = Account { name, role, customers, language, zone, made: now.seconds(), hash };
        let line = by.did(now.seconds(), "account.add", &account.name, may(&account));
        let Account { name, language, zone, .. } = account.clone();
        let rows = vec![Row::Account(account.row()), Row::Preferences { name, language, zone }, Row::Audit(line)];
        (account, rows)
    }
}

fn may(account: &Account) -> String {
    let customers = account.customers.write().unwrap_or_else(|| "all".into());
    format!("{}, customers {customers}", account.role.name())
}

/// Names stand in addresses of pages and in client ids.
pub(crate) fn check_name(name: &str) -> Result<(), Refused> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    let good = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits);
    if good { Ok(()) } else { Err(Refused::Name) }
}

/// The beginning of what somebody typed as a name, which may be anything.
pub(super) fn cut(name: &str, bytes: usize) -> &str {
    (0..=bytes.min(name.len())).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

pub(super) fn check_password(name: &str, password: &str) -> Result<(), Refused> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Refused::Long);
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Refused::Short);
    }
    if password.eq_ignore_ascii_case(name) { Err(Refused::SameAsName) } else { Ok(()) }
}

fn check_language(language: &str, name: &str) -> Result<(), Refused> {
    if !["en", "es"].contains(&language) {
        return Err(Refused::Language);
    }
    zone::named(name).map(drop).ok_or(Refused::Zone)
}
