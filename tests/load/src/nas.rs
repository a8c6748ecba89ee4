//! What a NAS with four disks tells: 35 views, of which the readings move a little from minute to minute.

use atalaya_wire::view::{
    Auth, Backup, Cert, Disk, Dns, FileSystem, Log, Meta, Net, NoIp, Probe, Raid, Service, System, Updates, Ups,
};
use atalaya_wire::{ObjectId, Sample, StreamId, Text, text};

use crate::rng::Rng;

/// An object and how it is.
pub(crate) type Object = (ObjectId, Sample);

const SERVICES: [(&str, &str); 5] =
    [("ssh", "unit"), ("smbd", "unit"), ("nfs-server", "unit"), ("web", "http"), ("immich", "http")];
const JOBS: [&str; 3] = ["photos", "documents", "system"];
const PROBES: [&str; 6] = ["disks", "file_systems", "raid", "net", "services", "updates"];
const FILE_SYSTEMS: [(&str, &str, u64); 3] = [
    ("/", "/dev/mmcblk0p2", 31_000_000_000),
    ("/srv", "/dev/md0", 7_900_000_000_000),
    ("/boot", "/dev/mmcblk0p1", 512_000_000),
];
/// A moment that stands in views whose times do not move.
const THEN: &str = "2026-11-21T02:14:31Z";

#[expect(clippy::unnecessary_wraps, reason = "as it stands in views")]
fn t(words: &str) -> Option<Text> {
    Some(text(words))
}

/// Everything there is, meta first. `interval` is between two frames, in seconds.
pub(crate) fn objects(name: &str, interval: u64, records: StreamId, frames: StreamId, rng: &mut Rng) -> Vec<Object> {
    let mut all = vec![(ObjectId::only(), meta(name, interval, records, frames)), (ObjectId::only(), system())];
    all.extend((1..=4).map(|n| (ObjectId::of(&format!("WD-{}{n}", &name[name.len() - 6..])), disk(n))));
    all.extend(FILE_SYSTEMS.map(|(mount, device, size)| (ObjectId::of(mount), file_system(mount, device, size))));
    all.push((ObjectId::of("md0"), raid()));
    all.extend(["eth0", "eth1"].map(|name| (ObjectId::of(name), net(name))));
    all.push((ObjectId::of("eaton"), ups()));
    all.extend(SERVICES.map(|(name, kind)| (ObjectId::of(name), service(name, kind))));
    all.extend(JOBS.map(|job| (ObjectId::of(job), backup(job))));
    all.push((ObjectId::of("nas.example.org"), dns()));
    all.push((ObjectId::of("nas.example.org"), noip()));
    all.extend(["web", "smtp"].map(|name| (ObjectId::of(name), cert(name))));
    all.push((ObjectId::only(), updates()));
    all.push((
        ObjectId::only(),
        Auth { failed_count: Some(0), failed_total_count: Some(41), ..Auth::default() }.into(),
    ));
    all.extend(["out of memory", "link is down"].map(|name| (ObjectId::of(name), log(name))));
    all.extend(PROBES.map(|name| (ObjectId::of(name), probe())));
    all.iter_mut().for_each(|(_, sample)| move_on(sample, 0.0, rng));
    all
}

/// An interval passes: rates and temperatures are others, counters go on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "readings are small and not negative")]
pub(crate) fn move_on(sample: &mut Sample, seconds: f64, rng: &mut Rng) {
    let passed = seconds as u64;
    let near = |old: Option<f32>, from: f64, to: f64, rng: &mut Rng| {
        let target = rng.between(from, to);
        Some(round(old.map_or(target, |old| old + (target - old) * 0.1)))
    };
    match sample {
        Sample::System(system) => {
            system.cpu_percent = near(system.cpu_percent, 2.0, 20.0, rng);
            system.cpu_user_percent = near(system.cpu_user_percent, 1.0, 10.0, rng);
            system.cpu_system_percent = near(system.cpu_system_percent, 1.0, 6.0, rng);
            system.cpu_iowait_percent = near(system.cpu_iowait_percent, 0.0, 4.0, rng);
            system.load_1 = near(system.load_1, 0.1, 1.0, rng);
            system.load_5 = near(system.load_5, 0.2, 0.6, rng);
            system.memory_used_percent = near(system.memory_used_percent, 20.0, 26.0, rng);
            system.temperature_celsius = near(system.temperature_celsius, 44.0, 50.0, rng);
            system.fan_rpm = near(system.fan_rpm, 1180.0, 1240.0, rng);
            system.uptime_seconds = system.uptime_seconds.map(|uptime| uptime + passed);
        }
        Sample::Disk(disk) => {
            disk.temperature_celsius = near(disk.temperature_celsius, 31.0, 36.0, rng);
            disk.busy_percent = near(disk.busy_percent, 0.0, 6.0, rng);
            disk.read_bytes_per_second = near(disk.read_bytes_per_second, 0.0, 2e6, rng);
            disk.write_bytes_per_second = near(disk.write_bytes_per_second, 0.0, 1e6, rng);
            disk.powered_seconds = disk.powered_seconds.map(|powered| powered + passed);
            disk.written_bytes = disk.written_bytes.map(|written| written + passed * 500_000);
        }
        Sample::FileSystem(fs) => {
            let written = passed * (rng.share() * 20_000.0) as u64;
            fs.free_bytes = fs.free_bytes.map(|free| free.saturating_sub(written));
        }
        Sample::Net(net) => {
            net.received_bytes_per_second = near(net.received_bytes_per_second, 1e3, 2e5, rng);
            net.sent_bytes_per_second = near(net.sent_bytes_per_second, 1e3, 2e5, rng);
            net.received_bytes = net.received_bytes.map(|received| received + passed * 100_000);
            net.sent_bytes = net.sent_bytes.map(|sent| sent + passed * 90_000);
        }
        Sample::Ups(ups) => {
            ups.load_percent = near(ups.load_percent, 12.0, 16.0, rng);
            ups.input_volts = near(ups.input_volts, 228.0, 233.0, rng);
        }
        Sample::Service(service) => service.latency_seconds = near(service.latency_seconds, 0.010, 0.014, rng),
        Sample::Probe(probe) => probe.duration_seconds = near(probe.duration_seconds, 0.002, 0.01, rng),
        Sample::Cert(cert) => cert.left_seconds = cert.left_seconds.map(|left| left - passed as i64),
        _ => {}
    }
}

/// As sensors tell it, and as the agent does.
fn round(x: f32) -> f32 {
    if x < 1.0 { (x * 10_000.0).round() / 10_000.0 } else { (x * 10.0).round() / 10.0 }
}

/// The first disk fails.
pub(crate) fn fail(objects: &mut [Object]) {
    let disk = objects.iter_mut().find_map(|(_, sample)| match sample {
        Sample::Disk(disk) => Some(disk),
        _ => None,
    });
    if let Some(disk) = disk {
        disk.health = t("failing");
        disk.problem = t("its own test says that it will fail within a day");
    }
}

fn meta(name: &str, interval: u64, records: StreamId, frames: StreamId) -> Sample {
    Meta {
        name: t(&format!("NAS {name}")),
        version: t("0.1.0"),
        wire: Some(1),
        model: t("Kobol Helios64"),
        os: t("Debian GNU/Linux 12 (bookworm)"),
        kernel: t("6.1.0-27-arm64"),
        architecture: t("aarch64"),
        interval_seconds: Some(interval.max(1)),
        heartbeat_seconds: Some(900),
        record_stream: t(&records.to_string()),
        frame_stream: t(&frames.to_string()),
    }
    .into()
}

fn system() -> Sample {
    System {
        cpu_steal_percent: Some(0.0),
        cpu_count: Some(6),
        load_15: Some(0.31),
        memory_total_bytes: Some(4_060_000_000),
        memory_available_bytes: Some(3_120_000_000),
        swap_total_bytes: Some(2_000_000_000),
        swap_used_bytes: Some(0),
        memory_pressure_percent: Some(0.0),
        io_pressure_percent: Some(0.2),
        uptime_seconds: Some(1_209_600),
        booted_at: t(THEN),
        temperature_sensor: t("cpu_thermal"),
        fan_count: Some(2),
        fans_stopped: Some(0),
        clock_synchronised: Some(true),
        process_count: Some(181),
        ..System::default()
    }
    .into()
}

fn disk(number: u64) -> Sample {
    Disk {
        name: t(["sda", "sdb", "sdc", "sdd"][(number as usize - 1) % 4]),
        model: t("WDC WD40EFRX-68N32N0"),
        serial: t(&format!("WD-WCC7K012345{number}")),
        firmware: t("82.00A82"),
        kind: t("hdd"),
        size_bytes: Some(4_000_787_030_016),
        power: t("active"),
        health: t("ok"),
        smart_at: t(THEN),
        powered_seconds: Some(151_200_000),
        power_cycles: Some(212),
        reallocated_count: Some(0),
        pending_count: Some(0),
        uncorrectable_count: Some(0),
        reported_count: Some(0),
        crc_count: Some(0),
        written_bytes: Some(81_000_000_000_000),
        self_test: t("passed"),
        ..Disk::default()
    }
    .into()
}

fn file_system(mount: &str, device: &str, size: u64) -> Sample {
    FileSystem {
        mount: t(mount),
        device: t(device),
        kind: t("ext4"),
        state: t("ok"),
        size_bytes: Some(size),
        free_bytes: Some(size / 5 * 2),
        used_percent: Some(60.0),
        inode_count: Some(size / 16_384),
        inodes_free_count: Some(size / 20_000),
        inodes_used_percent: Some(18.1),
        read_only: Some(false),
    }
    .into()
}

fn raid() -> Sample {
    Raid {
        name: t("md0"),
        kind: t("md"),
        level: t("raid5"),
        state: t("ok"),
        member_count: Some(4),
        working_count: Some(4),
        failed_count: Some(0),
        spare_count: Some(0),
        action: t("idle"),
        mismatch_count: Some(0),
        error_count: Some(0),
        checked_at: t(THEN),
        ..Raid::default()
    }
    .into()
}

fn net(name: &str) -> Sample {
    Net {
        name: t(name),
        up: Some(true),
        speed_bits_per_second: Some(1_000_000_000),
        mac: t("64:62:66:d0:01:02"),
        ipv4: t("192.168.1.20"),
        ipv6: t("2001:db8::20"),
        received_bytes: Some(81_000_000_000),
        sent_bytes: Some(64_000_000_000),
        receive_error_count: Some(0),
        send_error_count: Some(0),
        receive_drop_count: Some(12),
        ..Net::default()
    }
    .into()
}

fn ups() -> Sample {
    Ups {
        name: t("eaton"),
        model: t("Ellipse ECO 650"),
        state: t("online"),
        status: t("OL"),
        charge_percent: Some(100.0),
        runtime_seconds: Some(1860),
        replace_battery: Some(false),
        ..Ups::default()
    }
    .into()
}

fn service(name: &str, kind: &str) -> Sample {
    Service {
        name: t(name),
        kind: t(kind),
        up: Some(true),
        state: t("running"),
        restart_count: Some(0),
        since: t(THEN),
        ..Service::default()
    }
    .into()
}

fn backup(job: &str) -> Sample {
    Backup {
        job: t(job),
        tier: Some(2),
        rpo_seconds: Some(86_400),
        state: t("idle"),
        result: t("ok"),
        failures_count: Some(0),
        overdue: Some(false),
        started_at: t("2026-11-21T02:12:00Z"),
        ended_at: t(THEN),
        succeeded_at: t(THEN),
        next_at: t("2099-11-22T02:12:00Z"),
        duration_seconds: Some(151.4),
        source_bytes: Some(812_000_000_000),
        read_bytes: Some(2_400_000_000),
        added_bytes: Some(2_310_000_000),
        stored_bytes: Some(2_270_000_000),
        files_count: Some(184_211),
        files_new_count: Some(412),
        files_changed_count: Some(3),
        files_unchanged_count: Some(183_796),
        files_failed_count: Some(0),
        snapshot: t("a77af9c5ffb8f0f7"),
        checked: t("verified"),
        ..Backup::default()
    }
    .into()
}

fn dns() -> Sample {
    Dns {
        host: t("nas.example.org"),
        state: t("ok"),
        public_ipv4: t("203.0.113.80"),
        authoritative_ipv4: t("203.0.113.80"),
        resolved_ipv4: t("203.0.113.80"),
        ttl_seconds: Some(60),
        cgnat: Some(false),
        since: t(THEN),
        ..Dns::default()
    }
    .into()
}

fn noip() -> Sample {
    NoIp {
        host: t("nas.example.org"),
        client: t("noip-duc"),
        running: Some(true),
        state: t("ok"),
        believed_ipv4: t("203.0.113.80"),
        succeeded_at: t(THEN),
        ..NoIp::default()
    }
    .into()
}

fn cert(name: &str) -> Sample {
    Cert {
        name: t(name),
        source: t(&format!("/etc/ssl/{name}.pem")),
        state: t("ok"),
        subject: t("nas.example.org"),
        issuer: t("R11"),
        starts_at: t(THEN),
        expires_at: t("2099-02-19T02:14:31Z"),
        left_seconds: Some(7_000_000),
        left_percent: Some(90.0),
        fingerprint: t("5f2b0c1d9a3e4f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"),
        ..Cert::default()
    }
    .into()
}

fn updates() -> Sample {
    Updates {
        manager: t("apt"),
        pending_count: Some(7),
        security_count: Some(0),
        reboot_required: Some(false),
        lists_at: t(THEN),
        ..Updates::default()
    }
    .into()
}

fn log(name: &str) -> Sample {
    Log { name: t(name), source: t("journal"), match_count: Some(0), ..Log::default() }.into()
}

fn probe() -> Sample {
    Probe { state: t("ok"), ..Probe::default() }.into()
}

#[cfg(test)]
mod tests {
    use atalaya_wire::view::Value;

    use super::*;

    #[test]
    fn a_nas_has_35_views_and_more_than_150_values() {
        let mut rng = Rng::new(1);
        let all = objects("load0000000001", 60, StreamId([1; 16]), StreamId([2; 16]), &mut rng);
        let mut names: Vec<_> = all.iter().map(|(id, sample)| (sample.name(), id.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((all.len(), names.len()), (35, 35));
        let counts = |sample: &Sample| {
            let value = |at: &usize| !matches!(sample.value(*at), Value::Unknown | Value::Text(_));
            (0..sample.fields().len()).filter(value).count()
        };
        let values: usize = all.iter().map(|(_, sample)| counts(sample)).sum();
        assert!((150..260).contains(&values), "{values}");
    }

    #[test]
    fn few_views_are_worth_telling_after_a_minute() {
        let mut rng = Rng::new(1);
        let mut all = objects("load0000000001", 60, StreamId([1; 16]), StreamId([2; 16]), &mut rng);
        let mut told = 0;
        for _ in 0..30 {
            for (_, sample) in &mut all {
                let before = sample.clone();
                move_on(sample, 60.0, &mut rng);
                told += usize::from(sample.differs(&before).is_some());
            }
        }
        assert!(told < 30 * 4, "{told}");
    }
}
