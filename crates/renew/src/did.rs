//! What a plan's history says: how each line begins. Pages have words of their own for that; a name, a receipt or a reason
//! follows as it is.

/// What happened to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It was proposed because it was time.
    Due,
    /// Somebody asked for it.
    Proposed,
    /// Somebody said yes.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Nobody said anything.
    Undecided,
    /// It could not be sent while the approval counted.
    Late,
    /// The price could not be had right before it was sent.
    NoPrice,
    /// It was stopped before it was sent, or refused.
    Stopped,
    /// All was as approved, and it is a dry run.
    Rehearsed,
    /// It is being sent.
    Sending,
    /// Its provider took it.
    Taken,
    /// Its provider did not take it.
    NotTaken,
    /// Whether its provider took it is not known.
    Unclear,
    /// What was bought is seen.
    Shows,
    /// It does not show, and a person has to look.
    Unsettled,
    /// Somebody looked: it was done.
    SaidDone,
    /// Somebody looked: it was not done.
    SaidNotDone,
    /// The database was replaced by an older copy.
    Copy,
}

impl Did {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Due,
        Self::Proposed,
        Self::Approved,
        Self::Rejected,
        Self::Undecided,
        Self::Late,
        Self::NoPrice,
        Self::Stopped,
        Self::Rehearsed,
        Self::Sending,
        Self::Taken,
        Self::NotTaken,
        Self::Unclear,
        Self::Shows,
        Self::Unsettled,
        Self::SaidDone,
        Self::SaidNotDone,
        Self::Copy,
    ];

    /// How its line begins.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Due => "proposed (it is time)",
            Self::Proposed => "proposed by ",
            Self::Approved => "approved by ",
            Self::Rejected => "rejected by ",
            Self::Undecided => "nobody decided in time",
            Self::Late => "not carried out while the approval counted",
            Self::NoPrice => "its price cannot be had: ",
            Self::Stopped => "not carried out: ",
            Self::Rehearsed => "dry run: all is as approved, nothing was sent",
            Self::Sending => "sending",
            Self::Taken => "taken",
            Self::NotTaken => "not taken: ",
            Self::Unclear => "whether it was taken is not known: ",
            Self::Shows => "it shows",
            Self::Unsettled => "somebody has to find out what became of it: ",
            Self::SaidDone => "done, says ",
            Self::SaidNotDone => "not done, says ",
            Self::Copy => "the database was damaged, and its copy does not know what became of this",
        }
    }

    /// The line, with what follows.
    #[must_use]
    pub fn with(self, rest: &str) -> String {
        format!("{}{rest}", self.text())
    }

    /// What a line says, and what follows; `None` of one that an older version wrote in other words.
    #[must_use]
    pub fn of(line: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|did| Some((did, line.strip_prefix(did.text())?)))
    }
}

const _: () = assert!(Did::ALL.len() == Did::Copy as usize + 1);

#[cfg(test)]
mod tests {
    use super::*;

    /// One that began as another does would be shown as that.
    #[test]
    fn each_line_is_known_again_with_what_follows() {
        for did in Did::ALL {
            assert_eq!(Did::of(&did.with("ana")), Some((did, "ana")));
            assert_eq!(Did::of(did.text()), Some((did, "")));
        }
        assert_eq!(Did::of("as an older version said it"), None);
    }
}
