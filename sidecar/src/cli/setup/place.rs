//! Where the configuration lies: looked at before anything is made.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folder::{can_write, nearest};
use super::refused;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::{Config, FILE};

/// See the module.
pub(super) struct Place {
    /// The file.
    pub(super) path: PathBuf,
    /// What the package put there, which says nothing but where the data lie.
    pub(super) before: Option<String>,
    /// Where that is.
    pub(super) folder_before: Option<PathBuf>,
}

impl Place {
    /// The one that is named, or the usual one of whoever asks. One that somebody wrote stays as it is.
    pub(super) fn of(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None if nix::unistd::geteuid().is_root() => FILE.into(),
            None => own().ok_or_else(|| refused("HOME is not set; give --config FILE"))?,
        };
        // A link stays one: what it leads to is replaced.
        let found = fs::canonicalize(&path).or_else(|_| std::path::absolute(&path));
        let path = found.map_err(|err| refused(format_args!("{}: {err}", path.display())))?;
        let before = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(err) if err.kind() == ErrorKind::NotFound => None,
            Err(err) => return Err(cannot_write(&path, &err)),
        };
        let folder_before = match &before {
            Some(text) if says_nothing(text) => Config::read(&path, text).ok().and_then(|config| config.state.dir),
            Some(_) => return Err(there_already(&path)),
            None => None,
        };
        let place = Self { path, before, folder_before };
        place.refuse_to_fail()?;
        Ok(place)
    }

    /// Whether it will be possible to write there.
    pub(super) fn refuse_to_fail(&self) -> Result<()> {
        let folder = nearest(&self.folder());
        can_write(&folder).map_err(|err| cannot_write(&self.path, &err))
    }

    /// Whether `text` can stand there: by what "config check" goes by.
    pub(super) fn check(&self, text: &str) -> Result<Config> {
        Config::read(&self.path, text).map_err(|why| Failure::new(Exit::Usage, why))
    }

    /// The folder that it lies in.
    pub(super) fn folder(&self) -> PathBuf {
        self.path.parent().map_or_else(|| "/".into(), Path::to_owned)
    }

    /// Whether every command finds it without being told.
    pub(super) fn is_usual(&self) -> bool {
        self.path == Path::new(FILE)
    }
}

fn own() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let base = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(base.join("atalaya/sidecar.toml"))
}

/// Whether it is as a package ships it: at most where the data lie.
fn says_nothing(text: &str) -> bool {
    let Ok(sections) = text.parse::<toml::Table>() else { return false };
    let only_dir = |state: &toml::Value| state.as_table().is_some_and(|state| state.keys().all(|key| key == "dir"));
    sections.iter().all(|(name, section)| name == "state" && only_dir(section))
}

fn there_already(path: &Path) -> Failure {
    let path = path.display();
    refused(format_args!(
        "{path} is there already; change it by hand (\"atalaya-sidecar config check --config {path}\" says whether it is in order), or give another --config"
    ))
}

pub(super) fn cannot_write(path: &Path, err: &std::io::Error) -> Failure {
    let why = atalaya_base::text::without_numbers(&err.to_string());
    let hint = match err.kind() {
        ErrorKind::PermissionDenied => "run it as root, or give --config FILE",
        _ => "give another --config FILE",
    };
    Failure::new(Exit::Failed, format!("cannot write {}: {why}; {hint}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_ships_says_nothing_and_what_somebody_wrote_does() {
        for text in ["", "# nothing", "[state]\n", "[state]\ndir = \"/var/lib/atalaya-sidecar\"\n"] {
            assert!(says_nothing(text), "{text}");
        }
        for text in
            ["[state]\nid = \"a\"", "[web]\n", "[state]\ndir = \"/x\"\n[nodes]\naccept = true", "state = 1", "["]
        {
            assert!(!says_nothing(text), "{text}");
        }
    }
}
