//! The zone that times of day are in.
//!
//! The library's own way first lists every zone that there is, and keeps the list: 80 KiB that a service would never
//! look at again, for six hundred files. Here the one file is read, and the library asked where that does not do.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";
/// The longest has 4 KiB.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// This machine's.
#[must_use]
pub fn local() -> TimeZone {
    // Whoever sets it may mean a name, a file or a rule.
    let found = if std::env::var_os("TZ").is_none() { linked(Path::new(LOCAL)) } else { None };
    found.unwrap_or_else(TimeZone::system)
}

/// One with a name such as `Europe/Madrid`; `None` where nobody knows it.
#[must_use]
pub fn named(name: &str) -> Option<TimeZone> {
    below(Path::new(ZONES), name).or_else(|| TimeZone::get(name).ok())
}

/// What a link to a zone's file means: schedules want its name as well.
fn linked(path: &Path) -> Option<TimeZone> {
    let target = std::fs::read_link(path).ok()?;
    let (_, name) = target.to_str()?.rsplit_once("zoneinfo/")?;
    read(path, name)
}

fn below(folder: &Path, name: &str) -> Option<TimeZone> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b));
    if name.split('/').all(plain) { read(&folder.join(name), name) } else { None }
}

fn read(path: &Path, name: &str) -> Option<TimeZone> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    TimeZone::tzif(name, &bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_what_its_file_says() {
        let summer = jiff::Timestamp::from_second(1_751_328_000).unwrap();
        let zone = named("Europe/Madrid").unwrap();
        assert_eq!((zone.to_offset(summer).seconds(), zone.iana_name()), (7200, Some("Europe/Madrid")));
        assert_eq!(named("europe/madrid").unwrap().iana_name(), Some("Europe/Madrid"));
        for name in ["", "Mars/Base", "../../etc/localtime", "/etc/localtime", "Europe", "Europe/", "tzdata.zi"] {
            assert!(named(name).is_none() && below(Path::new(ZONES), name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_link_gives_the_name_and_what_is_none_is_left_to_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("localtime");
        assert!(linked(&path).is_none());
        std::os::unix::fs::symlink(format!("{ZONES}/Europe/Madrid"), &path).unwrap();
        assert_eq!(linked(&path).unwrap().iana_name(), Some("Europe/Madrid"));
        let file = folder.path().join("zoneinfo/Here");
        std::fs::create_dir(folder.path().join("zoneinfo")).unwrap();
        std::fs::write(&file, "TZif2 and no more").unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&file, &path).unwrap();
        assert!(linked(&path).is_none() && linked(&file).is_none());
    }
}
