//! The probe against kept machines.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

use super::*;
use crate::probe::machines::{Sketch, at, look, machine};
use crate::probe::measure::when;
use crate::probe::smart::{Helper, Sweep};
use list::DISKS_MAX;

/// Without SMART.
fn plain() -> Disks {
    Disks::new(DisksConfig { smart: false, ..DisksConfig::default() })
}

fn see(probe: &mut Disks, site: &Site, seconds: u64) -> BTreeMap<String, Disk> {
    let (seen, result) = look(probe, site, seconds);
    assert_eq!(result, Ok(()));
    let disk = |(id, sample): (ObjectId, Sample)| match sample {
        Sample::Disk(view) => (id.as_str().to_owned(), view),
        other => panic!("{other:?}"),
    };
    seen.into_iter().map(disk).collect()
}

fn check(name: &str, expected: &[(&str, &str, &str, &str)]) {
    let seen = see(&mut plain(), &machine(name), 10);
    let word = |of: &Option<atalaya_wire::Text>| of.as_deref().unwrap_or("?").to_owned();
    let told: Vec<_> =
        seen.iter().map(|(id, disk)| (id.clone(), word(&disk.name), word(&disk.kind), word(&disk.model))).collect();
    let told: Vec<_> = told.iter().map(|(a, b, c, d)| (a.as_str(), b.as_str(), c.as_str(), d.as_str())).collect();
    assert_eq!(told, expected, "{name}");
}

#[test]
fn disks_of_kept_machines() {
    check(
        "nas-arm",
        &[("WD-WCC7K0AAAAAA", "sda", "hdd", "WDC WD40EFRX-68N"), ("WD-WCC7K0BBBBBB", "sdb", "hdd", "WDC WD40EFRX-68N")],
    );
    check("pi", &[("0x1a2b3c4d", "mmcblk0", "other", "SD32G"), ("5000c500a1b2c3d4", "sda", "hdd", "Generic")]);
    check(
        "pc-nvme",
        &[
            ("500a075110000001", "sda", "ssd", "SATA SSD"),
            ("500a075110000002", "sdb", "ssd", "SATA SSD"),
            ("S466NX0M700001A", "nvme0n1", "nvme", "Samsung SSD 970 EVO 500GB"),
            ("vda", "vda", "other", "?"),
        ],
    );
}

#[test]
fn what_the_kernel_put_to_sleep_stands_by() {
    let seen = see(&mut plain(), &machine("pi"), 10);
    let disk = &seen["5000c500a1b2c3d4"];
    assert_eq!((disk.power.as_deref(), disk.serial.as_deref()), (Some("standby"), None));
    assert_eq!((disk.size_bytes, disk.firmware.as_deref()), (Some(1_953_525_168 * 512), Some("0508")));
    assert_eq!(seen["0x1a2b3c4d"].power, None);
}

fn sketch(stats: &str) -> Sketch {
    Sketch::new(&[
        ("proc/diskstats", stats),
        ("sys/block/sda/size", "1000\n"),
        ("sys/block/sda/queue/rotational", "1\n"),
        ("sys/block/sda/device/serial", "ABCD1234\n"),
    ])
}

#[test]
fn rates_are_of_the_time_between_two_readings() {
    let sketch = sketch("8 0 sda 1 0 100 0 1 0 100 0 0 0 0\n");
    let mut probe = plain();
    let disk = see(&mut probe, &sketch.site(), 10)["ABCD1234"].clone();
    assert_eq!((disk.read_bytes_per_second, disk.busy_percent, disk.power), (None, None, None));
    sketch.put("proc/diskstats", "8 0 sda 2 0 300 0 1 0 100 0 0 2500 0\n");
    let disk = see(&mut probe, &sketch.site(), 20)["ABCD1234"].clone();
    assert_eq!((disk.read_bytes_per_second, disk.write_bytes_per_second), (Some(10_240.0), Some(0.0)));
    assert_eq!((disk.busy_percent, disk.power.as_deref()), (Some(25.0), Some("active")));
    sketch.put("proc/diskstats", "8 0 sda 0 0 0 0 0 0 0 0 0 0 0\n");
    let disk = see(&mut probe, &sketch.site(), 30)["ABCD1234"].clone();
    assert_eq!((disk.read_bytes_per_second, disk.busy_percent), (None, None), "reset");
}

#[test]
fn sticks_and_cards_are_not_missed() {
    let sketch = sketch("");
    sketch.put("sys/block/mmcblk0/size", "1000\n");
    sketch.put("sys/block/mmcblk0/device/type", "SD\n");
    let mut probe = plain();
    let mut missed = |site: &Site| {
        let (seen, _) = look(&mut probe, site, 10);
        seen.iter()
            .filter(|(id, what)| probe.misses(id, what))
            .map(|(id, _)| id.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(missed(&sketch.site()), ["ABCD1234"]);
    sketch.put("sys/block/mmcblk0/device/type", "MMC\n");
    sketch.put("sys/block/sda/removable", "1\n");
    assert_eq!(missed(&sketch.site()), ["mmcblk0"]);
    let ignored = DisksConfig { ignored: vec!["ABCD1234".into()], smart: false, ..DisksConfig::default() };
    let gone = Disk { serial: Some(text("ABCD1234")), ..Disk::default() }.into();
    assert!(!Disks::new(ignored).misses(&ObjectId::of("x"), &gone), "what is left out now is not missed");
}

#[test]
fn disks_that_are_ignored_and_none() {
    for name in ["sda", "ABCD1234"] {
        let mut probe =
            Disks::new(DisksConfig { ignored: vec![name.to_owned()], smart: false, ..DisksConfig::default() });
        let (seen, result) = look(&mut probe, &sketch("").site(), 10);
        assert!(seen.is_empty() && matches!(result, Err(Fault::Absent(_))), "{name}");
    }
}

/// A helper that answers once with `said`.
fn helper(path: &std::path::Path, said: String) -> std::thread::JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
    })
}

#[test]
fn smart_stands_beside_what_the_kernel_knows() {
    let sketch = sketch("8 0 sda 1 0 100 0 1 0 100 0 0 0 0\n");
    let site = sketch.site();
    let config = DisksConfig { smart_helper: "/s".into(), smart_every_seconds: 60, ..DisksConfig::default() };
    let mut probe = Disks::with(config, false);
    let (seen, result) = look(&mut probe, &site, 0);
    let Some((_, Sample::Disk(disk))) = seen.first() else { panic!("{seen:?}") };
    assert!(matches!(result, Err(Fault::Denied(why)) if why.contains("helper")), "and use is told all the same");
    assert_eq!((disk.kind.as_deref(), disk.health.as_deref()), (Some("hdd"), None));

    let report = r#"{"smartctl":{"exit_status":0},"model_name":"LONG MODEL","rotation_rate":0,"smart_status":{"passed":true},"temperature":{"current":41}}"#;
    let first =
        helper(&site.path("/s"), format!("disk sda active {}\n{report}disk sdz active 2\n{{}}end\n", report.len()));
    assert!(look(&mut probe, &site, 30).1.is_err(), "not yet");
    let disk = see(&mut probe, &site, 60)["ABCD1234"].clone();
    first.join().unwrap();
    assert_eq!((disk.model.as_deref(), disk.kind.as_deref()), (Some("LONG MODEL"), Some("ssd")));
    assert_eq!(
        (disk.health.as_deref(), disk.temperature_celsius, disk.size_bytes),
        (Some("ok"), Some(41.0), Some(512_000))
    );
    assert_eq!((disk.smart_at.as_deref(), disk.power.as_deref()), (Some("2023-11-14T22:14:20Z"), Some("active")));
    assert_eq!((disk.serial.as_deref(), disk.read_bytes_per_second), (Some("ABCD1234"), Some(0.0)));

    sketch.remove("s");
    let second = helper(&site.path("/s"), "disk sda standby 0\nend\n".into());
    let disk = see(&mut probe, &site, 120)["ABCD1234"].clone();
    second.join().unwrap();
    assert_eq!((disk.power.as_deref(), disk.temperature_celsius), (Some("standby"), None), "it has cooled down");
    assert_eq!((disk.health.as_deref(), disk.smart_at.as_deref()), (Some("ok"), Some("2023-11-14T22:14:20Z")));
    sketch.put("proc/diskstats", "8 0 sda 9 0 100 0 1 0 100 0 0 0 0\n");
    assert_eq!(see(&mut probe, &site, 150)["ABCD1234"].power.as_deref(), Some("active"), "it was woken");

    let mut ask = |seconds: u64, said: &str| {
        sketch.remove("s");
        let asked = helper(&site.path("/s"), format!("{said}end\n"));
        let disk = see(&mut probe, &site, seconds)["ABCD1234"].clone();
        asked.join().unwrap();
        disk
    };
    let good = || format!("disk sda active {}\n{report}", report.len());
    assert_eq!(ask(300, &good()).temperature_celsius, Some(41.0));
    // It did nothing, and is left alone so that it may fall asleep: perhaps it has.
    let disk = ask(360, "disk sda idle 0\n");
    assert_eq!((disk.power, disk.temperature_celsius, disk.health.as_deref()), (None, None, Some("ok")));
    sketch.put("proc/diskstats", "8 0 sda 19 0 100 0 1 0 100 0 0 0 0\n");
    let disk = ask(420, "disk sda idle 0\n");
    assert_eq!((disk.power.as_deref(), disk.temperature_celsius), (Some("active"), None), "the kernel saw it work");

    for (turn, said, why) in [
        (600, "disk sda active 2\n{}", "smartctl could not read it"),
        (900, "disk sda silent 0\n", "smartctl gets nothing"),
        (1200, "disk sda hung 0\n", "smartctl waits"),
    ] {
        assert_eq!(ask(turn, &good()).health.as_deref(), Some("ok"));
        let disk = ask(turn + 60, said);
        assert_eq!((disk.health, disk.temperature_celsius), (None, None), "what can be read no more is not ok: {said}");
        assert!(disk.problem.as_deref().unwrap().starts_with(why), "{:?}", disk.problem);
        assert_eq!(disk.smart_at, Some(when(at(turn).wall)), "its figures are as old as they say");
        let disk = ask(turn + 120, "disk sda standby 0\n");
        assert!(disk.health.is_none() && disk.problem.is_some(), "sleep makes it no better");
    }
    let bad = report.replace("true", "false");
    let bad = ask(1500, &format!("disk sda active {}\n{bad}", bad.len()));
    assert_eq!(bad.health.as_deref(), Some("failing"));
    let worse = ask(1560, "disk sda silent 0\n");
    assert_eq!(worse.health.as_deref(), Some("failing"), "bad news stays");
    let (was, is) = (bad.problem.unwrap(), worse.problem.unwrap());
    assert!(is.starts_with(was.as_str()) && is.contains("; smartctl gets nothing"), "{is}");
}

#[test]
fn a_smartctl_that_hangs_is_killed_and_told() {
    let sketch = sketch("8 0 sda 1 0 100 0 1 0 100 0 0 0 0\n");
    let site = sketch.site();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/probe/smart/hanging-smartctl");
    let program = site.path("/smartctl");
    std::os::unix::fs::symlink(script, &program).unwrap();
    let listener = crate::probe::smart::listen(&site.path("/s")).unwrap();
    let sweep = Sweep::of(&[program.to_str().unwrap()], Duration::from_secs(2));
    let mut helper = Helper::new(sweep, site.clone());
    std::thread::spawn(move || helper.run(&listener, || Duration::ZERO));
    let config = DisksConfig { smart_helper: "/s".into(), smart_every_seconds: 60, ..DisksConfig::default() };
    let mut probe = Disks::with(config, false);
    // What the kernel knows is told at once, the rest with one of the next readings.
    let told = (1..1000).find_map(|turn| {
        let disk = see(&mut probe, &site, turn)["ABCD1234"].clone();
        assert_eq!(disk.size_bytes, Some(512_000));
        disk.problem
    });
    assert!(told.unwrap().starts_with("smartctl waits for this disk in vain"));
    let id: i32 = std::fs::read_to_string(site.path("/pid")).unwrap().trim().parse().unwrap();
    let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), None);
    assert_eq!(alive, Err(nix::errno::Errno::ESRCH));
}

#[test]
fn disks_beyond_the_limit_are_counted_and_those_that_are_ignored_make_room() {
    let sketch = Sketch::new(&[("proc/diskstats", "")]);
    for n in 0..DISKS_MAX + 5 {
        sketch.put(&format!("sys/block/sd{n}/size"), "2048");
        sketch.put(&format!("sys/block/sd{n}/device/model"), &format!("disk {n}"));
    }
    let ignored = (0..3).map(|n| format!("sd{n}")).collect();
    let mut disks = Disks::new(DisksConfig { smart: false, ignored, ..DisksConfig::default() });
    let seen = see(&mut disks, &sketch.site(), 10);
    assert_eq!((seen.len(), disks.left_out()), (DISKS_MAX, 2));
}
