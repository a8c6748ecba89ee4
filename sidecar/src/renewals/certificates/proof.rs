//! Records that show control of a name, laid in a provider's zone and seen at its own servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_acme::{Proof, Way};
use atalaya_provider::verify::visible;
use atalaya_renew::{Record, RecordType, Trouble};

use super::super::Market;
use crate::config;

/// Servers are asked again after.
const AGAIN: Duration = Duration::from_secs(5);

/// As the library wants it.
pub(super) fn way(way: &config::Way, market: Arc<dyn Market>) -> Way {
    match way {
        config::Way::Provider(provider, servers) => {
            Way::Dns(Arc::new(Zone { market, provider: provider.clone(), servers: servers.clone() }))
        }
        config::Way::Listen(address) => Way::Listener(*address),
        config::Way::Webroot(folder) => Way::Webroot(folder.clone()),
    }
}

struct Zone {
    market: Arc<dyn Market>,
    provider: String,
    servers: Vec<String>,
}

impl Proof for Zone {
    fn add_txt(&self, name: &str, value: &str) -> Result<(), Trouble> {
        self.market.zone(&self.provider, &mut |zone| zone.add_txt(name, value))
    }

    fn remove_txt(&self, name: &str, value: &str) -> Result<(), Trouble> {
        self.market.zone(&self.provider, &mut |zone| zone.remove_txt(name, value))
    }

    fn wait_visible(&self, name: &str, value: &str, within: Duration) -> Result<(), Trouble> {
        let until = Instant::now() + within;
        let mut servers = self.servers.clone();
        if servers.is_empty() {
            self.market.zone(&self.provider, &mut |zone| {
                servers = zone.servers(name)?;
                Ok(())
            })?;
        }
        let record = Record { name: name.to_owned(), kind: RecordType::Txt, data: value.to_owned(), ttl: 0 };
        loop {
            let sight = visible(&servers, &record)?;
            if sight.is_everywhere() {
                return Ok(());
            }
            if Instant::now() + AGAIN > until {
                let lacking: Vec<&str> = sight.lacking.iter().map(|(server, _)| server.as_str()).collect();
                return Err(Trouble::NotThere(format!("{name} is not shown by {}", lacking.join(", "))));
            }
            std::thread::sleep(AGAIN);
        }
    }
}
