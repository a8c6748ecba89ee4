//! Whether somebody else has the state folder, or an address that is to be listened on: looked at before anything is opened or
//! begun, so that a second sidecar, or another broker, costs one line and nothing else.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::config::Config;
use crate::db;
use crate::error::{Error, Kind, Result};

/// Tries the folder, then each address, and lets it go again: who has the folder has the addresses too, and is the better answer.
///
/// # Errors
///
/// [`Kind::InUse`] or [`Kind::Denied`] with the folder, or the address and the key of the configuration, and what to do.
pub(crate) fn look(config: &Config, folder: &Path) -> Result<()> {
    db::look_for_another(folder)?;
    let (broker, web) = (&config.broker, &config.web);
    for (key, addresses) in [
        ("[broker] listen", &broker.listen),
        ("[broker] listen_tls", &broker.listen_tls),
        ("[web] listen", &web.listen),
        ("[web] listen_tls", &web.listen_tls),
    ] {
        addresses.iter().try_for_each(|address| one(*address, key))?;
    }
    Ok(())
}

/// What else may be wrong with an address is told where it is listened on: this machine may not have the newer version of IP.
fn one(address: SocketAddr, key: &str) -> Result<()> {
    let why = match TcpListener::bind(address).map_err(|err| err.kind()) {
        Err(ErrorKind::AddrInUse) => (Kind::InUse, "another program listens there; end it"),
        Err(ErrorKind::PermissionDenied) => (Kind::Denied, "ports below 1024 are the system's; take a higher one"),
        _ => return Ok(()),
    };
    Err(Error::new(why.0, format!("cannot listen on {address}: {}, or set another address in {key}", why.1)))
}
