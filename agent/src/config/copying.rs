//! `[upkeep.copy]`: replicas that are kept up to date, each by a task of its own.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use atalaya_base::config::{Length, Limit, Mistake, Named, Place, Spanned, YEARS};
use atalaya_repo::Budget;
use atalaya_store::StoreUrl;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::names::{JobName, Label, Percent, lies};
use super::paths::Repo;
use super::size::Memory;
use crate::cli::beside_bytes;
use crate::policy::Lies;

/// More than anybody keeps of one repository.
const TARGETS_MAX: usize = 16;
/// Of the name that a target is given by itself.
const SLUG_BYTES_MAX: usize = 40;
/// What a copy may use where nothing is said: as the command has it.
const MEMORY_BYTES: u64 = 32 << 20;
const WITHOUT: &str = "copies to there fail";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCopy {
    pub(super) schedule: Option<Spanned<String>>,
    to: Targets,
    drop_max: Option<Percent>,
    #[serde(default)]
    heal: bool,
    limit_upload: Option<Limit>,
    rpo: Option<Length<1, YEARS>>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<Spanned<RawTarget>>")]
struct Targets(Vec<Spanned<RawTarget>>);

impl TryFrom<Vec<Spanned<RawTarget>>> for Targets {
    type Error = String;

    fn try_from(all: Vec<Spanned<RawTarget>>) -> Result<Self, String> {
        match all.len() {
            0 => Err("there is nowhere to copy to; name at least one folder or URL".into()),
            1..=TARGETS_MAX => Ok(Self(all)),
            many => Err(format!("these are {many}; at most {TARGETS_MAX}")),
        }
    }
}

/// A place, or a section with more about it.
#[derive(Debug)]
struct RawTarget(Target);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    repo: Repo,
    name: Option<JobName>,
    ssh_key_file: Option<Spanned<Place>>,
    ssh_password_file: Option<Spanned<Place>>,
    ssh_known_hosts: Option<Spanned<Place>>,
    bucket_credentials_file: Option<Spanned<Place>>,
    medium: Option<Label>,
    place: Option<Label>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self {
            repo: text.parse()?,
            name: None,
            ssh_key_file: None,
            ssh_password_file: None,
            ssh_known_hosts: None,
            bucket_credentials_file: None,
            medium: None,
            place: None,
        })
    }
}

impl<'de> Deserialize<'de> for RawTarget {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Target;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the absolute path of a folder, a URL, or a section with repo")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Target, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Target, A::Error> {
                Target::deserialize(MapAccessDeserializer::new(map))
            }
        }
        from.deserialize_any(Either).map(Self)
    }
}

/// One target, as a task has it.
pub(super) struct Aim {
    /// The task: `copy-` and the name of the target.
    pub(super) task: String,
    pub(super) repo: Repo,
    pub(super) lies: Lies,
    /// Behind the words of the repository.
    pub(super) words: Vec<String>,
}

impl RawCopy {
    /// How old a copy may be, if that is said.
    pub(super) fn rpo(&self) -> Option<Duration> {
        self.rpo.map(|rpo| rpo.0)
    }

    /// The files that its processes read.
    pub(super) fn named(&self) -> impl Iterator<Item = Named> + use<'_> {
        let files = |target: &Target| {
            [
                ("upkeep.copy.to.ssh_key_file", target.ssh_key_file.clone()),
                ("upkeep.copy.to.ssh_password_file", target.ssh_password_file.clone()),
                ("upkeep.copy.to.ssh_known_hosts", target.ssh_known_hosts.clone()),
                ("upkeep.copy.to.bucket_credentials_file", target.bucket_credentials_file.clone()),
            ]
        };
        let each = self.to.0.iter().flat_map(move |target| files(&target.get_ref().0));
        each.flat_map(|(key, file)| Named::of(key, file.as_ref(), WITHOUT).collect::<Vec<_>>())
    }

    /// The targets of a repository, each called otherwise and none in the other's place.
    pub(super) fn aims(&self, from: &Repo, memory: Option<Memory>, state: &Path) -> Result<Vec<Aim>, Mistake> {
        let mut names = BTreeSet::new();
        let mut places = BTreeSet::new();
        let mut out = Vec::new();
        for written in &self.to.0 {
            let target = &written.get_ref().0;
            let wrong = |what: String| Mistake::at("upkeep.copy.to", written, what);
            target.check(from, memory, state).map_err(wrong)?;
            let task = format!("copy-{}", target.name());
            if !places.insert(target.repo.0.to_string()) {
                return Err(wrong(format!("{} is there twice; leave one out", target.repo.0)));
            }
            if !names.insert(task.clone()) {
                let name = target.name();
                return Err(wrong(format!("one before it is called {name:?}, too; give it another name = \"…\"")));
            }
            let words =
                target.access().chain(self.words()).chain(["--".to_owned(), target.repo.0.to_string()]).collect();
            out.push(Aim {
                task,
                repo: target.repo.clone(),
                lies: lies(target.medium.as_ref(), target.place.as_ref()),
                words,
            });
        }
        Ok(out)
    }

    fn words(&self) -> impl Iterator<Item = String> {
        let drop_max = self.drop_max.map(|percent| format!("--drop-max={}", percent.0));
        let limit = self.limit_upload.map(|limit| format!("--limit-upload={}", limit.0));
        let heal = self.heal.then(|| "--heal".to_owned());
        drop_max.into_iter().chain(limit).chain(heal)
    }
}

impl Target {
    fn check(&self, from: &Repo, memory: Option<Memory>, state: &Path) -> Result<(), String> {
        let to = &self.repo;
        if to.0 == from.0 {
            return Err("it is the repository itself; name another place".into());
        }
        if from.0.folder().is_some_and(|folder| to.overlaps(folder)) {
            return Err(format!("{} and the repository lie one in the other; choose another folder", to.0));
        }
        if to.overlaps(state) {
            return Err(format!("it and the state folder {} lie one in the other; move one", state.display()));
        }
        self.check_ssh(from)?;
        self.check_bucket(from)?;
        let beside = beside_bytes(&from.0) + beside_bytes(&to.0);
        let memory = usize::try_from(memory.map_or(MEMORY_BYTES, |memory| memory.0)).unwrap_or(usize::MAX);
        if beside > 0 && Budget::divide(memory.saturating_sub(beside)).is_err() {
            return Err("each ssh takes 7M of memory_max beside what a copy needs; write memory_max = \"39M\"".into());
        }
        Ok(())
    }

    fn check_ssh(&self, from: &Repo) -> Result<(), String> {
        let given =
            [&self.ssh_key_file, &self.ssh_password_file, &self.ssh_known_hosts].into_iter().any(Option::is_some);
        match given {
            true if !matches!(self.repo.0, StoreUrl::Sftp(_)) => {
                Err("ssh_* says how a server is logged in to, and this is on none; leave it out".into())
            }
            true if matches!(from.0, StoreUrl::Sftp(_)) => {
                Err("the repository is reached by SSH as well, with the same files; write ssh_* beside its repo".into())
            }
            _ => Ok(()),
        }
    }

    fn check_bucket(&self, from: &Repo) -> Result<(), String> {
        let both = matches!(from.0, StoreUrl::Bucket(_));
        match (self.bucket_credentials_file.is_some(), matches!(self.repo.0, StoreUrl::Bucket(_))) {
            (true, false) => {
                Err("bucket_credentials_file is for s3://…, az://… and gs://…, and this is none; leave it out".into())
            }
            (true, true) if both => {
                Err("the repository is in a bucket as well, and one file has a section for each server; write \
                     bucket_credentials_file beside its repo alone"
                    .into())
            }
            (false, true) if !both => {
                Err("bucket_credentials_file is needed beside it: a task has nobody's environment".into())
            }
            _ => Ok(()),
        }
    }

    /// How its server is asked.
    fn access(&self) -> impl Iterator<Item = String> {
        let files = [
            ("--ssh-key-file", &self.ssh_key_file),
            ("--ssh-password-file", &self.ssh_password_file),
            ("--ssh-known-hosts", &self.ssh_known_hosts),
            ("--bucket-credentials-file", &self.bucket_credentials_file),
        ];
        let word = |(option, file): (&str, &Option<Spanned<Place>>)| {
            Some(format!("{option}={}", file.as_ref()?.get_ref().0.display()))
        };
        files.into_iter().filter_map(word).collect::<Vec<_>>().into_iter()
    }

    /// As it is called, or else made of where it is: it stays when others come and go.
    fn name(&self) -> String {
        self.name.as_ref().map_or_else(|| slug(&self.repo.0.to_string()), |name| name.0.clone())
    }
}

/// `/mnt/usb2/nas` becomes `mnt-usb2-nas`, `sftp://nas@host/~/nas` becomes `host-nas`.
fn slug(place: &str) -> String {
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    let (before, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let whole = format!("{host}/{path}");
    let words = whole.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let from = joined.len().saturating_sub(SLUG_BYTES_MAX);
    let slug = joined[from..].trim_matches('-');
    if slug.is_empty() { "elsewhere".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_target_has_a_name_of_its_own() {
        for (place, name) in [
            ("/mnt/usb2/nas", "mnt-usb2-nas"),
            ("sftp://nas@backup.example.org:2222/~/nas", "backup-example-org-2222-nas"),
            ("sftp://host/srv/nas", "host-srv-nas"),
            ("/ñ", "elsewhere"),
        ] {
            assert_eq!(slug(place), name);
        }
        let long = slug(&format!("/{}/nas", "x/".repeat(60)));
        assert!(long.len() <= 40 && long.ends_with("-nas") && !long.starts_with('-'), "{long}");
    }
}
