//! `docs/wire.md` says what the tables say. `ATALAYA_WRITE_DOCS=1 cargo test -p atalaya-wire` writes the tables anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use atalaya_wire::event;
use atalaya_wire::view::{Change, KINDS};

use super::examples::{TS, all};

const BEGIN: &str = "<!-- made from crates/wire: begin -->\n";
const END: &str = "<!-- made from crates/wire: end -->\n";

fn change(change: Change) -> String {
    match change {
        Change::Any => "any".into(),
        Change::Step(step) => format!("by {step}"),
        Change::Share(share) => format!("by {} %", share * 100.0),
        Change::Quiet => "at the heartbeat".into(),
    }
}

fn made() -> String {
    let mut out = String::new();
    let examples = all();
    for kind in KINDS {
        let about = kind.about.trim();
        writeln!(out, "### `{}` (kind {})\n\n{about}\n", kind.name, kind.kind).unwrap();
        writeln!(out, "| key | value | told on a change | meaning |\n|---|---|---|---|").unwrap();
        for field in kind.fields {
            let (about, change) = (field.about.trim(), change(field.change));
            writeln!(out, "| `{}` | {} | {change} | {about} |", field.key, field.shape).unwrap();
        }
        let example = examples.iter().find(|sample| sample.kind() == kind.kind).unwrap();
        let json = String::from_utf8(example.json(TS, 3)).unwrap();
        writeln!(out, "\n```json\n{json}\n```\n").unwrap();
    }
    writeln!(out, "### Events\n\n| kind | name |\n|---|---|").unwrap();
    for (kind, name) in event::KINDS {
        writeln!(out, "| 0x{kind:04x} | `{name}` |").unwrap();
    }
    out
}

#[test]
fn the_page_on_the_wire_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wire.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (there, after) = rest.split_once(END).unwrap();
    if std::env::var_os("ATALAYA_WRITE_DOCS").is_some() {
        fs::write(&path, [before, BEGIN, &made(), END, after].concat()).unwrap();
        return;
    }
    assert_eq!(there, made(), "write it anew with ATALAYA_WRITE_DOCS=1");
}

#[test]
fn the_rights_that_are_shipped_name_every_topic() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/mosquitto.acl");
    let acl = fs::read_to_string(&path).unwrap();
    for kind in KINDS {
        let one = format!("pattern write atalaya/%u/{}\n", kind.name);
        let many = format!("pattern write atalaya/%u/{}/+\n", kind.name);
        assert!(acl.contains(&one) != acl.contains(&many), "{}", kind.name);
    }
    let agents = acl.lines().filter(|line| line.starts_with("pattern write") && line.contains("/cmd/"));
    assert_eq!(agents.collect::<Vec<_>>(), ["pattern write atalaya/%u/cmd/+/result"]);
}
