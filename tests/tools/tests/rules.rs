//! The rules of `docs/architecture.md`, held against the sources. What a compiler or a lint can hold is not here.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// All but the agent and the sidecar.
const LIBRARIES: [&str; 14] = [
    "acme",
    "alert",
    "base",
    "broker",
    "certificate",
    "history",
    "mailbox",
    "notify",
    "provider",
    "reach",
    "renew",
    "repo",
    "store",
    "wire",
];

/// Where their sources are.
fn libraries() -> impl Iterator<Item = String> {
    LIBRARIES.iter().map(|name| format!("crates/{name}/src"))
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust file below `folder`, by its path from the top.
fn files(folder: &str) -> Vec<(String, String)> {
    let (top, mut out) = (top(), Vec::new());
    if folder.ends_with(".rs") {
        return vec![(folder.to_owned(), fs::read_to_string(top.join(folder)).unwrap())];
    }
    let mut folders = vec![top.join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
                out.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!out.is_empty(), "nothing below {folder}");
    out.sort();
    out
}

/// The lines that are shipped: no comments, and nothing from the first test module on.
fn shipped(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let code = |line: &str| !line.trim_start().starts_with("//") && !line.contains("cfg_attr(test,");
    lines.filter(move |(_, line)| code(line)).map(|(number, line)| (number + 1, line))
}

/// Fails for each shipped line below `folder` that holds one of `words`, except in the files `allowed`.
fn never(folder: &str, words: &[&str], allowed: &[&str]) {
    let mut broken = Vec::new();
    let test = |name: &str| name.contains("/tests/") || name.ends_with("/tests.rs");
    for (name, text) in files(folder).iter().filter(|(name, _)| !allowed.contains(&name.as_str()) && !test(name)) {
        for (number, line) in shipped(text) {
            broken.extend(
                words.iter().filter(|word| line.contains(**word)).map(|word| format!("{name}:{number}: {word}")),
            );
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_engine_reads_no_clock() {
    never("crates/repo/src", &["Instant", "SystemTime", "clock_gettime"], &[]);
}

#[test]
fn libraries_never_print() {
    for library in libraries() {
        never(&library, &["println!", "print!(", "dbg!(", "stdout()", "stderr()"], &[]);
    }
}

/// Those that may touch files keep their own in the state and spool folders.
#[test]
fn the_engine_opens_no_source() {
    let own = [
        "crates/repo/src/backup/last_tree.rs",
        "crates/repo/src/backup/cover.rs",
        "crates/repo/src/backup/heal.rs",
        "crates/repo/src/backup/rot.rs",
        "crates/repo/src/backup/state_tree.rs",
        "crates/repo/src/check/seen.rs",
        "crates/repo/src/copy/places.rs",
        "crates/repo/src/index/filter.rs",
        "crates/repo/src/index/import.rs",
        "crates/repo/src/index/merge.rs",
        "crates/repo/src/index/run.rs",
        "crates/repo/src/index/set.rs",
        "crates/repo/src/keys/seen.rs",
        "crates/repo/src/maintain/doomed.rs",
        "crates/repo/src/maintain/epochs.rs",
        "crates/repo/src/maintain/pending.rs",
        "crates/repo/src/maintain/sightings.rs",
        "crates/repo/src/pack/writer.rs",
        "crates/repo/src/repair/working.rs",
        "crates/repo/src/state.rs",
        "crates/repo/src/snapshot/announced.rs",
        "crates/repo/src/snapshot/known.rs",
        "crates/repo/src/sorter.rs",
        "crates/repo/src/spool/table.rs",
    ];
    never("crates/repo/src", &["std::fs", "rustix", "nix::", "libc::"], &own);
}

#[test]
fn the_engine_never_hands_out_its_store() {
    for (name, text) in files("crates/repo/src") {
        for (number, line) in shipped(&text) {
            assert!(!line.trim_start().starts_with("pub store:"), "{name}:{number}");
            let gives = line.contains("pub fn") && line.split("->").nth(1).is_some_and(|to| to.contains("dyn Store"));
            assert!(!gives, "{name}:{number}");
        }
    }
}

#[test]
fn stores_try_once() {
    never(
        "crates/store/src",
        &["sleep(", "Retry::", "RETRY"],
        &["crates/store/src/retry.rs", "crates/store/src/limits.rs", "crates/store/src/throttle.rs"],
    );
    never("crates/store/src/local", &["cache"], &[]);
}

/// A provider is asked once, at a time that it is told; what may spend is loaded where it spends.
#[test]
fn providers_ask_once_and_spend_in_one_place() {
    let fakes: Vec<String> = files("crates/provider/src/testing").into_iter().map(|(name, _)| name).collect();
    let fakes: Vec<&str> = fakes.iter().map(String::as_str).collect();
    never("crates/provider/src", &["sleep(", "Timestamp::now", "SystemTime"], &fakes);
    let shops = ["cloudflare", "godaddy"]
        .map(|name| ["mod", "shop"].map(|file| format!("crates/provider/src/{name}/{file}.rs")));
    let shops: Vec<&str> = shops.iter().flatten().map(String::as_str).chain(fakes).collect();
    never("crates/provider/src", &["spend_key", "spend_token"], &shops);
    for (name, text) in files("crates/provider/src").iter().filter(|(_, text)| text.contains("_redirects(")) {
        assert!(text.contains(".max_redirects(0)"), "{name}");
    }
}

const UNSAFE: [&str; 5] = [
    "agent/src/heap.rs",
    "agent/src/heap/resident.rs",
    "agent/src/idle_disk.rs",
    "agent/src/kernel_clock.rs",
    "sidecar/src/heap.rs",
];

#[test]
fn unsafe_stays_in_its_files() {
    for folder in ["agent", "crates", "sidecar", "tests/tools/src"] {
        never(folder, &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code)"], &UNSAFE);
    }
    for library in libraries().chain(["agent/src".into(), "sidecar/src".into()]) {
        let text = fs::read_to_string(top().join(&library).join("lib.rs")).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{library}");
    }
}

#[test]
fn outside_input_never_panics() {
    for folder in libraries().chain(["agent/src".into(), "sidecar/src".into()]) {
        let lints = ["allow(clippy::unwrap_used", "allow(clippy::expect_used", "todo!(", "unimplemented!("];
        never(&folder, &lints, &["crates/reach/src/dns/server.rs", "crates/store/src/conformance/mod.rs"]);
    }
}

/// All but the probes look at the kernel's view of the program itself, and no more.
#[test]
fn proc_is_only_read_about_the_program_itself() {
    let all = ["agent/src", "crates/base/src", "sidecar/src"].into_iter().flat_map(files);
    for (name, text) in all.filter(|(name, _)| !name.starts_with("agent/src/probe/")) {
        for (number, line) in shipped(&text) {
            let other = line.replace("/proc/self/", "");
            assert!(!other.contains("\"/proc") && !other.contains("\"/sys"), "{name}:{number}");
        }
    }
}

#[test]
fn files_stay_short() {
    let mut lengths = Vec::new();
    for folder in ["agent", "crates", "sidecar", "tests"] {
        for (name, text) in files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{name} has {lines} lines: would it be easier to enter as two rooms?");
            lengths.push(lines);
        }
    }
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= 150, "the median file has {} lines", lengths[lengths.len() / 2]);
}

#[test]
fn every_subcommand_is_in_the_table() {
    for program in ["agent", "sidecar"] {
        // Those of the daemon are a table in the table: they are left out together.
        let tables = ["src/cli/mod.rs", "src/cli/daemon/mod.rs"].map(|name| top().join(program).join(name));
        let table: String = tables.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        for (name, text) in files(&format!("{program}/src/cli")) {
            if text.contains("pub(crate) fn run(") {
                // One that has several files has them in a folder of its name.
                let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
                let module = Path::new(name).file_name().unwrap().to_str().unwrap();
                let listed = table.matches(&format!("({module}::Args)")).count();
                assert_eq!(listed, 1, "{name} is in the table {listed} times");
            }
        }
    }
}

#[test]
fn one_place_maps_kinds_to_exit_codes() {
    let table = fs::read_to_string(top().join("README.md")).unwrap();
    for code in ["0", "1", "2", "3", "4", "10", "11", "12", "13", "14", "15", "130"] {
        assert!(table.contains(&format!("| {code} |")) || table.contains(&format!("| {code}, ")), "exit code {code}");
    }
    let all = ["agent/src", "crates", "sidecar/src"].into_iter().flat_map(files);
    let is_program = |name: &str| !name.ends_with("/src/cli/exit.rs") && !name.contains("/examples/");
    for (name, text) in all.filter(|(name, _)| is_program(name)) {
        for (number, line) in shipped(&text) {
            assert!(!line.contains("process::exit") && !line.contains("ExitCode::from("), "{name}:{number}");
        }
    }
}

/// What is built where cargo is asked so, as `name v1.2.3`; the lock file also names what optional features of others would
/// want.
fn built(asked: &[&str]) -> Vec<String> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--all-features"]).args(asked);
    let output = cargo.args(["--locked", "--offline"]).current_dir(top()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut crates: Vec<String> =
        text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    crates.sort();
    crates.dedup();
    crates
}

/// Of which there is one generation each.
const CRYPTOGRAPHIC: [&str; 16] = [
    "aead",
    "argon2",
    "blake2",
    "block-buffer",
    "cipher",
    "crypto-common",
    "digest",
    "hkdf",
    "hmac",
    "kem",
    "password-hash",
    "rand_core",
    "ring",
    "rustls",
    "sha2",
    "zeroize",
];

/// What the broker's crate brings for passwords of its own, which nobody here has.
const OF_THE_BROKER: [&str; 7] = [
    "argon2 v0.5.",
    "blake2 v0.10.",
    "block-buffer v0.10.",
    "crypto-common v0.1.",
    "digest v0.10.",
    "password-hash v0.5.",
    "rand_core v0.6.",
];

/// Fails where `crates` hold two generations of one, besides what is `allowed`, or another library for what there is one.
fn one_generation(crates: &[String], allowed: &[&str]) {
    let named = |one: &String, name: &str| one.split(' ').next() == Some(name);
    for name in CRYPTOGRAPHIC {
        let allowed = |one: &&String| allowed.iter().any(|known| one.starts_with(known));
        let found: Vec<_> = crates.iter().filter(|one| named(one, name)).filter(|one| !allowed(one)).collect();
        assert!(found.len() <= 1, "{found:?}");
    }
    for refused in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls", "rustls-pemfile"] {
        assert!(!crates.iter().any(|one| named(one, refused)), "{refused}");
    }
}

#[test]
fn one_generation_of_each_trait() {
    let agent = built(&["--package", "atalaya-agent"]);
    assert!(agent.iter().any(|one| one.starts_with("ring v")), "{agent:?}");
    one_generation(&agent, &[]);
    one_generation(&built(&["--workspace", "--prune", "mqtt5"]), &[]);
    let all = built(&["--workspace"]);
    one_generation(&all, &OF_THE_BROKER);
    for known in OF_THE_BROKER {
        assert!(all.iter().any(|one| one.starts_with(known)), "{known} is gone: it needs no exception");
    }
}

/// Libraries that are made for tokio: servers and clients that wait for others most of the time.
const MADE_FOR_TOKIO: [&str; 3] = ["acme", "broker", "mailbox"];

/// The agent's connection and the sidecar bring a runtime; the broker is one.
#[test]
fn runtimes_stay_in_their_rooms() {
    let of = |folder: &str| files(folder).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let (link, watch) = (of("agent/src/link"), of("agent/src/watch"));
    let link: Vec<&str> = link.iter().map(String::as_str).collect();
    let watch: Vec<&str> = watch.iter().map(String::as_str).collect();
    never("agent/src", &["tokio::", "rumqttc"], &link);
    never("agent/src", &["smol::"], &watch);
    never("sidecar/src", &["smol::"], &[]);
    for library in LIBRARIES {
        let plain = ["smol::", "async fn", "tokio"];
        let words = if MADE_FOR_TOKIO.contains(&library) { &plain[..1] } else { &plain };
        never(&format!("crates/{library}/src"), words, &[]);
    }
}

/// armv5te counts in 32 bits at once, and its compiler has no `AtomicU64`: what the agent is made of takes the one of
/// `portable_atomic`, which every processor has.
#[test]
fn wide_counters_run_on_every_processor() {
    let mut broken = Vec::new();
    for folder in [
        "agent/src",
        "crates/base/src",
        "crates/provider/src",
        "crates/repo/src",
        "crates/store/src",
        "crates/wire/src",
    ] {
        for (name, text) in files(folder) {
            let test = name.contains("/tests/") || name.contains("/testing/") || name.ends_with("/tests.rs");
            let wide = |line: &str| line.contains("AtomicU64") || line.contains("AtomicI64");
            let theirs = text.contains("portable_atomic");
            let lines = shipped(&text).filter(|(_, line)| wide(line) && (!theirs || line.contains("sync::atomic")));
            broken.extend(lines.filter(|_| !test).map(|(number, _)| format!("{name}:{number}")));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn decisions_read_no_clock() {
    for place in
        ["agent/src/schedule", "agent/src/policy", "agent/src/outbox", "agent/src/noip/decide.rs", "agent/src/probe"]
    {
        never(place, &["Timestamp::now", "SystemTime::now"], &[]);
    }
    for name in ["board", "eyes", "gone", "heat", "jobs", "known", "runs"] {
        never(&format!("agent/src/watch/{name}.rs"), &["Timestamp::now", "SystemTime::now"], &[]);
    }
}

/// What is bought is a function of what was seen and decided.
#[test]
fn renewals_are_decided_from_what_they_are_told() {
    never("crates/renew/src", &["Timestamp::now", "SystemTime", "Instant", "std::fs", "std::net", "std::thread"], &[]);
}

/// Which snapshots are kept is a function of their times, a policy and the present.
#[test]
fn retention_is_decided_from_what_it_is_told() {
    never("crates/retain/src", &["Timestamp::now", "SystemTime", "Instant", "std::fs", "TimeZone::system"], &[]);
}

/// Time comes with each word that the tower hears.
#[test]
fn the_tower_reads_no_clock() {
    never("sidecar/src/window", &["Timestamp::now", "SystemTime", "Instant"], &[]);
    never("sidecar/src/tower", &["Timestamp::now", "SystemTime", "Instant", "std::fs", "std::net", "rusqlite"], &[]);
}

/// Whoever wants something of the database asks `sidecar/src/db`.
#[test]
fn the_database_has_one_room() {
    let words = ["rusqlite::params", "query_row", "SELECT ", "INSERT ", "UPDATE ", "PRAGMA "];
    for place in ["acts", "tower", "web", "link", "people", "pki", "notify", "cli", "config"] {
        never(&format!("sidecar/src/{place}"), &words, &[]);
    }
}

/// A route of the API is declared once, with its right, its parameters and its answers.
#[test]
fn routes_of_the_api_are_in_its_document() {
    never("sidecar/src/web/api", &[".route("], &[]);
    let metrics: Vec<String> = files("sidecar/src/web/metrics").into_iter().map(|(name, _)| name).collect();
    never("sidecar/src", &["prometheus_client"], &metrics.iter().map(String::as_str).collect::<Vec<_>>());
}

/// The tower has no business with backups' bytes.
#[test]
fn the_sidecar_never_links_the_engine() {
    let manifest = fs::read_to_string(top().join("sidecar/Cargo.toml")).unwrap();
    assert!(!manifest.contains("atalaya-repo") && !manifest.contains("atalaya-store"));
}

#[test]
fn alerts_are_decided_from_what_they_are_told() {
    let words = [
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "Instant",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "rand::",
    ];
    never("crates/alert/src", &words, &[]);
}

/// Blocks are made and read in memory; who keeps them, and what time it is, others know. `std::io` is not among the words,
/// because errors of `zstd` are of its type.
#[test]
fn history_is_made_of_what_it_is_told() {
    let words = [
        "std::fs",
        "std::net",
        "std::env",
        "Instant",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "rand::",
        "rusqlite",
    ];
    never("crates/history/src", &words, &[]);
}

#[test]
fn the_wire_does_no_input_or_output() {
    never("crates/wire/src", &["std::fs", "std::net", "std::io", "Instant", "SystemTime", "println!", "stdout()"], &[]);
}

/// A machine's own paths in sources, scripts or documents mean nothing elsewhere.
#[test]
fn no_machine_is_named() {
    let homes = ["/root/", "/Users/", "/home/user/"];
    let mut folders = vec![top()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if matches!(name, ".git" | "target" | ".atalaya" | "rules.rs") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let found = homes.iter().find(|home| text.contains(**home));
                assert!(found.is_none(), "{} names {}", path.display(), found.unwrap());
            }
        }
    }
}

/// Each rule of the map names the test that holds it, and that test is there.
#[test]
fn every_rule_has_its_test() {
    let map = fs::read_to_string(top().join("docs/architecture.md")).unwrap();
    let mut tests = String::new();
    for folder in ["agent", "crates", "sidecar", "tests"] {
        files(folder).iter().for_each(|(_, text)| tests.push_str(text));
    }
    let section = map.split("\n## ").find(|part| part.starts_with("Rules")).unwrap();
    let rules: Vec<_> = section.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert!(rules.len() >= 10, "{} rules", rules.len());
    for rule in rules {
        let (_, held_by) = rule.rsplit_once("Held by").unwrap_or_else(|| panic!("no test is named: {rule}"));
        for name in held_by.split('`').skip(1).step_by(2) {
            let name = name.rsplit("::").next().unwrap();
            let there = tests.contains(&format!("fn {name}(")) || top().join(name).exists();
            assert!(there, "there is no {name}: {rule}");
        }
    }
}
