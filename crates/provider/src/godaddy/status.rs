//! What GoDaddy's 225 statuses of a domain mean. They are families by their first word, of which few members differ.

use atalaya_renew::Flag;

/// How a domain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Fine,
    Flagged(Flag),
    /// It is no longer in the account.
    Gone,
}

/// By the families that the description of `DomainSummary` names.
pub(super) fn standing(status: &str) -> Standing {
    let family = status.split('_').next().unwrap_or_default();
    let has = |one: &[&str]| status.split('_').any(|word| one.contains(&word));
    if has(&["REDEMPTION", "REDEEMABLE"]) {
        return Standing::Flagged(Flag::Redemption);
    }
    match family {
        // What is expired shows by its date; one that somebody else has got by its second word.
        "EXPIRED" if has(&["REASSIGNED"]) => Standing::Gone,
        "ACTIVE" | "AWAITING" | "EXPIRED" | "PENDING" | "UNLOCKED" | "UNPARKED" => Standing::Fine,
        "CANCELLED" if has(&["HELD"]) => Standing::Flagged(Flag::Suspended),
        "CANCELLED" | "TRANSFERRED" | "UPDATED" | "EXCLUDED" => Standing::Gone,
        "DISABLED" => Standing::Flagged(Flag::Disabled),
        // "likely requires intervention from Support"
        "CONFISCATED" | "FAILED" | "HELD" | "LOCKED" | "PARKED" | "RESERVED" | "REVERTED" | "SUSPENDED" => {
            Standing::Flagged(Flag::Suspended)
        }
        // UNKNOWN, and what it will think of next.
        _ => Standing::Flagged(Flag::Partial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_its_meaning() {
        for (status, expected) in [
            ("ACTIVE", Standing::Fine),
            ("AWAITING_VERIFICATION_ICANN", Standing::Fine),
            ("EXPIRED", Standing::Fine),
            ("EXPIRED_REASSIGNED", Standing::Gone),
            ("CANCELLED", Standing::Gone),
            ("CANCELLED_TRANSFER", Standing::Gone),
            ("CANCELLED_REDEEMABLE", Standing::Flagged(Flag::Redemption)),
            ("CANCELLED_HELD", Standing::Flagged(Flag::Suspended)),
            ("PENDING_HOLD_REDEMPTION", Standing::Flagged(Flag::Redemption)),
            ("HELD_EXPIRATION_PROTECTION", Standing::Flagged(Flag::Suspended)),
            ("DISABLED_SPECIAL", Standing::Flagged(Flag::Disabled)),
            ("CONFISCATED", Standing::Flagged(Flag::Suspended)),
            ("TRANSFERRED_OUT", Standing::Gone),
            ("UNKNOWN", Standing::Flagged(Flag::Partial)),
            ("", Standing::Flagged(Flag::Partial)),
            ("activeish", Standing::Flagged(Flag::Partial)),
        ] {
            assert_eq!(standing(status), expected, "{status}");
        }
    }
}
