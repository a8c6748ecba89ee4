//! A passphrase that is drawn and stands on paper: words that can be said and typed in any language.
//!
//! Sixteen bits are a word of five letters, consonant and vowel in turn, as in D. S. Wilkerson's proposal for pronounceable
//! identifiers (arXiv:0901.4016). Eight words are 128 random bits, the ninth tells a slip of the pen from another
//! passphrase.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Result;
use crate::crypto::random;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";
const LETTERS: usize = 5;
const BYTES: usize = 16;
const WORDS: usize = BYTES / 2 + 1;

/// What somebody typed, or a file holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Such words, however they are spaced and capitalised; here as they were drawn.
    Words(Zeroizing<String>),
    /// So many words of that kind, of which one is not as it was drawn.
    Mistyped,
    /// Any other passphrase.
    Other,
}

/// Draws a passphrase of nine words.
///
/// # Errors
///
/// If the system gives no random bytes.
pub fn drawn_words() -> Result<Zeroizing<String>> {
    Ok(written(&Zeroizing::new(random::<BYTES>()?)))
}

fn written(secret: &[u8; BYTES]) -> Zeroizing<String> {
    // With its capacity fixed, it is nowhere in memory a second time.
    let mut text = Zeroizing::new(String::with_capacity(WORDS * (LETTERS + 1)));
    for pair in secret.chunks_exact(2).chain([&sum(secret)[..]]) {
        if !text.is_empty() {
            text.push(' ');
        }
        let bits = u16::from_be_bytes([pair[0], pair[1]]);
        for (at, shift) in [12, 10, 6, 4, 0].into_iter().enumerate() {
            let value = usize::from(bits >> shift);
            text.push(char::from(if at % 2 == 0 { CONSONANTS[value % 16] } else { VOWELS[value % 4] }));
        }
    }
    text
}

fn sum(secret: &[u8; BYTES]) -> [u8; 2] {
    let hash = Sha256::digest(secret);
    [hash[0], hash[1]]
}

/// What was typed.
pub(super) fn typed(passphrase: &[u8]) -> Typed {
    let Some(bytes) = read(passphrase) else { return Typed::Other };
    let (secret, said) = bytes.split_at(BYTES);
    let Ok(secret) = <&[u8; BYTES]>::try_from(secret) else { return Typed::Other };
    if sum(secret)[..] == *said { Typed::Words(written(secret)) } else { Typed::Mistyped }
}

/// The bytes of exactly so many words.
fn read(passphrase: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'-' | b',');
    let mut bytes = Zeroizing::new(Vec::with_capacity(WORDS * 2));
    for word in passphrase.split(is_between).filter(|word| !word.is_empty()) {
        if bytes.len() == WORDS * 2 {
            return None;
        }
        bytes.extend_from_slice(&bits(word)?.to_be_bytes());
    }
    (bytes.len() == WORDS * 2).then_some(bytes)
}

fn bits(word: &[u8]) -> Option<u16> {
    if word.len() != LETTERS {
        return None;
    }
    word.iter().enumerate().try_fold(0_u16, |bits, (at, letter)| {
        let (letters, wide) = if at % 2 == 0 { (&CONSONANTS[..], 4) } else { (&VOWELS[..], 2) };
        let value = letters.iter().position(|one| *one == letter.to_ascii_lowercase())?;
        Some(bits << wide | u16::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 127.0.0.1 and 63.84.220.193 stand so in the proposal.
    #[test]
    fn words_are_those_of_the_proposal() {
        let mut secret = [0; BYTES];
        secret[..8].copy_from_slice(&[127, 0, 0, 1, 63, 84, 220, 193]);
        assert!(written(&secret).starts_with("lusab babad gutih tugad babab"), "{}", *written(&secret));
    }

    #[test]
    fn what_is_drawn_is_read_again_however_it_is_typed() {
        let drawn = drawn_words().unwrap();
        assert_eq!(drawn.split(' ').count(), 9);
        assert_ne!(drawn, drawn_words().unwrap());
        for as_typed in [drawn.to_string(), drawn.to_uppercase(), format!("  {}\t", drawn.replace(' ', "  - "))] {
            assert_eq!(typed(as_typed.as_bytes()), Typed::Words(drawn.clone()), "{as_typed}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_told_from_another_passphrase() {
        let drawn = written(&[7; BYTES]);
        let other = if drawn.starts_with('b') { "d" } else { "b" };
        assert_eq!(typed(format!("{other}{}", &drawn[1..]).as_bytes()), Typed::Mistyped);
        for other in ["", "correct horse", &drawn[6..], &format!("{} lusab", *drawn), &drawn.replace('a', "e")] {
            assert_eq!(typed(other.as_bytes()), Typed::Other, "{other}");
        }
    }
}
