//! `init`: a new repository.

use std::time::Instant;

use atalaya_base::units;
use atalaya_repo::{Cipher, InitOptions, Repository, fastest_cipher};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::secret::{self, Ask};
use super::{host, place, times};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent init --repo /mnt/usb/nas
  atalaya-agent init --repo /mnt/usb/nas --passphrase-file /etc/nas.passphrase";

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

#[derive(Serialize)]
struct Made {
    repository: String,
    id: String,
    cipher: &'static str,
    why: String,
    post_quantum: bool,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let repo = context.global.repo()?;
    // Before anything is made. Without a state folder (no HOME) a repository can be made all the same.
    if context.global.state_dir().is_ok() {
        context.refuse_within(repo)?;
    }
    let place = place::create(repo)?;
    if place.holds_repository() {
        let text = format!(
            "cannot create repository {}: there is one already; back up to it, or choose another place",
            repo.display()
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    let what = format!("passphrase for the new repository {}", place.folder.display());
    let passphrase = secret::passphrase(&context.global, Ask { what: &what, twice: true })?;
    let (cipher, why) = choose(args.cipher)?;
    let options = InitOptions {
        cipher,
        post_quantum: !args.no_post_quantum,
        label: args.label.clone().unwrap_or_else(|| format!("owner@{}", host::name())),
        now: times::now(),
    };
    let id = Repository::init(&*place.store, &passphrase, &options)?;
    let shown = place.folder.display().to_string();
    let mut out = context.output();
    if out.json {
        out.json(&Made { repository: shown, id, cipher: cipher.name(), why, post_quantum: options.post_quantum })?;
    } else {
        out.remark(format_args!("Made repository {} at {shown}", &id[..8]))?;
        out.remark(format_args!("Cipher {}: {why}", cipher.name()))?;
        out.remark("Keep the passphrase safe: without it nobody can read what is stored, and nobody can reset it.")?;
    }
    out.finish()?;
    Ok(Exit::Done)
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
