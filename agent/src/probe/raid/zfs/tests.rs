//! What `zpool status` of several versions prints.

use super::*;

const SCRUBBED: &str = "  pool: tank
 state: ONLINE
  scan: scrub repaired 0B in 00:10:12 with 0 errors on Sun Nov  9 00:34:13 2025
config:

	NAME        STATE     READ WRITE CKSUM
	tank        ONLINE       0     0     0
	  mirror-0  ONLINE       0     0     0
	    sda     ONLINE       0     0     0
	    sdb     ONLINE       1     0     4
	logs
	  nvme0n1p1  ONLINE       0     0     0
	spares
	  sdc       AVAIL

errors: No known data errors
";

const RESILVERING: &str = "  pool: tank
 state: DEGRADED
status: One or more devices is currently being resilvered.  The pool will
	continue to function, possibly in a degraded state.
action: Wait for the resilver to complete.
  scan: resilver in progress since Sun Nov  9 10:00:00 2025
	1.20T scanned at 900M/s, 500G issued at 350M/s, 2.00T total
	500G resilvered, 24.41% done, 1 days 01:16:40 to go
config:

	NAME                        STATE     READ WRITE CKSUM
	tank                        DEGRADED     0     0     0
	  raidz1-0                  DEGRADED     0     0     0
	    ata-DISK_A              ONLINE       0     0     0
	    replacing-1             DEGRADED     0     0     0
	      1234567890123456789   UNAVAIL      3     1     0  was /dev/disk/by-id/ata-DISK_B-part1
	      ata-DISK_D            ONLINE       0     0     0  (resilvering)
	    ata-DISK_C              ONLINE       0     0     0

errors: No known data errors
";

const OLD: &str = "  pool: zroot
 state: ONLINE
  scan: scrub in progress since Sat Feb  3 00:00:01 2018
    1.61T scanned out of 2.1T at 200M/s, 0h40m to go
    0 repaired, 76.43% done
config:

        NAME        STATE     READ WRITE CKSUM
        zroot       ONLINE       0     0     0
          sda3      ONLINE       0 1.50K     0

errors: No known data errors
";

const FAULTED: &str = "  pool: old
 state: UNAVAIL
status: One or more devices could not be opened.  There are insufficient
        replicas for the pool to continue functioning.
  scan: none requested
config:

        NAME         STATE     READ WRITE CKSUM
        old          UNAVAIL      0     0     0  insufficient replicas
          sdb        UNAVAIL      0     0     0
          sdc        ONLINE       0     0     0
";

fn see(printed: &str) -> Raid {
    let mut view = bare("tank", "ONLINE");
    status(printed, &TimeZone::UTC, &mut view);
    view
}

#[test]
fn one_that_was_scrubbed() {
    let view = see(SCRUBBED);
    assert_eq!(
        (view.state.as_deref(), view.level.as_deref(), view.problem.as_deref()),
        (Some("ok"), Some("mirror"), None)
    );
    let counts = (view.member_count, view.working_count, view.failed_count, view.spare_count, view.error_count);
    assert_eq!(counts, (Some(2), Some(2), Some(0), Some(1), Some(5)));
    assert_eq!((view.action.as_deref(), view.checked_at.as_deref()), (Some("idle"), Some("2025-11-09T00:34:13Z")));
}

#[test]
fn one_that_resilvers() {
    let view = see(RESILVERING);
    assert_eq!((view.state.as_deref(), view.level.as_deref()), (Some("rebuilding"), Some("raidz1")));
    assert_eq!((view.action.as_deref(), view.action_percent), (Some("recover"), Some(24.41)));
    assert_eq!(view.action_left_seconds, Some(86_400 + 3600 + 16 * 60 + 40));
    let counts = (view.member_count, view.working_count, view.failed_count, view.error_count);
    assert_eq!(counts, (Some(4), Some(3), Some(1), Some(4)));
    assert!(
        view.problem.unwrap().starts_with("One or more devices is currently being resilvered. The pool will continue")
    );
}

#[test]
fn one_of_an_old_version() {
    let view = see(OLD);
    assert_eq!((view.level.as_deref(), view.action.as_deref()), (Some("stripe"), Some("check")));
    assert_eq!((view.action_percent, view.action_left_seconds), (Some(76.43), Some(2400)));
    assert_eq!((view.error_count, view.checked_at), (Some(1500), None));
}

#[test]
fn one_that_failed() {
    let view = see(FAULTED);
    let told = (view.state.as_deref(), view.working_count, view.failed_count);
    assert_eq!(told, (Some("failed"), Some(1), Some(1)));
    assert_eq!(view.name.as_deref(), Some("tank"));
    assert!(view.problem.unwrap().starts_with("One or more devices could not be opened."));
}

#[test]
fn levels_and_times() {
    for (group, expected) in [
        ("mirror-0", "mirror"),
        ("raidz2-1", "raidz2"),
        ("draid1:4d:11c:1s-0", "draid1"),
        ("sda", "stripe"),
        ("ata-X-1", "stripe"),
    ] {
        assert_eq!(level(group), expected);
    }
    for (left, expected) in [
        ("00:01:02", Some(62)),
        ("2 days 00:00:01", Some(172_801)),
        ("3h25m", Some(12_300)),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(seconds(left), expected, "{left}");
    }
}

/// What was cut or changed on its way gives less, never a panic.
#[test]
fn anything_may_be_printed() {
    for text in [SCRUBBED, RESILVERING, OLD, FAULTED] {
        for end in 0..text.len() {
            see(&text[..end]);
            see(&text[end..]);
            see(&format!("{}\u{fffd}{}", &text[..end], &text[end..]));
        }
    }
}
