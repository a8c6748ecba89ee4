//! Where the configuration lies, and how it is read and written again.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use atalaya_base::text::without_numbers;

use crate::cli::context::Context;
use crate::cli::daemon::socket::CONFIG;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;
use crate::durable;

/// The configuration that is named, or the one that there is for whoever asks.
pub(super) fn config(named: Option<&Path>) -> Result<PathBuf> {
    let config = match named {
        Some(config) => config.to_owned(),
        None if rustix::process::geteuid().is_root() => CONFIG.into(),
        None => own_config().ok_or_else(|| {
            Failure::usage("cannot tell where to keep the configuration: HOME is not set; give --config FILE")
        })?,
    };
    // A link stays one: what it leads to is replaced.
    let found = fs::canonicalize(&config).or_else(|_| std::path::absolute(&config));
    found.map_err(|err| failed("use the configuration", Some(&config), &err))
}

fn own_config() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").filter(|dir| dir.is_absolute());
    Some(base.or_else(|| Some(set("HOME")?.join(".config")))?.join("atalaya/agent.toml"))
}

/// The configuration as it is, or as a new one begins.
pub(super) fn before(context: &Context, config: &Path) -> Result<(String, Config)> {
    let text = match fs::read_to_string(config) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            let state = context.global.state_dir()?;
            let state = serde_json::Value::from(state.display().to_string());
            format!("# \"atalaya-agent config example\" shows every key.\n[node]\nstate_dir = {state}\n")
        }
        Err(err) => return Err(failed("read", Some(config), &err)),
    };
    let read = check(config, &text)?;
    Ok((text, read))
}

/// Whether `text` can stand in the configuration.
pub(super) fn check(config: &Path, text: &str) -> Result<Config> {
    Config::read(config, text).map_err(Failure::usage)
}

/// Makes the folder and tries it, before anything is done that cannot be undone.
pub(super) fn prove_writable(folder: &Path) -> Result<()> {
    let proof = folder.join("setup.proof");
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    let proven = made.and_then(|()| durable::replace(&proof, b"x")).and_then(|()| fs::remove_file(&proof));
    proven.map_err(|err| failed("write in", Some(folder), &err))
}

/// Replaces the configuration. Whoever could read it still can; who may not give files away keeps it.
pub(super) fn rewrite(config: &Path, text: &str) -> Result<()> {
    let before = fs::metadata(config).ok();
    durable::replace(config, text.as_bytes()).map_err(|err| failed("write", Some(config), &err))?;
    if let Some(before) = before {
        let _ = fs::set_permissions(config, fs::Permissions::from_mode(before.permissions().mode() & 0o777));
        let _ = std::os::unix::fs::chown(config, Some(before.uid()), Some(before.gid()));
    }
    Ok(())
}

pub(super) fn failed(what: &str, path: Option<&Path>, err: &io::Error) -> Failure {
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    let why = without_numbers(&err.to_string());
    let hint =
        if err.kind() == io::ErrorKind::PermissionDenied { "; run it as root, or give --config FILE" } else { "" };
    Failure::new(Exit::Failed, format!("cannot {what} {path}: {why}{hint}"))
}
