//! How control of a name is shown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use atalaya_renew::Trouble;

/// Where TXT records are laid: a zone at a provider. Calls may block; they are made on a thread for that.
///
/// A name may be proved twice at once (`example.com` and `*.example.com` both by `_acme-challenge.example.com`), so a
/// record is added to those that are there, and only the one with this value is removed. Removing one that is not there
/// is well done. Names have no dot at their end.
pub trait Proof: Send + Sync {
    /// Adds a record.
    ///
    /// # Errors
    ///
    /// Why it is not there. After [`Trouble::Unclear`] it is removed as if it were.
    fn add_txt(&self, name: &str, value: &str) -> Result<(), Trouble>;

    /// Removes it.
    ///
    /// # Errors
    ///
    /// Why it is perhaps still there; it is tried again with the next call.
    fn remove_txt(&self, name: &str, value: &str) -> Result<(), Trouble>;

    /// Waits until all servers of the zone show it, for at most `within`.
    ///
    /// # Errors
    ///
    /// Which do not. The authority is not asked to look then: failures are counted there.
    fn wait_visible(&self, name: &str, value: &str, within: Duration) -> Result<(), Trouble>;
}

/// Which way.
#[derive(Clone)]
pub enum Way {
    /// DNS-01: records of the zone.
    Dns(Arc<dyn Proof>),
    /// HTTP-01: a listener of our own at this address, while the authority looks. Port 80 has to lead to it.
    Listener(SocketAddr),
    /// HTTP-01: files below this folder, which some web server shows at port 80.
    Webroot(PathBuf),
}
