//! The one place that says who may do what.

use std::collections::BTreeSet;

use super::{Customers, Role, Scope};
use crate::tower;

/// Somebody who has shown who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Of the account or the token.
    pub name: String,
    /// What it may.
    pub rights: Rights,
    /// Of whom.
    pub customers: Customers,
    /// `en` or `es`; empty for a token.
    pub language: String,
    /// Name of a time zone; empty for a token.
    pub zone: String,
    /// SHA-256 of the session's secret, for those who came with one.
    pub session: Option<[u8; 32]>,
}

/// What somebody may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// An account's.
    Role(Role),
    /// A token's.
    Scopes(BTreeSet<Scope>),
    /// All: who has the machine has what is on it. Asks by the control socket.
    Machine,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To look.
    Read,
    /// Figures for Prometheus.
    Metrics,
    /// To acknowledge, silence, note, command.
    Operate,
    /// Accounts, tokens, nodes, settings, the audit.
    Manage,
    /// To approve what others have asked for; only people do.
    Approve,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// To this person there is no such thing.
    NotThere,
    /// The account's role does not go so far.
    Role,
    /// The token has no such scope.
    Scope,
    /// It concerns everybody, and this person only some customers.
    Customers,
}

impl Why {
    /// For the catalogues of words.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotThere => "guard.not_there",
            Self::Role => "guard.role",
            Self::Scope => "guard.scope",
            Self::Customers => "guard.customers",
        }
    }
}

/// Whether `person` may do this to something of `customer`, or to what is everybody's without one. Lists are read without
/// one, and show what the person's customers have.
///
/// # Errors
///
/// Why not.
pub fn guard(person: &Person, need: Need, customer: Option<&str>) -> Result<(), Why> {
    if customer.is_some_and(|customer| !person.customers.has(customer)) {
        return Err(Why::NotThere);
    }
    match &person.rights {
        Rights::Role(role) if *role < least(need) => return Err(Why::Role),
        Rights::Scopes(scopes) if !scope(need).is_some_and(|scope| scopes.contains(&scope)) => return Err(Why::Scope),
        _ => {}
    }
    let everybodys = match need {
        Need::Read | Need::Metrics => false,
        Need::Operate | Need::Approve => customer.is_none(),
        Need::Manage => true,
    };
    if everybodys && person.customers != Customers::All { Err(Why::Customers) } else { Ok(()) }
}

const fn least(need: Need) -> Role {
    match need {
        Need::Read | Need::Metrics => Role::Viewer,
        Need::Operate => Role::Operator,
        Need::Manage | Need::Approve => Role::Approver,
    }
}

const fn scope(need: Need) -> Option<Scope> {
    match need {
        Need::Read => Some(Scope::Read),
        Need::Metrics => Some(Scope::Metrics),
        Need::Operate => Some(Scope::Operate),
        Need::Manage => Some(Scope::Manage),
        Need::Approve => None,
    }
}

impl Person {
    /// For the audit.
    #[must_use]
    pub fn who(&self, peer: &str) -> tower::Who {
        let how = match self.rights {
            Rights::Machine => "command",
            _ if self.session.is_some() => "page",
            _ => "api",
        };
        tower::Who { name: self.name.clone(), how, peer: peer.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(rights: Rights, customers: &[&str]) -> Person {
        let customers: Vec<String> = customers.iter().map(|name| (*name).into()).collect();
        let customers = Customers::of(&customers).unwrap();
        Person { name: "ana".into(), rights, customers, language: "es".into(), zone: "UTC".into(), session: None }
    }

    const NEEDS: [Need; 5] = [Need::Read, Need::Metrics, Need::Operate, Need::Manage, Need::Approve];

    /// A line for each person and object: what comes of each need, in the order above. `y` may, `-` is not there, `r` role,
    /// `s` scope, `c` customers.
    #[test]
    fn who_may_do_what_to_whose() {
        let role = |name: &str| Rights::Role(Role::named(name).unwrap());
        let scope = |name: &str| Rights::Scopes([Scope::named(name).unwrap()].into());
        for (rights, customers, object, expected) in [
            (role("viewer"), &[][..], Some("Ana"), "yyrrr"),
            (role("viewer"), &[], None, "yyrrr"),
            (role("operator"), &[], Some("Ana"), "yyyrr"),
            (role("operator"), &[], None, "yyyrr"),
            (role("approver"), &[], Some(""), "yyyyy"),
            (role("approver"), &[], None, "yyyyy"),
            (role("viewer"), &["Ana"], Some("Ana"), "yyrrr"),
            (role("operator"), &["Ana"], Some("Ana"), "yyyrr"),
            (role("operator"), &["Ana"], None, "yycrr"),
            (role("approver"), &["Ana"], Some("Ana"), "yyycy"),
            (role("approver"), &["Ana"], None, "yyccc"),
            (role("approver"), &["Ana"], Some("Eva"), "-----"),
            (role("approver"), &["Ana"], Some(""), "-----"),
            (scope("read"), &[], Some("Ana"), "yssss"),
            (scope("metrics"), &[], None, "sysss"),
            (scope("operate"), &[], Some("Ana"), "ssyss"),
            (scope("operate"), &["Ana"], None, "sscss"),
            (scope("manage"), &[], None, "sssys"),
            (scope("manage"), &["Ana"], Some("Ana"), "ssscs"),
            (scope("mqtt:read"), &[], None, "sssss"),
            (scope("mqtt:home_assistant"), &[], Some("Ana"), "sssss"),
            (scope("read"), &["Ana"], Some("Eva"), "-----"),
            (Rights::Scopes(BTreeSet::new()), &[], None, "sssss"),
            (Rights::Machine, &[], None, "yyyyy"),
            (Rights::Machine, &[], Some("Ana"), "yyyyy"),
        ] {
            let person = person(rights, customers);
            let letter = |need| match guard(&person, need, object) {
                Ok(()) => 'y',
                Err(Why::NotThere) => '-',
                Err(Why::Role) => 'r',
                Err(Why::Scope) => 's',
                Err(Why::Customers) => 'c',
            };
            let found: String = NEEDS.into_iter().map(letter).collect();
            assert_eq!(found, expected, "{person:?} {object:?}");
        }
    }
}
