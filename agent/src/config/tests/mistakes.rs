//! What people get wrong, and what they are told. Each text is a whole configuration.

use super::*;

const JOB: &str = "[[job]]\nname = \"a\"\nrepo = \"/r\"\nkey_file = \"/k\"\npaths = [\"/p\"]\n";

/// `expected` is what stands behind the name of the file: line, key and words.
#[track_caller]
pub(super) fn refused(text: &str, expected: &str) {
    let read = parse(text).and_then(|config| crate::watch::all_probes(&config).map(drop));
    let err = read.unwrap_err();
    assert!(!err.contains('\n') && err.len() < 330, "{err}");
    let told = err.strip_prefix("cannot use the configuration agent.toml:").unwrap();
    let (place, words) = expected.split_once(" … ").unwrap_or((expected, ""));
    assert!(told.starts_with(place) && told.contains(words), "{told}");
}

/// With `line` behind a job, at the sixth line.
#[track_caller]
fn in_job(line: &str, expected: &str) {
    refused(&format!("{JOB}{line}\n"), expected);
}

#[track_caller]
fn instead(of: &str, line: &str, expected: &str) {
    assert!(JOB.contains(of));
    refused(&JOB.replace(of, line), expected);
}

#[test]
fn what_is_no_configuration() {
    refused("[node]\nnmae = \"x\"", "2: node: unknown field `nmae` … expected one of");
    refused("[nodes]", "1: unknown field `nodes`");
    refused("[node]\nname = \"x\nid = 1", "2: ");
    refused("[node]\nname = \"a\"\nname = \"b\"", "3: duplicate key");
    refused("[job]\nname = \"a\"", "1: job: this may stand there several times; write [[job]]");
    refused("node = 5", "1: node: invalid type: integer `5`, expected a section");
    refused("[[node]]\nname = \"a\"", "1: node: invalid type: list, expected a section in single brackets");
    refused("[probes]\n[probes.tacho]", "2: probes.tacho: there is no such probe; there are system");
}

#[test]
fn the_machine() {
    refused("[node]\nname = \" \"", "2: node.name: \" \" is no name");
    refused("[node]\nid = \"_x\"", "2: node.id: \"_x\" is no id");
    refused("[node]\nzone = \"Mars/Base\"", "2: node.zone: \"Mars/Base\" is no time zone … Europe/Madrid");
    refused("[node]\n\nstate_dir = \"state\"", "3: node.state_dir: \"state\" is no absolute path … /srv/photos");
    refused("[node]\nsocket = \"control.sock\"", "2: node.socket: \"control.sock\" is no absolute path");
    refused(&format!("[node]\nstate_dir = \"/{}\"", "x".repeat(100)), "2: node: the socket / … 107 bytes");
    refused("[watch]\ninterval = 5", "2: watch.interval: invalid type: integer `5`, expected a length of time");
    refused("[watch]\ninterval = \"1s\"", "2: watch.interval: \"1s\" is too short; at least 5s");
    refused("[watch]\ninterval = \"0s\"", "2: watch.interval: \"0s\" is too short");
    refused("[watch]\ninterval = \"-5s\"", "2: watch.interval: \"-5s\" is no length of time; write 90s");
    refused("[watch]\ninterval = \"2d\"", "2: watch.interval: \"2d\" is too long; at most 1d");
    refused("[watch]\nheartbeat = \"0s\"", "2: watch.heartbeat: \"0s\" is too short; at least 5s");
    refused(
        "[[job]]\nname = 'a'\nrepo = '/r'\nkey_file = '/k'\npaths = ['/r/data']",
        "3: job.repo:  … /r/data lies in it",
    );
    refused("[sidecar]\nkey = \"zz\"", "2: sidecar.key:  … 64 hexadecimal digits");
    refused("[pause]\nabove_celsius = 200", "2: pause.above_celsius: 200 is not between 0 (never) and 150");
    refused("[pause]\nabove_busy_percent = -1", "2: pause.above_busy_percent: -1 is not");
    refused("[pause]\nabove_busy_percent = nan", "2: pause.above_busy_percent: NaN is not");
    assert!(parse("[pause]\nabove_busy_percent = 0").unwrap().pause.above_busy_percent.is_none());
}

#[test]
fn brokers() {
    let broker = |line: &str| format!("[[mqtt]]\nurl = \"mqtt://far\"\n{line}");
    refused("[[mqtt]]\n", "1: mqtt: missing field `url`");
    refused("[[mqtt]]\nurl = \"http://x\"", "2: mqtt.url: \"http://x\" is no broker; write mqtt://host:1883");
    refused("[[mqtt]]\nurl = \"mqtt://user:pass@x\"", "2: mqtt.url:  … holds no password");
    refused(&broker("username = \"u\"\npassword_file = \"/x\""), "4: mqtt.password_file:  … in the clear");
    refused(&broker("password_file = \"/x\""), "3: mqtt.password_file: needs a username");
    refused(&broker("password_file = \"x\""), "3: mqtt.password_file: \"x\" is no absolute path");
    refused(&broker("ca_file = \"/x\""), "3: mqtt.ca_file: certificates are for mqtts://");
    refused(&broker("prefix = \"a/#\""), "3: mqtt.prefix: \"a/#\" cannot stand before topics");
    refused(&broker("discovery_prefix = \"+\""), "3: mqtt.discovery_prefix: \"+\"");
    let tls = broker("cert_file = \"/x\"").replace("mqtt:", "mqtts:");
    refused(&tls, "3: mqtt.cert_file: needs its key_file");
    refused(&tls.replace("cert_", "key_"), "3: mqtt.key_file: needs its cert_file");
    let two = broker("\n[[mqtt]]\nurl = \"mqtt://far:1883/\"");
    refused(&two, "5: mqtt.url:  … is there already, on line 2");
    assert!(parse(&format!("{two}\nprefix = \"other\"")).is_ok());
    let many: String = (0..5).map(|number| format!("[[mqtt]]\nurl = \"mqtt://x{number}\"\n")).collect();
    refused(&many, "10: mqtt:  … at most 4");
}

#[test]
fn jobs() {
    assert!(parse(JOB).is_ok());
    instead("\"a\"", "\"a b\"", "2: job.name: \"a b\" is no name for a job");
    instead("paths = [\"/p\"]\n", "", "1: job: missing field `paths`");
    instead("[\"/p\"]", "[]", "5: job.paths: there is nothing to back up");
    instead("[\"/p\"]", "[\n\"/p\",\n\"p\"]", "7: job.paths: \"p\" is no absolute path");
    instead("\"/r\"", "\"\"", "3: job.repo: it names the folder");
    instead("\"/r\"", "\"r\"", "3: job.repo: \"r\" is no absolute path");
    instead("\"/r\"", "\"az://nas/rep\"", "3: job.repo: bucket_credentials_file is needed beside it");
    instead("\"/r\"", "\"s3://nas/r\"", "3: job.repo: the server stands before the bucket");
    instead("\"/r\"", "\"s3://nas.lan/bucket\"", "3: job.repo: bucket_credentials_file is needed beside it");
    instead("\"/r\"", "\"/r\"\nbucket_credentials_file = \"/c\"", "4: job.bucket_credentials_file: it says who asks");
    instead("\"/r\"", "\"sftp://nas:secret@nas/r\"", "3: job.repo: a password in a URL is seen");
    instead("\"/r\"", "\"sftp://nas\"", "3: job.repo: it names no folder");
    instead(
        "\"/r\"",
        "\"sftp://nas/r\"\nmemory_max = \"31M\"",
        "3: job.repo: memory_max is too small for a repository over SFTP",
    );
    instead("\"/r\"", "\"/r\"\nssh_key_file = \"/k\"", "4: job.ssh_*: it says how a server");
    let s3 = "\"s3://nas.lan/bucket\"\nbucket_credentials_file = \"/c\"";
    instead("\"/r\"", &format!("{s3}\nssh_key_file = \"/k\""), "5: job.ssh_*: it says how a server");
    assert!(parse(&JOB.replace("\"/r\"", s3)).is_ok());
    instead("\"/r\"", "\"/var/lib/atalaya/repo\"", "3: job.repo: it and the state folder /var/lib/atalaya");
    instead("key_file = \"/k\"\n", "", "3: job.repo: key_file or passphrase_file is needed");
    instead("\"/k\"", "\"k\"", "4: job.key_file: \"k\" is no absolute path");
    assert!(parse(&format!("{JOB}passphrase_file = \"/x\"")).is_ok(), "a key file may have a passphrase of its own");
    let two = format!("{JOB}{JOB}");
    refused(&two, "7: job.name: two jobs are called \"a\", the other one on line 2");
    let many: String = (0..65).map(|number| JOB.replace("\"a\"", &format!("\"a{number}\""))).collect();
    refused(&many, "322: job:  … at most 64");
    in_job("exclude = \"*\"", "6: job.exclude: invalid type: string \"*\", expected a list in brackets");
    in_job("tier = 4", "6: job.tier: 4 is not from 1 to 3");
    in_job("tier = \"1\"", "6: job.tier: invalid type: string \"1\", expected a whole number from 1 to 3");
    in_job("retries = -1", "6: job.retries: -1 is not from 0 to 100");
    in_job("exclude = [\"*\", \"\"]", "6: job.exclude: ");
    // As the example says.
    in_job("memory_max = \"24M\"", "6: job.memory_max: \"24M\" is too small to work with; the least is 25M");
    assert!(parse(&format!("{JOB}memory_max = \"25M\"")).is_ok());
    in_job("memory_max = \"lots\"", "6: job.memory_max: \"lots\" is no size; give a number of bytes");
    in_job("memory_max = \"99999999999T\"", "6: job.memory_max: \"99999999999T\" is no size");
    in_job("limit_upload = \"0\"", "6: job.limit_upload: \"0\" lets nothing through");
    in_job("exclude_larger_than = \"10X\"", "6: job.exclude_larger_than: \"10X\" is no size");
    in_job("check_share = \"5\"", "6: job.check_share: \"5\" is no share; write \"5%\"");
}

#[test]
fn times_of_jobs() {
    in_job("schedule = \"sometimes\"", "6: job.schedule: \"sometimes\" is no calendar; write \"daily 02:00\"");
    in_job(
        "schedule = \"daily 25:00\"",
        "6: job.schedule: \"daily 25:00\" is no calendar: \"25:00\" is no time of day",
    );
    in_job("schedule = \"61 * * * *\"", "6: job.schedule: \"61 * * * *\" is no calendar: \"61\" is no minute");
    in_job("schedule = \"0 0 31 2 *\"", "6: job.schedule: \"0 0 31 2 *\" is no calendar: there is no such day");
    in_job("schedule = \"every 1s\"", "6: job.schedule: \"every 1s\" is no calendar: \"1s\" is too short; at least 1m");
    in_job("schedule = \"every 99999d\"", "6: job.schedule:  … too long");
    in_job("window = \"22:00\"", "6: job.window: \"22:00\" is no window; write it as 22:00-06:00");
    in_job("jitter = \"30d\"", "6: job.jitter: \"30d\" is too long; at most 7d");
    for key in ["full_every", "check_every", "rpo"] {
        in_job(&format!("{key} = \"0s\""), &format!("6: job.{key}: \"0s\" is too short"));
        in_job(&format!("{key} = \"4294967295d\""), &format!("6: job.{key}: \"4294967295d\" is too long"));
    }
}

#[test]
fn no_ip() {
    let client = "[noip_client]\nuser = \"u\"\npassword_file = \"/p\"\n";
    refused("[noip_client]\nhost = []", "2: noip_client: unknown field `host`");
    refused("[noip_client]\nhosts = [\"a.ddns.net\"]", "1: noip_client: hosts need user and password_file");
    refused(&format!("{client}hosts = [\n\"group\"]"), "5: noip_client.hosts: \"group\" is no name of a host");
    refused(&format!("{client}hosts = [\"a.b\", \"a.b\"]"), "4: noip_client.hosts: \"a.b\" is there twice");
    refused(
        &format!("{client}server = \"http://x\""),
        "4: noip_client.server: \"http://x\": updates are sent over https",
    );
}

#[test]
fn probes() {
    refused(
        "[probes.logs]\n[[probes.logs.pattern]]\nname = \"x\"\npattern = \"(\"",
        "4: probes.logs.pattern.pattern: \"(\"",
    );
    refused(
        "[probes.logs]\npattern = [\n{ name = \"x\", pattern = \"y\" },\n{ name = \"z\", pattern = \"y\", unit = \"a\", tag = \"b\" }]",
        "4: probes.logs.pattern:  … only one of file, unit and tag",
    );
    refused(
        "[probes.services]\ncheck = [\n{ kind = \"tcp\", address = \"x\" }]",
        "3: probes.services.check: \"x\" is no host:port",
    );
    refused("[probes.certs]\ncert = [\n{ file = \"/x\" },\n{ }]", "4: probes.certs.cert: a certificate has either");
    refused("[probes.dns]\nresolvers = [\"one\"]", "2: probes.dns.resolvers: \"one\" is no address of a resolver");
    refused("[probes.dns]\nhost = [{ ipv4 = true }]", "2: probes.dns.host: missing field `name`");
    refused(
        "[[probes.services.check]]\nkind = \"icmp\"\nhost = \"a\"\n[[probes.services.check]]\nkind = \"systemd\"\nunit = \"a\"",
        "4: probes.services.check: one before it is called \"a\"",
    );
    refused("[probes.ups]\naddress = \"x\"", "2: probes.ups.address: \"x\" is no address with a port");
    refused("[probes.fs]\nexpected = [\"usb\"]", "2: probes.fs.expected: \"usb\" is no absolute path");
    refused("[probes.disks]\nsmart_every_seconds = 1", "2: probes.disks.smart_every_seconds: 1 is not from 60");
    refused("[probes.auth]\nfiles = [\"auth.log\"]", "2: probes.auth.files: \"auth.log\" is no absolute path");
}

#[test]
fn files_that_are_not_there_are_told_and_no_mistake() {
    let broker = "[[mqtt]]\nurl = \"mqtt://localhost\"\nusername = \"u\"\npassword_file = \"/nowhere/p\"\n";
    let job = JOB.replace("\"/k\"", "\"/nowhere/k\"");
    let told = parse(&format!("{broker}{job}")).unwrap().warnings();
    assert_eq!(told.len(), 2);
    let expected =
        "agent.toml:4: mqtt.password_file: cannot read /nowhere/p: No such file or directory; until it can be, ";
    assert!(told[0].starts_with(expected), "{}", told[0]);
    assert!(told[1].starts_with("agent.toml:8: job.key_file: cannot read /nowhere/k"), "{}", told[1]);
}
