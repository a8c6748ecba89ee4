//! What the tower says of itself: views that no agent has and that cross no wire. The tower makes them as it makes a node's,
//! and rules look at them in the same way.

/// A view of the tower's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnView {
    /// As rules name it.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [OwnKey],
}

/// A key of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// As rules name it; ends in its unit.
    pub key: &'static str,
    /// `number`, `true or false` or `text`.
    pub shape: &'static str,
    /// What it means, for people.
    pub about: &'static str,
}

const fn key(key: &'static str, shape: &'static str, about: &'static str) -> OwnKey {
    OwnKey { key, shape, about }
}

const PROBLEM: OwnKey = key("problem", "text", "What is wrong, in words.");

/// All of them. None has the name of a view of the wire.
pub const VIEWS: &[OwnView] = &[
    OwnView {
        name: "database",
        keys: &[
            key("writable", "true or false", "Whether it can be written."),
            key("free_bytes", "number", "Room on the file system of the state folder, for the tower's user."),
            key("damaged", "true or false", "Whether a page was read that is not what was written."),
            key("set_aside", "true or false", "Whether a damaged one was set aside, and nobody has acknowledged that."),
            PROBLEM,
        ],
    },
    OwnView {
        name: "history",
        keys: &[key("stopped", "true or false", "Whether none is taken, because nothing more may go for it."), PROBLEM],
    },
    OwnView {
        name: "intake",
        keys: &[
            key("dropped_count", "number", "Messages since the start that found no room for ten seconds."),
            key("flood_count", "number", "Messages since the start of nodes that sent more than one may."),
        ],
    },
    OwnView {
        name: "broker",
        keys: &[
            key(
                "retained_percent",
                "number",
                "How full the room for retained messages is; unknown of another's broker.",
            ),
            key("not_retained_count", "number", "Messages since the start that were delivered and not retained."),
        ],
    },
    OwnView {
        name: "channel",
        keys: &[
            key("name", "text", "As in the configuration."),
            key("state", "text", "`works`, `failing` for a quarter of an hour, or set up `wrong`."),
            key("given_up_count", "number", "Deliveries since the start that are not tried again."),
            PROBLEM,
        ],
    },
    OwnView {
        name: "renewal",
        keys: &[
            key("name", "text", "What it is, and its name."),
            key(
                "standing",
                "text",
                "`lasting`, `fine`, `due`, `late`, `not_accepted`, `critical`, `over` or `unknown`: by the share of its life, and `not_accepted` where its port shows what nobody accepts.",
            ),
            key("left_seconds", "number", "Until it ends; unknown where nobody knows."),
            key("left_percent", "number", "What share of its life that is."),
            PROBLEM,
        ],
    },
    OwnView {
        name: "plan",
        keys: &[
            key("name", "text", "What is to be bought, and for what price."),
            key("state", "text", "`proposed`, `approved`, `sending`, `looking` or `unsettled`."),
        ],
    },
    OwnView {
        name: "provider",
        keys: &[
            key("name", "text", "As in the configuration."),
            key(
                "state",
                "text",
                "`works`, or what is wrong: `wrong_key`, `not_entitled`, `set_up`, `refused`, `not_there`, `unreachable`, `busy`, `garbled` or `unclear`.",
            ),
            PROBLEM,
        ],
    },
    OwnView {
        name: "record",
        keys: &[
            key("name", "text", "Its name and its type."),
            key(
                "state",
                "text",
                "`ok`, `waiting` for an address, `failing` at its provider, or `not_verified`: its servers do not show it.",
            ),
            PROBLEM,
        ],
    },
];

/// The one of this name.
#[must_use]
pub fn view(name: &str) -> Option<&'static OwnView> {
    VIEWS.iter().find(|view| view.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_view_has_two_meanings() {
        for kind in atalaya_wire::view::KINDS {
            assert_eq!(view(kind.name), None, "{}", kind.name);
        }
        assert_eq!(view(crate::rule::NODE), None);
    }
}
