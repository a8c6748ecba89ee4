//! What people's tools read: one flat object a topic, retained, every key always there.
//!
//! A view is declared once, as a table; its JSON, its part in a frame, `docs/wire.md` and the question whether it
//! changed enough to be told again all come from that table.

mod auth;
mod backup;
mod cert;
mod disk;
mod dns;
mod fs;
mod json;
mod log;
mod macros;
mod meta;
mod net;
mod noip;
mod policy;
mod probe;
mod raid;
mod service;
mod store;
mod system;
mod updates;
mod upkeep;
mod ups;
mod value;

pub use auth::Auth;
pub use backup::Backup;
pub use cert::Cert;
pub use disk::Disk;
pub use dns::Dns;
pub use fs::FileSystem;
pub use json::Json;
pub use log::Log;
pub use meta::Meta;
pub use net::Net;
pub use noip::NoIp;
pub use policy::Policy;
pub use probe::Probe;
pub use raid::Raid;
pub use service::Service;
pub use store::Store;
pub use system::System;
pub use updates::Updates;
pub use upkeep::Upkeep;
pub use ups::Ups;
pub use value::{Change, Field, Value, differs};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One kind of view.
pub trait View: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + 'static {
    /// Of its part in a frame. Never used for another layout.
    const KIND: u16;
    /// Its level in the topic.
    const NAME: &'static str;
    /// What it is, for people.
    const ABOUT: &'static str;
    /// Its keys, in order.
    const FIELDS: &'static [Field];

    /// What the key at this place in [`View::FIELDS`] has.
    fn value(&self, at: usize) -> Value<'_>;
}

/// A kind of view as data.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// [`View::KIND`].
    pub kind: u16,
    /// [`View::NAME`].
    pub name: &'static str,
    /// [`View::ABOUT`].
    pub about: &'static str,
    /// [`View::FIELDS`].
    pub fields: &'static [Field],
}

const fn kind<V: View>() -> Kind {
    Kind { kind: V::KIND, name: V::NAME, about: V::ABOUT, fields: V::FIELDS }
}

/// All of them.
pub const KINDS: &[Kind] = &[
    kind::<Meta>(),
    kind::<System>(),
    kind::<Disk>(),
    kind::<FileSystem>(),
    kind::<Raid>(),
    kind::<Net>(),
    kind::<Ups>(),
    kind::<Service>(),
    kind::<Backup>(),
    kind::<Dns>(),
    kind::<NoIp>(),
    kind::<Cert>(),
    kind::<Updates>(),
    kind::<Auth>(),
    kind::<Log>(),
    kind::<Probe>(),
    kind::<Upkeep>(),
    kind::<Store>(),
    kind::<Policy>(),
];

#[cfg(test)]
mod tests;
