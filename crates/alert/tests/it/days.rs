//! Healthy days of three NAS, made from a seed and the same everywhere: nightly reconnects, RAID checks, sleeping disks,
//! scans of SSH, media disks that are nearly full. What the engine is told of them in memory is told to a whole sidecar as
//! well, so they say nothing of how they are told.

use atalaya_alert::Value;

/// In seconds.
pub(crate) const DAY: u64 = 86_400;
/// 2026-11-21, midnight.
pub(crate) const BEGIN: i64 = 1_795_219_200;
/// The three.
pub(crate) const NAMES: [&str; 3] = ["casa", "oficina", "taller"];

/// splitmix64.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound.max(1)
    }

    #[expect(clippy::cast_precision_loss)]
    fn about(&mut self, middle: f64, spread: f64) -> f64 {
        middle + spread * (self.below(2_001) as f64 / 1_000.0 - 1.0)
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn time(seconds: u64) -> Value {
    text(&jiff::Timestamp::from_second(BEGIN + i64::try_from(seconds).unwrap()).unwrap().to_string())
}

/// What is wrong on a day that is not healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// An array has lost a disk.
    Array,
    /// A disk says of itself that it fails.
    Disk,
}

/// An object, such as `fs/media`, and what its view says.
pub(crate) type Said = (&'static str, Vec<(&'static str, Value)>);

/// What happens in one minute at one NAS.
struct Minute<'a> {
    rng: &'a mut Rng,
    now: u64,
    fault: Fault,
    said: Vec<Said>,
}

/// What one NAS says in the minute that begins so many seconds after [`BEGIN`].
pub(crate) fn minute(rng: &mut Rng, now: u64, fault: Fault) -> Vec<Said> {
    let mut minute = Minute { rng, now, fault, said: Vec::new() };
    minute.all();
    minute.said
}

impl Minute<'_> {
    /// Minute of the day.
    fn clock(&self) -> u64 {
        self.now % DAY / 60
    }

    fn day(&self) -> u64 {
        self.now / DAY
    }

    fn say(&mut self, object: &'static str, keys: &[(&'static str, Value)]) {
        self.said.push((object, keys.to_vec()));
    }

    /// A backup at two in the morning makes the machine busy and warm; thumbnails do so in the afternoon.
    fn system(&mut self) {
        let busy = (120..150).contains(&self.clock()) || (900..1_020).contains(&self.clock());
        let cpu = if busy { self.rng.about(94.0, 6.0) } else { self.rng.about(10.0, 8.0) };
        let heat = self.rng.about(if busy { 72.0 } else { 52.0 }, 4.0);
        let memory = self.rng.about(if busy { 88.0 } else { 60.0 }, 6.0);
        let io = self.rng.about(if busy { 35.0 } else { 3.0 }, 3.0);
        let keys = [
            ("cpu_percent", Value::Number(cpu)),
            ("temperature_celsius", Value::Number(heat)),
            ("memory_used_percent", Value::Number(memory)),
            ("cpu_iowait_percent", Value::Number(io)),
            ("swap_used_bytes", Value::Number(self.rng.about(3e8, 2e8))),
            ("clock_synchronised", Value::Flag(self.clock() != 250)),
            ("fans_stopped", Value::Number(0.0)),
        ];
        self.say("system", &keys);
    }

    /// Disks sleep at night, but not while the backup or the monthly check runs; asleep they have no temperature.
    fn disks(&mut self) {
        let checks = self.day() % 30 == 6 && self.clock() < 700;
        let asleep = !checks && self.clock() < 360 && !(115..160).contains(&self.clock());
        for disk in ["disk/WD-1", "disk/WD-2"] {
            let heat = self.rng.about(if checks { 46.0 } else { 38.0 }, 3.0);
            let keys = [
                ("kind", text("hdd")),
                ("health", text(if self.fault == Fault::Disk && disk == "disk/WD-2" { "failing" } else { "ok" })),
                ("power", text(if asleep { "standby" } else { "active" })),
                ("temperature_celsius", if asleep { Value::Unknown } else { Value::Number(heat) }),
                ("pending_count", Value::Number(0.0)),
                ("reallocated_count", Value::Number(4.0)),
                ("crc_count", Value::Number(7.0)),
                ("self_test", text(if self.clock() == 720 { "running" } else { "passed" })),
            ];
            self.say(disk, &keys);
        }
        let action = if checks { "check" } else { "idle" };
        let state = text(if self.fault == Fault::Array { "degraded" } else { "ok" });
        self.say(
            "raid/md0",
            &[
                ("state", state),
                ("level", text("raid1")),
                ("action", text(action)),
                ("mismatch_count", Value::Number(128.0)),
            ],
        );
    }

    /// The media disk is at 96 % and fills slowly; the backup's day adds to the system, which is tidied every Sunday.
    #[expect(clippy::cast_precision_loss)]
    fn file_systems(&mut self) {
        let media = 96.0 + self.day() as f64 * 0.03;
        let root = 55.0 + (self.day() % 7) as f64 * 3.0 + self.rng.about(1.0, 1.0);
        for (id, used, size) in [("fs/media", media, 8e12), ("fs/root", root, 3e10)] {
            let keys = [
                ("state", text("ok")),
                ("kind", text("ext4")),
                ("read_only", Value::Flag(false)),
                ("size_bytes", Value::Number(size)),
                ("used_percent", Value::Number(used)),
                ("free_bytes", Value::Number(size * (100.0 - used) / 100.0)),
                ("inodes_used_percent", Value::Number(3.0)),
            ];
            self.say(id, &keys);
        }
    }

    /// It runs every night, sometimes tries again once, and now and then leaves out a file that is in use.
    fn backups(&mut self) {
        let (began, ended) = (self.day() * DAY + 7_200, self.day() * DAY + 9_000);
        let running = (began..ended).contains(&self.now);
        let again = running && self.day() % 9 == 4 && self.clock() < 130;
        let last = if self.now >= ended { ended } else { ended.saturating_sub(DAY) };
        let keys = [
            (
                "state",
                text(if again {
                    "retrying"
                } else if running {
                    "running"
                } else {
                    "idle"
                }),
            ),
            (
                "result",
                text(if again {
                    "failed"
                } else if self.day() % 5 == 3 {
                    "warnings"
                } else {
                    "ok"
                }),
            ),
            ("failures_count", Value::Number(f64::from(u8::from(again)))),
            ("overdue", Value::Flag(running && self.clock() > 121)),
            ("succeeded_at", time(last)),
            ("rpo_seconds", Value::Number(86_400.0)),
            ("checked", text("verified")),
        ];
        self.say("backup/photos", &keys);
    }

    /// The line reconnects at four: the name follows within TTL and a quarter of an hour.
    fn names(&mut self) {
        let since = self.clock().saturating_sub(240);
        let state = if self.clock() >= 240 && since < 12 { "lagging" } else { "ok" };
        self.say("dns/home", &[("state", text(state)), ("cgnat", Value::Flag(false))]);
        let noip = if self.clock() >= 240 && since < 6 { "failing" } else { "ok" };
        self.say("noip/home", &[("state", text(noip)), ("running", Value::Flag(true))]);
    }

    /// Certificates are renewed at a third of their life, updates installed within three days, a restart follows in a week.
    #[expect(clippy::cast_precision_loss)]
    fn paper(&mut self) {
        let left = 90.0 - ((self.day() + 40) % 60) as f64;
        let keys = [
            ("state", text("ok")),
            ("left_seconds", Value::Number(left * 86_400.0)),
            ("left_percent", Value::Number(left / 0.9)),
        ];
        self.say("cert/web", &keys);
        let waits = self.day() % 8 < 3;
        let keys = [
            ("security_count", Value::Number(if waits { 4.0 } else { 0.0 })),
            ("pending_count", Value::Number(if waits { 21.0 } else { 2.0 })),
            ("reboot_required", Value::Flag(self.day() % 16 > 9)),
            ("lists_at", time(self.now / DAY * DAY)),
        ];
        self.say("updates", &keys);
    }

    /// Somebody tries passwords every day for an hour or two, as everywhere where SSH is open.
    #[expect(clippy::cast_precision_loss)]
    fn scans(&mut self) {
        let hour = 60 * (3 + self.day() * 7 % 18);
        let scan = (hour..hour + 90).contains(&self.clock());
        let failed = if scan { 80 + self.rng.below(400) } else { self.rng.below(4) };
        self.say("auth", &[("failed_count", Value::Number(failed as f64))]);
    }

    /// A service is restarted with the updates, and answers slowly while the backup runs.
    fn services(&mut self) {
        let down = self.day() % 8 == 3 && self.clock() == 400;
        let latency = self.rng.about(if (120..150).contains(&self.clock()) { 3.0 } else { 0.2 }, 0.1);
        self.say("service/smbd", &[("up", Value::Flag(!down)), ("latency_seconds", Value::Number(latency))]);
        self.say("probe/disks", &[("state", text("ok"))]);
        let ups = self.day() == 11 && self.clock() == 600;
        self.say(
            "ups/eaton",
            &[("state", text(if ups { "on_battery" } else { "online" })), ("charge_percent", Value::Number(100.0))],
        );
    }

    fn all(&mut self) {
        self.system();
        self.disks();
        self.file_systems();
        self.backups();
        self.names();
        self.paper();
        self.scans();
        self.services();
    }
}

/// Whether nothing is heard of it. At four the line is away for one to five minutes; once the machine restarts with its
/// updates. `until` is remembered between two calls.
pub(crate) fn away(rng: &mut Rng, until: &mut u64, now: u64) -> bool {
    let (minute, day) = (now % DAY / 60, now / DAY);
    if minute == 240 {
        *until = now + 60 * (1 + rng.below(5));
    }
    if day == 17 && minute == 420 {
        *until = now + 60 * 6;
    }
    now < *until
}
