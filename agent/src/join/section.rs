//! What joining adds to the configuration. What a person wrote stays as it is; what was added by joining before is marked, and
//! is replaced when that is wanted.

use std::fmt::Write;
use std::path::Path;

use atalaya_base::config::Url;

const BEGIN: &str = "# Written by \"atalaya-agent setup\", from here";
const END: &str = "# to here.";
/// Behind a line in a section that a person has begun.
const LINE: &str = " # written by \"atalaya-agent setup\"";

/// What is added.
pub(crate) struct Section<'a> {
    pub(crate) broker: &'a Url,
    pub(crate) ca: &'a Path,
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
    pub(crate) prefix: &'a str,
    pub(crate) discovery_prefix: &'a str,
    pub(crate) command_key: &'a str,
}

/// Why nothing can be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spoiled {
    /// It was added before, and that is not to be replaced.
    There,
    /// A person wrote a tower's key.
    OwnKey,
    /// What was added before has lost its end.
    NoEnd,
}

/// `text` with the section, in front of the first broker: only that one gets the streams.
///
/// # Errors
///
/// Why it cannot be added.
pub(crate) fn merged(text: &str, section: &Section<'_>, replace: bool) -> Result<String, Spoiled> {
    let mut lines = without(text)?;
    if lines.len() != text.lines().count() && !replace {
        return Err(Spoiled::There);
    }
    let key = format!("key = {}", quoted(section.command_key));
    let own = lines.iter().position(|line| header(line) == "[sidecar]");
    if own.is_some_and(|at| has_key(&lines[at + 1..])) {
        return Err(Spoiled::OwnKey);
    }
    let mut added = section.broker();
    match own {
        Some(at) => lines.insert(at + 1, format!("{key}{LINE}")),
        None => added.push_str(&format!("\n[sidecar]\n{key}\n")),
    }
    let mut at = lines.iter().position(|line| header(line) == "[[mqtt]]").unwrap_or(lines.len());
    // What is said above a section belongs to it.
    while at > 0 && at < lines.len() && lines[at - 1].starts_with('#') {
        at -= 1;
    }
    let gap = if at > 0 && !lines[at - 1].is_empty() { "\n" } else { "" };
    lines.insert(at, format!("{gap}{BEGIN}\n{added}{END}"));
    Ok(lines.join("\n") + "\n")
}

/// Lines that joining did not add.
fn without(text: &str) -> Result<Vec<String>, Spoiled> {
    let (mut kept, mut within) = (Vec::new(), false);
    for line in text.lines() {
        match line.trim_end() {
            BEGIN => within = true,
            END if within => within = false,
            line if within || line.ends_with(LINE) => {}
            _ => kept.push(line.to_owned()),
        }
    }
    if within { Err(Spoiled::NoEnd) } else { Ok(kept) }
}

/// Whether a section that goes on with these lines has a key.
fn has_key(lines: &[String]) -> bool {
    let section = lines.iter().map(|line| header(line)).take_while(|line| !line.starts_with('['));
    section.into_iter().any(|line| line.starts_with("key="))
}

/// A line without what is said behind it.
fn header(line: &str) -> String {
    line.split('#').next().unwrap_or_default().split_whitespace().collect()
}

impl Section<'_> {
    fn broker(&self) -> String {
        let mut out = String::from("[[mqtt]]\n");
        let path = |path: &Path| quoted(&path.display().to_string());
        for (key, value) in [
            ("url", quoted(&shown(self.broker))),
            ("ca_file", path(self.ca)),
            ("cert_file", path(self.certificate)),
            ("key_file", path(self.key)),
            ("prefix", quoted(self.prefix)),
            ("discovery_prefix", quoted(self.discovery_prefix)),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{key} = {value}");
        }
        out
    }
}

/// With addresses of IP version 6 in brackets.
fn shown(url: &Url) -> String {
    if url.host.contains(':') { format!("mqtts://[{}]:{}", url.host, url.port) } else { url.to_string() }
}

/// Text as it stands in the configuration. JSON escapes as TOML does.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, EXAMPLE};

    fn add(text: &str, replace: bool) -> Result<String, Spoiled> {
        let broker: Url = "mqtts://nas.lan:8883".parse().unwrap();
        let command_key = if replace { "ab".repeat(32) } else { "00".repeat(32) };
        let section = Section {
            broker: &broker,
            ca: Path::new("/etc/atalaya/ca.pem"),
            certificate: Path::new("/etc/atalaya/node.pem"),
            key: Path::new("/etc/atalaya/no\"de.key"),
            prefix: "atalaya",
            discovery_prefix: "",
            command_key: &command_key,
        };
        merged(text, &section, replace)
    }

    fn read(text: &str) -> Config {
        Config::read(Path::new("agent.toml"), text).unwrap()
    }

    /// Whatever stands there already, the tower's broker gets the streams and the rest stays.
    #[test]
    fn a_section_is_added_to_any_configuration() {
        let other = "[[mqtt]]\nurl = 'mqtt://localhost'\n";
        for text in [
            "",
            "\n",
            "[node]\nname = 'x'",
            "[sidecar]\n[watch]\ninterval = '30s'\n",
            " [ sidecar ] # ours\n\n[node]\n",
            other,
            "# Home Assistant's\n[[mqtt]]\nurl = 'mqtt://localhost'\n",
            &format!("[sidecar]\n{other}[node]\nname = 'y'"),
            EXAMPLE,
        ] {
            let added = add(text, false).unwrap();
            let config = read(&added);
            assert_eq!(config.sidecar, Some([0; 32]), "{added}");
            assert!(config.outputs[0].streams && config.outputs[0].url.tls, "{added}");
            assert_eq!(config.outputs.len(), 1 + read(text).outputs.len());
            let lines: Vec<&str> = added.lines().collect();
            let mut from = 0;
            for line in text.lines().filter(|line| !line.is_empty()) {
                from +=
                    lines[from..].iter().position(|found| *found == line).unwrap_or_else(|| panic!("{line}: {added}"));
            }
            assert_eq!(add(&added, false), Err(Spoiled::There));
            let again = read(&add(&added, true).unwrap());
            assert_eq!((again.sidecar, again.outputs.len()), (Some([0xab; 32]), config.outputs.len()));
            assert_eq!(
                add(&add(&added, true).unwrap(), true).unwrap().lines().count(),
                add(&added, true).unwrap().lines().count()
            );
        }
    }

    #[test]
    fn what_lost_its_end_and_what_a_person_wrote_is_left_alone() {
        for (text, spoiled) in [("key = 'x'\n", true), ("# key = 'x'\n", false), ("[watch]\nkey = 1\n", false)] {
            assert_eq!(add(&format!("[sidecar]\n{text}"), true).is_err(), spoiled, "{text}");
        }
        let added = add("", false).unwrap();
        assert_eq!(add(&added.replace(END, ""), true), Err(Spoiled::NoEnd));
    }

    #[test]
    fn what_a_tower_says_stays_in_its_quotes() {
        for text in ["\"\n[node]\n", "\\", "\u{7f}", "\t", "a\"b"] {
            let text = quoted(text);
            assert!(!text[1..text.len() - 1].replace("\\\"", "").contains('"') && !text.contains('\n'), "{text}");
        }
    }
}
