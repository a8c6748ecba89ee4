//! What is to be set up: as the options say, or as a person answers.

use std::path::{Path, PathBuf};

use atalaya_store::StoreUrl;

use super::answer::{ask, is_somebody_there, say};
use super::{Args, OwnerKey, found};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Result};

/// A backup job.
pub(super) struct Wanted {
    /// Where its repository is or is to be.
    pub(super) repo: StoreUrl,
    /// What is backed up.
    pub(super) paths: Vec<PathBuf>,
    /// Who can read it.
    pub(super) owner_key: OwnerKey,
}

impl Wanted {
    pub(super) fn of(context: &Context, args: &Args) -> Result<Self> {
        let paths = if args.paths.is_empty() { propose()? } else { args.paths.clone() };
        let paths = paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>>>()?;
        if let Some(path) = paths.iter().find(|path| !path.exists()) {
            return Err(Failure::usage(format!("cannot back up {}: it is not there", path.display())));
        }
        let repo = match context.global.repo.as_ref().filter(|repo| !repo.is_empty()) {
            Some(_) => context.global.repo()?,
            None if is_somebody_there() => place()?,
            None => return Err(missing("where the repository is to be", "--repo R")),
        };
        let owner_key = match args.owner_key {
            Some(owner_key) => owner_key,
            None if is_somebody_there() => choose()?,
            None => return Err(missing("who may read the backups", "--owner-key here, or keeper")),
        };
        let repo = match repo {
            StoreUrl::Folder(folder) => StoreUrl::Folder(absolute(&folder)?),
            url => url,
        };
        Ok(Self { repo, paths, owner_key })
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|err| Failure::usage(format!("cannot use {}: {err}", path.display())))
}

fn missing(what: &str, option: &str) -> Failure {
    Failure::usage(format!("cannot tell {what}: there is no terminal to ask at; give {option}"))
}

fn propose() -> Result<Vec<PathBuf>> {
    let found = found::folders(Path::new("/"));
    let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    if !is_somebody_there() {
        return Err(missing("what to back up", &format!("--path DIR (found here: {})", names.join(", "))));
    }
    say("Found on this machine:");
    names.iter().enumerate().for_each(|(number, name)| say(&format!("  {}  {name}", number + 1)));
    loop {
        let answer = ask("What to back up: numbers or folders, with commas between", &usual(found.len()))?;
        match picked(&answer, &found) {
            Ok(paths) if !paths.is_empty() => return Ok(paths),
            Ok(_) => say("Name at least one folder."),
            Err(word) => say(&format!("{word} is neither a number of the list nor a folder that begins with /.")),
        }
    }
}

fn usual(count: usize) -> String {
    (1..=count).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

/// What an answer names; else the word that names nothing.
fn picked(answer: &str, found: &[PathBuf]) -> std::result::Result<Vec<PathBuf>, String> {
    let words = answer.split(',').map(str::trim).filter(|word| !word.is_empty());
    let one = |word: &str| {
        let listed = word.parse::<usize>().ok().and_then(|number| found.get(number.checked_sub(1)?)).cloned();
        listed.or_else(|| word.starts_with('/').then(|| PathBuf::from(word))).ok_or_else(|| word.to_owned())
    };
    words.map(one).collect()
}

fn place() -> Result<StoreUrl> {
    loop {
        let question = "Folder for the repository, on another disk (such as /mnt/usb/nas) or machine (sftp://USER@HOST/PATH, s3://HOST/BUCKET/PREFIX)";
        match StoreUrl::parse(ask(question, "")?.as_ref()) {
            Ok(url) => return Ok(url),
            Err(why) => say(&format!("That names no store: {why}.")),
        }
    }
}

fn choose() -> Result<OwnerKey> {
    say("Who can read the backups?");
    say("  here    this machine too: it can restore and check by itself, and so can whoever steals it");
    say("  keeper  you alone: this machine can add backups, and neither read nor delete them");
    loop {
        match ask("here or keeper", "keeper")?.as_str() {
            "here" => return Ok(OwnerKey::Here),
            "keeper" => return Ok(OwnerKey::Keeper),
            _ => say("Answer \"here\" or \"keeper\"."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_numbers_and_folders() {
        let found = ["/srv", "/etc"].map(PathBuf::from);
        let picked = |answer| {
            picked(answer, &found)
                .map(|paths| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(picked("2, 1"), Ok("/etc /srv".to_owned()));
        assert_eq!(picked(" /data,1,"), Ok("/data /srv".to_owned()));
        for wrong in ["0", "3", "srv", "-1"] {
            assert_eq!(picked(wrong), Err(wrong.to_owned()));
        }
    }
}
