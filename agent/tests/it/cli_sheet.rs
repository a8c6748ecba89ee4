//! A recovery sheet, from paper back to the files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::cli::{Bench, files, ran};

/// The words of a sheet of text.
fn words(sheet: &str) -> String {
    let lines = sheet.lines().skip_while(|line| !line.contains("Words  ")).take(3);
    lines
        .map(|line| line.replace("Words", ""))
        .flat_map(|line| line.split_whitespace().map(String::from).collect::<Vec<_>>())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_words_of_a_sheet_open_the_repository_however_they_are_typed() {
    let bench = Bench::backed_up();
    let sheet = bench.ok(["key", "export"]).out;
    let words = words(&sheet);
    assert_eq!(words.split(' ').count(), 9, "{sheet}");
    for typed in [words.clone(), words.to_uppercase().replace(' ', "-")] {
        let mut command = bench.command(["restore", &bench.latest(""), "--target", "out"]);
        command.env("ATALAYA_PASSPHRASE", typed);
        assert_eq!(ran(command).code, 0);
        assert_eq!(files(&bench.path("src")), files(&bench.path("out")));
    }
    let listed = bench.ok(["key", "list"]).out;
    assert!(listed.lines().any(|line| line.contains("owner") && line.contains("recovery sheet")), "{listed}");
}

#[test]
fn a_mistyped_word_is_told_from_a_wrong_passphrase() {
    let bench = Bench::new();
    let words = bench.json(["key", "export"])["words"].as_str().unwrap().to_owned();
    let other = if words.starts_with('b') { "d" } else { "b" };
    let mut command = bench.command(["snapshots"]);
    command.env("ATALAYA_PASSPHRASE", format!("{other}{}", &words[1..]));
    let refused = ran(command);
    assert!(refused.code != 0 && refused.err.contains("one of them is mistyped"), "{refused:?}");
    assert!(!refused.err.contains(&words[6..]), "no secret in a message");
}

#[test]
fn a_sheet_in_a_file_is_its_owners_alone_and_overwrites_nothing() {
    let bench = Bench::new();
    let said = bench.ok(["key", "export", "--out", "sheet.html", "--label", "in the safe"]).out;
    let page = fs::read_to_string(bench.path("sheet.html")).unwrap();
    assert!(said.contains("print it") && page.starts_with("<!doctype html>") && page.contains("<svg"), "{said}");
    assert_eq!(fs::metadata(bench.path("sheet.html")).unwrap().permissions().mode() & 0o777, 0o600);
    let keys = bench.ok(["key", "list"]).out;
    let again = bench.run(["key", "export", "--out", "sheet.html"]);
    assert!(again.code != 0 && again.err.contains("choose another name"), "{again:?}");
    assert_eq!(bench.ok(["key", "list"]).out, keys, "no key was made for it");
    assert_eq!(fs::read_to_string(bench.path("sheet.html")).unwrap(), page);
}

#[test]
fn a_writer_makes_no_sheet() {
    let bench = Bench::new();
    bench.ok(["key", "add", "--role", "writer", "--label", "nas", "--out", "w.key"]);
    let mut command = bench.command(["key", "export", "--key-file", "w.key", "--out", "sheet.txt"]);
    command.env_remove("ATALAYA_PASSPHRASE");
    let refused = ran(command);
    assert!(refused.code != 0 && refused.err.contains("owner"), "{refused:?}");
    assert!(!bench.path("sheet.txt").exists(), "no mess");
}
