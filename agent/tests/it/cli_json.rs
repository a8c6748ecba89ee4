//! What programs read: the fields that are there, and their kinds.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use super::cli::Bench;

/// Every name in `fields`, and no other, with values of the kind that stands after the colon.
fn check(object: &Value, fields: &[&str]) {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut found: Vec<_> = object.as_object().unwrap().iter().map(|(k, v)| format!("{k}:{}", kind(v))).collect();
    let mut wanted: Vec<_> = fields.iter().map(|field| (*field).to_owned()).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

const SNAPSHOT: [&str; 11] = [
    "id:string",
    "job:string",
    "started:string",
    "finished:string",
    "entries:number",
    "bytes:number",
    "added_bytes:number",
    "problems:number",
    "full:bool",
    "fenced:bool",
    "writer:string",
];

#[test]
fn backup_and_snapshots() {
    let bench = Bench::new();
    let report = bench.json(["backup", "src"]);
    let fields = [
        "snapshot:string",
        "job:string",
        "entries:number",
        "bytes:number",
        "files_read:number",
        "files_new:number",
        "files_unchanged:number",
        "unchanged:number",
        "read_bytes:number",
        "added_bytes:number",
        "new_chunks:number",
        "new_bytes:number",
        "first:bool",
        "files_decayed:number",
        "problems:number",
        "problem_list:array",
        "warnings:array",
        "seconds:number",
        "memory_peak_bytes:number",
    ];
    check(&report, &fields);
    assert_eq!((report["files_read"].as_u64(), report["bytes"].as_u64()), (Some(2), Some(100_006)));
    assert_eq!((report["files_new"].as_u64(), report["new_bytes"].as_u64()), (Some(2), Some(100_006)));
    let listing = bench.json(["snapshots"]);
    check(&listing, &["snapshots:array", "damaged:array"]);
    check(&listing["snapshots"][0], &SNAPSHOT);
    assert_eq!(listing["snapshots"][0]["id"], report["snapshot"]);
}

#[test]
fn problems_stand_in_the_report() {
    let bench = Bench::new();
    let report = bench.json(["backup", "src", "none"]);
    assert_eq!(report["problems"], 1);
    check(&report["problem_list"][0], &["path:string", "why:string"]);
}

#[test]
fn entries() {
    let bench = Bench::new();
    fs::write(bench.path("src").join(std::ffi::OsStr::from_bytes(b"odd\xff")), "").unwrap();
    bench.backup();
    let entries = bench.json_lines(["ls", &bench.latest("")]);
    let plain =
        ["path:string", "kind:string", "mode:string", "uid:number", "gid:number", "size:number", "mtime:string"];
    let entry = |name: &str| entries.iter().find(|e| e["path"].as_str().unwrap().ends_with(name)).unwrap();
    check(entry("/hello.txt"), &plain);
    check(entry("/link"), &[&plain[..], &["target:string"]].concat());
    let odd = entry("/odd\\xff");
    check(odd, &[&plain[..], &["path_bytes:string"]].concat());
    assert!(odd["path_bytes"].as_str().unwrap().ends_with("6f6464ff"));
    let found = bench.json_lines(["find", "hello.txt"]);
    check(&found[0], &[&plain[..], &["snapshot:string"]].concat());
}

#[test]
fn the_rest() {
    let bench = Bench::empty();
    check(
        &bench.json(["init"]),
        &["repository:string", "id:string", "cipher:string", "why:string", "post_quantum:bool"],
    );
    bench.backup();
    fs::write(bench.path("src/new"), "x").unwrap();
    bench.backup();
    let ids = bench.snapshot_ids();
    check(&bench.json_lines(["diff", &ids[0], &ids[1]])[0], &["change:string", "after:object"]);
    check(
        &bench.json(["key", "list"])["keys"][0],
        &[
            "number:number",
            "role:string",
            "label:string",
            "created:string",
            "age_days:number",
            "removed:null",
            "in_repository:bool",
            "current:bool",
        ],
    );
    check(&bench.json(["key", "rotate"]), &["epoch:number"]);
    check(&bench.json(["key", "list"])["epochs"][1], &["number:number", "began:string", "age_days:number"]);
    let added = bench.json(["key", "add", "--role", "writer", "--label", "w", "--out", "w.key"]);
    check(&added, &["number:number", "role:string", "file:string"]);
    check(&bench.json(["stats"])["chunks"], &["number:number", "bytes:number"]);
    let checked = bench.json(["check", "--read-data"]);
    assert_eq!((checked["good"].as_bool(), checked["findings"].as_u64()), (Some(true), Some(0)));
    check(
        &bench.json(["repair"]),
        &[
            "applied:bool",
            "findings:number",
            "finding_list:array",
            "damaged_runs:number",
            "named_packs:number",
            "dropped_packs:number",
            "saved_blobs:number",
            "saved_bytes:number",
            "damaged_keys:number",
            "lost_files:number",
            "renewed_snapshots:array",
            "lost_snapshots:array",
            "set_aside:number",
        ],
    );
    let restored = bench.json(["restore", "latest", "--target", "out"]);
    check(
        &restored,
        &[
            "snapshot:string",
            "target:string",
            "dry_run:bool",
            "created:number",
            "replaced:number",
            "kept:number",
            "fixed:number",
            "linked:number",
            "deleted:number",
            "skipped:number",
            "bytes:number",
            "unstable:number",
            "verified:number",
            "problems:number",
            "problem_list:array",
            "refused:array",
            "seconds:number",
            "memory_peak_bytes:number",
        ],
    );
    let lines = bench.json_lines(["restore", "latest", "--target", "other", "--dry-run"]);
    check(&lines[0], &["action:string", "path:string"]);
}
