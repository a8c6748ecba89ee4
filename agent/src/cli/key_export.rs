//! `key export`: a recovery sheet.

use std::path::PathBuf;

use atalaya_repo::{Role, drawn_words};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::sheet::{Form, Sheet};
use super::{host, key_file, times};

/// What the key is called in lists.
const LABEL: &str = "recovery sheet";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the sheet to a new FILE, readable by its owner alone; a page for a browser if it ends in .html
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Whose the key is, for "key list"
    #[arg(long, value_name = "TEXT", default_value = LABEL, value_parser = super::key::label)]
    label: String,
}

#[derive(Serialize)]
struct Exported<'a> {
    number: u32,
    repo: &'a str,
    id: &'a str,
    /// The words, unless they are in a file.
    words: Option<&'a str>,
    file: Option<String>,
}

/// See the module.
pub(super) fn export(context: &Context, args: &Args) -> Result<Exit> {
    let mut repo = context.open()?;
    let words = drawn_words()?;
    // The file comes first: a key whose words nobody has could be removed only by whoever notices it.
    let file = args.out.as_deref().map(key_file::create).transpose()?;
    let key = match repo.add_key(Role::Owner, &args.label, Some(words.as_bytes()), times::now()) {
        Ok((key, _)) => key,
        Err(err) => {
            file.into_iter().for_each(key_file::NewKeyFile::discard);
            return Err(err.into());
        }
    };
    let sheet = Sheet {
        machine: host::name(),
        made: times::local(times::now()),
        repo: context.place()?.shown(),
        id: repo.id(),
        key,
        words: &words,
    };
    let written = match (file, &args.out) {
        (Some(file), Some(path)) => file.write(sheet.laid_out(Form::of(path)).as_bytes()).map(|()| Some(path)),
        _ => Ok(None),
    };
    let path = written.map_err(|err| lost(&err, key))?;
    let mut out = context.output();
    if out.json {
        let shown = path.is_none().then_some(&**words);
        let file = path.map(|path| path.display().to_string());
        out.json(&Exported { number: key, repo: &sheet.repo, id: &sheet.id, words: shown, file })?;
    } else if let Some(path) = path {
        out.remark(format_args!("Wrote {}: print it, and remove it from this machine.", path.display()))?;
    } else {
        out.line(sheet.laid_out(Form::Text).trim_end())?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// The key is there, and nobody has its words.
fn lost(err: &Failure, key: u32) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("{}; remove the key that was made for it: atalaya-agent key remove {key}", err.text),
    )
}
