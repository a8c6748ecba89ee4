//! Machines that tests look at: kept ones below `tests/fixtures/probe`, and those that a test sketches.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::probe::{Moment, Probe, Result, Site};

/// A kept machine.
pub(super) fn machine(name: &str) -> Site {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/probe").join(name);
    assert!(folder.is_dir(), "no machine {name}");
    Site::below(folder)
}

/// Real data that is not the project's, where somebody put it; `None`, with a word, where not.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// A machine of a few files.
pub(super) struct Sketch {
    folder: TempDir,
}

impl Sketch {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let new = Self { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| new.put(path, text));
        new
    }

    pub(super) fn put(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.folder.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub(super) fn site(&self) -> Site {
        Site::below(self.folder.path())
    }
}

/// So many seconds after the start, which was at 1 700 000 000.
pub(super) fn at(seconds: u64) -> Moment {
    let wall = Timestamp::from_second(1_700_000_000 + i64::try_from(seconds).unwrap()).unwrap();
    Moment { boot: Duration::from_secs(seconds), wall }
}

/// What a reading sees, and what kept it from seeing more.
pub(super) fn look(probe: &mut dyn Probe, site: &Site, seconds: u64) -> (Vec<(ObjectId, Sample)>, Result<()>) {
    let mut seen = Vec::new();
    let result = probe.read(site, at(seconds), &mut |id, sample| seen.push((id, sample)));
    (seen, result)
}

/// Whatever machine this is: each probe sees something or says why not, and nothing fails.
#[test]
fn this_very_machine() {
    let probes: [Box<dyn Probe>; 6] = [
        Box::new(super::system::System::new(super::system::SystemConfig::default())),
        Box::new(super::disks::Disks::new(super::disks::DisksConfig { smart: false, ..Default::default() })),
        Box::new(super::fs::Fs::new(super::fs::FsConfig::default())),
        Box::new(super::raid::Raid::new(super::raid::RaidConfig::default())),
        Box::new(super::net::Net::new(super::net::NetConfig::default())),
        Box::new(super::ups::Ups::new(super::ups::UpsConfig::default())),
    ];
    for mut probe in probes {
        for seconds in [10, 20] {
            let (seen, result) = look(probe.as_mut(), &Site::default(), seconds);
            for (id, sample) in &seen {
                let keys = sample.fields().iter().enumerate();
                let told: Vec<_> = keys.map(|(at, key)| format!("{}={:?}", key.key, sample.value(at))).collect();
                println!("{} {}: {}", sample.name(), id.as_str(), told.join(" "));
            }
            println!("{} {result:?}", probe.name());
            assert!(!matches!(result, Err(super::Fault::Failed(_))), "{} {result:?}", probe.name());
        }
    }
}
