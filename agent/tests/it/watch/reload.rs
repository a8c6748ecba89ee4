//! Another configuration while it runs.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::nas::Nas;
use super::{let_pass, until};

#[test]
fn a_storm_of_signals_is_two_readings_and_the_last_configuration_counts() {
    let folder = tempfile::tempdir().unwrap();
    let job = |name: &str| {
        format!(
            "[[job]]\nname = {name:?}\nrepo = \"/nowhere\"\npassphrase_file = \"/nowhere/p\"\npaths = [\"/etc\"]\n\
             schedule = \"manual\"\n"
        )
    };
    let mut nas = Nas::new(folder.path(), "nas", 1, &job("first"));
    nas.start();
    for number in 0..50 {
        nas.configure(&job(&format!("job{number}")));
        nas.signal(Signal::SIGHUP);
        let_pass(std::time::Duration::from_millis(10));
    }
    until(|| nas.log(), || nas.status()["jobs"][0]["job"] == "job49");
    assert_eq!(nas.log_count("took over the configuration"), 2, "{}", nas.log());
    assert_eq!(nas.stop(), Some(0));
}

#[test]
fn a_signal_before_the_configuration_is_read_ends_nothing_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 1, "");
    let first = std::fs::read(nas.config()).unwrap();
    std::fs::remove_file(nas.config()).unwrap();
    mkfifo(&nas.config(), Mode::S_IRWXU).unwrap();
    nas.begin();
    // It can be opened once somebody reads it.
    let mut pipe = None;
    until(
        || nas.log(),
        || {
            pipe = File::options().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(nas.config()).ok();
            pipe.is_some()
        },
    );
    nas.signal(Signal::SIGHUP);
    nas.configure(
        "[[job]]\nname = \"a\"\nrepo = \"/nowhere\"\npassphrase_file = \"/nowhere/p\"\npaths = [\"/etc\"]\nschedule = \"manual\"\n",
    );
    pipe.unwrap().write_all(&first).unwrap();
    until(|| nas.log(), || nas.status()["jobs"][0]["job"] == "a");
    assert_eq!(nas.stop(), Some(0));
}

#[test]
fn what_is_remembered_and_damaged_is_told_and_keeps_nobody_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 1, "");
    for file in ["jobs.json", "known.json", "stopped", "commanded"] {
        std::fs::write(nas.state().join(file), b"{\xff").unwrap();
    }
    std::fs::create_dir_all(nas.state().join("records")).unwrap();
    std::fs::write(nas.state().join("records/stream"), b"{\xff").unwrap();
    nas.start();
    assert_eq!(nas.log_count("cannot understand what was remembered"), 2, "{}", nas.log());
    assert_eq!(nas.stop(), Some(0));
}

#[test]
fn an_emptied_or_endless_file_is_no_configuration_to_take_over() {
    let folder = tempfile::tempdir().unwrap();
    let job = "[[job]]\nname = \"a\"\nrepo = \"/nowhere\"\npassphrase_file = \"/nowhere/p\"\npaths = [\"/etc\"]\n";
    let mut nas = Nas::new(folder.path(), "nas", 60, job);
    nas.start();
    nas.configure("");
    nas.signal(Signal::SIGHUP);
    until(|| nas.log(), || nas.log_count("names no job and no broker") == 1);
    nas.configure(&"# much\n".repeat(100_000));
    nas.signal(Signal::SIGHUP);
    until(|| nas.log(), || nas.log_count("longer than 256 KiB") == 1);
    assert_eq!(nas.status()["jobs"][0]["job"], "a");
    assert_eq!(nas.stop(), Some(0));
}
