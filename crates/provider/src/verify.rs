//! What a zone's own servers say, after a record was changed: the service that holds it may tell of a change before they do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use atalaya_reach::dns::{Asker, Code, Data, Kind, Question};
use atalaya_reach::{Deadline, plain, resolve, split};
use atalaya_renew::limits::short;
use atalaya_renew::{Record, RecordType, Trouble};

use crate::limits::{DNS, DNS_SERVERS_MAX};
use crate::{names, records};

/// Addresses of one server that are tried.
const ADDRESSES_MAX: usize = 2;
const PORT: u16 = 53;

/// What each server said of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// They show it.
    pub showing: Vec<String>,
    /// They answer without it; what they have instead.
    pub lacking: Vec<(String, String)>,
    /// They do not answer; why.
    pub silent: Vec<(String, String)>,
}

impl Sight {
    /// Whether every server that answers shows it, and one does. A server that nobody reaches keeps nobody from using the name.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.lacking.is_empty() && !self.showing.is_empty()
    }

    /// Whether every server that answers lacks it, and one does.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.showing.is_empty() && !self.lacking.is_empty()
    }
}

/// What a server has under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum There {
    Data(Vec<String>),
    /// The name is there, and nothing of that type.
    Nothing,
    NoSuchName,
}

/// Whether each of `servers`, names or addresses with a port if it is another than 53, shows `record`. Each is asked itself, and
/// has to answer for the zone.
///
/// # Errors
///
/// [`Trouble::SetUp`] where there is nothing to ask, or nobody.
pub fn visible(servers: &[String], record: &Record) -> Result<Sight, Trouble> {
    let name = names::name(&record.name)?;
    let data = records::checked(record.kind, &record.data)?;
    if servers.is_empty() {
        return Err(Trouble::SetUp(format!("there is no server to ask for {name}")));
    }
    let mut asked = Servers::new(servers, DNS);
    let mut sight = Sight::default();
    for server in servers.iter().take(DNS_SERVERS_MAX) {
        match asked.ask(server, &name, record.kind) {
            Ok(There::Data(all)) if all.contains(&data) => sight.showing.push(server.clone()),
            Ok(There::Data(all)) => sight.lacking.push((server.clone(), short(&all.join(", ")))),
            Ok(There::Nothing) => sight.lacking.push((server.clone(), format!("no {} there", record.kind))),
            Ok(There::NoSuchName) => sight.lacking.push((server.clone(), "no such name".into())),
            Err(why) => sight.silent.push((server.clone(), short(&why))),
        }
    }
    Ok(sight)
}

/// A zone's own servers, asked until some time has passed. One that is silent is not asked again.
pub(crate) struct Servers {
    asker: Asker,
    addresses: BTreeMap<String, Result<Vec<SocketAddr>, String>>,
}

impl Servers {
    /// Their names are looked up now.
    pub(crate) fn new(servers: &[String], time: Duration) -> Self {
        let deadline = Deadline::after(time);
        let look_up = |server: &String| (server.clone(), addresses(server, deadline));
        let addresses = servers.iter().take(DNS_SERVERS_MAX).map(look_up).collect();
        Self { asker: Asker::new(deadline), addresses }
    }

    /// What one of them says.
    pub(crate) fn ask(&mut self, server: &str, name: &str, kind: RecordType) -> Result<There, String> {
        let all = self.addresses.get(server).cloned().unwrap_or_else(|| Err(format!("{server} is not known")))?;
        let mut why = String::new();
        for address in all.into_iter().take(ADDRESSES_MAX) {
            match self.ask_at(address, name, kind) {
                Ok(there) => return Ok(there),
                Err(told) => why = told,
            }
        }
        Err(why)
    }

    fn ask_at(&mut self, server: SocketAddr, name: &str, kind: RecordType) -> Result<There, String> {
        let asked = match kind {
            RecordType::A => Kind::A,
            RecordType::Aaaa => Kind::Aaaa,
            RecordType::Txt => Kind::Txt,
        };
        let reply = self.asker.ask(server, &Question::new(name, asked), false)?;
        if !reply.authoritative {
            return Err(format!("{server} does not answer for {name}"));
        }
        let fits = |data: Data| match data {
            Data::Address(address) => Some(address.to_string()),
            Data::Text(text) => Some(text),
            Data::Server(_) | Data::Alias(_) => None,
        };
        let own = reply.answers.into_iter().filter(|record| record.name == name);
        let data: Vec<String> = own.filter_map(|record| fits(record.data)).collect();
        match reply.code {
            Code::NoSuchName => Ok(There::NoSuchName),
            Code::Bad(code) => Err(format!("{server} says {code}")),
            Code::Good if data.is_empty() => Ok(There::Nothing),
            Code::Good => Ok(There::Data(data)),
        }
    }
}

fn addresses(server: &str, deadline: Deadline) -> Result<Vec<SocketAddr>, String> {
    let (host, port) = split(server, Some(PORT))?;
    resolve(&host, port, deadline).map_err(|err| format!("{server}: {}", plain(&err)))
}
