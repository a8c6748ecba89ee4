//! A view of each kind as it is on the wire, for the page.

use atalaya_wire::view::{
    Auth, Backup, Cert, Disk, Dns, FileSystem, Log, Meta, Net, NoIp, Policy, Probe, Raid, Service, Store, System,
    Updates, Upkeep, Ups,
};
use atalaya_wire::{Sample, Text, text};

fn t(words: &str) -> Option<Text> {
    Some(text(words))
}

/// The time that stands in all of them.
pub(crate) const TS: i64 = 1_795_283_364;

pub(crate) fn all() -> Vec<Sample> {
    let mut all = machine();
    all.extend(storage());
    all.extend(network());
    all
}

fn machine() -> Vec<Sample> {
    let meta = Meta {
        name: t("Basement NAS"),
        version: t("0.1.0"),
        wire: Some(1),
        model: t("Kobol Helios64"),
        os: t("Debian GNU/Linux 12 (bookworm)"),
        kernel: t("6.1.0-27-arm64"),
        architecture: t("aarch64"),
        interval_seconds: Some(60),
        heartbeat_seconds: Some(900),
        record_stream: t("0c6b2f2f6c3a4f0e8d2f5f1f5a1c9b77"),
        frame_stream: t("a1d0c7e0b52e4d51a3f7b8a6f0d3e412"),
    };
    let system = System {
        cpu_percent: Some(12.5),
        cpu_iowait_percent: Some(1.5),
        cpu_count: Some(6),
        load_1: Some(0.42),
        memory_total_bytes: Some(4_060_000_000),
        memory_available_bytes: Some(3_120_000_000),
        memory_used_percent: Some(23.2),
        uptime_seconds: Some(1_209_600),
        booted_at: t("2026-11-07T17:49:24Z"),
        temperature_celsius: Some(48.5),
        temperature_sensor: t("cpu_thermal"),
        clock_synchronised: Some(true),
        ..System::default()
    };
    let ups = Ups {
        name: t("eaton"),
        state: t("online"),
        status: t("OL"),
        charge_percent: Some(100.0),
        runtime_seconds: Some(1860),
        load_percent: Some(14.0),
        ..Ups::default()
    };
    let updates = Updates {
        manager: t("apt"),
        pending_count: Some(7),
        security_count: Some(2),
        reboot_required: Some(false),
        lists_at: t("2026-11-21T05:12:40Z"),
        ..Updates::default()
    };
    let auth = Auth {
        failed_count: Some(3),
        failed_total_count: Some(41),
        failed_at: t("2026-11-21T17:47:02Z"),
        failed_from: t("203.0.113.80"),
        source: t("journal"),
    };
    let log = Log {
        name: t("out of memory"),
        source: t("journal"),
        match_count: Some(1),
        matched_at: t("2026-11-21T03:11:09Z"),
        line: t("Out of memory: Killed process 812 (java)"),
        problem: None,
    };
    let probe =
        Probe { state: t("denied"), problem: t("smartctl needs root or the helper"), duration_seconds: Some(0.004) };
    let backup = Backup {
        job: t("photos"),
        tier: Some(2),
        rpo_seconds: Some(86_400),
        state: t("idle"),
        result: t("ok"),
        failures_count: Some(0),
        overdue: Some(false),
        started_at: t("2026-11-21T02:12:00Z"),
        ended_at: t("2026-11-21T02:14:31Z"),
        succeeded_at: t("2026-11-21T02:14:31Z"),
        next_at: t("2026-11-22T02:12:00Z"),
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
    };
    vec![meta.into(), system.into(), ups.into(), updates.into(), auth.into(), log.into(), probe.into(), backup.into()]
}

fn storage() -> Vec<Sample> {
    let disk = Disk {
        name: t("sda"),
        model: t("WDC WD40EFRX-68N32N0"),
        serial: t("WD-WCC7K0123456"),
        kind: t("hdd"),
        size_bytes: Some(4_000_787_030_016),
        power: t("active"),
        health: t("warning"),
        problem: t("2 sectors could not be read and wait to be written"),
        smart_at: t("2026-11-21T17:30:11Z"),
        temperature_celsius: Some(34.0),
        powered_seconds: Some(151_200_000),
        busy_percent: Some(2.0),
        reallocated_count: Some(0),
        pending_count: Some(2),
        crc_count: Some(0),
        self_test: t("passed"),
        ..Disk::default()
    };
    let fs = FileSystem {
        mount: t("/srv"),
        device: t("/dev/md0"),
        kind: t("ext4"),
        state: t("ok"),
        size_bytes: Some(7_900_000_000_000),
        free_bytes: Some(1_380_000_000_000),
        used_percent: Some(82.5),
        inodes_used_percent: Some(1.2),
        read_only: Some(false),
        ..FileSystem::default()
    };
    let raid = Raid {
        name: t("md0"),
        kind: t("md"),
        level: t("raid1"),
        state: t("rebuilding"),
        member_count: Some(2),
        working_count: Some(1),
        action: t("recover"),
        action_percent: Some(37.2),
        action_left_seconds: Some(11_460),
        ..Raid::default()
    };
    let store = Store {
        repo: t("/srv/backup/nas"),
        mount: t("/srv"),
        state: t("ok"),
        size_bytes: Some(7_900_000_000_000),
        free_bytes: Some(1_380_000_000_000),
        free_percent: Some(17.5),
    };
    vec![disk.into(), fs.into(), raid.into(), store.into(), upkeep().into(), policy().into()]
}

fn policy() -> Policy {
    Policy {
        job: t("photos"),
        verdict: t("broken"),
        broken: Some(true),
        problem: t("2 of 3 copies; 0 of 1 other places; sftp://nas@backup.example.org/~/nas is out of date"),
        copies_count: Some(2),
        copies_wanted_count: Some(3),
        media_count: Some(2),
        media_wanted_count: Some(2),
        places_count: Some(0),
        places_wanted_count: Some(1),
        lapsed_count: Some(1),
        oldest_at: t("2026-11-21T02:14:31Z"),
        verified_at: t("2026-11-01T04:31:07Z"),
    }
}

fn upkeep() -> Upkeep {
    Upkeep {
        name: t("nas"),
        task: t("prune"),
        repo: t("/srv/backup/nas"),
        state: t("idle"),
        result: t("ok"),
        verdict: t("fine"),
        failures_count: Some(0),
        overdue: Some(false),
        started_at: t("2026-11-22T04:06:00Z"),
        succeeded_at: t("2026-11-22T04:09:12Z"),
        next_at: t("2026-11-29T04:06:00Z"),
        duration_seconds: Some(192.4),
        snapshots_count: Some(31),
        deleted_count: Some(412),
        freed_bytes: Some(3_402_000_000),
        locked_bytes: Some(120_400_000),
        packs_count: Some(98_204),
        stored_bytes: Some(811_000_000_000),
        ..Upkeep::default()
    }
}

fn network() -> Vec<Sample> {
    let net = Net {
        name: t("eth0"),
        up: Some(true),
        speed_bits_per_second: Some(1_000_000_000),
        ipv4: t("192.168.1.20"),
        received_bytes_per_second: Some(15_400.0),
        sent_bytes_per_second: Some(2100.0),
        receive_error_count: Some(0),
        ..Net::default()
    };
    let service = Service {
        name: t("smbd"),
        kind: t("systemd"),
        up: Some(true),
        state: t("active"),
        restart_count: Some(0),
        since: t("2026-11-07T17:50:02Z"),
        ..Service::default()
    };
    let dns = Dns {
        host: t("nas.example.org"),
        state: t("mismatch"),
        problem: t("its servers say 203.0.113.7, and we are 203.0.113.80"),
        public_ipv4: t("203.0.113.80"),
        authoritative_ipv4: t("203.0.113.7"),
        resolved_ipv4: t("203.0.113.7"),
        ttl_seconds: Some(60),
        cgnat: Some(false),
        since: t("2026-11-21T17:40:00Z"),
        ..Dns::default()
    };
    let noip = NoIp {
        host: t("nas.example.org"),
        client: t("noip-duc"),
        running: Some(true),
        state: t("asleep"),
        problem: t("the last update was 15 days ago"),
        believed_ipv4: t("203.0.113.7"),
        succeeded_at: t("2026-11-06T11:02:41Z"),
        ..NoIp::default()
    };
    let cert = Cert {
        name: t("web"),
        source: t("/etc/ssl/nas.pem"),
        state: t("expiring"),
        subject: t("nas.example.org"),
        issuer: t("R11"),
        starts_at: t("2026-09-01T00:00:00Z"),
        expires_at: t("2026-11-30T00:00:00Z"),
        left_seconds: Some(713_436),
        left_percent: Some(9.2),
        ..Cert::default()
    };
    vec![net.into(), service.into(), dns.into(), noip.into(), cert.into()]
}
