//! Names of things, told apart by type.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[doc = $about:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(String);

            impl $name {
                /// As it is written.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> Self {
                    Self(text.to_owned())
                }
            }

            impl Borrow<str> for $name {
                fn borrow(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

names! {
    /// A node, by the id that its topics have.
    NodeId;
    /// A rule.
    RuleId;
    /// A silence or maintenance window; made by the caller.
    QuietId;
    /// A view of a node, as in its topics: `system`, `disk/WD-1`.
    Object;
}

impl Object {
    /// From a view and the object's id; the id is empty for what there is one of.
    #[must_use]
    pub fn new(view: &str, id: &str) -> Self {
        if id.is_empty() { Self::from(view) } else { Self(format!("{view}/{id}")) }
    }

    /// The view.
    #[must_use]
    pub fn view(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(view, _)| view)
    }

    /// The object's id, empty for what there is one of.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }
}

/// Numbers incidents from 1, in the order in which they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u64);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An alert: there is at most one of a rule for an object of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// Whose.
    pub node: NodeId,
    /// Of what.
    pub object: Object,
    /// By which rule.
    pub rule: RuleId,
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.node, self.object, self.rule)
    }
}
