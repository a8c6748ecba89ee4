//! Whether the beginning of what is over was told: an end is not told to whom the beginning was not.

/// Whether the beginning of what a `resolved` tells was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begun {
    /// Through this channel.
    #[default]
    Here,
    /// To nobody: it ended first, and is told once.
    Nowhere,
    /// To others, or not successfully; what waits is known without.
    Elsewhere,
}

/// What came of an earlier notification about the same incident on this channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Sent, by itself or in a digest.
    Sent,
    /// Waiting.
    Waiting,
    /// Merged into the very `resolved` that is asked about.
    Folded,
    /// Failed.
    Failed,
}

/// From what the outbox has about the incidents of a `resolved`: what came of their earlier notifications on its channel, and
/// whether other channels had any.
#[must_use]
pub fn begun(here: impl IntoIterator<Item = Earlier>, others: bool) -> Begun {
    let (mut folded, mut any) = (false, others);
    for earlier in here {
        match earlier {
            Earlier::Sent => return Begun::Here,
            Earlier::Folded => folded = true,
            Earlier::Waiting | Earlier::Failed => any = true,
        }
    }
    if folded || !any { Begun::Nowhere } else { Begun::Elsewhere }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_hears_the_end_and_who_was_not_does_not() {
        let table: [(&[Earlier], bool, Begun); 7] = [
            (&[], false, Begun::Nowhere),
            (&[], true, Begun::Elsewhere),
            (&[Earlier::Failed], false, Begun::Elsewhere),
            (&[Earlier::Waiting], false, Begun::Elsewhere),
            (&[Earlier::Failed, Earlier::Sent], true, Begun::Here),
            (&[Earlier::Folded], true, Begun::Nowhere),
            (&[Earlier::Folded, Earlier::Waiting], false, Begun::Nowhere),
        ];
        for (here, others, expected) in table {
            assert_eq!(begun(here.iter().copied(), others), expected, "{here:?} {others}");
        }
    }
}
