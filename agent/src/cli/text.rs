//! A snapshot's paths as text, without loss: names may hold any byte but NUL and the slash.

use atalaya_base::text::shown;
use serde::Serialize;

/// A snapshot's path for people, with its leading slash.
pub(crate) fn shown_path(path: &[u8]) -> String {
    format!("/{}", shown(path))
}

/// Bytes in JSON: `text` is exact if they are UTF-8; otherwise the bad ones are escaped as for people, and
/// `bytes` holds all of them in hex.
pub(crate) fn json_text(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (shown(bytes), Some(atalaya_repo::hex(bytes))),
    }
}

/// A path in JSON, flattened into the object it belongs to.
#[derive(Debug, Serialize)]
pub(crate) struct JsonPath {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl JsonPath {
    /// Of a snapshot's path, which has no leading slash; here it gets one.
    pub(crate) fn new(path: &[u8]) -> Self {
        let (path, path_bytes) = json_text(&[b"/", path].concat());
        Self { path, path_bytes }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn json_is_exact() {
        let json = |path: &[u8]| serde_json::to_string(&JsonPath::new(path)).unwrap();
        assert_eq!(json(b"a\\b\n"), r#"{"path":"/a\\b\n"}"#);
        assert_eq!(json(b"a\xff"), r#"{"path":"/a\\xff","path_bytes":"2f61ff"}"#);
    }
}
