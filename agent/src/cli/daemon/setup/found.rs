//! Folders on this machine that people want to have backed up.

use std::fs;
use std::path::{Path, PathBuf};

/// Where data of people and services lies on the systems that a NAS runs.
const USUAL: [&str; 8] =
    ["/srv", "/home", "/volume1", "/mnt", "/etc", "/var/lib/postgresql", "/var/lib/mysql", "/var/lib/mariadb"];
/// More than a person reads.
const FOUND_MAX: usize = 20;

/// Shares, homes, settings and databases that are there below `root`; none that lies in another one.
pub(super) fn folders(root: &Path) -> Vec<PathBuf> {
    let below = |path: &str| root.join(path.trim_start_matches('/'));
    let mut all: Vec<PathBuf> = USUAL.iter().map(|path| below(path)).filter(|path| has_something(path)).collect();
    let text = |path: &str| fs::read_to_string(below(path)).unwrap_or_default();
    let shares = shared_by_samba(&text("/etc/samba/smb.conf")).into_iter().chain(exported(&text("/etc/exports")));
    all.extend(shares.map(|path| below(&path)).filter(|path| has_something(path)));
    all.sort();
    all.dedup();
    let nested = |path: &PathBuf| all.iter().any(|other| other != path && path.starts_with(other));
    all.iter().filter(|path| !nested(path)).take(FOUND_MAX).cloned().collect()
}

fn has_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Values of `path` of the shares; what holds a variable of Samba's is none.
fn shared_by_samba(text: &str) -> Vec<String> {
    let path = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim().trim_matches('"');
        let fits = key.trim().eq_ignore_ascii_case("path") && value.starts_with('/') && !value.contains('%');
        fits.then(|| value.to_owned())
    };
    text.lines().filter_map(path).collect()
}

/// Folders that NFS exports.
fn exported(text: &str) -> Vec<String> {
    let folder = |line: &str| line.split_whitespace().next().filter(|word| word.starts_with('/')).map(str::to_owned);
    text.lines().filter_map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_the_usual_folders_are_found_once() {
        let root = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        file("etc/samba/smb.conf", "[photos]\n  Path = /export/photos\n[homes]\npath=/home/%S\n; path = /no\n");
        file("etc/exports", "# none\n/srv/nfs 192.168.0.0/16(ro)\n/data *(rw)\n/gone *(rw)\n");
        file("export/photos/a.jpg", "x");
        file("srv/nfs/b", "x");
        file("data/c", "x");
        fs::create_dir(root.path().join("home")).unwrap();
        let found: Vec<String> = folders(root.path())
            .iter()
            .map(|path| path.strip_prefix(root.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(found, ["data", "etc", "export/photos", "srv"]);
        assert!(folders(&root.path().join("nothing")).is_empty());
    }
}
