//! Certificates in files of the sidecar's own machine, such as those of its web server. Files of other machines are told by
//! their agents.
//!
//! ```toml
//! [[provider]]
//! name = "files"
//! kind = "file"
//! paths = ["/etc/ssl/private/nas.pem"]   # PEM; of several certificates the first counts, which is the server's own
//! ```

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use atalaya_reach::plain;
use atalaya_renew::limits::short;
use atalaya_renew::{Ends, Flag, Found, Kind, List, Trouble};
use nix::fcntl::OFlag;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use crate::http::Outgoing;
use crate::limits::{FILE_BYTES_MAX, FILES_MAX};
use crate::names;
use crate::provider::Provider;
use crate::tls::judge::issuer;

/// Which files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings(Vec<PathBuf>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    paths: Vec<PathBuf>,
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(Written { paths }: Written) -> Result<Self, Self::Error> {
        if !(1..=FILES_MAX).contains(&paths.len()) {
            return Err(format!("paths has 1 to {FILES_MAX} files"));
        }
        if let Some(path) = names::twice(&paths) {
            return Err(format!("{} is there twice", path.display()));
        }
        for path in &paths {
            let text = path.to_str().filter(|text| path.is_absolute() && short(text) == *text);
            if text.is_none() {
                return Err(format!("{:?} is no whole path of a file", short(&path.to_string_lossy())));
            }
        }
        Ok(Self(paths))
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        self.0.iter().filter_map(|path| Some(("paths", read(path).err()?))).collect()
    }
}

/// Files.
#[derive(Debug)]
pub struct Files(Vec<PathBuf>);

impl Files {
    pub(crate) fn new(settings: Settings, _: Outgoing) -> Self {
        Self(settings.0)
    }
}

impl Provider for Files {
    fn names(&self) -> Vec<(Kind, String)> {
        self.0.iter().map(|path| (Kind::Certificate, path.to_string_lossy().into_owned())).collect()
    }

    /// A file that cannot be read is told as a certificate whose end is not known.
    fn list(&self, now: i64) -> Result<List, Trouble> {
        let found = |path: &PathBuf| {
            let name = path.to_string_lossy().into_owned();
            let judged = read(path).and_then(|der| judge(&name, &der, now));
            judged.unwrap_or_else(|why| Found::new(Kind::Certificate, name, Ends::Unknown(short(&why))))
        };
        Ok(self.0.iter().map(found).collect())
    }
}

/// The first certificate. A key beside it is not kept.
fn read(path: &Path) -> Result<CertificateDer<'static>, String> {
    let shown = path.display();
    let cannot = |err: &std::io::Error| format!("cannot read {shown}: {}; let the sidecar's user read it", plain(err));
    // A pipe is not waited on until somebody writes into it.
    let flags = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|err| cannot(&err))?;
    if !file.metadata().as_ref().is_ok_and(Metadata::is_file) {
        return Err(format!("{shown} is no file"));
    }
    let text = text(file).map_err(|err| cannot(&err))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("{shown} is larger than a file with a certificate: {FILE_BYTES_MAX} bytes are read"));
    }
    let first = CertificateDer::pem_slice_iter(&text).next();
    first.and_then(Result::ok).ok_or_else(|| format!("there is no certificate in {shown}; it is read as PEM"))
}

/// One byte more than is taken, so that what is too large is seen.
fn text(file: File) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn judge(name: &str, der: &CertificateDer<'_>, now: i64) -> Result<Found, String> {
    let (_, parsed) = parse_x509_certificate(der).map_err(|_| format!("the certificate in {name} cannot be read"))?;
    let (begun, end) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let flags = if begun > now { vec![Flag::NotYetValid] } else { Vec::new() };
    let found = Found::new(Kind::Certificate, name, Ends::At(end));
    Ok(Found { begun: Some(begun), flags, note: short(&issuer(&parsed)), ..found })
}
