//! Who is asked. What providers say comes back as what happened.

use atalaya_provider::Zone;
use atalaya_renew::{Act, Bought, List, Looked, Order, Quote, Sells, Terms, Trouble};

/// What somebody who is asked is, and may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// As in the configuration.
    pub name: String,
    /// Its kind there.
    pub kind: &'static str,
    /// What can be bought there.
    pub sells: Sells,
    /// Whether it holds records that can be changed.
    pub holds_records: bool,
}

/// All providers together, each by its name. Calls wait for a network and run in threads of their own.
pub trait Market: Send + Sync {
    /// What holds for buying.
    fn terms(&self) -> Terms;

    /// All of them, by name.
    fn about(&self) -> Vec<About>;

    /// Everything of a provider that has an end.
    ///
    /// # Errors
    ///
    /// Why it did not say.
    fn list(&self, provider: &str, now: i64) -> Result<List, Trouble>;

    /// What something costs now.
    ///
    /// # Errors
    ///
    /// Why it did not say.
    fn quote(&self, provider: &str, name: &str, act: Act) -> Result<Quote, Trouble>;

    /// Orders it, once.
    fn buy(&self, provider: &str, order: &Order, now: i64) -> Bought;

    /// Lets something be done in a provider's zones.
    ///
    /// # Errors
    ///
    /// What came of it, or that it holds none.
    fn zone(&self, provider: &str, what: &mut dyn FnMut(&dyn Zone) -> Result<(), Trouble>) -> Result<(), Trouble>;

    /// How it stands after an order.
    ///
    /// # Errors
    ///
    /// Why it did not say.
    fn look(&self, provider: &str, order: &Order) -> Result<Looked, Trouble>;
}
