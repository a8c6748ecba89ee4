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

    #[test]
    fn a_browser_s_first_known_language_counts() {
        assert_eq!(Language::of("de-DE,de;q=0.9,es;q=0.8,en;q=0.7"), Some(Language::Es));
        assert_eq!(Language::of("en-GB"), Some(Language::En));
        assert_eq!((Language::of("fr"), Language::of(""), Language::of("é")), (None, None, None));
    }
}
