use std::path::Path;

use super::*;

fn told(text: &str) -> String {
    match Config::read(Path::new("s.toml"), text) {
        Ok(config) => panic!("{text:?} is taken: {config:?}"),
        Err(why) => why.strip_prefix("cannot use the configuration ").unwrap_or(&why).to_owned(),
    }
}

#[test]
fn without_a_file_everything_is_for_this_machine() {
    let config = Config::empty().unwrap();
    assert!(config.broker.listen.iter().chain(&config.web.listen).all(is_loopback));
    assert_eq!((config.broker.listen.len(), config.web.listen.len()), (2, 2));
    assert!(config.accept() && config.anonymous() && config.broker.external.is_none());
    assert_eq!((config.state.id.as_str(), config.broker.prefix.as_str()), ("_sidecar", "atalaya"));
}

#[test]
fn the_example_is_a_configuration() {
    let config = Config::read(Path::new("s.toml"), EXAMPLE).unwrap();
    assert!(!config.accept() && !config.anonymous());
    assert_eq!(config.broker.listen_tls[0].port(), 8883);
    // What stands in comments is right as well.
    let whole = EXAMPLE.replace("# url = \"https://hc", "url = \"https://hc").replace("# proxies", "proxies");
    let (rest, channels) = whole.split_once("#[[channel]]").unwrap();
    let channels =
        format!("#[[channel]]{channels}").replace("\n# ", "\n## ").replace("\n#", "\n").replacen("#[[", "[[", 1);
    let config = Config::read(Path::new("s.toml"), &format!("{rest}{channels}")).unwrap();
    let mut kinds: Vec<_> = config.alerts.channels.iter().map(|channel| channel.settings.own.kind()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["gotify", "mail", "mqtt", "ntfy", "slack", "telegram", "webhook"]);
    assert_eq!((config.alerts.sets.len(), config.alerts.hours().len()), (2, 1));
    assert_eq!(config.alerts.sets()["default"].channels, ["phone"]);
    let kinds: Vec<_> = config.renewals.providers.iter().map(|(provider, _)| provider.own.kind()).collect();
    assert_eq!(kinds, ["godaddy", "cloudflare", "rdap", "tls", "file", "noip", "hand"]);
    assert_eq!((config.certificates.all.len(), config.mailbox.map(|mailbox| mailbox.port)), (2, Some(993)));
}

/// Keys that a section may have, as a mistake in it tells them.
fn keys_of(section: &str, inside: &str) -> Vec<String> {
    let why = told(&format!("{section}\n{inside}no_such_key = 1\n"));
    let (_, list) =
        why.split_once("unknown field `no_such_key`, expected ").unwrap_or_else(|| panic!("{section}: {why}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_stands_in_the_example() {
    let mut in_section = std::collections::BTreeSet::new();
    let mut section = String::new();
    for line in EXAMPLE.lines().map(|line| line.trim_start_matches(['#', ' '])) {
        if line.starts_with('[') && line.ends_with(']') {
            section = line.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            in_section.insert((section.clone(), key.to_owned()));
        }
    }
    let sections = [
        "[state]",
        "[broker]",
        "[web]",
        "[history]",
        "[alerts]",
        "[nodes]",
        "[beat]",
        "[renewals]",
        "[acme]",
        "[mailbox]",
    ];
    let lists = ["[[set]]", "[[certificate]]", "[[record]]"];
    let mut missing = Vec::new();
    for section in sections.into_iter().chain(lists) {
        let keys = keys_of(section, "");
        assert!(!keys.is_empty(), "{section} has no keys");
        let stands = |key: &String| in_section.contains(&(section.to_owned(), key.clone()));
        missing.extend(keys.into_iter().filter(|key| !stands(key)).map(|key| format!("{section} {key}")));
    }
    let tops = keys_of("", "");
    let named = |top: &String| in_section.iter().any(|(section, _)| section.trim_matches(['[', ']']) == top);
    missing.extend(tops.into_iter().filter(|top| !named(top)));
    assert!(missing.is_empty(), "not in example.toml: {missing:?}");
}

#[test]
fn who_is_let_in_goes_by_the_listeners_that_there_are_and_not_by_those_to_come() {
    let read = |text: &str| Config::read(Path::new("s.toml"), text).unwrap();
    let (apart, tls, outside) = ("", "[broker]\nlisten_tls = [\"[::]:8883\"]\n", "[broker]\nurl = \"mqtt://b\"\n");
    for (before, after, expected) in [
        (apart.to_owned(), tls.to_owned(), true),
        (apart.to_owned(), outside.to_owned(), true),
        (outside.to_owned(), apart.to_owned(), false),
        (tls.to_owned(), apart.to_owned(), false),
        // Who writes it means it now.
        (outside.to_owned(), "[broker]\nanonymous = true\n[nodes]\naccept = true".to_owned(), true),
        (apart.to_owned(), format!("{outside}anonymous = false\n[nodes]\naccept = false"), false),
    ] {
        let mut config = read(&after);
        config.stay(&read(&before));
        assert_eq!((config.accept(), config.anonymous()), (expected, expected), "{before:?}, then {after:?}");
    }
}

#[test]
fn mistakes_are_told_with_their_line_and_what_to_do() {
    for (text, expected) in [
        ("[brokr]", "s.toml:1: unknown field `brokr`"),
        (
            "[broker]\nlisten = [\"0.0.0.0:1883\"]",
            "s.toml:2: broker.listen: 0.0.0.0:1883 can be reached by others, who would send passwords in the clear; use listen_tls",
        ),
        ("[broker]\nlisten = [\"1883\"]", "s.toml:2: broker.listen"),
        ("[broker]\nmode = \"external\"", "s.toml:2: broker.mode: needs a url beside it"),
        (
            "[broker]\nurl = \"mqtt://b\"\nlisten_tls = [\"[::]:1\"]",
            "s.toml:3: broker.listen: is for the built-in broker",
        ),
        (
            "[broker]\nurl = \"mqtt://b\"\npassword_file = \"/x\"",
            "s.toml:3: broker.password_file: the password would cross",
        ),
        ("[broker]\ncert_file = \"/x\"", "s.toml:2: broker.cert_file: needs its key_file"),
        ("[broker]\nprefix = \"\"", "s.toml:2: broker.prefix: is empty"),
        ("[web]\nlisten = [\"192.168.1.2:80\"]", "s.toml:2: web.listen: 192.168.1.2:80 can be reached by others"),
        ("[web]\nurl = \"http://example.org\"", "s.toml:2: web.url: log-ins would cross the network in the clear"),
        ("[web]\nurl = \"ftp://x\"", "s.toml:2: web.url: \"ftp://x\" is no address"),
        (
            "[web]\nmetrics = \"open\"",
            "s.toml:2: web.metrics: unknown variant `open`, expected one of `token`, `loopback`, `off`",
        ),
        ("[beat]\nurl = \"hc-ping.com/x\"", "s.toml:2: beat.url: this is no address"),
        ("[history]\nraw = \"30d\"\nfive_minutes = \"7d\"", "s.toml:3: history.five_minutes: is shorter than raw"),
        ("[history]\nsize_max = \"1M\"", "s.toml:2: history.size_max: must be between"),
        ("[[set]]\nname = \"a\"\nchannels = [\"x\"]", "s.toml:3: set.channels: there is no channel \"x\""),
        (
            "[[set]]\nname = \"a\"\nchannels = []\nhours = \"always\"",
            "s.toml:4: set.hours: \"always\" is no span of hours",
        ),
        (
            "\n[[channel]]\nname = \"a\"\nkind = \"mqtt\"\ntopic = \"x\"",
            "s.toml:2: channel: channel \"a\": unknown field `topic`",
        ),
        ("[[channel]]\nname = \"a\"\nkind = \"pigeon\"", "s.toml:1: channel: channel \"a\": unknown variant `pigeon`"),
        (
            "[[channel]]\nname = \"a\"\nkind = \"mqtt\"\n[[channel]]\nname = \"a\"\nkind = \"mqtt\"",
            "s.toml:4: channel.name: \"a\" is there already",
        ),
        (
            "\n[[record]]\nname = \"n.example\"\nprovider = \"cf\"\nnode = \"nas\"",
            "s.toml:2: record: there is no provider \"cf\" that holds zones",
        ),
        ("[state]\nlanguage = \"de\"", "s.toml:2: state.language: \"de\" is no language here"),
    ] {
        let why = told(text);
        assert!(why.starts_with(expected), "{text}\n{why}");
        assert!(!why.contains('\n'), "{why}");
    }
}

#[test]
fn a_channel_that_no_set_names_is_told() {
    let channels = "[[channel]]\nname = \"a\"\nkind = \"mqtt\"\n[[channel]]\nname = \"b\"\nkind = \"mqtt\"\n";
    let warnings = |sets: &str| Config::read(Path::new("s.toml"), &format!("{channels}{sets}")).unwrap().warnings();
    assert_eq!(warnings(""), [""; 0], "without a set \"default\" that one has all of them");
    let told = warnings("[[set]]\nname = \"default\"\nchannels = [\"a\"]");
    assert_eq!(told, ["s.toml:4: channel \"b\": no [[set]] names it, so nobody is told by it"]);
    assert_eq!(
        warnings("[[set]]\nname = \"x\"\nchannels = [\"b\"]\n[[set]]\nname = \"default\"\nchannels = [\"a\"]"),
        [""; 0]
    );
}

#[test]
fn secrets_that_cannot_be_read_are_told_and_stop_nothing() {
    let text = "\n[[channel]]\nname = \"a\"\nkind = \"slack\"\nurl_file = \"/no/such/file\"\nca_file = \"/no/ca\"";
    let config = Config::read(Path::new("s.toml"), text).unwrap();
    let warnings = config.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let start = "s.toml:2: channel \"a\": url_file: cannot read the secret in /no/such/file: ";
    assert!(warnings.iter().any(|warning| warning.starts_with(start)), "{warnings:?}");
}

/// A provider that holds zones, on the first eight lines.
const ZONES: &str = "[renewals]\ncontact = \"nas@example.org\"\n\n[[provider]]\nname = \"cf\"\nkind = \"cloudflare\"\ntoken_file = \"/x\"\n\n";

fn record(more: &str) -> String {
    format!("[[record]]\nname = \"NAS.Example.com.\"\nprovider = \"cf\"\nnode = \"nas-1\"\n{more}\n")
}

#[test]
fn a_record_follows_a_node_with_both_families_unless_they_are_written() {
    let read = |text: &str| Config::read(Path::new("s.toml"), &format!("{ZONES}{text}")).unwrap();
    let config = read(&record(""));
    let [one] = &config.records[..] else { panic!("{:?}", config.records) };
    assert_eq!((one.name.as_str(), one.types.len(), one.is_written, one.ttl), ("nas.example.com", 2, false, 0));
    let both = read(&format!("{}{}", record("families = [\"ipv4\"]\nttl = 300"), record("families = [\"ipv6\"]")));
    assert_eq!((both.records.len(), both.records[0].ttl, both.records[1].is_written), (2, 300, true));
}

#[test]
fn what_is_wrong_with_a_record_is_told_with_its_line() {
    for (text, expected) in [
        (
            format!("{}{}", record(""), record("families = [\"ipv6\"]")),
            ":14: record: nas.example.com AAAA is there already",
        ),
        (record("families = [\"ipv6\", \"ipv6\"]"), ":9: record: nas.example.com AAAA is there already"),
        (record("families = []"), ":9: record: families is empty"),
        (record("families = [\"ipv5\"]"), ":13: record.families: unknown variant `ipv5`"),
        (record("ttl = 5"), ":9: record: ttl is 5; write 60 to 86400 seconds"),
        (record("servers = [\"a b\"]"), ":9: record: \"a b\" is no name server"),
        (record("").replace("NAS.Example.com.", "nas"), ":9: record: \"nas\" is no name such as"),
        (record("").replace("nas-1", ""), ":9: record: node is empty"),
        (record("").replace("cf", "other"), ":9: record: there is no provider \"other\" that holds zones"),
        (record("colour = 1"), ":13: record"),
    ] {
        let why = told(&format!("{ZONES}{text}"));
        assert!(why.starts_with(&format!("s.toml{expected}")), "{text}\n{why}");
    }
}

/// Each was "in order", and was told when it was first needed.
#[test]
fn what_would_keep_a_renewal_from_working_is_told_when_it_is_checked() {
    let certificate =
        |more: &str| format!("{ZONES}[acme]\nagree = true\n\n[[certificate]]\nname = \"nas\"\nfolder = \"/c\"\n{more}");
    for (text, expected) in [
        (certificate("names = [\"a b\"]\nprovider = \"cf\""), "s.toml:12: certificate: "),
        (certificate("names = [\"*.a.example\"]\nlisten = \"[::]:80\""), "s.toml:12: certificate: *.a.example is only proved by a record"),
        (certificate("names = [\"a.example\"]\nprovider = \"other\""), "s.toml:12: certificate: there is no provider \"other\""),
        (
            certificate("names = [\"a.example\"]\nlisten = \"[::]:80\"\nservers = [\"ns1\"]"),
            "s.toml:12: certificate: servers are asked for a record",
        ),
        (
            certificate("names = [\"a.example\"]\nprovider = \"cf\"\nreload = \"nginx\""),
            "s.toml:12: certificate: there is no command \"nginx\" in [acme.reload]",
        ),
        (
            "[acme]\nagree = true\n[[certificate]]\nname = \"nas\"\nnames = [\"a.example\"]\nlisten = \"[::]:80\"\nfolder = \"/c\"".into(),
            "s.toml: renewals.contact: certificates need contact in [renewals]",
        ),
        (
            "[renewals]\ncontact = \"a@example.org\"\n[[provider]]\nname = \"p\"\nkind = \"rdap\"\ndomains = [\"a.com\", \"a.com\"]".into(),
            "s.toml:3: provider: provider \"p\": a.com is there twice",
        ),
    ] {
        let why = told(&text);
        assert!(why.starts_with(expected), "{text}\n{why}");
    }
}

#[test]
fn keys_that_do_not_do_what_they_seem_to_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, mode| {
        let path = folder.path().join(name);
        std::fs::write(&path, "a:b\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let (open, spend) = (file("open", 0o644), file("spend", 0o600));
    let text = format!(
        "[renewals]\ncontact = \"a@example.org\"\n\n[[provider]]\nname = \"shop\"\nkind = \"godaddy\"\nkey_file = \"{open}\"\n\
         spend_key_file = \"{spend}\"\n\n[mailbox]\nhost = \"imap.example.org\"\nuser = \"a\"\nauthserv_id = \"mx\"\n\
         password_file = \"/no/such/file\"\n"
    );
    let config = Config::read(Path::new("s.toml"), &text).unwrap();
    let warnings = config.warnings();
    let expected = [
        format!("s.toml:4: provider \"shop\": key_file: everybody on this machine can read the key in {open}"),
        "s.toml:4: provider \"shop\": it may spend, and nothing is bought: set caps in [renewals]".to_owned(),
        "s.toml:4: provider \"shop\": only automatic renewal can be bought: set customer and agreed_by".to_owned(),
        "s.toml: mailbox.password_file: cannot read the secret in /no/such/file".to_owned(),
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (told, expected) in warnings.iter().zip(&expected) {
        assert!(told.starts_with(expected.as_str()), "{told}\n{expected}");
    }
}
