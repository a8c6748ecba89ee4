use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    channel: Vec<ChannelSettings>,
}

fn read(text: &str) -> Result<Vec<ChannelSettings>, String> {
    toml::from_str::<File>(text).map(|file| file.channel).map_err(|err| err.message().to_owned())
}

/// What people are shown works, and shows every kind.
#[test]
fn every_example_of_the_documentation_can_be_read() {
    let text = include_str!("../../../../docs/notifications.md");
    let mut kinds = Vec::new();
    for example in text.split("```toml\n").skip(1) {
        let example = example.split("```").next().unwrap();
        if example.contains("[[channel]]") {
            let channels = read(example).unwrap_or_else(|err| panic!("{err}:\n{example}"));
            kinds.extend(channels.iter().map(|channel| channel.own.kind()));
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["gotify", "mail", "mqtt", "ntfy", "slack", "telegram", "webhook"]);
}

#[test]
fn a_channel_has_a_language_a_zone_and_a_rate_of_its_own_or_those_of_the_sidecar() {
    let text = "[[channel]]\nname = 'a'\nkind = 'mqtt'\n[[channel]]\nname = 'b'\nkind = 'mqtt'\nlanguage = 'es'\nzone = 'Europe/Madrid'\nrate = '1/5s'";
    let [plain, own] = <[ChannelSettings; 2]>::try_from(read(text).unwrap()).unwrap();
    let madrid = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let reader = plain.reader(Language::En, &madrid);
    assert_eq!((reader.language, reader.zone == madrid, plain.rates()[0].burst), (Language::En, true, 100));
    let reader = own.reader(Language::En, &madrid);
    assert_eq!((reader.language, reader.zone == madrid, own.rates().len()), (Language::Es, false, 1));
    assert!(own.own.open().is_none());
}

#[test]
fn what_is_wrong_is_told_in_one_line_with_the_channel_s_name() {
    let ntfy = "name = 'a'\nkind = 'ntfy'\nserver = 'https://ntfy.sh'\ntopic = 'nas'";
    assert!(read(&format!("[[channel]]\n{ntfy}")).is_ok());
    let cases = [
        ("name = 'a'\nkind = 'fax'".to_owned(), "unknown variant `fax`"),
        ("name = 'a'".into(), "missing field `kind`"),
        ("kind = 'mqtt'".into(), "missing field `name`"),
        ("name = 'A b'\nkind = 'mqtt'".into(), "a name has"),
        ("name = 'a'\nkind = 'mqtt'\nurl = 'x'".into(), "unknown field `url`"),
        (format!("{ntfy}\nzone = 'Mars/Base'"), "no time zone"),
        (format!("{ntfy}\nlanguage = 'fr'"), "unknown variant `fr`"),
        (format!("{ntfy}\nrate = 'fast'"), "a rate is"),
        (format!("{ntfy}\ntokn_file = '/a'"), "unknown field `tokn_file`"),
        (format!("{ntfy}\ntoken_file = 'a/b'"), "whole path"),
        (format!("{ntfy}\nusername = 'a'"), "username and password_file"),
        (ntfy.replace("nas", "n/s"), "a topic has"),
        (ntfy.replace("https", "ftp"), "no address"),
        ("name = 'a'\nkind = 'telegram'\ntoken_file = '/a'\nchat = 'me'".into(), "a chat is"),
        ("name = 'a'\nkind = 'telegram'\ntoken_file = '/a'\nchat = 1.5".into(), "a chat is"),
        ("name = 'a'\nkind = 'slack'".into(), "url_file"),
    ];
    for (text, why) in cases {
        let told = read(&format!("[[channel]]\n{text}")).unwrap_err();
        assert!(told.contains(why) && !told.contains('\n'), "{text}: {told}");
    }
}
