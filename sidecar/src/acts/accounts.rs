//! Accounts.

use super::{Acts, By, Refused};
use crate::error::Kind;
use crate::people::{AccountWish, Customers, Need, Password, Role};

/// What is to be another at an account; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// What it may.
    pub role: Option<Role>,
    /// Of whom.
    pub customers: Option<Customers>,
}

impl Acts {
    /// Makes an account.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn add_account(&self, by: &By, wish: AccountWish, password: Password) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        Ok(self.people.add_account(&by.who(), wish, password, self.now()).await?)
    }

    /// Gives an account another role or other customers; that counts at once.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn change_account(&self, by: &By, name: &str, change: AccountChange) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        let AccountChange { role, customers } = change;
        if role.is_none() && customers.is_none() {
            return Err(Refused::new(Kind::Refused, "nothing is to be changed; name a role or customers"));
        }
        Ok(self.people.change_account(&by.who(), name, role, customers, self.now()).await?)
    }

    /// Gives somebody another password; all sessions of the account end.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn set_password(&self, by: &By, name: &str, new: Password) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        Ok(self.people.set_password(&by.who(), name, new, self.now()).await?)
    }

    /// Removes an account; its sessions end.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn remove_account(&self, by: &By, name: &str) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        Ok(self.people.remove_account(&by.who(), name, self.now()).await?)
    }
}
