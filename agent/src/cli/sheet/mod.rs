//! A sheet of paper that opens a repository when everything else is gone: words to type, the same as a picture to
//! photograph, and what to do with them.

mod html;
mod qr;
mod text;

use std::path::Path;

/// What stands on it.
pub(crate) struct Sheet<'a> {
    /// The machine where it was made.
    pub(crate) machine: String,
    /// When, as people read it.
    pub(crate) made: String,
    pub(crate) repo: String,
    /// The repository's.
    pub(crate) id: String,
    /// The number of the key that the words open.
    pub(crate) key: u32,
    pub(crate) words: &'a str,
}

/// How it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A page that loads nothing.
    Html,
}

impl Form {
    /// As the file's name says.
    pub(crate) fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm") { Self::Html } else { Self::Text }
    }
}

impl Sheet<'_> {
    /// Laid out.
    pub(crate) fn laid_out(&self, form: Form) -> String {
        match form {
            Form::Text => text::sheet(self),
            Form::Html => html::sheet(self),
        }
    }

    /// The words, three on a line.
    fn lines(&self) -> Vec<String> {
        let words: Vec<&str> = self.words.split(' ').collect();
        words.chunks(3).map(|three| three.join(" ")).collect()
    }

    /// What gets the files back.
    fn commands(&self) -> [String; 2] {
        let repo = &self.repo;
        [
            format!("atalaya-agent snapshots --repo {repo}"),
            format!("atalaya-agent restore --repo {repo} latest --target /somewhere/empty"),
        ]
    }
}

/// Why it must not lie about.
const WARNING: &str = "Whoever has these words and can reach the repository can read all of it, and remove it. Keep the \
                       sheet where neither this machine nor the repository is, and as you keep money.";

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet<'static> {
        Sheet {
            machine: "nas".into(),
            made: "2026-11-23 12:00".into(),
            repo: "sftp://nas@h/srv/<a>".into(),
            id: "00ff".into(),
            key: 3,
            words: "lusab babad gutih tugad lusab babad gutih tugad lusab",
        }
    }

    #[test]
    fn a_sheet_has_all_that_is_needed_on_another_machine() {
        let text = sheet().laid_out(Form::of(Path::new("sheet.txt")));
        for part in ["sftp://nas@h/srv/<a>", "00ff", "lusab babad gutih\n", "restore --repo", "key remove"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        // How long the repository's name is, is not up to the sheet.
        let mut own = text.lines().filter(|line| !line.contains("sftp://"));
        assert!(own.all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_page_loads_nothing_and_says_the_same() {
        let page = sheet().laid_out(Form::of(Path::new("sheet.HTML")));
        for part in ["<svg", "sftp://nas@h/srv/&lt;a&gt;", "00ff", "lusab babad gutih", "restore --repo"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        for part in ["<script", "src=", "url(", "<a>"] {
            assert!(!page.contains(part), "{part} in {page}");
        }
    }
}
