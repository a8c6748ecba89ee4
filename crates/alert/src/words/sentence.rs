//! What agents say is wrong comes in English. Sentences that are known are said in the reader's language; what the system adds
//! stays as it came.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::rule::Words;

/// Between sentences.
const BESIDE: &str = "; ";
/// What differs.
const GAP: &str = "{}";

#[derive(Default, Deserialize)]
struct Catalogue {
    sentence: Vec<Words>,
}

// That it can be read is a test; without it everything would be shown as it came.
static SENTENCES: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let read: Catalogue = toml::from_str(include_str!("sentences.toml")).unwrap_or_default();
    read.sentence
});

/// What an agent said, in both languages.
#[must_use]
pub fn said(text: &str) -> Words {
    let spanish: Vec<String> = text.split(BESIDE).map(|one| spanish(one).unwrap_or_else(|| one.to_owned())).collect();
    Words { en: text.to_owned(), es: spanish.join(BESIDE) }
}

fn spanish(one: &str) -> Option<String> {
    SENTENCES.iter().find_map(|known| fill(&known.es, &gaps(&known.en, one)?))
}

/// What stands in the gaps of a pattern; nothing if it is another sentence.
fn gaps<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let (first, rest) = pattern.split_once(GAP).map_or((pattern, None), |(first, rest)| (first, Some(rest)));
    let mut left = text.strip_prefix(first)?;
    let Some(rest) = rest else { return left.is_empty().then(Vec::new) };
    let mut gaps = Vec::new();
    let mut pieces = rest.split(GAP).peekable();
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        let (gap, after) = if last { (left.strip_suffix(piece)?, "") } else { left.split_once(piece)? };
        if gap.is_empty() {
            return None;
        }
        gaps.push(gap);
        left = after;
    }
    Some(gaps)
}

/// A pattern with its gaps filled; in one there may be a known sentence, too.
fn fill(pattern: &str, gaps: &[&str]) -> Option<String> {
    let mut gaps = gaps.iter();
    let mut pieces = pattern.split(GAP);
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let gap = gaps.next()?;
        out.push_str(&spanish(gap).unwrap_or_else(|| (*gap).to_owned()));
        out.push_str(piece);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_known_is_said_in_spanish_and_the_rest_as_it_came() {
        for (text, spanish) in [
            ("1 of 2 disks lack; failed: sda1 sdb1", "discos que faltan: 1 de 2; han fallado: sda1 sdb1"),
            ("expires in 9 days; whoever renews it has not", "caduca en 9 días; quien lo renueva no lo ha hecho"),
            (
                "No-IP takes updates that the name's servers do not show; does the key cover it? Next try after 10:00",
                "No-IP acepta cambios que los servidores del nombre no muestran; ¿lo cubre la clave? Próximo intento después de 10:00",
            ),
            ("cannot connect to nas:80: Connection refused", "no se puede conectar con nas:80: Connection refused"),
            ("Input/output error; it does not run", "Input/output error; no está en marcha"),
            ("something new", "something new"),
            ("", ""),
        ] {
            let said = said(text);
            assert_eq!((said.en.as_str(), said.es.as_str()), (text, spanish));
        }
    }

    #[test]
    fn every_sentence_can_be_said_in_both_languages() {
        assert!(SENTENCES.len() > 50, "the catalogue cannot be read");
        for one in SENTENCES.iter() {
            assert_eq!(one.en.matches(GAP).count(), one.es.matches(GAP).count(), "{one:?}");
            assert!(!one.en.contains(BESIDE) && !one.en.contains("{}{}") && one.en != GAP, "{one:?}");
            let filled = one.en.replace(GAP, "7");
            assert_eq!(said(&filled).es, one.es.replace(GAP, "7"), "another one is taken for {filled:?}");
        }
    }

    /// All source of the agent, with quotes as they are said.
    fn agent(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                agent(&path, all);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap().replace("\\\"", "\""));
            }
        }
    }

    #[test]
    fn every_sentence_is_one_that_agents_say() {
        let mut source = String::new();
        agent(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agent/src"), &mut source);
        for one in SENTENCES.iter() {
            for piece in one.en.split(GAP).map(str::trim).filter(|piece| !piece.is_empty()) {
                assert!(source.contains(piece), "no agent says {piece:?}");
            }
        }
    }
}
