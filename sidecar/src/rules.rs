//! The rules of alerts: those that are shipped, and the owner's after them.

use std::fs;
use std::path::{Path, PathBuf};

use atalaya_alert::Rules;
use atalaya_alert::rule::DEFAULT;

use crate::error::{Error, Kind, Result};

/// Where the owner's lie, if nothing else is said.
const FOLDER: &str = "/etc/atalaya/rules.d";

/// Reads and checks them.
///
/// # Errors
///
/// The file, its line, and what is wrong there.
pub fn read(dir: Option<&Path>) -> Result<Rules> {
    let files = files(dir)?;
    let mut texts = vec![DEFAULT.to_owned()];
    for path in &files {
        let read = fs::read_to_string(path);
        texts.push(
            read.map_err(|err| Error::new(Kind::Config, format!("cannot read the rules {}: {err}", path.display())))?,
        );
    }
    let all: Vec<&str> = texts.iter().map(String::as_str).collect();
    Rules::parse(&all).map_err(|why| {
        // The first with which it goes wrong is the one to be named.
        let wrong = (2..=all.len()).find(|count| Rules::parse(&all[..*count]).is_err());
        let file = wrong.map_or_else(|| "that are shipped".to_owned(), |count| files[count - 2].display().to_string());
        Error::new(Kind::Config, format!("cannot use the rules {file}: {why}"))
    })
}

fn files(dir: Option<&Path>) -> Result<Vec<PathBuf>> {
    let folder = dir.unwrap_or_else(|| Path::new(FOLDER));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if dir.is_none() && err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => {
            return Err(Error::new(Kind::Config, format!("cannot read alerts.dir {}: {err}", folder.display())));
        }
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    Ok(files)
}
