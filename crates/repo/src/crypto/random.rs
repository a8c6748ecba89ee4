//! Random bytes from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

use crate::{Error, Kind, Result};

/// `N` bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(Kind::Io, "cannot draw random bytes from the operating system"))?;
    Ok(bytes)
}
