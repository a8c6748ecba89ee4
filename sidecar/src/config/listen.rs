//! Addresses to listen on. What is not protected is offered to this machine alone.

use std::net::SocketAddr;
use std::str::FromStr;

use atalaya_base::config::{Mistake, Spanned, read_from_text};

/// Addresses of one kind.
const ADDRESSES_MAX: usize = 8;

/// An address with its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("{text:?} is no address to listen on; write one such as \"127.0.0.1:1883\" or \"[::]:8883\"")
        })
    }
}

read_from_text!(Address, "an address such as \"127.0.0.1:1883\"");

/// Whether only this machine can reach it.
#[must_use]
pub const fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}

/// Addresses without TLS: of this machine alone.
pub(super) fn plain(key: &'static str, written: &[Spanned<Address>], remedy: &str) -> Result<Vec<SocketAddr>, Mistake> {
    let all = with_tls(key, written)?;
    for (address, place) in all.iter().zip(written) {
        if !is_loopback(address) {
            let what = format!("{address} can be reached by others, who would send passwords in the clear; {remedy}");
            return Err(Mistake::at(key, place, what));
        }
    }
    Ok(all)
}

/// Addresses with TLS: wherever.
pub(super) fn with_tls(key: &'static str, written: &[Spanned<Address>]) -> Result<Vec<SocketAddr>, Mistake> {
    if let Some(one) = written.get(ADDRESSES_MAX) {
        return Err(Mistake::at(key, one, format!("this is one too many; at most {ADDRESSES_MAX} addresses")));
    }
    Ok(written.iter().map(|address| address.get_ref().0).collect())
}
