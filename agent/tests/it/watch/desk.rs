//! Jobs that a service does, which a test starts for each connection as systemd would.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::nas::Nas;
use super::runs::{job, job_view, repository};
use super::until;

/// Listens at a path of `folder`, and has each connection served.
pub(super) fn listen(folder: &Path, config: PathBuf) -> PathBuf {
    let (path, state) = (folder.join("job.sock"), folder.join("job-state"));
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
            command.arg("job").arg("--config").arg(&config).arg("--state-dir").arg(&state);
            command.stdin(OwnedFd::from(stream.unwrap())).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            thread::spawn(move || child.wait());
        }
    });
    path
}

fn source(folder: &Path, bytes: usize) -> PathBuf {
    let source = folder.join("source");
    fs::create_dir(&source).unwrap();
    let mut noise = vec![0; bytes];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    fs::write(source.join("film"), noise).unwrap();
    source
}

/// What the service says to these words, and that it ended.
fn said(path: &Path, words: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(words).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    String::from_utf8_lossy(&told).into_owned()
}

#[test]
fn a_service_does_the_jobs_and_remembers_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path(), 1 << 20), repository(folder.path()));
    let check = "check_every = \"1h\"";
    // An hour in twelve seconds, or the check would never come.
    let mut nas = Nas::new(folder.path(), "nas", 300, &job("films", &repository, &source, check));
    nas.ask_for_jobs_at(&listen(folder.path(), nas.config()));
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "ok");
    until(|| nas.log(), || nas.status()["jobs"][0]["checked"] == "verified");
    assert_eq!(nas.status()["jobs"][0]["files_count"], 1, "{}", nas.status());
    let kept = |state: &Path| fs::read_dir(state).unwrap().count();
    assert!(kept(&folder.path().join("job-state")) > 0);
    let spool = nas.state().join("spool");
    assert!(!spool.exists(), "the job remembered something in the daemon's folder");
}

#[test]
fn a_job_of_the_service_is_stopped_and_goes_on_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path(), 60 << 20), repository(folder.path()));
    let slow = "limit_upload = \"100K\"\ntime_max = \"8m\"";
    let mut nas = Nas::new(folder.path(), "nas", 20, &job("films", &repository, &source, slow));
    nas.ask_for_jobs_at(&listen(folder.path(), nas.config()));
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "stopped");
    assert!(job_view(&nas, 0).1.contains("time_max"), "{}", nas.status());
    nas.configure(&job("films", &repository, &source, ""));
    nas.stop();
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "ok");
    let stored = nas.status()["jobs"][0]["stored_bytes"].as_u64().unwrap();
    assert!(stored < 55 << 20, "{stored} bytes are stored by the second run: {}", nas.log());
}

#[test]
fn without_the_service_a_run_fails_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path(), 10), repository(folder.path()));
    let mut nas = Nas::new(folder.path(), "nas", 1, &job("films", &repository, &source, ""));
    nas.ask_for_jobs_at(&folder.path().join("job.sock"));
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "failed");
    assert!(job_view(&nas, 0).1.contains("the job service does not answer"), "{}", nas.status());
}

#[test]
fn the_service_takes_the_name_of_a_job_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path(), 10), repository(folder.path()));
    let nas = Nas::new(folder.path(), "nas", 1, &job("films", &repository, &source, ""));
    let path = listen(folder.path(), nas.config());
    assert_eq!(said(&path, b""), "");
    let refused: [&[u8]; 9] = [
        b"films --repo=/tmp/other\n",
        b"--config=/tmp/other\n",
        b"films.check\n",
        b"films.prune\n",
        b"films.full.full\n",
        b"FILMS\n",
        b"../films\n",
        b" films\n",
        b"films\0\n",
    ];
    for words in refused {
        let told = said(&path, words);
        assert!(told.contains("there is no job"), "{:?}: {told}", String::from_utf8_lossy(words));
    }
    for words in [&b"films"[..], b"\xff\n", &[b'f'; 4096]] {
        assert_eq!(said(&path, words), "", "{:?}", String::from_utf8_lossy(words));
    }
    assert!(said(&path, b"films\n").contains("process"));
    // Nobody else than who runs it may have written what it is to do.
    let mut open = fs::metadata(nas.config()).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o666);
    fs::set_permissions(nas.config(), open).unwrap();
    assert!(said(&path, b"films\n").contains("cannot trust"));
}

#[test]
fn a_job_of_the_service_is_held_goes_on_and_ends_with_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path(), 20 << 20), repository(folder.path()));
    let slow = job("films", &repository, &source, "limit_upload = \"100K\"");
    let nas = Nas::new(folder.path(), "nas", 1, &slow);
    let mut stream = UnixStream::connect(listen(folder.path(), nas.config())).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    stream.write_all(b"films\n").unwrap();
    let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let stat = format!("/proc/{}/stat", first["process"]);
    let stopped = || fs::read_to_string(&stat).unwrap().contains(") T ");
    stream.write_all(b"hold\n").unwrap();
    until(|| "it is not held", stopped);
    stream.write_all(b"go\n").unwrap();
    until(|| "it does not go on", || !stopped());
    // What is held hears the end all the same.
    stream.write_all(b"hold\n").unwrap();
    until(|| "it is not held again", stopped);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let last = lines.map_while(Result::ok).last().unwrap();
    assert!(last.contains("ended"), "{last}");
    assert!(!Path::new(&stat).exists());
}
