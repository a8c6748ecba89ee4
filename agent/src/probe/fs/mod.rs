//! Probe `fs`: mounted file systems, their room and state. One that hangs never makes the agent hang.

mod asking;
mod errors;
mod mountinfo;
mod passing;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::places;
use atalaya_wire::view::FileSystem;
use atalaya_wire::{ObjectId, Sample, text};
use rustix::io::Errno;
use serde::Deserialize;

use crate::probe::measure::percent;
use crate::probe::{Fault, Moment, Probe, Result, Site};
use asking::{Answer, Asking, Room, room};
use errors::{Errors, Grown};
use mountinfo::{MOUNTS_MAX, Mount};
use passing::passes;

/// How long all of them have to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// What may be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FsConfig {
    /// Where something must be mounted: told as `missing` when nothing is.
    #[serde(deserialize_with = "places")]
    pub expected: Vec<PathBuf>,
    /// Mounts that are left out, by where they are.
    #[serde(deserialize_with = "places")]
    pub ignored: Vec<PathBuf>,
}

/// Every file system.
#[derive(Debug)]
pub struct Fs {
    config: FsConfig,
    asking: Asking,
    /// Those that could be written once.
    writable: BTreeSet<PathBuf>,
    errors: Errors,
    /// What was told at the last reading.
    told: BTreeSet<PathBuf>,
    /// What of it comes and goes, and where it is mounted besides: nobody misses that.
    passing: BTreeSet<ObjectId>,
    /// Whether the last reading saw all mounts.
    whole: bool,
    left_out: usize,
}

impl Fs {
    /// One that has read nothing yet.
    #[must_use]
    pub fn new(config: FsConfig) -> Self {
        Self {
            config,
            asking: Asking::new(room, PATIENCE),
            writable: BTreeSet::new(),
            errors: Errors::default(),
            told: BTreeSet::new(),
            passing: BTreeSet::new(),
            whole: false,
            left_out: 0,
        }
    }

    /// Whether it was writable before and is not any more, or the kernel says that it made it so, or must have.
    fn fell(&mut self, mount: &Mount, errors: Grown) -> bool {
        if !mount.read_only && self.writable.len() < 2 * MOUNTS_MAX {
            self.writable.insert(mount.path.clone());
        }
        mount.fell || errors.stops || mount.read_only && self.writable.contains(&mount.path)
    }
}

impl Probe for Fs {
    fn name(&self) -> &'static str {
        "fs"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn chosen_by(&self) -> &'static str {
        "name what matters in probes.fs.expected, others in .ignored"
    }

    /// Some may not answer; all were found.
    fn saw_all(&self, _: &Result<()>, _: bool) -> bool {
        self.whole
    }

    fn misses(&self, id: &ObjectId, _: &Sample) -> bool {
        let is = |path: &PathBuf| ObjectId::of(&path.to_string_lossy()) == *id;
        !self.passing.contains(id) && !self.config.ignored.iter().any(is)
    }

    fn read(&mut self, site: &Site, _: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        self.whole = false;
        let (expected, ignored) = (&self.config.expected, &self.config.ignored);
        let wanted = |mount: &Mount| expected.contains(&mount.path);
        let table = site.open("/proc/self/mountinfo")?;
        let told = |mount: &Mount| self.told.contains(&mount.path);
        let table = mountinfo::read(table, &wanted, &|mount| ignored.contains(&mount.path), &told)
            .map_err(|err| Fault::io("/proc/self/mountinfo", &err))?;
        let found = table.mounts;
        (self.whole, self.left_out) = (true, table.left_out);
        self.told = found.iter().map(|mount| mount.path.clone()).collect();
        let passing = found.iter().filter(|mount| passes(site, mount, &table.automatic)).map(Mount::shown);
        let elsewhere = table.elsewhere.iter().map(|path| path.to_string_lossy().into_owned());
        self.passing = passing.chain(elsewhere).map(|path| ObjectId::of(&path)).collect();
        let paths: Vec<PathBuf> = found.iter().map(|mount| site.path(&mount.path)).collect();
        let answers = self.asking.all(&paths);
        let crowded = answers.iter().any(|answer| matches!(answer, Answer::Unasked));
        let errors = self.errors.look(site, &found);
        for ((mount, answer), errors) in found.iter().zip(answers).zip(&errors) {
            let fell = self.fell(mount, *errors);
            if let Some(view) = view(mount, fell, answer) {
                out(ObjectId::of(&mount.shown()), view.into());
            }
        }
        let later = table.automatic;
        for path in self.config.expected.iter().filter(|path| found.iter().all(|mount| mount.path != **path)) {
            // What is mounted when somebody looks is there without being mounted.
            let state = (!later.iter().any(|place| path.starts_with(place))).then(|| text("missing"));
            let shown = path.to_string_lossy();
            out(ObjectId::of(&shown), FileSystem { mount: Some(text(&shown)), state, ..FileSystem::default() }.into());
        }
        if crowded {
            return Err(Fault::Failed("so many file systems do not answer that others could not be asked".into()));
        }
        match found.iter().zip(errors).find(|(_, errors)| errors.count > 0) {
            Some((mount, errors)) => Err(Fault::Failed(format!(
                "ext4 found {} errors in {} since it is watched: see dmesg, unmount it and check it",
                errors.count,
                mount.shown()
            ))),
            None => Ok(()),
        }
    }
}

/// `None` for what was unmounted meanwhile.
fn view(mount: &Mount, fell: bool, answer: Answer) -> Option<FileSystem> {
    let mut view = FileSystem {
        mount: Some(text(&mount.shown())),
        device: Some(text(&mount.source)),
        kind: Some(text(&mount.kind)),
        read_only: Some(mount.read_only),
        ..FileSystem::default()
    };
    let state = match answer {
        Answer::Room(room) => {
            fill(room, &mut view);
            Some("ok")
        }
        Answer::Error(err) if err.kind() == io::ErrorKind::NotFound => return None,
        Answer::Error(err) if silent(&err) => Some("stuck"),
        Answer::Error(_) | Answer::Unasked => None,
        Answer::Stuck => Some("stuck"),
    };
    view.state = if fell && state != Some("stuck") { Some(text("read_only")) } else { state.map(text) };
    Some(view)
}

/// Whether nobody stands behind the mount any more: a server that forgot it, a program that ended, a disk that left.
fn silent(err: &io::Error) -> bool {
    let gone = [Errno::STALE, Errno::NOTCONN, Errno::IO, Errno::HOSTDOWN, Errno::TIMEDOUT, Errno::NXIO, Errno::NODEV];
    gone.iter().any(|errno| err.raw_os_error() == Some(errno.raw_os_error()))
}

/// Shares are of what programs without privilege can have, as `df` counts.
fn fill(room: Room, view: &mut FileSystem) {
    let used = room.bytes.saturating_sub(room.free_bytes);
    view.size_bytes = Some(room.bytes);
    view.free_bytes = Some(room.available_bytes);
    view.used_percent = percent(used, used.saturating_add(room.available_bytes));
    if room.files > 0 {
        view.inode_count = Some(room.files);
        view.inodes_free_count = Some(room.free_files);
        view.inodes_used_percent = percent(room.files.saturating_sub(room.free_files), room.files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machines::{Sketch, look};

    fn table(lines: &[&str]) -> String {
        lines.iter().map(|line| format!("1 0 {line}\n")).collect()
    }

    /// `mount=state` of each.
    fn see(fs: &mut Fs, site: &Site) -> Vec<String> {
        let (seen, result) = look(fs, site, 10);
        assert_eq!(result, Ok(()));
        let word = |(id, sample): (ObjectId, Sample)| {
            let Sample::FileSystem(view) = sample else { panic!("{sample:?}") };
            assert_eq!(id, ObjectId::of(view.mount.as_deref().unwrap()));
            format!("{}={}", view.mount.unwrap(), view.state.as_deref().unwrap_or("?"))
        };
        seen.into_iter().map(word).collect()
    }

    #[test]
    fn states() {
        let sketch = Sketch::new(&[("data/x", ""), ("usb/x", ""), ("fell/x", "")]);
        let put = |lines: &[&str]| sketch.put("proc/self/mountinfo", &table(lines));
        let [data, usb] = ["8:1 / /data rw - ext4 /dev/sda1 rw", "8:2 / /usb ro - ext4 /dev/sdb1 ro"];
        let fell = "8:3 / /fell rw - ext4 /dev/sdc1 ro,errors=remount-ro";
        put(&[data, usb, fell, "0:9 / /auto rw - autofs systemd-1 rw", "8:4 / /gone rw - ext4 /dev/sdd1 rw"]);
        let expected = ["/data", "/backup", "/auto/x"].map(PathBuf::from).to_vec();
        let mut fs = Fs::new(FsConfig { expected, ignored: Vec::new() });
        assert_eq!(
            see(&mut fs, &sketch.site()),
            ["/data=ok", "/fell=read_only", "/usb=ok", "/backup=missing", "/auto/x=?"]
        );
        put(&["8:1 / /data ro - ext4 /dev/sda1 ro", usb]);
        assert_eq!(see(&mut fs, &sketch.site()), ["/data=read_only", "/usb=ok", "/backup=missing", "/auto/x=missing"]);
        put(&[usb]);
        assert_eq!(see(&mut fs, &sketch.site())[1], "/data=missing");
        let mut fs = Fs::new(FsConfig { ignored: vec!["/usb".into()], ..FsConfig::default() });
        assert!(see(&mut fs, &sketch.site()).is_empty());
        sketch.remove("proc/self/mountinfo");
        assert!(matches!(look(&mut fs, &sketch.site(), 10).1, Err(Fault::Absent(_))));
    }

    #[test]
    fn what_comes_and_goes_is_not_missed() {
        let sketch = Sketch::new(&[("data/x", ""), ("media/stick/x", ""), ("auto/nas/x", ""), ("bind/x", "")]);
        let put = |lines: &[&str]| sketch.put("proc/self/mountinfo", &table(lines));
        let data = "8:1 / /data rw - ext4 /dev/sda1 rw";
        let stick = "8:2 / /media/stick rw - vfat /dev/sdb1 rw";
        let auto = ["0:9 / /auto rw - autofs auto rw", "0:50 / /auto/nas rw - nfs nas:/x rw"];
        put(&[data, stick, auto[0], auto[1], "8:1 / /bind rw - ext4 /dev/sda1 rw"]);
        let mut fs = Fs::new(FsConfig { ignored: vec!["/left/out".into()], ..FsConfig::default() });
        assert_eq!(see(&mut fs, &sketch.site()), ["/auto/nas=ok", "/bind=ok", "/media/stick=ok"]);
        let misses = |fs: &Fs, path: &str| fs.misses(&ObjectId::of(path), &FileSystem::default().into());
        assert!(misses(&fs, "/bind") && misses(&fs, "/usb"));
        for path in ["/auto/nas", "/media/stick", "/data", "/left/out"] {
            assert!(!misses(&fs, path), "{path}");
        }
        assert!(fs.saw_all(&Ok(()), true));
        sketch.remove("proc/self/mountinfo");
        let (_, result) = look(&mut fs, &sketch.site(), 10);
        assert!(!fs.saw_all(&result, false), "who cannot look misses nothing");
    }

    #[test]
    fn errors_that_ext4_counts_are_told_and_stop_what_is_to_stop() {
        let sketch = Sketch::new(&[("data/x", ""), ("sys/dev/block/253:0/uevent", "MAJOR=253\nDEVNAME=dm-0\n")]);
        sketch.put("proc/self/mountinfo", &table(&["253:0 / /data rw - ext4 /dev/mapper/a-b rw"]));
        let count = |number: u64| sketch.put("sys/fs/ext4/dm-0/errors_count", &format!("{number}\n"));
        let mut fs = Fs::new(FsConfig::default());
        let mut look = || {
            let (seen, result) = look(&mut fs, &sketch.site(), 10);
            let Some((_, Sample::FileSystem(view))) = seen.first() else { panic!("{seen:?}") };
            assert!(fs.saw_all(&result, true));
            (view.state.clone().unwrap().as_str().to_owned(), result.map_err(|fault| fault.to_string()))
        };
        count(7);
        assert_eq!(look(), ("ok".into(), Ok(())), "what was before is history");
        count(9);
        let told = "ext4 found 2 errors in /data since it is watched: see dmesg, unmount it and check it";
        assert_eq!(look(), ("ok".into(), Err(told.into())));
        sketch.put("proc/fs/ext4/dm-0/options", "rw\nerrors=remount-ro\n");
        assert_eq!(look(), ("read_only".into(), Err(told.into())), "Linux 6.12 to 6.14 do not say so");
        count(0);
        assert_eq!(look(), ("ok".into(), Ok(())), "it was checked");
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted() {
        let lines: String =
            (0..MOUNTS_MAX + 3).map(|n| format!("1 0 8:{n} / /m{n:02} rw - ext4 /dev/a rw\n")).collect();
        let sketch = Sketch::new(&[("proc/self/mountinfo", &lines)]);
        (0..MOUNTS_MAX + 3).for_each(|n| sketch.put(&format!("m{n:02}/x"), ""));
        let last = PathBuf::from(format!("/m{}", MOUNTS_MAX + 2));
        let mut fs = Fs::new(FsConfig { expected: vec![last], ignored: vec!["/m00".into()] });
        let seen = see(&mut fs, &sketch.site());
        assert_eq!((seen.len(), fs.left_out()), (MOUNTS_MAX + 1, 1));
        assert_eq!(seen.last().map(String::as_str), Some("/m66=ok"));
    }

    #[test]
    fn shares_are_as_df_counts() {
        let check = |room: Room, expected: (Option<f32>, Option<u64>, Option<f32>)| {
            let mut view = FileSystem::default();
            fill(room, &mut view);
            assert_eq!((view.used_percent, view.inode_count, view.inodes_used_percent), expected, "{room:?}");
        };
        let room = Room { bytes: 1000, free_bytes: 300, available_bytes: 250, files: 100, free_files: 25 };
        check(room, (Some(700.0 / 9.5), Some(100), Some(75.0)));
        check(Room { files: 0, free_files: 0, ..room }, (Some(700.0 / 9.5), None, None));
        check(Room::default(), (None, None, None));
        check(
            Room { bytes: 5, free_bytes: u64::MAX, available_bytes: u64::MAX, ..room },
            (Some(0.0), Some(100), Some(75.0)),
        );
    }

    #[test]
    fn errors_that_mean_that_nobody_answers() {
        for (errno, state) in [(Errno::STALE, Some("stuck")), (Errno::NOTCONN, Some("stuck")), (Errno::ACCESS, None)] {
            let view = view(&Mount::default(), false, Answer::Error(errno.into())).unwrap();
            assert_eq!((view.state.as_deref(), view.size_bytes), (state, None), "{errno}");
        }
        assert!(view(&Mount::default(), false, Answer::Error(Errno::NOENT.into())).is_none());
    }
}
