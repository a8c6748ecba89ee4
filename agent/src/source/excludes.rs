//! What people leave out, by pattern.

use super::glob::Glob;
use crate::fs::split;
use atalaya_repo::{Error, Kind, Result};

/// Patterns in the manner of `.gitignore`, matched against absolute paths. The last one that matches decides.
///
/// - `*` stands for any characters of a name, `?` for one, `[a-z]` and `[!a-z]` for one of (or none of)
///   these; `\` takes the next character as it is.
/// - A pattern without a slash (`*.tmp`, `node_modules`) matches that name anywhere.
/// - With a slash at its start (`/home/*/.cache`) it is matched from the root of the file system;
///   with slashes only further on (`build/out`), below any folder.
/// - `**` as a whole component stands for any number of folders: `/srv/**/cache`; `/srv/**` is everything
///   below `/srv`.
/// - A slash at the end (`Trash/`): folders only.
/// - `!` at the start takes back an earlier exclusion (`*.iso`, `!keep.iso`). What lies in a folder that
///   is left out cannot be taken back. `\!` is an exclamation mark.
///
/// Sources that are named, and the folders above them, are never left out.
#[derive(Clone, Debug, Default)]
pub struct Excludes {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    take_back: bool,
    folders_only: bool,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Name(Glob),
    Path(Vec<Component>),
}

#[derive(Clone, Debug)]
enum Component {
    /// `**`
    Any,
    One(Glob),
}

impl Excludes {
    /// Understands `patterns`, in order.
    ///
    /// # Errors
    /// `Usage`, naming the first pattern that cannot be understood.
    pub fn parse<P: AsRef<[u8]>>(patterns: impl IntoIterator<Item = P>) -> Result<Self> {
        let patterns: Result<_> = patterns
            .into_iter()
            .map(|text| {
                let text = text.as_ref();
                pattern(text).map_err(|why| {
                    let shown = String::from_utf8_lossy(text);
                    Error::new(Kind::Usage, format!("cannot use the exclude pattern \"{shown}\": {why}"))
                })
            })
            .collect();
        Ok(Self { patterns: patterns? })
    }

    /// Whether nothing is ever left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether `path` (as in an entry, without the leading slash) is left out.
    #[must_use]
    pub fn excluded(&self, path: &[u8], folder: bool) -> bool {
        let last = self.patterns.iter().rev().find(|p| (folder || !p.folders_only) && p.form.matches(path));
        last.is_some_and(|p| !p.take_back)
    }
}

impl Form {
    fn matches(&self, path: &[u8]) -> bool {
        match self {
            Self::Name(glob) => glob.matches(split(path).1),
            Self::Path(components) => {
                // Most paths are told apart by their names.
                let name = components.last();
                !matches!(name, Some(Component::One(glob)) if !glob.matches(split(path).1)) && walk(components, path)
            }
        }
    }
}

/// As for characters in a name: going back only to the last `**` is enough.
fn walk(components: &[Component], path: &[u8]) -> bool {
    let (mut at, mut rest) = (0, Some(path));
    let mut any: Option<(usize, Option<&[u8]>)> = None;
    loop {
        match (components.get(at), rest) {
            (None, None) => return true,
            (Some(Component::Any), _) if at + 1 == components.len() => return rest.is_some(),
            (Some(Component::Any), _) => {
                at += 1;
                any = Some((at, rest));
                continue;
            }
            (Some(Component::One(glob)), Some(path)) => {
                let (name, after) = first(path);
                if glob.matches(name) {
                    (at, rest) = (at + 1, after);
                    continue;
                }
            }
            _ => {}
        }
        let Some((after, Some(path))) = any else { return false };
        rest = first(path).1;
        at = after;
        any = Some((after, rest));
    }
}

fn first(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|b| *b == b'/') {
        Some(at) => (&path[..at], Some(&path[at + 1..])),
        None => (path, None),
    }
}

fn pattern(text: &[u8]) -> std::result::Result<Pattern, String> {
    let (take_back, rest) = match text.strip_prefix(b"!") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (folders_only, rest) = match rest.strip_suffix(b"/") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if rest.is_empty() {
        return Err("it names nothing".into());
    }
    Ok(Pattern { take_back, folders_only, form: form(rest)? })
}

fn form(text: &[u8]) -> std::result::Result<Form, String> {
    if !text.contains(&b'/') && text != b"**" {
        return Ok(Form::Name(component_glob(text)?));
    }
    let mut components = Vec::new();
    let inner = text.strip_prefix(b"/").unwrap_or(text);
    if inner.len() == text.len() {
        components.push(Component::Any);
    }
    for part in inner.split(|b| *b == b'/') {
        let again = matches!(components.last(), Some(Component::Any));
        match part {
            b"**" if again => {}
            b"**" => components.push(Component::Any),
            _ => components.push(Component::One(component_glob(part)?)),
        }
    }
    Ok(Form::Path(components))
}

fn component_glob(part: &[u8]) -> std::result::Result<Glob, String> {
    match part {
        b"" => Err("two slashes follow one another".into()),
        b"." | b".." => Err("\".\" and \"..\" never occur in a path that is backed up".into()),
        _ => Glob::parse(part),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A trailing slash on a path marks a folder.
    fn check(patterns: &[&str], out: &[&str], kept: &[&str]) {
        let excludes = Excludes::parse(patterns).unwrap();
        let excluded = |p: &str| excludes.excluded(p.trim_end_matches('/').as_bytes(), p.ends_with('/'));
        out.iter().for_each(|p| assert!(excluded(p), "{patterns:?} should leave out {p}"));
        kept.iter().for_each(|p| assert!(!excluded(p), "{patterns:?} should keep {p}"));
    }

    #[test]
    fn table() {
        check(&["*.tmp"], &["a.tmp", "x/y/b.tmp", "x/c.tmp/"], &["a.tmpx", "a.tmp/x"]);
        check(&["/a"], &["a", "a/"], &["x/a", "a/b"]);
        check(&["/home/*/.cache"], &["home/ana/.cache/"], &["home/.cache/", "home/ana/x/.cache/", "x/home/ana/.cache"]);
        check(&["build/out"], &["build/out", "x/y/build/out/"], &["out", "build/x/out"]);
        check(&["Trash/"], &["Trash/", "x/Trash/"], &["Trash", "x/Trash"]);
        check(&["*.iso", "!keep.iso"], &["a.iso"], &["keep.iso", "x/keep.iso"]);
        check(&["!keep.iso", "*.iso"], &["keep.iso"], &[]);
        check(&["/srv/**/cache"], &["srv/cache", "srv/a/b/cache"], &["cache", "srv/a/cache2", "x/srv/cache"]);
        check(&["/srv/**"], &["srv/a", "srv/a/b"], &["srv/", "x"]);
        check(&["**/x"], &["x", "a/b/x"], &["ax"]);
        check(&["a/**/b/**/c"], &["a/b/c", "z/a/1/b/2/3/c"], &["a/c", "b/c"]);
        check(&["\\!x", "[ab]?"], &["!x", "a1", "bñ"], &["x", "c1", "a"]);
        check(&["**"], &["a", "a/b/"], &[]);
        check(&[], &[], &["a"]);
    }

    #[test]
    fn refused_in_one_line() {
        for bad in ["", "/", "!", "a//b", "../x", "x/./y", "[a", "a/[z-a]/b", "a\\"] {
            let err = Excludes::parse([bad]).unwrap_err();
            assert_eq!(err.kind, Kind::Usage);
            assert!(err.text.starts_with("cannot use the exclude pattern \"") && !err.text.contains('\n'), "{err}");
        }
    }
}
