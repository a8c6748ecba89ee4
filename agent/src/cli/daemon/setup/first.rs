//! Sets up a backup: repository, key, configuration, and a first small backup that shows that it works.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use atalaya_repo::{Repository, Role, Unlock};
use serde::Serialize;
use zeroize::Zeroizing;

use super::place::failed;
use super::wanted::Wanted;
use super::{Args, OwnerKey, owner, place, sheet};
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::folders::Temporary;
use crate::cli::secret::{self, Ask, Passphrase};
use crate::cli::{PROGRAM, host, init, instead, key_file, store, times};
use crate::durable;
use crate::join::quoted;

#[derive(Serialize)]
struct Done {
    repository: String,
    id: String,
    made: bool,
    job: String,
    secret: String,
    config: String,
}

pub(super) fn set_up(context: &Context, args: &Args, config: &Path, wanted: &Wanted) -> Result<Exit> {
    let secret = secret_file(config, &args.job, wanted.owner_key);
    let (text, _) = place::before(context, config)?;
    let text = format!("{}\n{}", text.trim_end(), section(context, args, wanted, &secret));
    // All that can be wrong is found before anything is made.
    place::check(config, &text)?;
    if secret.exists() {
        return Err(Failure::usage(format!(
            "cannot set up: {} is there already; give another --job",
            secret.display()
        )));
    }
    sheet::can_be_handed_over(args.recovery_sheet.as_deref())?;
    place::prove_writable(&folder_of(config))?;
    // Who sets a machine up is root, and the agent's own state belongs to the agent.
    let state = context.global.state_dir()?;
    let state = Temporary::new(&state).map_err(|err| failed("make a temporary folder", None, &err))?;
    let opened = open(context, wanted, &state)?;
    sheet::hand_over(&opened.shown, &opened.repo.id(), args.recovery_sheet.as_deref())?;
    let (made, id) = (opened.made, opened.repo.id());
    keep_secret(opened.repo, &opened.passphrase, wanted.owner_key, &secret, &args.job)?;
    place::rewrite(config, &text)?;
    tell(
        context,
        &Done {
            repository: opened.shown.clone(),
            id,
            made,
            job: args.job.clone(),
            secret: secret.display().to_string(),
            config: config.display().to_string(),
        },
    )?;
    let exit = if args.no_first_backup { Exit::Done } else { back_up(context, config, wanted, &secret, &state)? };
    if let Some(folder) = &opened.folder
        && let Some(hint) = owner::hand_over(folder, made)?
    {
        context.output().remark(hint)?;
    }
    Ok(exit)
}

fn folder_of(config: &Path) -> PathBuf {
    config.parent().map_or_else(|| "/".into(), Path::to_owned)
}

/// What the job opens the repository with.
fn secret_file(config: &Path, job: &str, owner_key: OwnerKey) -> PathBuf {
    let ending = if owner_key == OwnerKey::Here { "passphrase" } else { "key" };
    folder_of(config).join(format!("{job}.{ending}"))
}

/// The job in the configuration.
fn section(context: &Context, args: &Args, wanted: &Wanted, secret: &Path) -> String {
    let path = |path: &Path| quoted(&path.display().to_string());
    let paths: Vec<String> = wanted.paths.iter().map(|one| path(one)).collect();
    let key = if wanted.owner_key == OwnerKey::Here { "passphrase_file" } else { "key_file" };
    let logins = logins(context).into_iter();
    let logins: String = logins.map(|(name, file)| format!("{} = {}\n", name.replace('-', "_"), path(&file))).collect();
    // Only who can read can check.
    let check = if wanted.owner_key == OwnerKey::Here { "check_every = \"30d\"\n" } else { "" };
    format!(
        "\n[[job]]\nname = {}\nrepo = {}\n{logins}{key} = {}\npaths = [{}]\nschedule = {}\n{check}",
        quoted(&args.job),
        quoted(&wanted.repo.to_string()),
        path(secret),
        paths.join(", "),
        quoted(&args.schedule),
    )
}

/// What says how a server is logged in to.
fn logins(context: &Context) -> Vec<(&'static str, PathBuf)> {
    let mut files = Vec::new();
    #[cfg(feature = "sftp")]
    files.extend(context.global.ssh.words());
    #[cfg(feature = "s3")]
    files.extend(context.global.bucket.words());
    #[cfg(not(any(feature = "s3", feature = "sftp")))]
    let _ = context;
    files
}

struct Opened {
    repo: Repository,
    folder: Option<PathBuf>,
    shown: String,
    passphrase: Passphrase,
    made: bool,
}

/// Makes the repository, or opens the one that is there.
fn open(context: &Context, wanted: &Wanted, state: &Temporary) -> Result<Opened> {
    if let Some(folder) = wanted.repo.folder() {
        context.refuse_within(folder)?;
    }
    let place = crate::cli::place::create(&wanted.repo, &context.global)?;
    let made = !place.holds_repository();
    let shown = place.shown();
    let what =
        if made { format!("passphrase for the new repository {shown}") } else { format!("passphrase for {shown}") };
    let passphrase = secret::passphrase(&context.global, Ask { what: &what, twice: made })?;
    if made {
        store::refuse_unfit(context, &wanted.repo)?;
        init::make(&place, &passphrase, &init::Args::usual())?;
    }
    let repo = Repository::open(place.store, Unlock::Passphrase(&passphrase), &state.0)?;
    Ok(Opened { repo, folder: place.folder, shown, passphrase, made })
}

/// The passphrase itself, or a new writer's key.
fn keep_secret(
    mut repo: Repository,
    passphrase: &Passphrase,
    owner_key: OwnerKey,
    path: &Path,
    job: &str,
) -> Result<()> {
    if owner_key == OwnerKey::Here {
        let mut line = Zeroizing::new(Vec::with_capacity(passphrase.len() + 1));
        line.extend_from_slice(passphrase);
        line.push(b'\n');
        return durable::replace(path, &line).map_err(|err| failed("write", Some(path), &err));
    }
    let file = key_file::create(path)?;
    match repo.add_key(Role::Writer, &format!("{job}@{}", host::name()), None, times::now()) {
        Ok((_, bytes)) => file.write(&Zeroizing::new(bytes.unwrap_or_default())),
        Err(err) => {
            file.discard();
            Err(err.into())
        }
    }
}

fn tell(context: &Context, done: &Done) -> Result<()> {
    let mut out = context.output();
    if out.json {
        out.json(done)?;
    } else {
        let made = if done.made { "Made" } else { "Opened" };
        out.remark(format_args!("{made} repository {} at {}", &done.id[..8], done.repository))?;
        out.remark(format_args!(
            "Wrote job \"{}\" to {}; what it opens the repository with: {}",
            done.job, done.config, done.secret
        ))?;
        out.remark(format_args!(
            "It runs when the agent runs. At once, all of it: {PROGRAM} backup --job {} --config {}",
            done.job, done.config
        ))?;
    }
    out.finish()
}

/// The configuration: small, and needed on the day that this machine is gone.
fn back_up(context: &Context, config: &Path, wanted: &Wanted, secret: &Path, state: &Temporary) -> Result<Exit> {
    let option = |name: &str, value: &Path| {
        let mut word = OsString::from(format!("--{name}="));
        word.push(value);
        word
    };
    let key = if wanted.owner_key == OwnerKey::Here { "passphrase-file" } else { "key-file" };
    let repo = wanted.repo.folder().map_or_else(|| PathBuf::from(wanted.repo.to_string()), Path::to_owned);
    let mut words = vec![OsString::from(PROGRAM), "backup".into(), option("repo", &repo), option(key, secret)];
    words.extend(logins(context).iter().map(|(name, file)| option(name, file)));
    words.push(option("state-dir", &state.0));
    words.push("--job=setup".into());
    words.extend(context.global.json.then(|| "--json".into()));
    words.extend(context.global.quiet.then(|| "--quiet".into()));
    words.extend(["--".into(), config.as_os_str().to_owned()]);
    instead(words)
}
