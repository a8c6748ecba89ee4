//! People over a real database, on a clock that stands still until it is moved.

mod changes;
mod links;
mod sessions;
mod tokens;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::*;
use crate::clock::{Clock, Simulated};
use crate::db::read::people as read;
use crate::db::{Audit, Writer};
use crate::tower::Who;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
const PASSWORD: &str = "correct horse";

pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) clock: Arc<Simulated>,
    writer: Option<Writer>,
    pub(super) people: Arc<People>,
}

impl World {
    pub(super) fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Simulated::at(1_800_000_000)));
        let (writer, people) = start(folder.path(), &clock);
        Self { folder, clock, writer: Some(writer), people }
    }

    /// With an approver, an operator of one customer, and their passwords.
    pub(super) async fn peopled() -> Self {
        let world = Self::new();
        let eva = wish("eva", Role::Operator, Customers::of(&["Ferretería".into()]).unwrap());
        for one in [wish("Ana", Role::Approver, Customers::All), eva] {
            world.people.add_account(&by(), one, password(PASSWORD), world.now()).await.unwrap();
        }
        world
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// The program ends and starts again; its own clock begins anew.
    pub(super) fn restart(&mut self) {
        self.writer.take().unwrap().stop();
        self.clock = Arc::new(Simulated::at(self.now().seconds()));
        let (writer, people) = start(self.folder.path(), &self.clock);
        (self.writer, self.people) = (Some(writer), people);
    }

    /// Nothing can be written any more.
    pub(super) fn break_writer(&mut self) {
        self.writer.take().unwrap().stop();
    }

    pub(super) async fn log_in(&self, name: &str, given: &str) -> Result<LoggedIn, Refused> {
        self.people.log_in(name, password(given), peer(1), self.now()).await
    }

    pub(super) fn is_in(&self, session: &LoggedIn) -> bool {
        self.people.who(&session.cookie, self.now()).is_some()
    }

    pub(super) fn audit(&self, filter: &read::AuditFilter) -> Vec<Audit> {
        let readers = crate::db::Readers::new(self.folder.path());
        let lines = readers.now(|connection| read::audit(connection, filter, 1000)).unwrap();
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

fn start(folder: &Path, clock: &Arc<Simulated>) -> (Writer, Arc<People>) {
    let now = clock.now();
    let database = crate::db::open(folder, now.seconds()).unwrap();
    let loaded = read::load(&database.connection, now.seconds()).unwrap();
    let clock: Arc<dyn Clock> = clock.clone();
    let writer = Writer::start(database, clock, Vec::new(), |_| {}).unwrap();
    let terms = Terms { session: 30 * DAY, idle: 7 * DAY };
    let people = Arc::new(People::new(writer.desk(), terms, loaded, now));
    (writer, people)
}

pub(super) fn by() -> Who {
    Who { name: "root".into(), how: "command", peer: String::new() }
}

pub(super) fn peer(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

pub(super) fn password(text: &str) -> Password {
    Zeroizing::new(text.to_owned())
}

pub(super) fn wish(name: &str, role: Role, customers: Customers) -> AccountWish {
    AccountWish { name: name.into(), role, customers, language: "es".into(), zone: "Europe/Madrid".into() }
}
