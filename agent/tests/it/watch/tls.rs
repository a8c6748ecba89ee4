//! TLS with an authority of our own, certificates, passwords, and the rights that are shipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::until;

const RIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/mosquitto.acl");
const SECRET: &str = "q7Zr0wPmX2";

/// An authority, and what it signs.
struct Authority {
    folder: PathBuf,
}

impl Authority {
    fn new(folder: &Path) -> Self {
        let authority = Self { folder: folder.join("authority") };
        fs::create_dir_all(&authority.folder).unwrap();
        let subject = ["-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30"];
        authority.openssl(
            &[&["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"], &subject[..]]
                .concat(),
        );
        authority
    }

    fn openssl(&self, words: &[&str]) {
        let ran = Command::new("openssl").args(words).current_dir(&self.folder).output();
        let ran = ran.expect("openssl is needed: apt-get install openssl");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// `NAME.pem` and `NAME.key`, for a server at `host`, valid until so many days from now.
    fn sign(&self, name: &str, host: &str, until: &str) {
        let (key, request, cert) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let extension = format!("{name}.ext");
        fs::write(self.folder.join(&extension), format!("subjectAltName={host}\n")).unwrap();
        let subject = format!("/CN={name}");
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            &subject,
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
        fs::write(self.folder.join("index.txt"), "").unwrap();
        fs::write(self.folder.join("ca.conf"), "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n").unwrap();
        self.openssl(&[
            "ca",
            "-batch",
            "-config",
            "ca.conf",
            "-cert",
            "ca.pem",
            "-keyfile",
            "ca.key",
            "-in",
            &request,
            "-out",
            &cert,
            "-notext",
            "-startdate",
            "20200101000000Z",
            "-enddate",
            until,
            "-extfile",
            &extension,
        ]);
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// What Mosquitto is told to show `name`.
    fn settings(&self, name: &str) -> String {
        format!(
            "cafile {}\ncertfile {}\nkeyfile {}\n",
            self.path("ca.pem"),
            self.path(&format!("{name}.pem")),
            self.path(&format!("{name}.key"))
        )
    }
}

const LATER: &str = "20490101000000Z";
const LONG_AGO: &str = "20200201000000Z";

/// The file of passwords of everybody in the shipped rights.
fn passwords(folder: &Path) -> String {
    let path = folder.join("passwords");
    let lines: String =
        [NODE, "homeassistant", "grafana", "sidecar"].iter().map(|user| format!("{user}:{SECRET}\n")).collect();
    fs::write(&path, lines).unwrap();
    // On its command line everybody could read them.
    assert!(Command::new("mosquitto_passwd").arg("-U").arg(&path).status().unwrap().success());
    format!("allow_anonymous false\npassword_file {}\n", path.display())
}

fn mqtts(port: u16, authority: &Authority, password: &Path) -> String {
    format!(
        "[[mqtt]]\nurl = \"mqtts://127.0.0.1:{port}\"\nusername = \"{NODE}\"\npassword_file = {password:?}\n\
         ca_file = {:?}\ncert_file = {:?}\nkey_file = {:?}\n",
        authority.path("ca.pem"),
        authority.path("client.pem"),
        authority.path("client.key"),
    )
}

fn write_password(folder: &Path, password: &str) -> PathBuf {
    let path = folder.join("password");
    fs::write(&path, format!("{password}\n")).unwrap();
    path
}

#[test]
fn the_rights_that_are_shipped_hold() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    authority.sign("server", "IP:127.0.0.1", LATER);
    authority.sign("client", "DNS:nas", LATER);
    let settings = authority.settings("server") + "require_certificate true\n" + &passwords(folder.path());
    let broker = Broker::with(folder.path(), &format!("{settings}acl_file {RIGHTS}\n"));
    let (ca, cert, key) = (authority.path("ca.pem"), authority.path("client.pem"), authority.path("client.key"));
    let way = |user: &str| {
        Way::new(broker.port, &["--cafile", &ca, "--cert", &cert, "--key", &key, "-u", user, "-P", SECRET])
    };
    let (sidecar, home, node) = (way("sidecar"), way("homeassistant"), way(NODE));
    let ear = Ear::new(&sidecar, &["atalaya/#"]);
    let home_ear = Ear::new(&home, &["homeassistant/#"]);
    let mut nas =
        Nas::new(folder.path(), "nas", 20, &mqtts(broker.port, &authority, &write_password(folder.path(), SECRET)));
    nas.start();
    for topic in ["status", "meta", "system", "frame", "record"] {
        until(|| format!("{topic}: {}", nas.log()), || ear.count(&format!("{NODE}/{topic}")) > 0);
    }
    until(|| nas.log(), || home_ear.count("/config") > 0);
    assert_eq!(nas.log_count("refuses"), 0, "{}", nas.log());

    // Class 1 is Home Assistant's, and nothing else.
    home.say(&format!("atalaya/{NODE}/cmd/refresh"), b"PRESS", false);
    until(|| nas.log(), || ear.on("/cmd/refresh/result").iter().any(|said| said.text().contains("\"done\"")));
    home.say(&format!("atalaya/{NODE}/cmd/restore"), b"x", false);
    // The agent writes what is its own, and no command; and nothing of another node.
    node.say(&format!("atalaya/{NODE}/cmd/backup"), b"x", false);
    node.say("atalaya/fedcba9876543210/status", b"x", false);
    node.say(&format!("atalaya/{NODE}/event/test"), b"x", false);
    until(|| nas.log(), || ear.count("/event/test") == 1);
    sidecar.say(&format!("atalaya/{NODE}/cmd/restore"), b"unsigned", false);
    until(|| nas.log(), || ear.count("/cmd/restore/result") == 1);
    assert_eq!((ear.count("/cmd/restore"), ear.count("/cmd/backup"), ear.count("fedcba9876543210/status")), (1, 0, 0));
    assert_eq!(nas.stop(), Some(0));
    until(|| "its last word", || ear.on("/status").last().is_some_and(|said| said.text() == "offline"));
    assert!(!nas.log().contains(SECRET) && !ear.all().iter().any(|said| said.text().contains(SECRET)));
}

#[test]
fn a_record_that_the_broker_refuses_is_kept_and_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let rights = folder.path().join("rights");
    fs::write(&rights, "pattern write atalaya/%u/status\npattern read atalaya/%u/cmd/+\n").unwrap();
    let settings = format!("{}acl_file {}\n", passwords(folder.path()), rights.display());
    let broker = Broker::with(folder.path(), &settings);
    let password = write_password(folder.path(), SECRET);
    let config = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\nusername = \"{NODE}\"\npassword_file = {password:?}\n",
        broker.port
    );
    let mut nas = Nas::new(folder.path(), "nas", 60, &config);
    nas.start();
    until(|| nas.log(), || nas.log_count("refuses what the agent says") > 0);
    until(|| nas.status(), || nas.status()["records_waiting"].as_u64() > Some(0));
    assert!(nas.status()["records_waiting"].as_u64() > Some(0), "{}", nas.status());
    assert_eq!(nas.log_count("refuses what the agent says"), 1, "{}", nas.log());
}

#[test]
fn a_wrong_password_is_told_once_and_a_mended_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::with(folder.path(), &passwords(folder.path()));
    let password = write_password(folder.path(), "a-wrong-one");
    let config = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\nusername = \"{NODE}\"\npassword_file = {password:?}\n",
        broker.port
    );
    let mut nas = Nas::new(folder.path(), "nas", 60, &config);
    nas.start();
    until(|| nas.status(), || nas.problem().contains("name or password"));
    until(|| broker.log(), || broker.log().matches("not authorised").count() >= 3);
    assert_eq!(nas.log_count("not connected"), 1, "{}", nas.log());
    fs::remove_file(&password).unwrap();
    until(|| nas.status(), || nas.problem().contains("cannot read the password"));
    write_password(folder.path(), SECRET);
    until(|| nas.log(), || nas.connected());
    assert!(!nas.log().contains("a-wrong-one") && !nas.log().contains(SECRET));
}

/// The agent does not talk to a server that shows this, and says why.
#[track_caller]
fn not_trusted(host: &str, valid_until: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    authority.sign("server", host, valid_until);
    authority.sign("client", "DNS:nas", LATER);
    let mut broker = Broker::with(folder.path(), &(authority.settings("server") + &passwords(folder.path())));
    let password = write_password(folder.path(), SECRET);
    let mut nas = Nas::new(folder.path(), "nas", 60, &mqtts(broker.port, &authority, &password));
    nas.start();
    until(|| format!("{} {}", nas.status(), broker.log()), || nas.problem().contains(expected));
    until(|| nas.status(), || nas.status()["frames_waiting"].as_u64() > Some(3));
    assert_eq!(nas.log_count("not connected"), 1, "{}", nas.log());
    broker.stop();
    authority.sign("server", "IP:127.0.0.1", LATER);
    broker.start();
    until(|| nas.log(), || nas.connected());
}

#[test]
fn an_expired_certificate_is_not_trusted() {
    not_trusted("IP:127.0.0.1", LONG_AGO, "certificate expired");
}

#[test]
fn a_certificate_for_another_host_is_not_trusted() {
    not_trusted("DNS:elsewhere.example", LATER, "not valid for name");
}
