//! Clients that do what they should not, while others go on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use atalaya_broker::Why;
use atalaya_broker::limits::{RETAINED_BYTES_MAX, RETAINED_PER_NODE_MAX, UNKNOWN_PER_ADDRESS_MAX, WELCOMES_PER_SECOND};

use super::client::{Client, Hello, packet, tcp};
use super::identity::Secure;
use super::serve::{Serve, until};

/// Somebody who does nothing wrong, and must not notice anything.
fn works(client: &mut Client<TcpStream>) {
    assert_eq!(client.subscribe("good/#"), 1);
    assert_eq!(client.publish("good/topic", b"x", false), 0);
    assert_eq!(client.next().payload, b"x");
}

fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut rest);
}

#[test]
fn ten_megabytes_are_refused_and_nobody_notices() {
    let serve = Serve::open();
    let mut good = Client::join(serve.plain, &Hello::new("good"));
    works(&mut good);
    let mut hostile = Client::join(serve.plain, &Hello::new("hostile"));
    let large = packet(0x30, &[b"\0\x04good\0".as_slice(), &vec![0; 10 << 20]].concat());
    let _ = hostile.stream.write_all(&large);
    until("it is refused", || serve.counters().refused_for(Why::TooLarge) == 1);
    ends(hostile.stream);
    // And before it has said who it is.
    let mut stranger = tcp(serve.plain);
    let _ = stranger.write_all(&packet(0x10, &vec![0; 10 << 20]));
    until("it is refused", || serve.counters().refused_for(Why::TooLarge) == 2);
    ends(stranger);
    works(&mut good);
}

#[test]
fn what_is_not_mqtt_is_refused_and_counted() {
    let serve = Serve::open();
    let mut good = Client::join(serve.plain, &Hello::new("good"));
    for (number, bytes) in
        [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0; 64], &[0xff; 64], &[0x30, 0x02, 0, 9]].into_iter().enumerate()
    {
        let mut stranger = tcp(serve.plain);
        stranger.write_all(bytes).unwrap();
        // What is an unfinished packet is waited for until it ends.
        let _ = stranger.shutdown(std::net::Shutdown::Write);
        ends(stranger);
        let mut hostile = Client::join(serve.plain, &Hello::new(&format!("hostile-{number}")));
        hostile.stream.write_all(bytes).unwrap();
        let _ = hostile.stream.shutdown(std::net::Shutdown::Write);
        ends(hostile.stream);
    }
    until("they are counted", || serve.counters().refused_for(Why::Malformed) >= 4);
    works(&mut good);
}

/// Three who say nothing, or not all, where the limit is ten seconds; the others come and go meanwhile.
#[test]
fn who_says_nothing_delays_nobody_and_has_to_go() {
    let secure = Secure::new();
    let serve = &secure.serve;
    let silent = tcp(secure.address());
    let mut half = tcp(serve.plain);
    half.write_all(&[0x10, 100, 0, 4, b'M', b'Q']).unwrap();
    let mut half_tls = tcp(secure.address());
    half_tls.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    until("all are there", || serve.counters().unknown == 3);
    for _ in 0..50 {
        let mut nas = secure.nas(&Hello::new("atalaya-nas"));
        assert_eq!(nas.publish("atalaya/nas/status", b"online", false), 0);
    }
    assert_eq!(serve.counters().unknown, 3, "and they are still there");
    [silent, half, half_tls].into_iter().for_each(ends);
    until("they are counted", || serve.counters().handshakes_failed == 2 && serve.counters().timed_out == 1);
    until("nothing is left of them", || serve.counters().connections == 0 && serve.counters().unknown == 0);
}

#[test]
fn too_many_unknown_from_one_address_are_closed_at_once() {
    let serve = Serve::open();
    let mut good = Client::join(serve.plain, &Hello::new("good"));
    let mut silent: Vec<TcpStream> = (0..UNKNOWN_PER_ADDRESS_MAX).map(|_| tcp(serve.plain)).collect();
    until("all are there", || serve.counters().unknown == UNKNOWN_PER_ADDRESS_MAX);
    for _ in 0..5 {
        ends(tcp(serve.plain));
    }
    assert_eq!(serve.counters().no_room, 5);
    works(&mut good);
    Client::join(serve.own_address(), &serve.own_hello());
    silent.pop();
    until("there is room again", || serve.counters().unknown < UNKNOWN_PER_ADDRESS_MAX);
    Client::join(serve.plain, &Hello::new("next"));
}

/// What the others say comes before the end of the flood.
#[test]
fn a_flood_waits_and_nobody_with_it() {
    let serve = Serve::open();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    assert_eq!(own.subscribe("#"), 1);
    let (flood, others) = (3_000, 100);
    let began = Instant::now();
    let heard: Vec<String> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut hostile = Client::join(serve.plain, &Hello::new("hostile"));
            for _ in 0..flood {
                hostile.send("flood", b"x", 0, false, &[]).unwrap();
            }
            // Not lost with what it said last: it leaves when all was taken.
            hostile.settle();
        });
        scope.spawn(|| {
            until("the flood is held up", || serve.counters().refused_for(Why::TooMuch) > 0);
            let mut good = Client::join(serve.plain, &Hello::new("good"));
            for _ in 0..others {
                assert_eq!(good.publish("good", b"x", false), 0);
            }
        });
        (0..flood + others).map(|_| own.next().topic).collect()
    });
    let last = |topic| heard.iter().rposition(|heard| heard == topic).unwrap();
    assert!(last("good") < last("flood"), "{} {}", last("good"), last("flood"));
    assert_eq!(heard.iter().filter(|topic| *topic == "flood").count(), flood, "late, and not lost");
    // The only way to take longer than this is to be slow; to be faster is to break the bound.
    assert!(began.elapsed() >= Duration::from_millis(1_900), "1,000 at once and 1,000 a second");
}

/// Everybody is let in, and none is refused.
#[test]
fn a_fleet_that_comes_at_once_is_let_in_one_after_another() {
    let serve = Serve::open();
    let began = Instant::now();
    let (threads, each) = (4, WELCOMES_PER_SECOND as usize / 2);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let serve = &serve;
            scope.spawn(move || {
                let come = |number| Client::join(serve.plain, &Hello::new(&format!("{thread}-{number}")));
                (0..each).map(come).collect::<Vec<_>>()
            });
        }
    });
    assert_eq!((serve.counters().welcomed, serve.counters().no_room), (2 * u64::from(WELCOMES_PER_SECOND), 0));
    // As above: to be faster is to break the bound.
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
}

#[test]
fn what_does_not_fit_is_delivered_and_not_retained() {
    let serve = Serve::guarded();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    let mut nas = Client::join(serve.plain, &Hello::new("atalaya-nas").user("nas", "secret"));
    for number in 0..RETAINED_PER_NODE_MAX {
        assert_eq!(nas.publish(&format!("atalaya/nas/disk/{number}"), b"x", true), 0);
    }
    assert_eq!(own.subscribe("atalaya/nas/disk/more"), 1);
    assert_eq!(nas.publish("atalaya/nas/disk/more", b"more", true), 0);
    let heard = own.next();
    assert_eq!((heard.payload.as_slice(), heard.retained), (&b"more"[..], false));
    assert!(heard.user.contains(&("x-mqtt-sender".into(), "node:nas".into())), "{heard:?}");
    let mut nas2 = Client::join(serve.plain, &Hello::new("atalaya-nas2").user("nas2", "secret"));
    assert_eq!(nas2.publish("atalaya/nas2/disk/1", &vec![0; RETAINED_BYTES_MAX + 1], true), 0);
    assert_eq!(nas2.publish("atalaya/nas2/disk/2", b"another has room", true), 0);
    let counters = serve.counters();
    assert_eq!((counters.retained, counters.refused_for(Why::NotRetained)), (RETAINED_PER_NODE_MAX + 1, 2));
    let full = Hello::new("atalaya-nas").user("nas", "secret").will("atalaya/nas/status", "offline", true);
    assert_eq!(Client::over(tcp(serve.plain), &full).err(), Some(0x97), "nor is a will that would not fit");
}

#[test]
fn a_thousand_subscriptions_by_name_are_one_tools_right() {
    let serve = Serve::guarded();
    let mut home = Client::join(serve.plain, &Hello::new("h").user("home", "secret"));
    for number in 0..1_000 {
        assert_eq!(home.subscribe(&format!("atalaya/nas/disk/{number}")), 1);
    }
    let secure = Secure::new();
    let mut nas = secure.nas(&Hello::new("atalaya-nas"));
    let codes: Vec<u8> = (0..70).map(|number| nas.subscribe(&format!("atalaya/nas/cmd/{number}"))).collect();
    assert_eq!(codes.iter().filter(|code| **code == 1).count(), 64);
    assert_eq!(codes.last(), Some(&0x97));
}
