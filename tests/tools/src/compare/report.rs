//! What differs.

use std::path::Path;

/// Differences printed; the rest are only counted.
const SHOWN: u64 = 20;

/// Counts differences and prints the first.
#[derive(Debug, Default)]
pub struct Report {
    /// Differences found.
    pub differences: u64,
    /// Things compared.
    pub entries: u64,
    /// Bytes of file content read from each side.
    pub bytes: u64,
}

impl Report {
    /// Notes a difference at `path`.
    pub fn differs(&mut self, path: &Path, what: &str) {
        self.differences += 1;
        if self.differences <= SHOWN {
            let text = path.to_string_lossy();
            // A path 20 KB long helps nobody.
            let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at < 300).last().unwrap_or(0);
            let dots = if end + 4 < text.len() { "…" } else { "" };
            let shown = if dots.is_empty() { &text[..] } else { &text[..end] };
            println!("{shown}{dots}: {what}");
        }
    }

    /// Notes a difference unless the two are equal.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, path: &Path, what: &str, a: T, b: T) {
        if a != b {
            self.differs(path, &format!("{what}: {a:?} and {b:?}"));
        }
    }
}
