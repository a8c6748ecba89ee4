//! Places for those who have not said who they are.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Places, in all and for one address.
pub(crate) struct Permits {
    all: usize,
    per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place, given back when it is dropped.
pub(crate) struct Permit {
    permits: Arc<Permits>,
    address: IpAddr,
}

impl Permits {
    pub(crate) fn new(all: usize, per_address: usize) -> Arc<Self> {
        Arc::new(Self { all, per_address, taken: Mutex::default() })
    }

    /// A place for somebody at `address`, unless all are taken, or all of that address.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let address = whole(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.all || here >= self.per_address {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, here + 1);
        Some(Permit { permits: Arc::clone(self), address })
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.permits.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        match taken.by_address.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.by_address.remove(&self.address)),
        }
    }
}

/// What one machine has of addresses: an IPv4 address, however it is written, or a /64.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let permits = Permits::new(5, 2);
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = permits.admit(at("192.0.2.1"));
        let _second = permits.admit(at("::ffff:192.0.2.1")).unwrap();
        assert!(permits.admit(at("192.0.2.1")).is_none(), "the same address, written twice");
        let _v6 = (permits.admit(at("2001:db8::1")).unwrap(), permits.admit(at("2001:db8::2")).unwrap());
        assert!(permits.admit(at("2001:db8::3")).is_none(), "the same /64");
        let _fifth = permits.admit(at("192.0.2.2")).unwrap();
        assert!(permits.admit(at("192.0.2.3")).is_none(), "all taken");
        drop(first);
        assert_eq!(permits.taken(), 4);
        assert!(permits.admit(at("192.0.2.1")).is_some());
    }
}
