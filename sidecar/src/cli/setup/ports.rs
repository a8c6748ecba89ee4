//! Where it is to listen: tried, so that what is taken is found now and not when it starts.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::wanted::Wanted;
use super::{Listen, Reach};
use crate::cli::exit::{Exit, Failure, Result};

/// Addresses that are free, and kept so as long as this is there: none of ours takes another one's.
#[derive(Default)]
pub(super) struct Listeners {
    kept: Vec<TcpListener>,
    /// Of pages, on this machine.
    pub(super) web: Vec<SocketAddr>,
    /// Of pages, over TLS.
    pub(super) web_tls: Vec<SocketAddr>,
    /// Of the broker, on this machine.
    pub(super) broker: Vec<SocketAddr>,
    /// Of the broker, over TLS.
    pub(super) broker_tls: Vec<SocketAddr>,
}

impl Listeners {
    /// Those that were asked for, and the usual ones for the rest.
    pub(super) fn open(asked: &Listen, wanted: &Wanted) -> Result<Self> {
        let mut all = Self::default();
        all.web = all.local(asked.listen, 8480, "--listen")?;
        if wanted.reach == Reach::Network {
            all.web_tls = all.everywhere(asked.listen_tls, 8443, "--listen-tls")?;
        }
        if wanted.broker.is_none() {
            all.broker = all.local(asked.broker_listen, 1883, "--broker-listen")?;
            if wanted.reach == Reach::Network {
                all.broker_tls = all.everywhere(asked.broker_listen_tls, 8883, "--broker-listen-tls")?;
            }
        }
        Ok(all)
    }

    /// On this machine by both versions of IP, where it has the newer one.
    fn local(&mut self, asked: Option<SocketAddr>, port: u16, option: &str) -> Result<Vec<SocketAddr>> {
        if let Some(address) = asked {
            return Ok(vec![self.take(address, option)?]);
        }
        let mut found = vec![self.take((Ipv4Addr::LOCALHOST, port).into(), option)?];
        found.extend(self.take_if_there((Ipv6Addr::LOCALHOST, port).into(), option)?);
        Ok(found)
    }

    /// On all addresses: those of the newer version include the older one's.
    fn everywhere(&mut self, asked: Option<SocketAddr>, port: u16, option: &str) -> Result<Vec<SocketAddr>> {
        if let Some(address) = asked {
            return Ok(vec![self.take(address, option)?]);
        }
        let found = self.take_if_there((Ipv6Addr::UNSPECIFIED, port).into(), option)?;
        found.map_or_else(|| self.take((Ipv4Addr::UNSPECIFIED, port).into(), option), Ok).map(|address| vec![address])
    }

    fn take(&mut self, address: SocketAddr, option: &str) -> Result<SocketAddr> {
        self.bind(address).map_err(|err| cannot_listen(address, &err, option))
    }

    /// `None` where the machine has no such addresses.
    fn take_if_there(&mut self, address: SocketAddr, option: &str) -> Result<Option<SocketAddr>> {
        match self.bind(address) {
            Ok(address) => Ok(Some(address)),
            Err(err) if matches!(err.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
                Err(cannot_listen(address, &err, option))
            }
            Err(_) => Ok(None),
        }
    }

    fn bind(&mut self, address: SocketAddr) -> std::io::Result<SocketAddr> {
        self.kept.push(TcpListener::bind(address)?);
        Ok(address)
    }
}

fn cannot_listen(address: SocketAddr, err: &std::io::Error, option: &str) -> Failure {
    let (exit, hint) = match err.kind() {
        ErrorKind::AddrInUse => (Exit::InUse, "stop what listens there"),
        ErrorKind::PermissionDenied => (Exit::Failed, "ports below 1024 are root's"),
        _ => (Exit::Usage, "this machine has no such address"),
    };
    let why = atalaya_base::text::without_numbers(&err.to_string());
    Failure::new(exit, format!("cannot listen on {address}: {why}; {hint}, or give another {option} ADDRESS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_told_with_the_option_that_gives_another() {
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = somebody.local_addr().unwrap();
        let mut all = Listeners::default();
        let failure = all.local(Some(address), 1883, "--broker-listen").unwrap_err();
        assert_eq!(failure.exit, Exit::InUse);
        assert!(failure.text.contains("give another --broker-listen ADDRESS"), "{}", failure.text);
        drop(somebody);
        assert_eq!(all.local(Some(address), 1883, "--broker-listen").unwrap(), [address]);
        assert!(all.local(Some(address), 1883, "--listen").is_err(), "one of ours has it");
        let strange = all.local(Some("192.0.2.1:1883".parse().unwrap()), 1883, "--listen").unwrap_err();
        assert_eq!(strange.exit, Exit::Usage);
    }
}
