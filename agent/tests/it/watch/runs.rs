//! Runs that take too long.

use std::path::Path;
use std::process::Command;

use super::mount::Mount;
use super::nas::Nas;
use super::until;

pub(super) fn repository(folder: &Path) -> String {
    let passphrase = folder.join("passphrase");
    std::fs::write(&passphrase, "correct horse").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
    command.arg("init").arg("--repo").arg(folder.join("repo")).arg("--state-dir").arg(folder.join("state"));
    command.arg("--passphrase-file").arg(&passphrase);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{out:?}");
    format!("repo = {:?}\npassphrase_file = {passphrase:?}\n", folder.join("repo"))
}

pub(super) fn job(name: &str, repository: &str, source: &Path, more: &str) -> String {
    format!("[[job]]\nname = {name:?}\npaths = [{source:?}]\nschedule = \"manual\"\n{repository}{more}\n")
}

pub(super) fn job_view(nas: &Nas, at: usize) -> (String, String) {
    let status = nas.status();
    let of = |key: &str| status["jobs"][at][key].as_str().unwrap_or_default().to_owned();
    (of("result"), of("problem"))
}

#[test]
fn a_run_that_takes_longer_than_it_may_is_stopped_and_goes_on_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let mut noise = vec![0; 120 << 20];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut noise).unwrap();
    std::fs::write(source.join("film"), noise).unwrap();
    let repository = repository(folder.path());
    let slow = "limit_upload = \"100K\"\ntime_max = \"4m\"";
    let mut nas = Nas::new(folder.path(), "nas", 20, &job("films", &repository, &source, slow));
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "stopped");
    assert!(job_view(&nas, 0).1.contains("time_max"), "{}", nas.status());
    assert_eq!(nas.log_count("has taken longer than its time_max"), 1);
    // What it stored is not stored again.
    nas.configure(&job("films", &repository, &source, ""));
    nas.stop();
    nas.start();
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || job_view(&nas, 0).0 == "ok");
    let stored = nas.status()["jobs"][0]["stored_bytes"].as_u64().unwrap();
    assert!(stored < 115 << 20, "{stored} bytes are stored by the second run: {}", nas.log());
}

#[test]
fn a_run_that_hangs_is_stopped_and_the_next_one_runs() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_mount, _fuse)) = Mount::hanging(&folder.path().join("stuck")) else { return };
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("letter"), "Dear all").unwrap();
    let repository = repository(folder.path());
    let jobs = job("share", &repository, &folder.path().join("stuck"), "time_max = \"2m\"")
        + &job("letters", &repository, &source, "");
    let mut nas = Nas::new(folder.path(), "nas", 60, &jobs);
    nas.start();
    nas.command(r#"{"backup":"share"}"#);
    until(|| nas.log(), || nas.log_count("begins job=\"share\"") == 1);
    nas.command(r#"{"backup":"letters"}"#);
    until(|| nas.log(), || job_view(&nas, 1).0 == "ok");
    assert_eq!(job_view(&nas, 0).0, "stopped", "{}", nas.log());
}
