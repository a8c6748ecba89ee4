//! From a configuration and what is known of runs to copies and of when they are.

use std::path::Path;

use super::*;
use crate::config::Config;

const TEXT: &str = r#"
[policy]
medium = "Disk"
place = " Home"
[[job]]
name = "photos"
repo = "/mnt/usb/nas"
key_file = "/k"
paths = ["/srv/photos"]
medium = "usb"
place = "home"
rpo = "1d"
check_every = "30d"
[[job]]
name = "photos-cloud"
repo = "/mnt/cloud/nas"
key_file = "/k"
paths = ["/srv/photos"]
medium = "cloud"
place = "far"
rpo = "7d"
limit_upload = "1M"
[[job]]
name = "films"
repo = "/mnt/usb/films"
key_file = "/k"
paths = ["/srv/films"]
[[upkeep]]
name = "nas"
repo = "/mnt/usb/nas"
key_file = "/k"
[upkeep.copy]
rpo = "3d"
to = ["/mnt/usb2/nas", { repo = "sftp://nas@office/nas", name = "office", medium = "nas", place = "OFFICE" }]
[[upkeep]]
name = "office"
repo = "sftp://nas@office/nas"
key_file = "/k"
memory_max = "40M"
[upkeep.copy]
rpo = "5d"
to = ["sftp://nas@office/second"]
[upkeep.check]
"#;

/// When tasks last ended well, in days, and what checks found.
struct Known<'a> {
    ended: &'a [(&'a str, i64)],
    found: &'a [(&'a str, &'a str)],
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap()
}

impl Seen for Known<'_> {
    fn succeeded(&self, name: &str) -> Option<Timestamp> {
        self.ended.iter().find(|(known, _)| *known == name).map(|(_, at)| day(*at))
    }

    fn checked(&self, name: &str) -> Option<&str> {
        self.found.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }
}

/// As `repository state day`, of the job at this place, on the tenth day.
fn of(at: usize, known: &Known<'_>) -> Vec<String> {
    let config = Config::read(Path::new("agent.toml"), TEXT).unwrap();
    let told = copies(&config, &config.jobs[at], known, day(10));
    let days = |time: Timestamp| (time.as_second() - 1_800_000_000) / 86_400;
    let line = |copy: Copy| {
        let verified = if copy.verified.is_some() { " verified" } else { "" };
        format!("{} {:?} {:?}{verified}", copy.repo, copy.standing, copy.made.map(days))
    };
    told.into_iter().map(line).collect()
}

#[test]
fn words_are_compared_as_people_mean_them() {
    let config = Config::read(Path::new("agent.toml"), TEXT).unwrap();
    assert_eq!(config.policy.unwrap().original, lies("disk@home"));
    assert_eq!(config.chores[1].lies, lies("nas@office"));
    assert_eq!(config.chores[0].lies, lies("?@?"));
    let off = Config::read(Path::new("agent.toml"), "[policy]\nenabled = false\n").unwrap();
    assert_eq!(off.policy, None);
    let usual = Config::empty().unwrap().policy.unwrap();
    assert_eq!((usual.copies, usual.media, usual.places, usual.original), (3, 2, 1, Lies::default()));
}

#[test]
fn a_job_has_its_repository_those_of_the_same_files_and_their_replicas() {
    let known = Known {
        ended: &[
            ("photos", 9),
            ("photos-cloud", 2),
            ("nas.copy-mnt-usb2-nas", 8),
            ("nas.copy-office", 10),
            ("office.copy-office-second", 4),
        ],
        found: &[],
    };
    assert_eq!(
        of(0, &known),
        [
            "/mnt/usb/nas Counts Some(9)",
            // Eight days, and seven are allowed.
            "/mnt/cloud/nas Stale Some(2)",
            "/mnt/usb2/nas Counts Some(8)",
            // A copy is no newer than what was copied.
            "sftp://nas@office/nas Counts Some(9)",
            "sftp://nas@office/second Stale Some(4)",
        ]
    );
    assert_eq!(of(1, &known).len(), 5, "the same files, the same copies");
    assert_eq!(of(2, &known), ["/mnt/usb/films Never None"]);
}

#[test]
fn what_backups_no_longer_bring_gets_old_everywhere() {
    let known = Known { ended: &[("photos", 6), ("nas.copy-mnt-usb2-nas", 10), ("nas.copy-office", 9)], found: &[] };
    let told = of(0, &known);
    assert_eq!(told[0], "/mnt/usb/nas Stale Some(6)");
    assert_eq!(told[1], "/mnt/cloud/nas Never None");
    assert_eq!(told[2..4], ["/mnt/usb2/nas Stale Some(6)", "sftp://nas@office/nas Stale Some(6)"]);
    // A replica of what never had anything has nothing.
    let known = Known { ended: &[("nas.copy-office", 9), ("nas.copy-mnt-usb2-nas", 9)], found: &[] };
    assert!(of(0, &known).iter().all(|told| told.ends_with("Never None")), "{:?}", of(0, &known));
}

#[test]
fn checks_say_it_of_the_repository_that_they_read() {
    let ended = &[("photos", 10), ("nas.copy-office", 10), ("photos.check", 3), ("office.check", 4)];
    let told = |found| of(0, &Known { ended, found });
    let both = told(&[("photos", "verified"), ("office.check", "damaged")]);
    assert_eq!(
        (both[0].as_str(), both[3].as_str()),
        ("/mnt/usb/nas Counts Some(10) verified", "sftp://nas@office/nas Damaged Some(10)",)
    );
    let both = told(&[("photos", "unverified"), ("office.check", "verified")]);
    assert_eq!(
        (both[0].as_str(), both[3].as_str()),
        ("/mnt/usb/nas Counts Some(10)", "sftp://nas@office/nas Counts Some(10) verified",)
    );
}
