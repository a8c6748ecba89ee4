//! What people read on pages, in English and Spanish: one catalogue each, the same keys in both.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};

/// A language of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Language {
    /// As browsers and configurations call it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The first one of a browser's list that there is, in its order.
    #[must_use]
    pub fn of(accepted: &str) -> Option<Self> {
        accepted.split(',').find_map(|one| match one.trim().get(..2) {
            Some("en") => Some(Self::En),
            Some("es") => Some(Self::Es),
            _ => None,
        })
    }
}

/// What languages call themselves, by their codes.
pub(super) const NAMES: [(&str, &str); 2] = [("en", "English"), ("es", "Español")];

/// Both catalogues.
#[derive(Debug)]
pub struct Catalogues {
    en: BTreeMap<String, String>,
    es: BTreeMap<String, String>,
}

impl Catalogues {
    /// Those that are part of the program.
    ///
    /// # Errors
    ///
    /// None, as the tests show.
    pub fn shipped() -> Result<Self> {
        let read = |text| toml::from_str(text).map_err(|err| Error::new(Kind::Internal, format!("words: {err}")));
        Ok(Self { en: read(include_str!("../../words/en.toml"))?, es: read(include_str!("../../words/es.toml"))? })
    }

    /// The text of a key; the key itself where there is none, which tests forbid.
    #[must_use]
    pub fn get<'a>(&'a self, language: Language, key: &'a str) -> &'a str {
        let words = match language {
            Language::En => &self.en,
            Language::Es => &self.es,
        };
        words.get(key).map_or(key, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let words = Catalogues::shipped().unwrap();
        assert!(words.en.keys().eq(words.es.keys()));
        let places = |text: &str| {
            let mut all: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            all.sort();
            all
        };
        for (key, text) in &words.en {
            assert_eq!(places(text), places(&words.es[key]), "{key}");
        }
    }

    /// All source and templates of pages.
    fn sources() -> Vec<(String, String)> {
        let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders =
            vec![base.join("src/web"), base.join("src/people"), base.join("src/acts"), base.join("templates")];
        let mut all = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    all.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        all
    }

    #[test]
    fn every_text_is_used() {
        let words = Catalogues::shipped().unwrap();
        let text: String = sources().into_iter().map(|(_, text)| text).collect();
        let own = || atalaya_alert::own::VIEWS.iter().flat_map(|view| view.keys);
        for key in words.en.keys() {
            let stem = key.trim_end_matches(".one").trim_end_matches(".many");
            let is_used = match key.split_once('.') {
                Some(("key", field)) => {
                    let of_wire = atalaya_wire::view::KINDS.iter().flat_map(|kind| kind.fields);
                    of_wire.map(|one| one.key).chain(own().map(|one| one.key)).any(|key| key == field)
                }
                Some(("audited", what)) => crate::tower::DONE.contains(&what),
                Some(("audited_how", how)) => crate::tower::MEANS.contains(&how),
                _ => text.contains(&format!("\"{stem}\"")) || text.contains(&format!("\"#{stem}\"")),
            };
            assert!(is_used, "{key}");
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there() {
        let words = Catalogues::shipped().unwrap();
        let done = crate::tower::DONE.iter().map(|what| format!("audited.{what}"));
        for key in done.chain(crate::tower::MEANS.iter().map(|how| format!("audited_how.{how}"))) {
            assert!(words.en.contains_key(&key), "{key}");
        }
        for (path, text) in sources() {
            for rest in text.split(".t(\"").skip(1).chain(text.split(".fill(\"").skip(1)) {
                let key = rest.split('"').next().unwrap();
                let is_key = key.bytes().all(|byte| byte.is_ascii_lowercase() || b"._0123456789".contains(&byte));
                let there = [key.to_owned(), format!("{key}.one")].iter().any(|key| words.en.contains_key(key));
                assert!(
                    !is_key || key.is_empty() || there || path.ends_with("words.rs") || path.ends_with("tests.rs"),
                    "{path}: {key}"
                );
            }
        }
    }

    #[test]
    fn templates_hold_no_text_of_their_own() {
        for (path, text) in sources().into_iter().filter(|(path, _)| path.ends_with(".html")) {
            let mut plain = String::new();
            let mut rest = text.as_str();
            // Without expressions, which hold texts' keys, and without tags.
            for (open, close) in [("{{", "}}"), ("{%", "%}")] {
                plain.clear();
                while let Some((before, after)) = rest.split_once(open) {
                    plain.push_str(before);
                    rest = after.split_once(close).map_or("", |(_, after)| after);
                }
                plain.push_str(rest);
                rest = Box::leak(std::mem::take(&mut plain).into_boxed_str());
            }
            for said in ["title=\"", "placeholder=\"", "aria-label=\"", "alt=\""] {
                for value in rest.split(said).skip(1) {
                    assert!(value.starts_with('"'), "{path}: {said}{value:.40}");
                }
            }
            let words: String =
                rest.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
            let words = words.replace("Atalaya", "");
            assert!(!words.chars().any(char::is_alphabetic), "{path}: {}", words.trim());
        }
    }

    #[test]
    fn a_browser_s_first_known_language_counts() {
        assert_eq!(Language::of("de-DE,de;q=0.9,es;q=0.8,en;q=0.7"), Some(Language::Es));
        assert_eq!(Language::of("en-GB"), Some(Language::En));
        assert_eq!((Language::of("fr"), Language::of(""), Language::of("é")), (None, None, None));
    }
}
