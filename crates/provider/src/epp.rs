//! Statuses of domains as registries have them (RFC 5731, RFC 3915), in either way of writing (RFC 8056).

use atalaya_renew::Flag;

/// What is unusual about a domain with this status: `redemptionPeriod`, or `redemption period`.
pub(crate) fn flag(status: &str) -> Option<Flag> {
    let plain: String = status.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "redemptionperiod" | "pendingrestore" => Some(Flag::Redemption),
        "pendingdelete" => Some(Flag::PendingDelete),
        "clienthold" | "serverhold" => Some(Flag::Suspended),
        "autorenewperiod" => Some(Flag::AutoRenewPeriod),
        "clientrenewprohibited" | "serverrenewprohibited" => Some(Flag::NotRenewable),
        _ => None,
    }
}

/// Those of many, each once, sorted.
pub(crate) fn flags<'a>(statuses: impl Iterator<Item = &'a str>) -> Vec<Flag> {
    let mut flags: Vec<Flag> = statuses.filter_map(flag).collect();
    flags.sort_unstable();
    flags.dedup();
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_mean_the_same() {
        let some = ["auto renew period", "redemptionPeriod", "client hold", "active", "Redemption Period"];
        assert_eq!(flags(some.into_iter()), [Flag::Redemption, Flag::Suspended, Flag::AutoRenewPeriod]);
        assert_eq!(flags(["ok", "clientTransferProhibited", ""].into_iter()), []);
    }
}
