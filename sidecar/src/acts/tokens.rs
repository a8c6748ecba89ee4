//! Tokens.

use super::{Acts, By, Refused};
use crate::people::{Made, Need, TokenWish};

impl Acts {
    /// Makes a token. What it gives is nowhere else.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn add_token(&self, by: &By, wish: TokenWish) -> Result<Made, Refused> {
        by.may(Need::Manage, None)?;
        Ok(self.people.add_token(&by.who(), wish, self.now()).await?)
    }

    /// A token that counts no more; a tool that came to the broker with it is thrown out.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn revoke_token(&self, by: &By, name: &str) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        self.people.revoke_token(&by.who(), name, self.now()).await?;
        self.doorman.out_with_tool(name).await;
        Ok(())
    }
}
