//! `init`: a new repository.

use std::time::Instant;

use atalaya_base::units;
use atalaya_repo::{Cipher, InitOptions, Repository, fastest_cipher};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::place::{self, Place};
use super::secret::{self, Ask};
use super::{host, store, times};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent init --repo /mnt/usb/nas
  atalaya-agent init --repo /mnt/usb/nas --passphrase-file /etc/nas.passphrase
  atalaya-agent init --repo sftp://nas@backup.example.org/srv/nas
  atalaya-agent init --repo s3://s3.eu-central-1.amazonaws.com/bucket/nas";

/// Make a repository, with the cipher that is fastest on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Cipher for all that is stored
    #[arg(long, value_enum, default_value = "fastest")]
    cipher: CipherArg,

    /// Exchange keys by X25519 alone, without ML-KEM-768 beside it
    #[arg(long)]
    no_post_quantum: bool,

    /// Name of the first key, for "key list" [default: owner@HOST]
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum CipherArg {
    /// Measured now
    Fastest,
    /// For processors with AES instructions
    Aes256Gcm,
    /// For those without
    Chacha20Poly1305,
}

impl Args {
    /// As if nothing was asked for.
    #[cfg(feature = "daemon")]
    pub(crate) const fn usual() -> Self {
        Self { cipher: CipherArg::Fastest, no_post_quantum: false, label: None }
    }
}

/// A new repository.
#[derive(Serialize)]
pub(crate) struct Made {
    repository: String,
    id: String,
    pub(crate) cipher: &'static str,
    pub(crate) why: String,
    post_quantum: bool,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let repo = context.global.repo()?;
    // Before anything is made. Without a state folder (no HOME) a repository can be made all the same.
    if let Some(folder) = repo.folder().filter(|_| context.global.state_dir().is_ok()) {
        context.refuse_within(folder)?;
    }
    let place = place::create(&repo, &context.global)?;
    if place.holds_repository() {
        let text =
            format!("cannot create repository {repo}: there is one already; back up to it, or choose another place");
        return Err(Failure::new(Exit::Failed, text));
    }
    store::refuse_unfit(context, &repo)?;
    let what = format!("passphrase for the new repository {}", place.shown());
    let passphrase = secret::passphrase(&context.global, Ask { what: &what, twice: true })?;
    let made = make(&place, &passphrase, args)?;
    let mut out = context.output();
    if out.json {
        out.json(&made)?;
    } else {
        out.remark(format_args!("Made repository {} at {}", &made.id[..8], made.repository))?;
        out.remark(format_args!("Cipher {}: {}", made.cipher, made.why))?;
        place.remarks.iter().try_for_each(|remark| out.remark(remark))?;
        out.remark("Keep the passphrase safe: without it nobody can read what is stored, and nobody can reset it.")?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Makes a repository where there is none.
pub(crate) fn make(place: &Place, passphrase: &[u8], args: &Args) -> Result<Made> {
    let (cipher, why) = choose(args.cipher)?;
    let options = InitOptions {
        cipher,
        post_quantum: !args.no_post_quantum,
        label: args.label.clone().unwrap_or_else(|| format!("owner@{}", host::name())),
        now: times::now(),
    };
    let id = Repository::init(&*place.store, passphrase, &options)?;
    let repository = place.shown();
    Ok(Made { repository, id, cipher: cipher.name(), why, post_quantum: options.post_quantum })
}

fn choose(arg: CipherArg) -> Result<(Cipher, String)> {
    match arg {
        CipherArg::Aes256Gcm => Ok((Cipher::Aes256Gcm, "as asked for".to_owned())),
        CipherArg::Chacha20Poly1305 => Ok((Cipher::ChaCha20Poly1305, "as asked for".to_owned())),
        CipherArg::Fastest => {
            let start = Instant::now();
            let (best, speeds) = fastest_cipher(&|| start.elapsed())?;
            let speed = |(cipher, bytes): (Cipher, f64)| format!("{} {}/s", cipher.name(), units::size(bytes as u64));
            Ok((best, format!("fastest on this machine ({}, {})", speed(speeds[0]), speed(speeds[1]))))
        }
    }
}
