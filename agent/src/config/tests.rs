use super::*;

/// As if it stood in a file.
fn parse(text: &str) -> Result<Config, String> {
    Config::read(Path::new("agent.toml"), text)
}

#[test]
fn the_example_is_a_configuration() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!((config.name.as_str(), config.jobs.len(), config.outputs.len()), ("Basement NAS", 1, 1));
    assert_eq!(
        config.jobs[0].words.join(" "),
        "--repo=/mnt/backup/nas --key-file=/etc/atalaya/writer.key --job=photos --exclude=*.tmp -- /srv/photos"
    );
    assert_eq!((config.interval.as_secs(), config.heartbeat.as_secs()), (60, 900));
}

#[test]
fn what_the_example_shows_in_comments_can_be_written() {
    let mut all = String::new();
    for line in EXAMPLE.lines() {
        let shown =
            line.strip_prefix("# ").filter(|rest| rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')));
        let shown =
            shown.or_else(|| line.strip_prefix("# ").filter(|rest| rest.starts_with('[') && rest.ends_with(']')));
        // What stands in the place of something else cannot be written beside it.
        let instead = ["ca_file", "cert_file", "key_file"];
        let key_and_file = shown.filter(|rest| !instead.iter().any(|word| rest.starts_with(word)));
        all.push_str(key_and_file.unwrap_or(line));
        all.push('\n');
    }
    let config = parse(&all).unwrap();
    assert!(config.sidecar.is_some() && config.node.is_some() && config.jobs[0].plan.window.is_some());
    let tasks: Vec<&str> = config.chores.iter().map(|chore| chore.plan.name.as_str()).collect();
    assert_eq!(
        tasks,
        ["nas.forget", "nas.prune", "nas.check", "nas.copy-mnt-usb2-nas", "nas.copy-backup-example-org-nas"]
    );
    assert!(config.noip_client.is_on() && config.certificates[0].served.is_some());
    let secret = format!("{config:?}");
    assert!(secret.contains("***") && !secret.contains("mqtt-password"));
}

#[test]
fn the_streams_go_to_one_broker() {
    let broker = |name: &str| format!("[[mqtt]]\nurl = \"mqtt://{name}\"\n");
    let (x, y, z) = (broker("x"), broker("y"), broker("z"));
    let streams =
        |text: &str| -> Vec<bool> { parse(text).unwrap().outputs.iter().map(|output| output.streams).collect() };
    assert_eq!(streams(&format!("{x}{y}{z}")), [true, false, false]);
    assert_eq!(streams(&format!("{x}streams = false\n{y}")), [false, true]);
}

mod mistakes;
mod upkeep;
