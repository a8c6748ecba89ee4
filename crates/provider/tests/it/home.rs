//! What a test has around its providers: files with keys, and settings as a person writes them.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_provider::{Outgoing, Provider, ProviderSettings};
use serde::Deserialize;
use tempfile::TempDir;

/// No answer within this, and it is none.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The path of a file with this text.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A provider, of what stands in its section; `{home}` is the folder.
    pub(crate) fn provider(&self, section: &str) -> Box<dyn Provider> {
        read(&self.section(section)).unwrap().own.open(&outgoing())
    }

    pub(crate) fn section(&self, section: &str) -> String {
        section.replace("{home}", self.0.path().to_str().unwrap())
    }
}

pub(crate) fn outgoing() -> Outgoing {
    Outgoing::new("me@example.com").unwrap().within(PATIENCE)
}

/// One section `[[provider]]`.
pub(crate) fn read(section: &str) -> Result<ProviderSettings, String> {
    #[derive(Deserialize)]
    struct File {
        provider: Vec<ProviderSettings>,
    }
    let file: Result<File, _> = toml::from_str(&format!("[[provider]]\n{section}"));
    file.map(|mut file| file.provider.remove(0)).map_err(|err| err.to_string())
}

/// Seconds since 1970.
pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}
