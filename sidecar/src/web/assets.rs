//! What pages load, from this program alone. Names hold a hash of the content, so that browsers keep it for good.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;

/// A file that is part of the program.
struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// `assets/README.md` says where those come from that are not ours.
const ASSETS: &[Asset] = &[
    Asset { name: "style.css", kind: CSS, body: include_bytes!("../../assets/style.css") },
    Asset { name: "atalaya.js", kind: JS, body: include_bytes!("../../assets/atalaya.js") },
    Asset { name: "graphs.js", kind: JS, body: include_bytes!("../../assets/graphs.js") },
    Asset { name: "icon.svg", kind: "image/svg+xml", body: include_bytes!("../../assets/icon.svg") },
    Asset { name: "htmx.min.js", kind: JS, body: include_bytes!("../../assets/htmx.min.js") },
    Asset { name: "htmx-sse.min.js", kind: JS, body: include_bytes!("../../assets/htmx-sse.min.js") },
    Asset { name: "uplot.min.js", kind: JS, body: include_bytes!("../../assets/uplot.min.js") },
    Asset { name: "uplot.min.css", kind: CSS, body: include_bytes!("../../assets/uplot.min.css") },
];

/// The path of an asset by its plain name.
#[must_use]
pub(super) fn path(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    asset.map_or_else(String::new, |asset| format!("/assets/{:08x}/{name}", hash(asset.body)))
}

/// FNV-1a: tells versions apart, protects nothing.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/assets/{hash}/{name}", get(one))
}

async fn one(Path((_, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// How many bytes an asset has.
#[cfg(test)]
pub(super) fn size(name: &str) -> usize {
    ASSETS.iter().filter(|asset| asset.name == name).map(|asset| asset.body.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_what_was_taken() {
        let notes = include_str!("../../assets/README.md");
        for asset in ASSETS.iter().filter(|asset| asset.name.contains(".min.")) {
            let digest = ring::digest::digest(&ring::digest::SHA256, asset.body);
            let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let line = notes.lines().find(|line| line.contains(&format!("`{}`", asset.name))).unwrap();
            assert!(line.contains(&digest), "{}", asset.name);
        }
    }

    #[test]
    fn other_content_has_another_address() {
        assert!(path("style.css").starts_with("/assets/") && path("style.css").ends_with("/style.css"));
        assert_ne!(hash(b"a"), hash(b"b"));
        assert_eq!(path("none.css"), "");
    }
}
