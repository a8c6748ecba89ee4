//! `[acme]` and `[[certificate]]`: certificates that Atalaya orders, renews and puts in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use atalaya_acme::install;
use atalaya_acme::reload::Allowed;
use atalaya_base::config::{Mistake, Place, Spanned, Written};
use atalaya_notify::Secret;
use atalaya_wire::NodeId;
use serde::Deserialize;

use super::names::Name;

const CERTIFICATES_MAX: usize = 64;
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// The address of its directory.
    pub directory: String,
    /// Whether its terms of service are agreed to.
    pub agree: bool,
    /// Whose certificates are trusted there, if not those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Identifier and key of an account elsewhere.
    pub external: Option<(String, Secret)>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its name, for people and in files of the state folder.
    pub name: String,
    /// What it is for.
    pub names: Vec<String>,
    /// How control of these is shown.
    pub way: Way,
    /// Where it goes.
    pub home: Home,
    /// A kind of certificate that the authority offers.
    pub profile: Option<String>,
}

/// Where a certificate goes.
#[derive(Clone, Debug)]
pub enum Home {
    /// To a service of this machine.
    Here(Here),
    /// To this node, which makes its key and its request.
    Node(String),
}

/// A place on this machine.
#[derive(Clone, Debug)]
pub struct Here {
    /// Where it is put, and who may read the key.
    pub place: install::Place,
    /// The command that makes a service read it.
    pub reload: Option<String>,
    /// Where it is seen served: host and port.
    pub served: Option<(String, u16)>,
}

/// How control of a name is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A record in a zone of this provider, seen at these servers; nobody means those that the provider names.
    Provider(String, Vec<String>),
    /// A listener, to which port 80 leads.
    Listen(SocketAddr),
    /// A folder that is shown at port 80.
    Webroot(PathBuf),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// Who signs.
    pub acme: Acme,
    /// What is signed.
    pub all: Vec<Certificate>,
    /// Commands that may be run, by name.
    pub reload: Allowed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAcme {
    directory: Option<String>,
    agree: bool,
    ca_file: Option<Place>,
    eab_id: Option<String>,
    eab_key_file: Option<Secret>,
    reload: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCertificate {
    name: Name,
    names: Vec<String>,
    provider: Option<String>,
    #[serde(default)]
    servers: Vec<String>,
    listen: Option<SocketAddr>,
    webroot: Option<Place>,
    folder: Option<Place>,
    node: Option<String>,
    user: Option<String>,
    group: Option<String>,
    reload: Option<String>,
    served: Option<String>,
    profile: Option<String>,
}

/// Names stand once; a provider and a reload command are among those that there are.
pub(super) fn check(
    acme: RawAcme,
    written: Vec<Spanned<RawCertificate>>,
    zones: &BTreeSet<&str>,
    contact: Option<&str>,
) -> Result<Certificates, Mistake> {
    let commands: BTreeSet<String> = acme.reload.keys().cloned().collect();
    let reload = Allowed::new(acme.reload).map_err(|why| Mistake::whole("acme.reload", why.to_string()))?;
    let external = match (acme.eab_id, acme.eab_key_file) {
        (Some(id), Some(key)) => Some((id, key)),
        (None, None) => None,
        _ => return Err(Mistake::whole("acme.eab_id", "eab_id and eab_key_file stand together")),
    };
    let directory = acme.directory.unwrap_or_else(|| DIRECTORY.to_owned());
    let acme = Acme { directory, agree: acme.agree, ca_file: acme.ca_file.map(|place| place.0), external };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for one in written {
        let wrong = |why: String| Mistake::at("certificate", &one, why);
        let raw = one.get_ref();
        if seen.len() >= CERTIFICATES_MAX || !seen.insert(raw.name.0.clone()) {
            return Err(wrong(format!("{:?} is there already, or one of more than {CERTIFICATES_MAX}", raw.name.0)));
        }
        let made = raw.check(zones, &commands).map_err(wrong)?;
        let folder = |one: &Certificate| match &one.home {
            Home::Here(here) => Some(here.place.folder.clone()),
            Home::Node(_) => None,
        };
        if let Some(folder) = folder(&made).filter(|own| all.iter().any(|other| folder(other).as_ref() == Some(own))) {
            return Err(wrong(format!("another certificate is in {} already", folder.display())));
        }
        all.push(made);
    }
    if let (None, Some(_)) = (contact, all.first()) {
        let why = "certificates need contact in [renewals]: the authority wants somebody to write to";
        return Err(Mistake::whole("renewals.contact", why));
    }
    if let (false, Some(_)) = (acme.agree, all.first()) {
        let why = "certificates need agree = true in [acme]: read the authority's terms of service first";
        return Err(Mistake::whole("acme.agree", why));
    }
    Ok(Certificates { acme, all, reload })
}

impl Certificates {
    /// Files that cannot be read now, a line each.
    pub(super) fn warnings(&self, written: &Written) -> impl Iterator<Item = String> {
        let place = written.place(None);
        let key = self.acme.external.as_ref().and_then(|(_, key)| key.read().err());
        let key = key.map(|why| format!("{place}: acme.eab_key_file: {why}"));
        let ca = self.acme.ca_file.as_ref().and_then(|path| {
            let err = std::fs::File::open(path).err()?.to_string();
            let why = err.split(" (os").next().unwrap_or_default();
            Some(format!("{place}: acme.ca_file: cannot read {}: {why}", path.display()))
        });
        key.into_iter().chain(ca)
    }
}

impl RawCertificate {
    fn check(&self, zones: &BTreeSet<&str>, commands: &BTreeSet<String>) -> Result<Certificate, String> {
        let way = match (&self.provider, self.listen, &self.webroot) {
            (Some(provider), None, None) if zones.contains(provider.as_str()) => {
                Way::Provider(provider.clone(), self.servers.clone())
            }
            (Some(provider), None, None) => return Err(format!("there is no provider {provider:?} that holds zones")),
            (None, Some(listen), None) => Way::Listen(listen),
            (None, None, Some(webroot)) => Way::Webroot(webroot.0.clone()),
            _ => return Err("set one of provider, listen and webroot: how its names are shown to be yours".into()),
        };
        if self.names.is_empty() {
            return Err("names is empty: what is it for?".into());
        }
        let names = atalaya_acme::tidy(&self.names).map_err(|why| why.to_string())?;
        if !self.servers.is_empty() && self.provider.is_none() {
            return Err("servers are asked for a record: they stand beside provider".into());
        }
        if let Some(odd) = self.servers.iter().find(|server| server.is_empty() || server.contains(char::is_whitespace))
        {
            return Err(format!("{odd:?} is no name server; write its name or address"));
        }
        let is_wild = |name: &&String| name.starts_with("*.");
        if let (false, Some(name)) = (matches!(way, Way::Provider(..)), names.iter().find(is_wild)) {
            return Err(format!("{name} is only proved by a record: set provider instead of listen or webroot"));
        }
        let home = match (&self.folder, &self.node) {
            (Some(folder), None) => Home::Here(self.here(folder, commands)?),
            (None, Some(node)) => Home::Node(self.node(node)?),
            _ => return Err("set one of folder and node: where does it go?".into()),
        };
        Ok(Certificate {
            name: self.name.0.clone(),
            names: self.names.clone(),
            way,
            home,
            profile: self.profile.clone(),
        })
    }

    /// Owner, group, reload and where it is seen stand in the agent's configuration, and nowhere else.
    fn node(&self, node: &str) -> Result<String, String> {
        if [&self.user, &self.group, &self.reload, &self.served].into_iter().any(Option::is_some) {
            return Err(
                "user, group, reload and served of a node's certificate stand in its agent's configuration".into()
            );
        }
        node.parse::<NodeId>().map_err(|why| format!("node is {node:?}: {why}"))?;
        Ok(node.to_owned())
    }

    fn here(&self, folder: &Place, commands: &BTreeSet<String>) -> Result<Here, String> {
        if let Some(reload) = self.reload.as_ref().filter(|reload| !commands.contains(*reload)) {
            return Err(format!("there is no command {reload:?} in [acme.reload]"));
        }
        let served = self.served.as_deref().map(|served| {
            let parts = served.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
            parts.ok_or_else(|| format!("served is {served:?}; write host:port"))
        });
        Ok(Here {
            place: install::Place {
                folder: folder.0.clone(),
                user: self.user.clone(),
                group: self.group.clone(),
                mode: None,
            },
            reload: self.reload.clone(),
            served: served.transpose()?,
        })
    }
}
