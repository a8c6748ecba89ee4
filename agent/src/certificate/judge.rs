//! Whether a chain is what was asked for. Pure.

use atalaya_certificate::{Chain, Key};

/// Seconds that the authority's clock may be ahead of ours. They date certificates back by an hour.
const AHEAD_SECONDS_MAX: i64 = 300;

/// Why a chain is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It never will be.
    For(String),
    /// Its time has not come, by this machine's clock.
    Early,
}

/// Judges what the sidecar sent: it has to be for our key, our names, and now.
pub(super) fn judge(pem: &str, key: &Key, names: &[String], now: i64) -> Result<Chain, Unfit> {
    let unfit = |why: &str| Unfit::For(format!("the sidecar sent a chain that is not installed: {why}"));
    let chain = Chain::parse(pem).map_err(|why| unfit(&why))?;
    if chain.public != key.info() {
        return Err(unfit("it is for another key"));
    }
    if chain.names != names {
        return Err(unfit(&format!("it is for {}", chain.names.join(", "))));
    }
    if chain.ends <= now {
        return Err(unfit("it has expired"));
    }
    if chain.begun > now.saturating_add(AHEAD_SECONDS_MAX) {
        return Err(Unfit::Early);
    }
    Ok(chain)
}
