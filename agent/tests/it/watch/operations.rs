//! What `docs/operations.md` has people paste, from one repository to three copies, is pasted: with other folders in the
//! place of those it names, and one of them in the place of the office's machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::nas::Nas;
use super::until;

const OFFICE: &str = "sftp://nas@backup.example.org/~/nas";
/// Commands that read the configuration where packages put it.
const CONFIGURED: [&str; 4] = ["config check", "backup --job", "upkeep", "policy"];

fn section() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("\n## From one repository to three copies\n").unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// What stands in blocks of this kind.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let begin = format!("```{kind}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A machine's folders, below one of ours.
struct Machine(PathBuf);

impl Machine {
    fn new(folder: &Path) -> Self {
        for name in ["mnt/usb", "mnt/usb2", "office", "etc/atalaya", "srv/photos", "bin"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("etc/atalaya/nas.passphrase"), "correct horse\n").unwrap();
        fs::write(folder.join("srv/photos/beach"), "a photo").unwrap();
        Self(folder.to_owned())
    }

    fn here(&self, text: &str) -> String {
        let below = self.0.display().to_string();
        let mut text = text.replace("/srv/restored/srv", &format!("{below}/RESTORED{below}/SRV"));
        for name in ["/mnt/", "/etc/atalaya/", "/srv/"] {
            text = text.replace(name, &format!("{below}{name}"));
        }
        let ssh = format!("--ssh-key-file {below}/etc/atalaya/ssh.key ");
        let line = format!("ssh_key_file = \"{below}/etc/atalaya/ssh.key\"\n");
        let text = text
            .replace("RESTORED", "srv/restored")
            .replace("SRV", "srv")
            .replace(OFFICE, &format!("{below}/office/nas"));
        text.replace(&ssh, "").replace(&line, "")
    }

    fn run(&self, line: &str, config: &Path) -> Output {
        let configured = CONFIGURED.iter().any(|word| line.starts_with(&format!("atalaya-agent {word}")));
        let with = if configured { format!(" --config {}", config.display()) } else { String::new() };
        let agent = Path::new(env!("CARGO_BIN_EXE_atalaya-agent")).parent().unwrap().display();
        let path = format!("{agent}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-c", &(self.here(line) + &with)]).env("PATH", path);
        command.env("ATALAYA_STATE_DIR", self.0.join("mine")).output().unwrap()
    }
}

#[test]
fn from_one_repository_to_three_copies_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let section = section();
    let machine = Machine::new(folder.path());
    let mut nas = Nas::new(folder.path(), "nas", 20, &machine.here(&blocks(&section, "toml").concat()));
    let config = nas.config();
    let mut said = 0;
    for line in blocks(&section, "console").concat().lines() {
        let line = line.strip_prefix("# ").unwrap_or_else(|| panic!("{line}: is it pasted?"));
        match line {
            "systemctl restart atalaya-agent" => nas.start(),
            "atalaya-agent policy" => {
                until(|| nas.log() + &nas.status().to_string(), || machine.run(line, &config).status.success());
                let out = String::from_utf8(machine.run(line, &config).stdout).unwrap();
                let first = out.lines().next().unwrap();
                assert!(section.contains(&format!("`{first}`")), "{out}");
                said += 1;
            }
            line => {
                let out = machine.run(line, &config);
                assert!(out.status.success(), "{line}: {out:?}");
            }
        }
    }
    assert_eq!(said, 1);
    // That it is the office's copy which came back, and that a difference would have been told.
    fs::write(folder.path().join("srv/photos/beach"), "another photo").unwrap();
    let diff = blocks(&section, "console").concat().lines().last().unwrap()[2..].to_owned();
    assert!(diff.starts_with("diff -r ") && !machine.run(&diff, &config).status.success());
}
