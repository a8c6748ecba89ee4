//! Certificates that are ordered here: looked at every minute, each in its turn; what stands of them is listed as the
//! source [`ACME`].

mod kept;
mod node;
mod proof;
mod turn;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atalaya_acme::{Authority, Client, External, Failed};
use atalaya_base::text::without_numbers;
use atalaya_renew::{ByItself, Ends, Event, Found, Kind, List};
use tokio::sync::watch;

use super::Market;
use crate::config::{Acme, Config, Home};
use crate::program::Shared;

/// The source that is not configured as a provider.
pub const ACME: &str = "acme";
/// Each certificate is looked at so often.
const LOOK: Duration = Duration::from_secs(60);
/// In the state folder.
const FOLDER: &str = "acme";

/// What is known of certificates that are ordered here, by name. Shared with whoever lists it.
#[derive(Clone, Debug, Default)]
pub struct Issued(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    by_name: BTreeMap<String, Found>,
    /// Whether each was looked at since the start.
    is_whole: bool,
}

impl Issued {
    /// All of it. What was not looked at since the start stays as it was said before, and is not taken for fine.
    #[must_use]
    pub fn list(&self) -> List {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: List = known.by_name.values().cloned().collect();
        if !known.is_whole {
            list.not_asked.push((Kind::Certificate, "it was not looked at since the start".into()));
        }
        list
    }

    /// Says how one stands; whether that is news.
    fn put(&self, name: &str, found: Found) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_name.insert(name.to_owned(), found.clone()) != Some(found)
    }

    /// There are no others; whether it is news that each was looked at.
    fn keep(&self, names: &[&str]) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_name.retain(|name, _| names.contains(&name.as_str()));
        let is_whole = names.iter().all(|name| known.by_name.contains_key(*name));
        std::mem::replace(&mut known.is_whole, is_whole) != is_whole
    }
}

/// Looks after them until it is ended.
pub async fn keep(
    shared: Shared,
    issued: Issued,
    configs: watch::Receiver<Arc<Config>>,
    market: watch::Receiver<Arc<dyn Market>>,
) {
    let folder = shared.folder.join(FOLDER);
    loop {
        let config = Arc::clone(&configs.borrow());
        let all = &config.certificates.all;
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        issued.keep(&names);
        let mut client = Asked { config: &config, folder: &folder, client: None };
        let mut is_news = false;
        // What is remembered of one is written before anybody is asked.
        if let (false, Err(why)) = (all.is_empty(), make(&folder)) {
            tracing::warn!(%why, "certificates are not looked after");
            tokio::time::sleep(LOOK).await;
            continue;
        }
        for certificate in all {
            let market = Arc::clone(&market.borrow());
            let now = shared.clock.now().seconds();
            let found = match &certificate.home {
                Home::Here(here) => turn::turn(certificate, here, &mut client, market, now).await,
                Home::Node(id) => node::turn(certificate, id, &mut client, market, &shared).await,
            };
            is_news |= issued.put(&certificate.name, found);
        }
        is_news |= issued.keep(&names);
        if is_news {
            shared.renewals.happened(Event::Listed(ACME.into(), Ok(issued.list())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The authority, asked only if there is something to ask.
struct Asked<'a> {
    config: &'a Config,
    folder: &'a Path,
    client: Option<Client>,
}

impl Asked<'_> {
    async fn client(&mut self) -> Result<&mut Client, Failed> {
        if self.client.is_none() {
            self.client = Some(Client::open(&authority(self.config, self.folder)?).await?);
        }
        self.client.as_mut().ok_or_else(|| Failed::SetUp("there is no authority".into()))
    }
}

/// A folder that nobody else may read.
fn make(folder: &Path) -> Result<(), Failed> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|err| {
        Failed::SetUp(format!("cannot make {}: {}", folder.display(), without_numbers(&err.to_string())))
    })
}

fn authority(config: &Config, folder: &Path) -> Result<Authority, Failed> {
    let Acme { directory, agree, ca_file, external } = &config.certificates.acme;
    let external = external.as_ref().map(|(id, key)| Ok(External { id: id.clone(), key: key.read()? }));
    let contact = config.renewals.contact.clone();
    Ok(Authority {
        directory: directory.clone(),
        contact: contact.ok_or_else(|| Failed::SetUp("set contact in [renewals]: the authority wants one".into()))?,
        agree: *agree,
        external: external.transpose().map_err(Failed::SetUp)?,
        ca_file: ca_file.clone(),
        account_file: folder.join("account.json"),
    })
}

/// A certificate as a line of the list.
fn found(name: &str, ends: Ends, begun: Option<i64>, note: String) -> Found {
    let mut found = Found::new(Kind::Certificate, name, ends);
    (found.begun, found.by_itself, found.note) = (begun, ByItself::Renewed, note);
    found
}
