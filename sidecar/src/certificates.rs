//! What the broker and the pages show over TLS: certificates of our own authority, renewed in time, or files that somebody
//! else renews. They are looked at every hour, and a new one is shown from the next connection on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::pki::{Authority, Own};
use crate::program::Shared;

/// How often files and dates are looked at.
const LOOK: Duration = Duration::from_secs(3600);

/// As a listener has it; `None` where nothing is served over TLS.
pub type Shown = watch::Receiver<Option<Arc<ServerConfig>>>;

/// See the module.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
    names: Vec<String>,
    broker: Place,
    web: Place,
}

/// A certificate that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// `pages` or `broker`.
    pub place: &'static str,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Whether it is of our own authority, and renewed by ourselves.
    pub is_own: bool,
}

/// Something that is shown.
#[derive(Debug)]
struct Place {
    source: Option<Source>,
    /// What is shown now.
    chain: Mutex<Vec<CertificateDer<'static>>>,
    config: watch::Sender<Option<Arc<ServerConfig>>>,
}

/// Where it comes from.
#[derive(Debug)]
enum Source {
    Own,
    Files(PathBuf, PathBuf),
}

impl Place {
    fn new<T>(listen: &[T], files: Option<&(PathBuf, PathBuf)>) -> Self {
        let source = files.map_or(Source::Own, |(cert, key)| Source::Files(cert.clone(), key.clone()));
        let source = (!listen.is_empty()).then_some(source);
        Self { source, chain: Mutex::default(), config: watch::Sender::new(None) }
    }

    /// Shows what there is now; whether it is another one. Where something is wrong, the old one stays.
    fn look(
        &self,
        read: impl FnOnce(&Source) -> Result<Pair>,
        make: impl FnOnce(Pair) -> Result<Arc<ServerConfig>>,
    ) -> Result<bool> {
        let Some(source) = &self.source else { return Ok(false) };
        let pair = read(source)?;
        let mut shown = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown == pair.0 {
            return Ok(false);
        }
        let chain = pair.0.clone();
        self.config.send_replace(Some(make(pair)?));
        *shown = chain;
        Ok(true)
    }
}

impl Certificates {
    /// What the configuration says, at this second since 1970.
    ///
    /// # Errors
    ///
    /// If there is something that cannot be read or made.
    pub fn open(config: &Config, folder: &Path, names: &[String], authority: &Authority, now: i64) -> Result<Self> {
        let (broker, web) = (&config.broker, &config.web);
        let certificates = Self {
            folder: folder.to_path_buf(),
            names: names.to_vec(),
            broker: Place::new(&broker.listen_tls, broker.tls.as_ref()),
            web: Place::new(&web.listen_tls, web.tls.as_ref()),
        };
        certificates.look(authority, now)?;
        Ok(certificates)
    }

    /// What the broker shows.
    #[must_use]
    pub fn broker(&self) -> Shown {
        self.broker.config.subscribe()
    }

    /// What pages show.
    #[must_use]
    pub fn web(&self) -> Shown {
        self.web.config.subscribe()
    }

    /// What is shown now, and by whom.
    #[must_use]
    pub fn presented(&self) -> Vec<Presented> {
        let one = |place: &'static str, of: &Place| {
            let chain = of.chain.lock().unwrap_or_else(PoisonError::into_inner);
            let der = chain.first()?.to_vec();
            Some(Presented { place, der, is_own: matches!(of.source, Some(Source::Own)) })
        };
        [one("pages", &self.web), one("broker", &self.broker)].into_iter().flatten().collect()
    }

    /// Renews what is due, and reads files again; whether something else is shown now.
    ///
    /// # Errors
    ///
    /// What is wrong; what was shown before is shown on.
    pub fn look(&self, authority: &Authority, now: i64) -> Result<bool> {
        let read = |source: &Source| match source {
            Source::Own => self.own(authority, now),
            Source::Files(cert, key) => read_pair(cert, key),
        };
        let broker = self.broker.look(read, |pair| for_nodes(pair, authority));
        let web = self.web.look(read, for_browsers);
        Ok(broker? | web?)
    }

    fn own(&self, authority: &Authority, now: i64) -> Result<Pair> {
        let own = Own::open(&self.folder, authority, &self.names, now)?;
        if let Some(reason) = own.renewed {
            tracing::info!(?reason, "a new certificate of our own was made");
        }
        Ok((own.chain, own.key))
    }
}

/// Looks every hour until it is ended.
pub async fn keep(shared: Shared) {
    loop {
        tokio::time::sleep(LOOK).await;
        look(&shared).await;
    }
}

/// Looks now.
pub async fn look(shared: &Shared) {
    let (identity, now) = (shared.identity.clone(), shared.clock.now().seconds());
    // Files may lie on a disk that sleeps.
    let looked = tokio::task::spawn_blocking(move || identity.certificates.look(identity.gate.authority(), now)).await;
    // Whatever came of it: where one of two listeners has trouble, the other one may have something new.
    shared.doorman.show(shared.identity.certificates.broker().borrow().clone());
    match looked {
        Ok(Ok(false)) | Err(_) => {}
        Ok(Ok(true)) => tracing::info!("another certificate is shown from now on"),
        Ok(Err(why)) => tracing::error!(%why, "the certificate that was shown before is shown on"),
    }
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What is wrong with the files that are to be shown, as far as they can be read: wrong PEM, a key that is another's.
///
/// # Errors
///
/// The first of them.
pub fn check(config: &Config) -> Result<()> {
    for (cert, key) in [&config.broker.tls, &config.web.tls].into_iter().flatten() {
        // What cannot be read now is a warning: its disk may be mounted later.
        if [cert, key].iter().any(|file| std::fs::File::open(file).is_err()) {
            continue;
        }
        for_browsers(read_pair(cert, key)?).map_err(|err| err.while_(&format!("show {}", cert.display())))?;
    }
    Ok(())
}

fn read_pair(cert: &Path, key: &Path) -> Result<Pair> {
    let wrong = |path: &Path, why: String| Error::new(Kind::Config, format!("cannot use {}: {why}", path.display()));
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|err| wrong(cert, unread(&err, "certificate")))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|err| wrong(key, unread(&err, "private key")))?;
    Ok((chain, key))
}

/// Why there is nothing of that kind in a file, in words of ours.
fn unread(err: &pem::Error, what: &str) -> String {
    match err {
        pem::Error::Io(err) => err.to_string().split(" (os").next().unwrap_or_default().to_owned(),
        pem::Error::NoItemsFound => format!("there is no {what} in it; it is read as PEM"),
        _ => format!("it is no whole PEM; write the {what} again"),
    }
}

fn for_nodes((chain, key): Pair, authority: &Authority) -> Result<Arc<ServerConfig>> {
    let config = atalaya_broker::server_config(chain, key, &[authority.certificate().clone()]);
    config.map(Arc::new).map_err(|why| Error::new(Kind::Config, why))
}

fn for_browsers((chain, key): Pair) -> Result<Arc<ServerConfig>> {
    let wrong = |err: rustls::Error| Error::new(Kind::Config, format!("cannot serve pages over TLS: {err}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tower::BUILT;

    const TLS: &str = "[broker]\nlisten_tls = [\"127.0.0.1:0\"]\n[web]\nlisten_tls = [\"127.0.0.1:0\"]\n";

    fn open(text: &str, folder: &Path, authority: &Authority) -> Certificates {
        let config = Config::read(Path::new("s.toml"), text).unwrap();
        Certificates::open(&config, folder, &["nas.lan".into()], authority, BUILT).unwrap()
    }

    #[test]
    fn what_is_ours_is_renewed_while_it_runs_and_shown_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let certificates = open(TLS, folder.path(), &authority);
        let (mut broker, mut web) = (certificates.broker(), certificates.web());
        assert!(broker.borrow_and_update().is_some() && web.borrow_and_update().is_some());
        let day = 86_400;
        assert!(!certificates.look(&authority, BUILT + 200 * day).unwrap());
        assert!(certificates.look(&authority, BUILT + 300 * day).unwrap());
        assert!(broker.has_changed().unwrap() && web.has_changed().unwrap());
        assert!(!certificates.look(&authority, BUILT + 301 * day).unwrap());
    }

    #[test]
    fn files_are_read_again_and_a_broken_one_changes_nothing() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let authority = Authority::open(folder.path()).unwrap();
        let make = |names: &[String]| Own::open(folder.path(), &authority, names, BUILT).unwrap();
        let file = other.path().join("both.pem");
        let put = |name: &str| {
            make(&[name.to_owned()]);
            std::fs::copy(folder.path().join("server.pem"), &file).unwrap();
        };
        put("one.lan");
        let text = format!("[web]\nlisten_tls = [\"127.0.0.1:0\"]\ncert_file = {file:?}\nkey_file = {file:?}\n");
        let certificates = open(&text, folder.path(), &authority);
        let mut web = certificates.web();
        assert!(certificates.broker().borrow().is_none(), "nothing is served there");
        web.mark_unchanged();
        assert!(!certificates.look(&authority, BUILT).unwrap());
        std::fs::write(&file, "half a file").unwrap();
        let why = certificates.look(&authority, BUILT).unwrap_err();
        assert!(why.text.contains("both.pem") && !web.has_changed().unwrap(), "{why}");
        put("two.lan");
        assert!(certificates.look(&authority, BUILT).unwrap() && web.has_changed().unwrap());
    }
}
