use super::*;

#[test]
fn the_example_is_a_configuration() {
    let config = Config::parse(EXAMPLE).unwrap();
    assert_eq!((config.name.as_str(), config.jobs.len(), config.outputs.len()), ("Basement NAS", 1, 1));
    assert_eq!(
        config.jobs[0].words.join(" "),
        "--repo=/mnt/backup/nas --state-dir=/var/lib/atalaya --key-file=/etc/atalaya/writer.key --job=photos --exclude=*.tmp -- /srv/photos"
    );
    assert_eq!((config.interval.as_secs(), config.heartbeat.as_secs()), (60, 900));
}

#[test]
fn what_the_example_shows_in_comments_can_be_written() {
    let mut all = String::new();
    for line in EXAMPLE.lines() {
        let shown =
            line.strip_prefix("# ").filter(|rest| rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')));
        let key_and_file = shown.filter(|rest| {
            !rest.starts_with("ca_file") && !rest.starts_with("cert_file") && !rest.starts_with("key_file")
        });
        all.push_str(key_and_file.unwrap_or(line));
        all.push('\n');
    }
    let config = Config::parse(&all).unwrap();
    assert!(config.sidecar.is_some() && config.node.is_some() && config.jobs[0].plan.window.is_some());
    assert!(config.noip_client.is_on());
    let secret = format!("{config:?}");
    assert!(secret.contains("***") && !secret.contains("mqtt-password"));
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let err = Config::parse(text).unwrap_err();
    assert!(err.contains(expected) && !err.contains('\n'), "{err}");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    refused("[node]\nnmae = \"x\"", "line 2: unknown field `nmae`");
    refused("[nodes]", "line 1: unknown field `nodes`");
    refused("[watch]\ninterval = 5", "line 2:");
    refused("[watch]\ninterval = \"1s\"", "under 5 s");
    refused("[[mqtt]]\nurl = \"http://x\"", "is no broker");
    refused("[[mqtt]]\nurl = \"mqtt://user:pass@x\"", "holds no password");
    refused("[[mqtt]]\nurl = \"mqtt://far\"\npassword_file = \"/x\"", "in the clear");
    refused("[[mqtt]]\nurl = \"mqtts://far\"\ncert_file = \"/x\"", "go together");
    refused("[[mqtt]]\nurl = \"mqtt://x\"\nprefix = \"a/#\"", "prefix");
    refused("[sidecar]\nkey = \"zz\"", "64 hexadecimal digits");
    refused("[noip_client]\nhost = []", "line 2: unknown field `host`");
    refused("[noip_client]\nhosts = [\"a.ddns.net\"]", "user and password_file");
    refused("[node]\nzone = \"Mars/Base\"", "no time zone");
    let job = "[[job]]\nname = \"a\"\nrepo = \"/r\"\nkey_file = \"/k\"\npaths = [\"/p\"]\n";
    assert!(Config::parse(job).is_ok());
    refused(&format!("{job}schedule = \"sometimes\""), "is no calendar");
    refused(&format!("{job}tier = 4"), "tier 4");
    refused(&format!("{job}{job}"), "two jobs");
    refused(&format!("{job}limit_upload = \"0\""), "lets nothing through");
    refused(&job.replace("\"/r\"", "\"\""), "repo names the folder");
    refused(&job.replace("[\"/p\"]", "[\"p\"]"), "absolute");
    refused(&job.replace("key_file = \"/k\"\n", ""), "key_file or passphrase_file");
}

#[test]
fn the_streams_go_to_one_broker() {
    let broker = "[[mqtt]]\nurl = \"mqtt://x\"\n";
    let streams = |text: &str| -> Vec<bool> {
        Config::parse(text).unwrap().outputs.iter().map(|output| output.streams).collect()
    };
    assert_eq!(streams(&format!("{broker}{broker}{broker}")), [true, false, false]);
    assert_eq!(streams(&format!("{broker}streams = false\n{broker}")), [false, true]);
}

#[test]
fn addresses_of_brokers() {
    let url = |text: &str| text.parse::<Url>().map(|url| url.to_string());
    assert_eq!(url("mqtt://nas"), Ok("mqtt://nas:1883".into()));
    assert_eq!(url("mqtts://nas:99/"), Ok("mqtts://nas:99".into()));
    assert_eq!(url("mqtt://[::1]:5"), Ok("mqtt://::1:5".into()));
    assert_eq!(url("mqtt://[::1]"), Ok("mqtt://::1:1883".into()));
    assert!(url("mqtt://").is_err() && url("mqtt://x:y").is_err() && url("x").is_err());
}
