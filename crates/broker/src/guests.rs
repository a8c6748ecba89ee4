//! Who is connected: by number of the connection, and by client id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::door::Door;
use crate::rights::Why;
use crate::who::Who;

/// See the module.
#[derive(Default)]
pub(crate) struct Guests {
    here: Mutex<Here>,
    left: Notify,
}

#[derive(Default)]
struct Here {
    next: u64,
    doors: HashMap<u64, Arc<Door>>,
    /// Which connection has a client id, and who that is.
    ids: HashMap<String, (u64, Who)>,
}

impl Guests {
    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a new connection.
    pub(crate) fn number(&self) -> u64 {
        let mut here = self.here();
        here.next += 1;
        here.next
    }

    pub(crate) fn come(&self, door: &Arc<Door>) {
        self.here().doors.insert(door.number, Arc::clone(door));
    }

    /// `who` takes `client_id`; from himself perhaps, from others never.
    pub(crate) fn take_id(&self, number: u64, client_id: &str, who: &Who) -> Result<(), Why> {
        let mut here = self.here();
        if here.ids.get(client_id).is_some_and(|(_, other)| other.sender() != who.sender()) {
            return Err(Why::Taken);
        }
        here.ids.insert(client_id.to_owned(), (number, who.clone()));
        Ok(())
    }

    /// Whether a client id is this connection's, and no later one's.
    pub(crate) fn has_id(&self, number: u64, client_id: &str) -> bool {
        self.here().ids.get(client_id).is_some_and(|(holder, _)| *holder == number)
    }

    pub(crate) fn leave(&self, door: &Door) {
        let mut here = self.here();
        here.doors.remove(&door.number);
        if let Some(id) = door.client_id()
            && here.ids.get(id).is_some_and(|(holder, _)| *holder == door.number)
        {
            here.ids.remove(id);
        }
        drop(here);
        self.left.notify_waiters();
    }

    /// All connections for which `wanted` says yes.
    pub(crate) fn all(&self, wanted: impl Fn(&Door) -> bool) -> Vec<Arc<Door>> {
        self.here().doors.values().filter(|door| wanted(door)).map(Arc::clone).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.here().doors.len()
    }

    /// Until none of `doors` is here.
    pub(crate) async fn gone(&self, doors: &[Arc<Door>]) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if !doors.iter().any(|door| self.here().doors.contains_key(&door.number)) {
                return;
            }
            left.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between two that connect at the same time, before either has a session.
    #[test]
    fn a_client_id_goes_to_one_identity() {
        let guests = Guests::default();
        let node = |id: &str| Who::Node(id.parse().unwrap());
        assert_eq!(guests.take_id(1, "x", &node("nas")), Ok(()));
        assert_eq!(guests.take_id(2, "x", &node("nas2")), Err(Why::Taken));
        assert_eq!(guests.take_id(3, "x", &Who::Anybody), Err(Why::Taken));
        assert_eq!(guests.take_id(4, "x", &node("nas")), Ok(()), "from himself");
        assert!(guests.has_id(4, "x") && !guests.has_id(1, "x"));
    }
}
