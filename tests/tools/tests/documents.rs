//! What documents refer to is there: files and headings behind their links.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// The README and everything in `docs/`.
fn documents() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let (mut all, mut folders) = (vec![top.join("README.md")], vec![top.join("docs")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                all.push(path);
            }
        }
    }
    all
}

/// Without what is quoted as it is.
fn prose(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let parts: Vec<String> = text.split("\n```").step_by(2).map(str::to_owned).collect();
    parts.concat()
}

/// What a heading is called in a link: as forges make it of the heading's text.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

#[test]
fn links_in_documents_lead_somewhere() {
    let (mut links, mut broken) = (0, Vec::new());
    for path in documents() {
        let text = prose(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let has_heading = || prose(&target).lines().any(|line| line.starts_with('#') && anchor(line) == heading);
            if !target.exists() || !heading.is_empty() && !has_heading() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(links > 100, "{links} links are looked at");
    assert!(broken.is_empty(), "{broken:#?}");
}
