//! The probe against kept machines.

use super::*;
use crate::probe::machines::{Sketch, look, machine};

fn see(net: &mut Net, site: &Site, seconds: u64) -> Vec<View> {
    let (seen, result) = look(net, site, seconds);
    assert_eq!(result, Ok(()));
    let view = |(id, sample): (ObjectId, Sample)| match sample {
        Sample::Net(view) => {
            assert_eq!(id, ObjectId::of(view.name.as_deref().unwrap()));
            view
        }
        other => panic!("{other:?}"),
    };
    seen.into_iter().map(view).collect()
}

fn check(name: &str, expected: &[(&str, bool, Option<u64>)]) {
    let seen = see(&mut Net::new(NetConfig::default()), &machine(name), 10);
    let seen: Vec<_> = seen
        .iter()
        .map(|view| {
            (view.name.as_deref().unwrap(), view.up.unwrap(), view.speed_bits_per_second.map(|bits| bits / 1_000_000))
        })
        .collect();
    assert_eq!(seen, expected, "{name}");
}

#[test]
fn interfaces_of_kept_machines() {
    check("nas-arm", &[("eth0", true, Some(1000)), ("eth1", false, None)]);
    check("pi", &[("eth0", true, Some(100)), ("wlan0", false, None)]);
    check(
        "pc-nvme",
        &[
            ("bond0", true, Some(2000)),
            ("br0", true, None),
            ("br0.7", true, None),
            ("enp1s0", true, Some(2500)),
            ("wg0", true, None),
        ],
    );
}

#[test]
fn counters_and_addresses() {
    let seen = see(&mut Net::new(NetConfig::default()), &machine("nas-arm"), 10);
    let eth0 = &seen[0];
    assert_eq!((eth0.received_bytes, eth0.sent_bytes), (Some(4_294_960_000), Some(91_233_100)));
    assert_eq!((eth0.receive_error_count, eth0.receive_drop_count), (Some(2), Some(17)));
    assert_eq!((eth0.mac.as_deref(), &eth0.ipv4), (Some("24:5e:be:00:00:01"), &None));
    assert_eq!(see(&mut Net::new(NetConfig::default()), &machine("pc-nvme"), 10)[4].mac, None, "a tunnel has none");
}

#[test]
fn what_people_say_counts() {
    let config = NetConfig { ignored: vec!["eth1".into()], wanted: vec!["lo".into()] };
    let seen = see(&mut Net::new(config), &machine("nas-arm"), 10);
    assert_eq!(seen.iter().map(|view| view.name.as_deref().unwrap()).collect::<Vec<_>>(), ["eth0", "lo"]);
    assert_eq!(seen[1].mac, None);
    let (seen, result) = look(&mut Net::new(NetConfig::default()), &Sketch::new(&[]).site(), 10);
    assert!(seen.is_empty() && matches!(result, Err(Fault::Absent(_))));
}

#[test]
fn counters_that_wrap_have_no_rate() {
    let sketch = Sketch::new(&[("sys/class/net/eth0/operstate", "up\n")]);
    let mut net = Net::new(NetConfig::default());
    let mut step = |seconds, received: u64, sent: &str| {
        sketch.put("sys/class/net/eth0/statistics/rx_bytes", &received.to_string());
        sketch.put("sys/class/net/eth0/statistics/tx_bytes", sent);
        let view = see(&mut net, &sketch.site(), seconds).remove(0);
        (view.received_bytes_per_second, view.sent_bytes_per_second)
    };
    assert_eq!(step(10, 4_294_967_000, "10"), (None, None));
    assert_eq!(step(20, 4_294_967_200, "110"), (Some(20.0), Some(10.0)));
    assert_eq!(step(30, 100, "junk"), (None, None));
    assert_eq!(step(40, 200, "5"), (Some(10.0), None));
}

#[test]
fn the_first_address_that_others_could_use() {
    let mut found = Addresses::default();
    for ip in ["127.0.0.1", "169.254.3.4", "192.0.2.7", "192.0.2.8"] {
        found.v4(ip.parse().unwrap());
    }
    for ip in ["::1", "fe80::1", "fd00::1", "2001:db8::1", "2001:db8::2", "fd00::2"] {
        found.v6(ip.parse().unwrap());
    }
    assert_eq!(found.v4, Some(Ipv4Addr::new(192, 0, 2, 7)));
    assert_eq!(found.v6, Some("2001:db8::1".parse().unwrap()));
}

#[test]
fn this_machine_has_addresses() {
    assert!(addresses().len() <= ADDRESSES_MAX);
}

#[test]
fn interfaces_beyond_the_limit_are_counted() {
    let sketch = Sketch::new(&[]);
    (0..INTERFACES_MAX + 9).for_each(|n| sketch.put(&format!("sys/class/net/eth{n}/operstate"), "up"));
    let config = NetConfig { ignored: vec!["eth0".into(), "eth1".into()], ..NetConfig::default() };
    let mut net = Net::new(config);
    assert_eq!((see(&mut net, &sketch.site(), 10).len(), net.left_out()), (INTERFACES_MAX, 7));
    sketch.remove("sys/class/net");
    sketch.put("sys/class/net/eth5/operstate", "up");
    assert_eq!((see(&mut net, &sketch.site(), 10).len(), net.left_out()), (1, 0));
}
