//! `[[upkeep]]`: what it means, what people get wrong, and what is said of keys that may not.

use super::mistakes::refused;
use super::*;

const UPKEEP: &str = "[[upkeep]]\nname = \"nas\"\nrepo = \"/r\"\nkey_file = \"/k\"\n";

fn words(config: &Config, at: usize) -> String {
    config.chores[at].words.join(" ")
}

#[track_caller]
fn wrong(lines: &str, expected: &str) {
    refused(&format!("{UPKEEP}{lines}\n"), expected);
}

#[test]
fn a_section_that_is_there_is_done_as_the_command_would() {
    let config = parse(&format!("{UPKEEP}[upkeep.forget]\n[upkeep.prune]\n[upkeep.check]\n")).unwrap();
    let names: Vec<&str> = config.chores.iter().map(|chore| chore.plan.name.as_str()).collect();
    assert_eq!(names, ["nas.forget", "nas.prune", "nas.check"]);
    assert_eq!(words(&config, 0), "--repo=/r --key-file=/k --no-list");
    assert_eq!(words(&config, 1), "--repo=/r --key-file=/k");
    assert_eq!(words(&config, 2), "--repo=/r --key-file=/k --read-data=5%");
    // Late after two of its times and a day.
    let late: Vec<u64> = config.chores.iter().map(|chore| chore.plan.rpo.as_secs() / 86_400).collect();
    assert!(late[0] == 15 && late[1] == 15 && (62..=63).contains(&late[2]), "{late:?}");
    let full = "[upkeep.forget]\njob = \"photos\"\nschedule = \"manual\"\nkeep_daily = 14\nkeep_weekly = 0\n\
                keep_within = \"30d\"\n[upkeep.prune]\ngrace = \"7d\"\ndrop_max = \"80%\"\n[upkeep.check]\nshare = \"0.5%\"\n\
                compare = \"10%\"\n";
    let config = parse(&format!("{UPKEEP}memory_max = \"40M\"\ntime_max = \"3h\"\n{full}")).unwrap();
    let rules = "--no-list --job=photos --keep-daily=14 --keep-weekly=0 --keep-within=720h";
    assert_eq!(words(&config, 0), format!("--repo=/r --key-file=/k --memory-max=41943040 {rules}"));
    assert!(words(&config, 1).ends_with("--grace=168h --drop-max=80"), "{}", words(&config, 1));
    assert!(words(&config, 2).ends_with("--read-data=0.5% --compare=10%"), "{}", words(&config, 2));
    assert_eq!(config.chores[2].time_max, Some(Duration::from_secs(3 * 3600)));
    assert!(config.chores[0].plan.rpo > Duration::from_secs(3000 * 86_400), "by hand it is never late");
    assert!(config.has_task("nas.prune") && !config.has_task("nas") && !config.says_nothing());
    assert_eq!(config.repos().collect::<Vec<_>>(), ["/r"; 3]);
}

#[test]
fn mistakes_in_it() {
    refused("[upkeep.forget]", "1: upkeep: this may stand there several times; write [[upkeep]]");
    wrong("", "2: upkeep: nothing is to be done; add [upkeep.forget], [upkeep.prune]");
    wrong("[upkeep.promote]", "5: upkeep: unknown field `promote`");
    wrong("[[upkeep.prune]]", "5: upkeep.prune: … a section in single brackets");
    wrong("[upkeep.forget]\nkeep_daily = -1", "6: upkeep.forget.keep_daily: -1 is not from 0");
    wrong("[upkeep.forget]\nkeep_daily = 0", "2: upkeep.forget: these rules keep nothing");
    wrong("[upkeep.forget]\nkeep_within = \"2w\"", "6: upkeep.forget.keep_within: \"2w\" is no length of time");
    wrong("[upkeep.forget]\nkeep_within = \"12m\"", "6: upkeep.forget.keep_within: \"12m\" is too short");
    wrong("[upkeep.forget]\ndespite_change = true", "6: upkeep.forget: unknown field `despite_change`");
    wrong("[upkeep.forget]\nschedule = \"nightly\"", "6: upkeep.forget.schedule: \"nightly\" is no calendar");
    wrong("[upkeep.prune]\ngrace = \"1h\"", "6: upkeep.prune.grace: \"1h\" is too short; at least 1d");
    wrong("[upkeep.prune]\ndrop_max = \"101%\"", "6: upkeep.prune.drop_max: \"101%\" is no share");
    wrong("[upkeep.check]\nshare = \"5\"", "6: upkeep.check.share: \"5\" is no share; write \"5%\"");
    let two = format!("{UPKEEP}[upkeep.check]\n");
    refused(&format!("{two}{two}"), "7: upkeep.name: \"nas\" is the name of what stands on line 2");
    let job = "[[job]]\nname = \"nas\"\nrepo = \"/r\"\nkey_file = \"/k\"\npaths = [\"/p\"]\n";
    refused(&format!("{job}{two}"), "7: upkeep.name: \"nas\" is the name of what stands on line 2");
    let many: String = (0..17).map(|number| two.replace("\"nas\"", &format!("\"n{number}\""))).collect();
    refused(&many, "82: upkeep:  … at most 16");
    refused(&two.replace("key_file = \"/k\"\n", ""), "3: upkeep.repo: key_file or passphrase_file is needed");
    refused(&two.replace("/r", "/var/lib/atalaya/r"), "3: upkeep.repo: it and the state folder");
    refused(&two.replace("\"/k\"", "\"/k\"\nssh_key_file = \"/s\""), "5: upkeep.ssh_*: it says how a server");
    refused(&two.replace("\"/k\"", "\"/k\"\nmemory_max = \"8M\""), "5: upkeep.memory_max: \"8M\" is too small");
}

#[test]
fn each_target_is_copied_to_by_a_task_of_its_own() {
    let copy = "[upkeep.copy]\nto = [\"/mnt/usb2/nas\", { repo = \"sftp://nas@host/~/nas\", name = \"host\", \
                ssh_key_file = \"/s\", ssh_known_hosts = \"/h\" }]\n";
    let config = parse(&format!("{UPKEEP}[upkeep.prune]\n{copy}")).unwrap();
    let names: Vec<&str> = config.chores.iter().map(|chore| chore.plan.name.as_str()).collect();
    assert_eq!(names, ["nas.prune", "nas.copy-mnt-usb2-nas", "nas.copy-host"]);
    assert_eq!(words(&config, 1), "--repo=/r --key-file=/k -- /mnt/usb2/nas");
    let ssh = "--ssh-key-file=/s --ssh-known-hosts=/h";
    assert_eq!(words(&config, 2), format!("--repo=/r --key-file=/k {ssh} -- sftp://nas@host/~/nas"));
    assert_eq!(config.chores[2].plan.rpo.as_secs(), 3 * 86_400, "two of its times and a day");
    assert_eq!((config.chores[1].repo.as_str(), config.chores[1].from.as_deref()), ("/mnt/usb2/nas", Some("/r")));
    let called = |words: &str| config.chores.iter().map(|chore| chore.is_called(words)).collect::<Vec<_>>();
    assert_eq!(called("nas"), [true; 3]);
    assert_eq!(called("nas.copy"), [false, true, true]);
    assert_eq!(called("nas.copy-host"), [false, false, true]);
    assert_eq!((called("nas.cop"), called("na")), (vec![false; 3], vec![false; 3]));
    // What there is to warn of where its files cannot be read.
    assert!(config.warnings().iter().any(|told| told.contains("upkeep.copy.to.ssh_key_file: cannot read /s")));
    let more =
        "drop_max = \"80%\"\nheal = true\nlimit_upload = \"500K\"\nrpo = \"36h\"\nschedule = \"weekly sat 05:00\"\n";
    let config = parse(&format!("{UPKEEP}[upkeep.copy]\n{more}to = [\"/mnt/b\"]\n")).unwrap();
    assert_eq!(words(&config, 0), "--repo=/r --key-file=/k --drop-max=80 --limit-upload=512000 --heal -- /mnt/b");
    assert_eq!(config.chores[0].plan.rpo.as_secs(), 36 * 3600);
    // In sections of their own.
    let sections = "[upkeep.copy]\n[[upkeep.copy.to]]\nrepo = \"/mnt/a\"\n[[upkeep.copy.to]]\nrepo = \"/mnt/b\"\n";
    assert_eq!(parse(&format!("{UPKEEP}{sections}")).unwrap().chores.len(), 2);
}

#[test]
fn mistakes_in_copies() {
    let to = |list: &str, expected: &str| wrong(&format!("[upkeep.copy]\nto = {list}"), expected);
    wrong("[upkeep.copy]", "5: upkeep.copy: missing field `to`");
    to("[]", "6: upkeep.copy.to: there is nowhere to copy to");
    to("\"/a\"", "6: upkeep.copy.to: invalid type: string \"/a\", expected a list in brackets");
    to("[\"a\"]", "6: upkeep.copy.to: \"a\" is no absolute path");
    to("[5]", "6: upkeep.copy.to: invalid type: integer `5`, expected the absolute path of a folder");
    to("[\"/a\", \"/a\"]", "6: upkeep.copy.to: /a is there twice");
    to("[\"/a/b\", \"/a-b\"]", "6: upkeep.copy.to: one before it is called \"a-b\", too");
    to("[\"/r\"]", "6: upkeep.copy.to: it is the repository itself");
    to("[\"/r/b\"]", "6: upkeep.copy.to: /r/b and the repository lie one in the other");
    to("[\"/var/lib/atalaya/b\"]", "6: upkeep.copy.to: it and the state folder");
    to("[{ name = \"a\" }]", "6: upkeep.copy.to: missing field `repo`");
    to("[{ repo = \"/a\", to = 1 }]", "6: upkeep.copy.to … unknown field `to`");
    to("[{ repo = \"/a\", medium = \" \" }]", "6: upkeep.copy.to … \" \" is no word for it");
    to("[{ repo = \"/a\", ssh_key_file = \"/s\" }]", "6: upkeep.copy.to: ssh_* says how a server");
    to("[\"s3://s3.example.org/bucket/p\"]", "6: upkeep.copy.to: bucket_credentials_file is needed beside it");
    to(
        "[{ repo = \"/a\", bucket_credentials_file = \"/s\" }]",
        "6: upkeep.copy.to: bucket_credentials_file is for s3://",
    );
    let bucket =
        "[upkeep.copy]\nto = [{ repo = \"s3://s3.example.org/bucket/p\", bucket_credentials_file = \"/s\" }]\n";
    let config = parse(&format!("{UPKEEP}{bucket}")).unwrap();
    assert_eq!(
        words(&config, 0),
        "--repo=/r --key-file=/k --bucket-credentials-file=/s -- s3://s3.example.org/bucket/p"
    );
    let from = UPKEEP.replace("\"/r\"", "\"s3://s3.example.org/bucket/q\"\nbucket_credentials_file = \"/s\"");
    refused(&format!("{from}{bucket}"), "7: upkeep.copy.to: the repository is in a bucket as well");
    assert!(parse(&format!("{from}[upkeep.copy]\nto = [\"s3://s3.example.org/bucket/p\"]\n")).is_ok());
    let far = |more: &str| UPKEEP.replace("\"/r\"", &format!("\"sftp://n@h/r\"{more}"));
    let both = "[upkeep.copy]\nto = [{ repo = \"sftp://n@g/r\", ssh_key_file = \"/s\" }]\n";
    refused(&format!("{}{both}", far("")), "6: upkeep.copy.to: the repository is reached by SSH as well");
    let both = "[upkeep.copy]\nto = [\"sftp://n@g/r\"]\n";
    refused(&format!("{}{both}", far("")), "6: upkeep.copy.to: each ssh takes 7M of memory_max");
    assert!(parse(&format!("{}{both}", far("\nmemory_max = \"39M\""))).is_ok());
    refused("[policy]\ncopies = 0", "2: policy.copies: 0 is not from 1 to 16");
    refused("[policy]\nplace = \"\"", "2: policy.place: \"\" is no word for it");
}

/// Key files as `init` and `key add` write them, by role.
fn keys(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let run = |words: &[&std::ffi::OsStr]| {
        let all = ["atalaya-agent".as_ref()].into_iter().chain(words.iter().copied());
        assert_eq!(crate::cli::run(all.map(Into::into)), std::process::ExitCode::SUCCESS);
    };
    let (repo, state, phrase) = (folder.join("repo"), folder.join("state"), folder.join("phrase"));
    std::fs::write(&phrase, "correct horse\n").unwrap();
    let with = |words: &[&str], file: Option<&Path>| {
        let options = ["--repo".as_ref(), repo.as_os_str(), "--state-dir".as_ref(), state.as_os_str()];
        let mut all: Vec<&std::ffi::OsStr> = words.iter().map(AsRef::as_ref).chain(options).collect();
        all.extend(["--passphrase-file".as_ref(), phrase.as_os_str(), "--quiet".as_ref()]);
        all.extend(file.into_iter().flat_map(|file| ["--out".as_ref(), file.as_os_str()]));
        run(&all);
    };
    with(&["init"], None);
    let of = |role: &'static str| {
        let path = folder.join(role);
        with(&["key", "add", "--role", role, "--label", role], Some(&path));
        (role, path)
    };
    ["writer", "maintainer", "owner"].map(of).into()
}

#[test]
fn a_writer_s_key_is_told_before_the_night() {
    let folder = tempfile::tempdir().unwrap();
    for (role, path) in keys(folder.path()) {
        let with = |sections: &str| {
            let text = UPKEEP.replace("\"/k\"", &format!("{path:?}")) + sections;
            parse(&text).unwrap().wrong_keys()
        };
        for sections in ["[upkeep.forget]\n", "[upkeep.prune]\n[upkeep.check]\n"] {
            let told = with(sections);
            assert_eq!(told.len(), usize::from(role == "writer"), "{role} {told:?}");
            let expected =
                format!("agent.toml:4: upkeep.key_file: {} is a writer's key, which may neither", path.display());
            assert!(told.iter().all(|told| told.starts_with(&expected)), "{told:?}");
        }
        assert_eq!(with("[upkeep.check]\n"), Vec::<String>::new(), "{role}: it may check");
    }
    let text = UPKEEP.replace("\"/k\"", &format!("{:?}", folder.path().join("phrase"))) + "[upkeep.check]\n";
    assert!(parse(&text).unwrap().wrong_keys()[0].contains("is of no use: it is not a key file"));
    // One that cannot be read is warned of, as any.
    let text = format!("{UPKEEP}[upkeep.prune]\n").replace("/k", "/nowhere/k");
    let config = parse(&text).unwrap();
    assert!(config.wrong_keys().is_empty());
    assert!(config.warnings()[0].contains("upkeep.key_file: cannot read /nowhere/k"), "{:?}", config.warnings());
}
