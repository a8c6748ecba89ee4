//! What accounts and tokens may do, and of whom.

use std::collections::BTreeSet;

use super::Refused;
use super::limits::{CUSTOMERS_MAX, NAME_BYTES_MAX};

/// What an account may do; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read.
    Viewer,
    /// Acknowledge, silence, note, command.
    Operator,
    /// Approve; with all customers, manage.
    Approver,
}

impl Role {
    /// All, for choosing.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Approver];

    /// As it is stored and chosen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
        }
    }

    /// The one that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a token may do. None contains another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything that reads, but figures for Prometheus and the audit.
    Read,
    /// Figures for Prometheus.
    Metrics,
    /// Acknowledge, silence, note, command.
    Operate,
    /// Accounts, tokens, nodes, settings, the audit.
    Manage,
    /// At the broker: hear.
    MqttRead,
    /// At the broker: what Home Assistant needs.
    MqttHomeAssistant,
}

impl Scope {
    /// All, for choosing.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Metrics, Self::Operate, Self::Manage, Self::MqttRead, Self::MqttHomeAssistant];

    /// As it is stored and chosen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Metrics => "metrics",
            Self::Operate => "operate",
            Self::Manage => "manage",
            Self::MqttRead => "mqtt:read",
            Self::MqttHomeAssistant => "mqtt:home_assistant",
        }
    }

    /// The one that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// What a token of the database may. What this version does not know is not allowed.
    #[must_use]
    pub(super) fn read(json: &str) -> BTreeSet<Self> {
        let names: Vec<String> = serde_json::from_str(json).unwrap_or_default();
        names.iter().filter_map(|name| Self::named(name)).collect()
    }

    pub(super) fn write(scopes: &BTreeSet<Self>) -> String {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        serde_json::json!(names).to_string()
    }
}

/// Whose nodes somebody may know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customers {
    /// Everybody's, and what is nobody's.
    All,
    /// Theirs.
    Some(BTreeSet<String>),
}

impl Customers {
    /// Those that are named; everybody's, if none is.
    ///
    /// # Errors
    ///
    /// If there are too many, or one has no name or too long a one.
    pub fn of(names: &[String]) -> Result<Self, Refused> {
        let good = |name: &String| (1..=NAME_BYTES_MAX * 2).contains(&name.len());
        match names {
            [] => Ok(Self::All),
            names if names.len() <= CUSTOMERS_MAX && names.iter().all(good) => {
                Ok(Self::Some(names.iter().cloned().collect()))
            }
            _ => Err(Refused::Customers),
        }
    }

    /// Whether they are among those.
    #[must_use]
    pub fn has(&self, customer: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(some) => some.contains(customer),
        }
    }

    /// What is unreadable is nobody's.
    #[must_use]
    pub(super) fn read(json: Option<&str>) -> Self {
        json.map_or(Self::All, |json| Self::Some(serde_json::from_str(json).unwrap_or_default()))
    }

    /// As it is stored: a list in JSON; nothing for everybody's.
    pub(crate) fn write(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Some(some) => Some(serde_json::json!(some).to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back_and_what_is_unreadable_allows_nothing() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        let all: BTreeSet<Scope> = Scope::ALL.into();
        assert_eq!(Scope::read(&Scope::write(&all)), all);
        assert_eq!(Scope::read("[\"read\",\"of a newer version\"]"), [Scope::Read].into());
        for bad in ["", "null", "{}", "[1]", "read"] {
            assert!(Scope::read(bad).is_empty() && !Customers::read(Some(bad)).has(""), "{bad}");
        }
        let some = Customers::of(&["Ana".into(), "José & Co".into()]).unwrap();
        assert_eq!(Customers::read(some.write().as_deref()), some);
        assert!(some.has("Ana") && !some.has("ana") && !some.has(""));
        assert_eq!(Customers::read(Customers::of(&[]).unwrap().write().as_deref()), Customers::All);
        assert_eq!(Customers::of(&vec!["x".into(); 101]), Err(Refused::Customers));
        assert_eq!(Customers::of(&[String::new()]), Err(Refused::Customers));
    }
}
