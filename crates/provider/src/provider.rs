//! What a provider does.

use atalaya_renew::{Act, Bought, Kind, List, Looked, Order, Quote, Record, RecordType, Sells, Trouble};

/// A source of things with an end.
///
/// An implementer asks its service once for each thing it has to know, within [`limits::REQUEST`](crate::limits::REQUEST)
/// each, and reads its keys from their files each time, so that a new key counts at once. What a service cannot say is
/// [`Ends::Unknown`](atalaya_renew::Ends::Unknown) with a reason, and never left out. No error, and nothing that can be
/// printed, holds any of a key.
///
/// A caller may ask from any thread, and waits as long as that takes. It keeps what it was told: an error says nothing about
/// what was found before.
pub trait Provider: Send + Sync {
    /// Everything of this provider that has an end, and of which kinds there may be more that it could not be asked for.
    /// `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Where not even a part of it can be told.
    fn list(&self, now: i64) -> Result<List, Trouble>;

    /// What it is configured to look at, by name: each of these is in every list. Those that have an account list what is in
    /// it, and name nothing here.
    fn names(&self) -> Vec<(Kind, String)> {
        Vec::new()
    }

    /// What it knows that keeps it from asking anybody again too early, as text without anything of a key. Its caller keeps it,
    /// also over a restart; `None` of one that needs nothing like that.
    fn memory(&self) -> Option<String> {
        None
    }

    /// Takes what was kept. What cannot be read is as if there was nothing.
    fn remember(&self, _memory: &str) {}

    /// Where it sells, and is set up to.
    fn shop(&self) -> Option<&dyn Shop> {
        None
    }

    /// Where it holds zones, and is set up to change them.
    fn zone(&self) -> Option<&dyn Zone> {
        None
    }
}

/// One that sells.
pub trait Shop: Send + Sync {
    /// What can be bought there, as it is set up. Everything else is refused, and never sent.
    fn sells(&self) -> Sells;

    /// What `act` would cost for the domain `name` now. Nothing is bought.
    ///
    /// # Errors
    ///
    /// [`Trouble::Refused`] where that cannot be had there at all.
    fn quote(&self, name: &str, act: Act) -> Result<Quote, Trouble>;

    /// Buys, with one request, which is never sent again. Price and end are read anew before, and nothing is sent if the price
    /// is above the order's, or the end has moved. The key that may spend is read from its file here and nowhere else, and is
    /// gone when this returns.
    ///
    /// [`Bought::Not`] is said only where it is certain; whatever happened after the request may have left this machine, and
    /// is no documented refusal, is [`Bought::Unclear`].
    fn buy(&self, order: &Order, now: i64) -> Bought;

    /// How it stands after `order` was sent. Nothing is bought.
    ///
    /// # Errors
    ///
    /// Where that cannot be seen now.
    fn look(&self, order: &Order) -> Result<Looked, Trouble>;
}

/// One that holds zones. Names are whole, without a dot at the end: `nas.example.com`. It finds the zone by the longest name
/// of its own that `name` ends with.
///
/// Where a change may have been done and no answer came, [`Trouble::Unclear`] is said; each change may be asked for again, for
/// it says what there should be and not what to do.
pub trait Zone: Send + Sync {
    /// The records of that name and type.
    ///
    /// # Errors
    ///
    /// [`Trouble::NotThere`] where the name is in no zone here.
    fn records(&self, name: &str, kind: RecordType) -> Result<Vec<Record>, Trouble>;

    /// Makes the whole set of that name and type be this, and sends nothing where it is. An empty one removes them all.
    ///
    /// # Errors
    ///
    /// As [`Zone::records`].
    fn set(&self, name: &str, kind: RecordType, records: &[Record]) -> Result<(), Trouble>;

    /// Makes `data` one of the texts of that name; the others stay.
    ///
    /// # Errors
    ///
    /// As [`Zone::records`].
    fn add_txt(&self, name: &str, data: &str) -> Result<(), Trouble>;

    /// Makes `data` none of the texts of that name; the others stay.
    ///
    /// # Errors
    ///
    /// As [`Zone::records`].
    fn remove_txt(&self, name: &str, data: &str) -> Result<(), Trouble>;

    /// The names of the zone's authoritative servers, as its holder says.
    ///
    /// # Errors
    ///
    /// As [`Zone::records`].
    fn servers(&self, name: &str) -> Result<Vec<String>, Trouble>;
}
