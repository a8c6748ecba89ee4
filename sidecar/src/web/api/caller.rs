//! Who asks, and that they may: each route names what it needs in its arguments, so that none is without.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::db::read::history;
use crate::error::Kind;
use crate::people::{Customers, Need, Why, guard};
use crate::tower::{OWN, Who};
use crate::web::App;
use crate::web::guard::Reader;

/// What a route needs.
pub(super) trait Right: Send {
    /// See [`Need`].
    const NEED: Need;
}

/// It looks.
pub(super) struct Reads;
/// It acknowledges, silences, notes, commands.
pub(super) struct Operates;
/// It is decided by people: they approve, and see to it that money is spent once.
pub(super) struct Approves;
/// It is about accounts, tokens, nodes, settings, the audit.
pub(super) struct Manages;

impl Right for Reads {
    const NEED: Need = Need::Read;
}

impl Right for Operates {
    const NEED: Need = Need::Operate;
}

impl Right for Approves {
    const NEED: Need = Need::Approve;
}

impl Right for Manages {
    const NEED: Need = Need::Manage;
}

/// Somebody who may do what the route does, at least for some customers.
pub(super) struct Caller<R> {
    reader: Reader,
    _right: PhantomData<R>,
}

impl<R> Deref for Caller<R> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl<R: Right> Caller<R> {
    /// Refuses what the caller may not do to something of this customer; to them it is not there.
    pub(super) fn of(&self, customer: &str) -> Result<(), Problem> {
        guard(&self.reader.person, R::NEED, Some(customer)).map_err(Problem::from)
    }

    /// Refuses what concerns everybody to those who only have some customers.
    pub(super) fn of_all(&self) -> Result<(), Problem> {
        match (guard(&self.reader.person, R::NEED, None), &self.reader.person.customers) {
            (Ok(()), Customers::All) => Ok(()),
            (Ok(()), Customers::Some(_)) => Err(Why::Customers.into()),
            (Err(why), _) => Err(why.into()),
        }
    }

    /// The same of a node that is there, by whose it is.
    pub(super) fn of_node(&self, app: &App, node: &str) -> Result<(), Problem> {
        // The sidecar itself is everybody's.
        if node == OWN && self.reader.person.customers == Customers::All {
            return self.of_all();
        }
        let customer = app.look(&self.reader.person.customers, |view| Some(view.node(node)?.row.customer.clone()));
        self.of(&customer.ok_or_else(|| Problem::missing(format!("there is no node {node}")))?)
    }

    /// The number of a node that the database knows; what is another customer's is told as what is not there.
    pub(super) async fn number_of(&self, app: &App, node: String) -> Result<u16, Problem> {
        let name = node.clone();
        let found = app.shared.readers.with(move |connection| history::node(connection, &name)).await;
        let missing = || Problem::missing(format!("there is no node {node}"));
        let (number, customer) = match found {
            Err(why) if why.kind == Kind::Missing => return Err(missing()),
            found => found?,
        };
        self.of(&customer).map(|()| number).map_err(|_| missing())
    }

    /// For the audit, and for what others see.
    pub(super) fn who(&self) -> Who {
        self.reader.person.who(&self.reader.by().peer)
    }
}

impl<R: Right, S: Send + Sync> FromRequestParts<S> for Caller<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let reader = parts.extensions.get::<Reader>().cloned().ok_or_else(Problem::stranger)?;
        match guard(&reader.person, R::NEED, None) {
            Ok(()) => {}
            // Of whom is asked later: what it is about is not known yet.
            Err(Why::Customers) if R::NEED == Need::Operate => {}
            Err(why) => return Err(why.into()),
        }
        Ok(Self { reader, _right: PhantomData })
    }
}
