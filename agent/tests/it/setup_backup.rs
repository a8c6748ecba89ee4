//! `setup`: from nothing to a backup that was made, by options and by a person's answers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::cli::{Bench, PASSPHRASE, Ran, ran};

const SHEET: &str = "sheet.txt";

fn set_up(bench: &Bench, more: &[&str]) -> Ran {
    let path = |name: &str| bench.path(name).display().to_string();
    let (config, source, sheet) = (path("etc/agent.toml"), path("src"), path(SHEET));
    let words = ["setup", "--config", &config, "--path", &source, "--recovery-sheet", &sheet];
    bench.run([&words[..], more].concat())
}

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap_or_default()
}

/// Runs the job that was set up, with nothing but what stands in the configuration.
fn run_job(bench: &Bench, job: &str) -> Ran {
    let mut command = bench.command(["backup", "--job", job, "--config"]);
    command.arg(bench.path("etc/agent.toml"));
    command.env_remove("ATALAYA_PASSPHRASE").env_remove("ATALAYA_REPO");
    ran(command)
}

#[test]
fn a_machine_that_keeps_the_owner_s_key_elsewhere_can_only_add() {
    let bench = Bench::empty();
    let done = set_up(&bench, &["--owner-key", "keeper"]);
    assert_eq!(done.code, 0, "{done:?}");
    let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("etc/nas.key"), mode(SHEET), mode("etc/agent.toml")), (0o600, 0o600, 0o600));
    let (sheet, text) = (read(&bench, SHEET), read(&bench, "etc/agent.toml"));
    assert!(!sheet.contains(PASSPHRASE) && !text.contains(PASSPHRASE) && !bench.path("etc/nas.passphrase").exists());
    assert!(text.contains("key_file") && !text.contains("check_every"), "{text}");
    assert_eq!(run_job(&bench, "nas").code, 0);
    let snapshots = bench.json(["snapshots"]);
    let jobs: Vec<_> = snapshots["snapshots"].as_array().unwrap().iter().map(|one| one["job"].as_str()).collect();
    assert_eq!(jobs, [Some("setup"), Some("nas")]);
    // What the sheet says works; what is stored holds no secret of this machine.
    assert!(sheet.contains(&format!("atalaya-agent restore --repo {}", bench.path("repo").display())), "{sheet}");
    let first = format!("{}:{}", bench.snapshot_ids()[0], bench.path("etc").display());
    let listed = bench.ok(["ls", &first]);
    assert!(listed.out.contains("agent.toml"), "{listed:?}");
    assert!(!listed.out.contains("nas.key"), "{listed:?}");
    let mut writer = bench.command(["ls", "latest"]);
    writer.env_remove("ATALAYA_PASSPHRASE").env("ATALAYA_KEY_FILE", bench.path("etc/nas.key"));
    assert_ne!(ran(writer).code, 0, "a writer's key reads nothing");
}

#[test]
fn a_machine_that_has_the_owner_s_key_checks_by_itself() {
    let bench = Bench::empty();
    let done = set_up(&bench, &["--owner-key", "here", "--json", "--job", "all", "--no-first-backup"]);
    assert_eq!(done.code, 0, "{done:?}");
    let said: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((said["made"].as_bool(), said["job"].as_str()), (Some(true), Some("all")));
    assert_eq!(read(&bench, "etc/all.passphrase"), format!("{PASSPHRASE}\n"));
    assert!(read(&bench, "etc/agent.toml").contains("check_every"));
    assert_eq!(run_job(&bench, "all").code, 0);
    // A second job goes to the same repository, which is opened and not made.
    fs::remove_file(bench.path(SHEET)).unwrap();
    let again = set_up(&bench, &["--owner-key", "keeper", "--json", "--job", "more", "--no-first-backup"]);
    let said: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((again.code, said["made"].as_bool()), (0, Some(false)), "{again:?}");
    assert_eq!((run_job(&bench, "all").code, run_job(&bench, "more").code), (0, 0));
    assert_eq!(bench.snapshot_ids().len(), 3);
}

#[test]
fn what_is_wrong_is_found_before_anything_is_made() {
    type Words = fn(&Bench) -> Vec<String>;
    let cases: [(Words, &str); 6] = [
        (|_| vec![], "--owner-key here"),
        (|_| vec!["--owner-key".into(), "here".into(), "--path".into(), "/no/such/folder".into()], "it is not there"),
        (|_| vec!["--owner-key".into(), "here".into(), "--schedule".into(), "now and then".into()], "schedule"),
        (|_| vec!["--owner-key".into(), "here".into(), "--job".into(), "a/b".into()], "letters"),
        (
            |bench| {
                let within = bench.path("repo/inside").display().to_string();
                fs::create_dir_all(&within).unwrap();
                vec!["--owner-key".into(), "here".into(), "--path".into(), within]
            },
            "lies in it",
        ),
        (
            |bench| {
                fs::create_dir(bench.path("etc")).unwrap();
                fs::write(bench.path("etc/nas.key"), "x").unwrap();
                vec!["--owner-key".into(), "keeper".into()]
            },
            "is there already",
        ),
    ];
    for (words, why) in cases {
        let bench = Bench::empty();
        let words = words(&bench);
        let ran = set_up(&bench, &words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(ran.code != 0 && ran.err.contains(why) && ran.err.lines().count() == 1, "{why}: {ran:?}");
        let nothing = !bench.path("repo/config").exists() && !bench.path("etc/agent.toml").exists();
        assert!(nothing && !bench.path(SHEET).exists(), "{why}");
    }
}

#[test]
fn a_sheet_that_cannot_be_handed_over_is_found_before_anything_is_made() {
    let bench = Bench::empty();
    fs::write(bench.path(SHEET), "of another machine").unwrap();
    let there = set_up(&bench, &["--owner-key", "here"]);
    assert!(there.code == 2 && there.err.contains("it is there already"), "{there:?}");
    assert_eq!(read(&bench, SHEET), "of another machine");
    let source = bench.path("src").display().to_string();
    let nobody = bench.run(["setup", "--config", "agent.toml", "--path", &source, "--owner-key", "here"]);
    assert!(nobody.code == 2 && nobody.err.contains("--recovery-sheet"), "{nobody:?}");
    assert!(!bench.path("repo").exists() && !bench.path("agent.toml").exists());
}

#[test]
fn a_job_of_that_name_and_a_wrong_passphrase_change_nothing() {
    let bench = Bench::empty();
    assert_eq!(set_up(&bench, &["--owner-key", "here"]).code, 0);
    let before = read(&bench, "etc/agent.toml");
    fs::remove_file(bench.path(SHEET)).unwrap();
    let twice = set_up(&bench, &["--owner-key", "keeper"]);
    assert!(twice.code == 2 && twice.err.contains("two jobs are called"), "{twice:?}");
    fs::write(bench.path("wrong"), "wrong\n").unwrap();
    let wrong = bench.path("wrong").display().to_string();
    let ran = set_up(&bench, &["--owner-key", "keeper", "--job", "b", "--passphrase-file", &wrong]);
    assert_eq!(ran.code, 12, "{ran:?}");
    assert!(!bench.path("etc/b.key").exists() && !bench.path(SHEET).exists());
    assert_eq!(read(&bench, "etc/agent.toml"), before);
}

/// At a terminal, which `script` makes.
fn answer(bench: &Bench, answers: &str, words: &str) -> Ran {
    let config = bench.path("etc/agent.toml").display().to_string();
    let program = env!("CARGO_BIN_EXE_atalaya-agent");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("{program} setup --config {config} {words}"), "/dev/null"]);
    script.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TZ", "UTC");
    script.env("ATALAYA_PASSPHRASE", PASSPHRASE).env("ATALAYA_STATE_DIR", bench.path("state"));
    script.current_dir(&bench.root).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    Ran { code: output.status.code().unwrap_or(-1), out, raw: output.stdout, err: String::new() }
}

#[test]
fn a_person_is_asked_and_the_sheet_has_to_be_kept() {
    let bench = Bench::new();
    let id = bench.json(["stats"])["id"].as_str().map(str::to_owned).unwrap_or_default();
    let (repo, source) = (bench.path("repo").display().to_string(), bench.path("src").display().to_string());
    // Three times something else than stands on the sheet.
    let ran = answer(&bench, &format!("\n{source}\n{repo}\nwhat\nkeeper\n1\n2\n3\n"), "");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("Found on this machine") && ran.out.contains("was not kept"), "{ran:?}");
    assert!(!bench.path("etc/agent.toml").exists() && !bench.path("etc/nas.key").exists());
    assert!(!id.is_empty(), "the id is shown by \"stats\"");
    let ran = answer(&bench, &format!("\n{source}\n{repo}\n\n{}\n", &id[..8]), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(read(&bench, "etc/agent.toml").contains("key_file"), "keeper is what an empty answer means");
    assert_eq!(run_job(&bench, "nas").code, 0);
}
