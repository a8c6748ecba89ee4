//! The few words these programs take on their command line.

use std::collections::BTreeMap;
use std::error::Error;

/// A command line taken apart.
#[derive(Debug, Default)]
pub struct Args {
    /// What is no option, in order.
    pub plain: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Args {
    /// Takes `--name value` for the names in `with_value` and `--name` for those in `flags`.
    ///
    /// # Errors
    /// An unknown option, or one without its value.
    pub fn parse(
        words: impl IntoIterator<Item = String>,
        with_value: &[&str],
        flags: &[&str],
    ) -> Result<Self, Box<dyn Error>> {
        let mut args = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(name) if with_value.contains(&name) => {
                    let value = words.next().ok_or_else(|| format!("--{name} wants a value"))?;
                    args.options.insert(name.to_owned(), value);
                }
                Some(name) if flags.contains(&name) => {
                    args.options.insert(name.to_owned(), String::new());
                }
                Some(name) => return Err(format!("no such option: --{name}").into()),
                None => args.plain.push(word),
            }
        }
        Ok(args)
    }

    /// Whether a flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// An option's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// A number, with `K`, `M`, `G` for powers of 1024.
    ///
    /// # Errors
    /// It is no number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Box<dyn Error>> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let (digits, shift) = match text.as_bytes().last() {
            Some(b'K') => (&text[..text.len() - 1], 10),
            Some(b'M') => (&text[..text.len() - 1], 20),
            Some(b'G') => (&text[..text.len() - 1], 30),
            _ => (text, 0),
        };
        let number: u64 = digits.parse().map_err(|err| format!("--{name} {text}: {err}"))?;
        number.checked_mul(1 << shift).map(Some).ok_or_else(|| format!("--{name} {text}: too large").into())
    }
}
