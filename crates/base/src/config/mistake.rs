//! What is wrong in the configuration, and where: told as `file:line: key: what`.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::wrong::{Inner, Wrong};

/// Something that is wrong. [`Written::tell`] makes a line for people of it.
#[derive(Debug)]
pub struct Mistake {
    /// The byte that it begins at.
    at: Option<usize>,
    what: String,
}

impl Mistake {
    /// About the value of `key`; for what only shows beside other values. What a value tells by itself, its type does
    /// when it is read.
    pub fn at<T>(key: &str, value: &Spanned<T>, what: impl fmt::Display) -> Self {
        Self { at: Some(value.span().start), what: format!("{key}: {what}") }
    }

    /// About a key that is not written there, so that there is no line to tell.
    pub fn whole(key: &str, what: impl fmt::Display) -> Self {
        Self { at: None, what: format!("{key}: {what}") }
    }

    /// What a type cannot be made of. `above` are the keys that it was not shown, with a dot behind each.
    pub(super) fn read(above: &str, wrong: Wrong) -> Self {
        let Inner { at, keys, what } = wrong.into_inner();
        let key = format!("{above}{keys}");
        let what = match what.as_str() {
            "invalid type: map, expected a sequence" => format!("this may stand there several times; write [[{key}]]"),
            what => plain(&what.replace('\n', " ")),
        };
        let key = key.trim_end_matches('.');
        Self { at, what: if key.is_empty() { what } else { format!("{key}: {what}") } }
    }
}

/// What a parser says, without names that only its code knows.
fn plain(what: &str) -> String {
    let what = what.replace("type: map", "type: section").replace("expected a map", "expected a section");
    let what = what.replace("type: sequence", "type: list");
    match what.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected a section"),
        None => what.replace("expected a sequence", "expected a list in brackets"),
    }
}

/// The configuration as it was written, for telling lines of it. Not shown.
#[derive(Clone)]
pub struct Written {
    path: PathBuf,
    text: String,
}

impl Written {
    /// `text`, which is said to stand in the file `path`.
    #[must_use]
    pub fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of a byte; the first one is 1.
    #[must_use]
    pub fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }

    /// `file:line` of a byte, or the file alone.
    #[must_use]
    pub fn place(&self, at: Option<usize>) -> String {
        let path = self.path.display();
        at.map_or_else(|| path.to_string(), |at| format!("{path}:{}", self.line(at)))
    }

    /// One line for people: the file, the line where there is one, the key, what is wrong, and what may stand there.
    #[must_use]
    pub fn tell(&self, mistake: &Mistake) -> String {
        format!("cannot use the configuration {}: {}", self.place(mistake.at), mistake.what)
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
