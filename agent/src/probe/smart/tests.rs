//! Reports of several kinds of disks, kept and real, whole and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::probe::Output;
use crate::probe::machines::{Sketch, machine, shared};

fn kept(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/probe/smart");
    fs::read(folder.join(name).with_extension("json")).unwrap()
}

fn once(report: &[u8]) -> Result<Disk> {
    parse(report, &mut Growth::default(), Duration::ZERO)
}

fn judged(name: &str, health: &str, problem: Option<&str>) -> Disk {
    let disk = once(&kept(name)).unwrap();
    assert_eq!((disk.health.as_deref(), disk.problem.as_deref()), (Some(health), problem), "{name}");
    disk
}

#[test]
fn a_disk_that_turns() {
    let disk = judged("hdd", "ok", None);
    assert_eq!((disk.model.as_deref(), disk.kind.as_deref()), (Some("WDC WD40EFRX-68N32N0"), Some("hdd")));
    assert_eq!((disk.temperature_celsius, disk.powered_seconds), (Some(36.0), Some(29_811 * 3600)));
    assert_eq!((disk.reallocated_count, disk.pending_count, disk.crc_count), (Some(0), Some(0), Some(4)));
    assert_eq!((disk.written_bytes, disk.wear_percent), (Some(60_123_456_789 * 512), None));
    assert_eq!((disk.self_test.as_deref(), disk.power_cycles), (Some("passed"), Some(87)));
}

#[test]
fn one_that_wears_out() {
    let why = "16 sectors that could not be read; 16 sectors that could not be corrected; the disk logged errors lately; a self-test failed; 8 sectors replaced";
    let disk = once(&kept("seagate-worn")).unwrap();
    assert_eq!(disk.health.as_deref(), Some("failing"));
    assert!(why.starts_with(disk.problem.as_deref().unwrap()), "{:?}", disk.problem);
    assert_eq!((disk.reallocated_count, disk.reported_count), (Some(8), Some(1)));
    assert_eq!(disk.self_test.as_deref(), Some("failed"));
}

#[test]
fn solid_state_disks() {
    let disk = judged("ssd", "ok", None);
    assert_eq!((disk.kind.as_deref(), disk.wear_percent), (Some("ssd"), Some(7.0)));
    assert_eq!((disk.written_bytes, disk.self_test.as_deref()), (Some(40_123_456_789 * 512), Some("never")));
    assert_eq!(disk.powered_seconds, Some(12_000 * 3600 + 1800));
    let disk = judged("nvme", "ok", None);
    assert_eq!((disk.kind.as_deref(), disk.wear_percent, disk.spare_percent), (Some("nvme"), Some(4.0), Some(100.0)));
    assert_eq!((disk.written_bytes, disk.self_test.as_deref()), (Some(1_024_000_000_000), Some("passed")));
    let disk = once(&kept("nvme-failing")).unwrap();
    assert_eq!((disk.health.as_deref(), disk.uncorrectable_count), (Some("failing"), Some(40)));
    assert!(disk.problem.unwrap().starts_with("the disk says that it fails; its reserve is used up; it is no longer"));
}

#[test]
fn a_disk_of_scsi() {
    let disk = judged("scsi", "warning", Some("3 grown defects; 1 errors that were not corrected"));
    assert_eq!((disk.model.as_deref(), disk.firmware.as_deref()), (Some("HGST HUS726040ALS210"), Some("A5GE")));
    assert_eq!((disk.reallocated_count, disk.uncorrectable_count), (Some(3), Some(1)));
    assert_eq!((disk.written_bytes, disk.power_cycles), (Some(2_124_590_000_000), Some(12)));
    assert_eq!(disk.self_test.as_deref(), Some("aborted"));
}

#[test]
fn what_is_no_report() {
    let check = |report: &[u8], why: &str| match once(report) {
        Err(Fault::Failed(text)) => assert!(text.contains(why), "{text}"),
        other => panic!("{other:?}"),
    };
    check(&kept("denied"), "Permission denied");
    check(&kept("usb-unknown"), "Unknown USB bridge");
    check(b"", "cannot understand");
    check(b"7", "cannot understand");
    check(b"{}", "it does not say why");
    check("[".repeat(100_000).as_bytes(), "cannot understand");
    check(format!("{{\"x\":{}", "{\"x\":".repeat(50_000)).as_bytes(), "cannot understand");
    check(&vec![b' '; REPORT_BYTES_MAX + 1], "more than");
}

/// A report with these attributes: number and raw value.
fn attributes(exit: u8, raw: &[(u8, u64)]) -> String {
    let table: Vec<_> = raw.iter().map(|(id, raw)| format!("{{\"id\":{id},\"raw\":{{\"value\":{raw}}}}}")).collect();
    let table = table.join(",");
    format!(
        "{{\"smartctl\":{{\"exit_status\":{exit}}},\"power_on_time\":{{\"hours\":9000}},\"ata_smart_attributes\":{{\"table\":[{table}]}}}}"
    )
}

#[test]
fn limits() {
    let check = |exit, raw: &[(u8, u64)], health: Option<&str>| {
        let disk = once(attributes(exit, raw).as_bytes()).unwrap();
        assert_eq!(disk.health.as_deref(), health, "{exit} {raw:?} {:?}", disk.problem);
    };
    check(0, &[], None);
    check(0, &[(5, 0), (197, 0)], Some("ok"));
    for id in [5, 10, 184, 187, 197, 198, 201] {
        check(0, &[(id, 1)], Some("warning"));
    }
    check(0, &[(5, 17)], Some("failing"));
    check(0, &[(197, 10)], Some("failing"));
    check(0, &[(5, 0), (196, 2111)], Some("ok"));
    check(0, &[(5, 1), (196, 1)], Some("warning"));
    check(0, &[(5, 0), (188, 99), (199, 99)], Some("ok"));
    for (exit, health) in [
        (4, None),
        (8, Some("failing")),
        (16, Some("failing")),
        (32, Some("warning")),
        (64, Some("warning")),
        (128, Some("warning")),
    ] {
        check(exit, &[], health);
    }
}

#[test]
fn growth_warns_for_a_day() {
    let mut growth = Growth::default();
    let mut step = |hours: u64, crc: u64, timeouts: u64| {
        let report = attributes(0, &[(5, 0), (188, timeouts), (199, crc)]);
        let disk = parse(report.as_bytes(), &mut growth, Duration::from_secs(hours * 3600)).unwrap();
        disk.problem.map(|text| text.as_str().to_owned())
    };
    assert_eq!(step(0, 131, 0), None);
    assert_eq!(step(1, 131, 0), None);
    assert_eq!(step(2, 132, 0).as_deref(), Some("errors on the cable grow: check or replace it"));
    assert!(step(25, 132, 0).is_some());
    assert_eq!(step(26, 132, 0), None);
    assert_eq!(step(27, 0, 0x0002_0001_0000), None, "another disk, and what Seagate packs beside the count");
    assert_eq!(step(28, 0, 0x0002_0001_0003).as_deref(), Some("commands time out"));
    let grown: Growth = serde_json::from_str(&serde_json::to_string(&growth).unwrap()).unwrap();
    assert_eq!(grown, growth);
}

#[test]
fn real_reports_are_understood() {
    let Some(folder) = shared("smart") else { return };
    let see = |name: &str| once(&fs::read(folder.join(name)).unwrap());
    let health = |name: &str| see(name).unwrap().health.map(|health| health.as_str().to_owned());
    let told: BTreeMap<_, _> = [
        ("beszel-apple_nvme.json", "ok"),
        ("beszel-nvme0.json", "ok"),
        ("beszel-scsi.json", "ok"),
        ("beszel-sda.json", "ok"),
        ("scrutiny-smart-ata.json", "ok"),
        ("scrutiny-smart-megaraid0.json", "ok"),
        ("scrutiny-smart-nvme-failed.json", "warning"),
        ("scrutiny-smart-sat.json", "ok"),
    ]
    .into();
    for (name, expected) in told {
        assert_eq!(health(name).as_deref(), Some(expected), "{name} {:?}", see(name).unwrap().problem);
    }
    for name in ["beszel-scan.json", "scrutiny-smart-fail.json"] {
        assert!(matches!(see(name), Err(Fault::Failed(_))), "{name}");
    }
    let disk = see("beszel-sda.json").unwrap();
    assert_eq!((disk.wear_percent, disk.crc_count, disk.written_bytes), (Some(0.0), Some(131), None));
    assert_eq!(disk.self_test.as_deref(), Some("aborted"));
    assert_eq!(see("scrutiny-smart-ata.json").unwrap().self_test.as_deref(), Some("running"));
    assert_eq!(see("beszel-scsi.json").unwrap().written_bytes, Some(2_124_590_000_000));
}

/// Whatever is cut, flipped or put in gives an answer or a word why not.
#[test]
fn damaged_reports_never_panic() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let parts: [&[u8]; 8] = [b"-1", b"1e308", b"null", b"[]", b"{}", b"\"\xc3\xb1\"", b"18446744073709551615", b"true"];
    let mut good = 0;
    for name in ["hdd", "seagate-worn", "ssd", "nvme", "nvme-failing", "scsi", "usb-unknown"] {
        let whole = kept(name);
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = u8::try_from(next(256)).unwrap(),
                    // A value becomes another.
                    2 => {
                        let end = bytes[at..].iter().position(|b| matches!(b, b',' | b'}')).map_or(at, |end| at + end);
                        let start = bytes[..at].iter().rposition(|b| *b == b':').map_or(at, |start| start + 1);
                        bytes.splice(start.min(end)..end, parts[next(parts.len())].iter().copied());
                    }
                    _ => bytes[at] = b"0123456789"[next(10)],
                }
            }
            good += u32::from(once(&bytes).is_ok());
        }
    }
    assert!(good > 1000, "{good}: most should still be read");
}

/// A smartctl that says what the map has for the last words, and remembers how it was asked.
fn sweep(answers: &[(&str, i32, &'static str)]) -> (Sweep, std::sync::mpsc::Receiver<String>) {
    let (send, asked) = std::sync::mpsc::channel();
    let answers: Vec<(String, i32, &'static str)> = answers.iter().map(|(a, b, c)| ((*a).to_owned(), *b, *c)).collect();
    let say = move |words: &[&str]| {
        let words = words.join(" ");
        send.send(words.clone()).unwrap();
        let found = answers.iter().find(|(end, ..)| words.ends_with(end.as_str()));
        let (_, code, text) = found.ok_or_else(|| Fault::Failed("it hangs".into()))?;
        Ok(Output { code: Some(*code), text: (*text).to_owned() })
    };
    (Sweep::with(Box::new(say)), asked)
}

fn told(sweep: &mut Sweep, site: &crate::probe::Site, hours: u64) -> String {
    let mut all = Vec::new();
    let tell = &mut |name: &str, power: Power, report: &[u8]| {
        all.push(format!("{name} {power:?} {}", report.len()));
        Ok(())
    };
    sweep.disks(site, Duration::from_secs(3600 * hours), tell).unwrap();
    all.join(", ")
}

#[test]
fn disks_that_rest_are_left_alone() {
    let sketch =
        Sketch::new(&[("sys/block/sda/size", "9"), ("sys/block/sda/device/model", "X"), ("proc/diskstats", "")]);
    sketch.put("sys/block/sda/queue/rotational", "1");
    let stats = |reads| sketch.put("proc/diskstats", &format!("8 0 sda {reads} 0 0 0 0 0 0 0 0 0 0\n"));
    let (mut sweep, asked) = sweep(&[("/dev/sda", 0, "{}")]);
    stats(1);
    assert_eq!(told(&mut sweep, &sketch.site(), 0), "sda Active 2");
    assert_eq!(asked.try_recv().unwrap(), "--json=c -x -n standby,3 /dev/sda");
    assert_eq!(told(&mut sweep, &sketch.site(), 1), "sda Idle 0");
    stats(2);
    assert_eq!(told(&mut sweep, &sketch.site(), 2), "sda Active 2");
    assert_eq!(told(&mut sweep, &sketch.site(), 25), "sda Idle 0");
    assert_eq!(told(&mut sweep, &sketch.site(), 26), "sda Active 2", "once a day all the same");
    stats(3);
    assert_eq!(told(&mut sweep, &sketch.site(), 26), "sda Idle 0", "not twice at once");
    sketch.put("sys/block/sda/device/power/runtime_status", "suspended");
    stats(4);
    assert_eq!(told(&mut sweep, &sketch.site(), 27), "sda Standby 0");
    assert_eq!(asked.try_iter().count(), 2);
}

#[test]
fn behind_a_bridge_only_what_was_seen_to_work_is_asked() {
    let disk = "sys/devices/pci0/usb2/2-1/host6/block/sdc";
    let sketch = Sketch::new(&[(&format!("{disk}/size"), "9"), (&format!("{disk}/queue/rotational"), "1")]);
    sketch.put(&format!("{disk}/device/model"), "X");
    sketch.put("sys/block/x", "");
    let site = sketch.site();
    std::os::unix::fs::symlink(site.path(format!("/{disk}")), site.path("/sys/block/sdc")).unwrap();
    let stats = |reads| sketch.put("proc/diskstats", &format!("8 0 sdc {reads} 0 0 0 0 0 0 0 0 0 0\n"));
    let (mut sweep, _asked) = sweep(&[("/dev/sdc", 0, "{}")]);
    for (hours, reads, expected) in
        [(0, 1, "Idle 0"), (1, 2, "Active 2"), (2, 2, "Idle 0"), (99, 2, "Idle 0"), (100, 3, "Active 2")]
    {
        stats(reads);
        assert_eq!(told(&mut sweep, &site, hours), format!("sdc {expected}"), "{hours} h");
    }
}

#[test]
fn disks_that_sleep_hang_or_have_no_smart() {
    let (mut asleep, _asked) = sweep(&[("/dev/sda", 3, "{\"x\":1}"), ("/dev/nvme0n1", 0, "{}")]);
    let machine = machine("pc-nvme");
    assert_eq!(told(&mut asleep, &machine, 0), "nvme0n1 Active 2, sda Standby 0, sdb Hung 0", "vda is not asked");
    let mut absent = Sweep::with(Box::new(|_| Err(Fault::Absent("no smartctl".into()))));
    assert!(matches!(absent.disks(&machine, Duration::ZERO, &mut |_, _, _| Ok(())), Err(Fault::Absent(_))));
}

#[test]
fn a_bridge_is_found_once() {
    const UNKNOWN: &str = "{\"smartctl\":{\"messages\":[{\"string\":\"/dev/sda: Unknown USB bridge\"}]}}";
    let sketch = Sketch::new(&[("sys/block/sda/size", "9"), ("sys/block/sda/device/model", "X")]);
    let (mut found, asked) = sweep(&[
        ("-d sat /dev/sda", 4, "{}"),
        ("-d sntjmicron /dev/sda", 0, "{\"serial_number\":\"S\"}"),
        ("standby,3 /dev/sda", 1, UNKNOWN),
    ]);
    assert_eq!(told(&mut found, &sketch.site(), 0), "sda Active 21");
    assert_eq!(asked.try_iter().count(), 3);
    assert_eq!(told(&mut found, &sketch.site(), 1), "sda Active 21");
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["--json=c -x -n standby,3 -d sntjmicron /dev/sda"]);
    let (mut none, asked) = sweep(&[("-d sat /dev/sda", 4, "{}"), ("standby,3 /dev/sda", 1, UNKNOWN)]);
    assert_eq!(told(&mut none, &sketch.site(), 0), "sda Silent 0");
    assert_eq!(asked.try_iter().count(), 3, "one that hangs is the last");
    assert_eq!(told(&mut none, &sketch.site(), 1), "sda Silent 0");
    assert_eq!(asked.try_iter().count(), 0);
}
