//! What comes next of something that ends, and when: what people see beside how it stands.

use crate::found::Kind;
use crate::item::Item;
use crate::standing::due_at;
use crate::state::{State, Terms};
use crate::step::{is_renewed_alone, offered};

/// See the module. All in seconds since 1970, and none of it in the past: what was to happen before is to happen now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// When its source is asked next; `None` of one that speaks when it likes.
    pub check: Option<i64>,
    /// From when on it is renewed without a person; `None` where nobody says.
    pub renewed: Option<i64>,
    /// From when on a person is asked to have it bought.
    pub proposed: Option<i64>,
}

/// What comes next of `item`.
#[must_use]
pub fn ahead(item: &Item, state: &State, terms: &Terms, now: i64) -> Ahead {
    let Some((source, seen)) = item.best() else { return Ahead::default() };
    let next = &seen.found.next;
    let check = state.providers.get(source).map(|provider| provider.next.max(next.check.unwrap_or(now)).max(now));
    let renewed = next.at.map(|at| at.max(now));
    Ahead { check, renewed, proposed: proposed(item, state, terms, now) }
}

fn proposed(item: &Item, state: &State, terms: &Terms, now: i64) -> Option<i64> {
    let is_bought = item.key.kind == Kind::Domain && !is_renewed_alone(item) && state.open_plan(&item.key).is_none();
    let life = item.life().filter(|_| is_bought)?;
    let _ = offered(item, terms, now)?;
    Some(due_at(item.key.kind, &life).max(item.propose_after).max(now))
}
