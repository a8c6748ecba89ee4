//! `key`: who may open the repository, and as what.

use std::path::{Path, PathBuf};

use atalaya_base::text::shown;
use atalaya_repo::model::Time;
use atalaya_repo::{KeyInfo, Role};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
#[cfg(feature = "sheet")]
use super::key_export;
use super::secret::{self, Ask};
use super::{key_file, key_reencrypt, key_rotate, times};

/// After so many days a person is reminded of new ones.
const KEYS_DAYS: i64 = 365;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent key list --repo /mnt/usb/nas
  atalaya-agent key add --repo /mnt/usb/nas --role writer --label a --out a.key
  atalaya-agent key add --repo /mnt/usb/nas --role owner --label spare
  atalaya-agent key export --repo /mnt/usb/nas --out sheet.html
  atalaya-agent key remove --repo /mnt/usb/nas 2
  atalaya-agent key passphrase --repo /mnt/usb/nas
  atalaya-agent key rotate --repo /mnt/usb/nas
  atalaya-agent key reencrypt --repo /mnt/usb/nas --background

A writer backs up and sees when and how much, but no names and no content. A
maintainer sees names too. An owner may do everything. A writer's key in a
file lets a machine back up that cannot read what it stored.";

/// List, add, remove and rotate keys, print one on paper, or change the passphrase
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the keys
    List,
    /// Add a key: in a file of its own, or under a passphrase of its own
    Add(Add),
    /// Remove a key: nothing that it signs from now on counts
    Remove {
        /// The key's number, as "key list" shows it
        #[arg(value_parser = number)]
        number: u32,
    },
    /// Print a recovery sheet: a new owner's key, as words and a picture on paper
    #[cfg(feature = "sheet")]
    Export(key_export::Args),
    /// Change the passphrase of the key in use
    Passphrase {
        /// Read the new passphrase from the first line of FILE
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Seal what is stored from now on to new keys, which removed keys do not have
    Rotate(key_rotate::Args),
    /// Seal what is stored already to the present keys, too: reads and writes all that was stored before the last rotation
    Reencrypt(key_reencrypt::Args),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What the key may do: writer, maintainer or owner
    #[arg(long)]
    role: Role,

    /// Whose it is, for "key list"
    #[arg(long, value_name = "TEXT", value_parser = label)]
    label: String,

    /// Write the key to FILE, readable by its owner alone, instead of putting it into the repository under a
    /// passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_file")]
    out: Option<PathBuf>,

    /// Read the new key's passphrase from the first line of FILE
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

pub(super) fn number(text: &str) -> std::result::Result<u32, String> {
    text.parse().map_err(|_| "give the number that \"key list\" shows, such as 1".to_owned())
}

/// A label is shown in lists and messages of every machine that uses the repository.
pub(super) fn label(text: &str) -> std::result::Result<String, String> {
    let plain = shown(text.as_bytes()) == text;
    if (1..=64).contains(&text.chars().count()) && plain && text.trim() == text {
        Ok(text.to_owned())
    } else {
        Err("a label has 1 to 64 characters, no backslash or control character, and no space at its ends".to_owned())
    }
}

#[derive(Serialize)]
struct Listing {
    keys: Vec<JsonKey>,
    epochs: Vec<JsonEpoch>,
}

#[derive(Serialize)]
struct JsonEpoch {
    number: usize,
    began: String,
    age_days: i64,
}

#[derive(Serialize)]
struct JsonKey {
    number: u32,
    role: String,
    label: String,
    created: String,
    age_days: i64,
    removed: Option<String>,
    in_repository: bool,
    current: bool,
}

#[derive(Serialize)]
struct Added {
    number: u32,
    role: String,
    file: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    match &args.action {
        Action::List => list(context),
        Action::Add(args) => add(context, args),
        Action::Remove { number } => remove(context, *number),
        #[cfg(feature = "sheet")]
        Action::Export(args) => key_export::export(context, args),
        Action::Rotate(args) => key_rotate::rotate(context, args),
        Action::Reencrypt(args) => key_reencrypt::reencrypt(context, args),
        Action::Passphrase { new_passphrase_file } => passphrase(context, new_passphrase_file.as_deref()),
    }
}

fn list(context: &Context) -> Result<Exit> {
    let repo = context.open()?;
    let (keys, began) = (repo.keys()?, repo.epochs_began());
    let mut out = context.output();
    if out.json {
        let epoch = |(number, secs): (usize, &i64)| JsonEpoch {
            number,
            began: times::rfc3339(Time { secs: *secs, nanos: 0 }),
            age_days: days_since(*secs),
        };
        let epochs = began.iter().enumerate().map(epoch).collect();
        out.json(&Listing { keys: keys.iter().map(JsonKey::new).collect(), epochs })?;
    } else {
        let age = "AGE";
        out.line(format_args!("{:>3}  {:<10}  {:<19}  {age:>6}  {:<10}  LABEL", "KEY", "ROLE", "MADE", "WHERE"))?;
        keys.iter().try_for_each(|key| out.line(row(key)))?;
        let (number, secs) = (began.len() - 1, began.last().copied().unwrap_or_default());
        let since = times::local(Time { secs, nanos: 0 });
        let days = days_since(secs);
        out.remark(format_args!("What is stored is sealed to the keys of epoch {number}, of {since} ({days} d)."))?;
        reminder(days).map_or(Ok(()), |text| out.remark(text))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

impl JsonKey {
    fn new(key: &KeyInfo) -> Self {
        let time = |secs| times::rfc3339(Time { secs, nanos: 0 });
        Self {
            number: key.number,
            role: key.role.to_string(),
            label: key.label.clone(),
            created: time(key.created_secs),
            age_days: days_since(key.created_secs),
            removed: key.revoked_secs.map(time),
            in_repository: key.file.is_some(),
            current: key.current,
        }
    }
}

fn reminder(days: i64) -> Option<&'static str> {
    (days > KEYS_DAYS).then_some("These keys are older than a year: \"atalaya-agent key rotate\" makes new ones.")
}

fn days_since(secs: i64) -> i64 {
    (times::now().secs - secs) / 86_400
}

fn row(key: &KeyInfo) -> String {
    let place = match (key.revoked_secs, &key.file) {
        (Some(_), _) => "removed",
        (None, Some(_)) => "repository",
        (None, None) => "file",
    };
    let current = if key.current { " (in use)" } else { "" };
    let label = shown(key.label.as_bytes());
    let made = times::local(Time { secs: key.created_secs, nanos: 0 });
    let days = format!("{} d", days_since(key.created_secs));
    format!("{:>3}  {:<10}  {made}  {days:>6}  {place:<10}  {label}{current}", key.number, key.role.to_string())
}

fn add(context: &Context, args: &Add) -> Result<Exit> {
    let mut repo = context.open()?;
    let role = args.role.to_string();
    let (number, file) = match &args.out {
        Some(path) => {
            // The file comes first: a key that could not be written would be a member that nobody has.
            let file = key_file::create(path)?;
            match repo.add_key(args.role, &args.label, None, times::now()) {
                Ok((number, bytes)) => {
                    file.write(&zeroize::Zeroizing::new(bytes.unwrap_or_default()))?;
                    (number, Some(path.display().to_string()))
                }
                Err(err) => {
                    file.discard();
                    return Err(err.into());
                }
            }
        }
        None => {
            let passphrase =
                new_passphrase(context, args.new_passphrase_file.as_deref(), "passphrase for the new key")?;
            (repo.add_key(args.role, &args.label, Some(&passphrase), times::now())?.0, None)
        }
    };
    let mut out = context.output();
    if out.json {
        out.json(&Added { number, role, file })?;
    } else {
        let place =
            file.map_or_else(|| "in the repository, under its passphrase".to_owned(), |file| format!("in {file}"));
        out.remark(format_args!("Added key {number}, {role} \"{}\", {place}.", args.label))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn remove(context: &Context, number: u32) -> Result<Exit> {
    let mut repo = context.open()?;
    repo.remove_key(number, times::now())?;
    let reads = repo.keys()?.iter().any(|key| key.number == number && key.role > Role::Writer);
    let mut out = context.output();
    out.remark(format_args!("Removed key {number}. What it could read, its holder may have kept."))?;
    if reads {
        out.remark("Whoever kept it reads what is stored later, too, until \"atalaya-agent key rotate\" is run.")?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn passphrase(context: &Context, file: Option<&Path>) -> Result<Exit> {
    let repo = context.open()?;
    let passphrase = new_passphrase(context, file, "new passphrase")?;
    repo.change_passphrase(&passphrase, times::now())?;
    let mut out = context.output();
    out.remark(
        "Changed the passphrase. Whoever kept the old key file and the old passphrase can still open the repository.",
    )?;
    out.finish()?;
    Ok(Exit::Done)
}

/// Never from the environment: that one is the present passphrase.
fn new_passphrase(context: &Context, file: Option<&Path>, what: &str) -> Result<secret::Passphrase> {
    match file {
        Some(file) => secret::from_file(file, context.global.quiet),
        None if std::io::IsTerminal::is_terminal(&std::io::stdin()) => secret::ask_person(Ask { what, twice: true }),
        None => Err(Failure::usage(format!(
            "cannot get the {what}: there is no terminal to ask at; give --new-passphrase-file FILE"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_old_keys_is_reminded() {
        assert!(reminder(365).is_none() && reminder(366).is_some_and(|text| text.contains("key rotate")));
    }

    #[test]
    fn labels_are_short_and_steer_no_terminal() {
        assert!(label("Ana's NAS (año 2026)").is_ok() && label(&"ñ".repeat(64)).is_ok());
        for bad in ["", " a", "a\nb\n", "a\u{1b}[31m", "a\u{202e}b", "a\\", &"a".repeat(65)] {
            assert!(label(bad).is_err(), "{bad:?}");
        }
    }
}
