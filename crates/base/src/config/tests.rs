//! What people get wrong wherever they write, and what they are told.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default, deserialize_with = "section")]
    one: One,
    #[serde(default, rename = "many", deserialize_with = "entries")]
    _many: Vec<Called>,
    #[serde(default, rename = "later")]
    _later: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct One {
    #[serde(rename = "place")]
    _place: Option<Place>,
    length: Option<Spanned<Length<5, DAY>>>,
    #[serde(rename = "whole")]
    _whole: Option<Whole<1, 3>>,
    #[serde(rename = "above")]
    _above: Option<Above<100>>,
    #[serde(rename = "size")]
    _size: Option<Size>,
    #[serde(rename = "url")]
    _url: Option<Url>,
    #[serde(rename = "zone")]
    _zone: Option<Zone>,
    #[serde(rename = "name")]
    _name: Option<Shown>,
    file: Option<Spanned<Place>>,
}

#[derive(Debug)]
struct Called(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNamed {
    name: String,
}

impl Entry for Called {
    type Raw = RawNamed;

    fn check(raw: RawNamed) -> Result<Self, String> {
        if raw.name.is_empty() { Err("\"\" is no name".into()) } else { Ok(Self(raw.name)) }
    }

    fn name(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Later {
    number: Option<Whole<0, 9>>,
}

/// Whoever has a length has a file too.
fn check(raw: &Raw) -> Result<(), Mistake> {
    match (&raw.one.length, &raw.one.file) {
        (Some(length), None) => Err(Mistake::at("one.length", length, "needs its file beside it")),
        _ => Ok(()),
    }
}

/// `expected` is what stands behind the name of the file: line, key and words.
#[track_caller]
fn refused(text: &str, expected: &str) {
    let told = read(Path::new("x.toml"), text, |raw: Raw, _| check(&raw)).unwrap_err();
    assert!(!told.contains('\n'), "{told}");
    let told = told.strip_prefix("cannot use the configuration x.toml:").unwrap();
    let (place, words) = expected.split_once(" … ").unwrap_or((expected, ""));
    assert!(told.starts_with(place) && told.contains(words), "{told}");
}

#[test]
fn what_is_no_configuration_is_told_with_its_line() {
    refused("[one]\nplce = \"/\"", "2: one: unknown field `plce` … expected one of `place`");
    refused("[two]", "1: unknown field `two`");
    refused("[one]\nname = \"x\nsize = 1", "2: ");
    refused("[one]\nname = \"a\"\nname = \"b\"", "3: duplicate key");
    refused("one = 5", "1: one: invalid type: integer `5`, expected a section");
    refused("[[one]]\nname = \"a\"", "1: one: invalid type: list, expected a section in single brackets");
    refused("[many]\nname = \"a\"", "1: many: this may stand there several times; write [[many]]");
    refused("many = [\n{ name = \"a\" },\n{ nme = 1 }\n]", "3: many: unknown field `nme`");
    refused("[[many]]\nname = \"a\"\n[[many]]\nname = \"a\"", "3: many: one before it is called \"a\"");
    refused("[[many]]\nname = \"a\"\n[[many]]\nname = \"\"", "3: many: \"\" is no name");
}

#[test]
fn every_value_says_what_may_stand_there() {
    refused("[one]\nplace = \"x\"", "2: one.place: \"x\" is no absolute path … /srv/photos");
    refused("[one]\nplace = \"/\\u0000\"", "2: one.place:  … NUL");
    refused("[one]\nlength = \"1s\"", "2: one.length: \"1s\" is too short; at least 5s");
    refused("[one]\nlength = 5", "2: one.length: invalid type: integer `5`, expected a length of time");
    refused("[one]\nwhole = 4", "2: one.whole: 4 is not from 1 to 3");
    refused("[one]\nabove = nan", "2: one.above: NaN is not between 0 (never) and 100");
    refused(
        "[one]\nwhole = 99999999999999999999",
        "2: one.whole: invalid type: a number that is too large, expected a whole",
    );
    refused(
        "[one]\nabove = 1e999",
        "2: one.above: invalid type: a number that is too large, expected a number up to 100",
    );
    refused("[one]\nname = 2027-03-01", "2: one.name: invalid type: date, expected a name");
    refused("[one]\nname = [\"a\"]", "2: one.name: invalid type: list, expected a name");
    refused("[one]\nsize = \"10X\"", "2: one.size: \"10X\" is no size; give a number of bytes");
    refused("[one]\nurl = \"http://x\"", "2: one.url: \"http://x\" is no broker; write mqtt://host:1883");
    refused("[one]\nzone = \"Mars/Base\"", "2: one.zone: \"Mars/Base\" is no time zone … Europe/Madrid");
    refused("[one]\nname = \" \"", "2: one.name: \" \" is no name");
}

#[test]
fn what_only_shows_beside_others_is_told_with_its_line() {
    refused("[one]\n\nlength = \"1m\"", "3: one.length: needs its file");
    let both = "[one]\nlength = \"1m\"\nfile = \"/x\"";
    assert_eq!(read(Path::new("x.toml"), both, |raw: Raw, _| check(&raw)), Ok(()));
}

#[test]
fn a_section_that_was_passed_over_is_read_by_whom_it_belongs_to() {
    let number = |text: &str| {
        let found = |_: Raw, written: &Written| written.section::<Later>("later", "own");
        read(Path::new("x.toml"), text, found).map(|later| later.number.map(|number| number.0))
    };
    assert_eq!(number(""), Ok(None));
    assert_eq!(number("[later.other]\nwhat = 1\n[later.own]\nnumber = 3"), Ok(Some(3)));
    let told = number("[later.own]\n\nnumber = 10").unwrap_err();
    assert_eq!(told, "cannot use the configuration x.toml:3: later.own.number: 10 is not from 0 to 9");
}

#[test]
fn a_file_that_is_not_there_is_told_with_where_it_is_named() {
    let trouble = |raw: Raw, written: &Written| {
        let mut files = Named::of("one.file", raw.one.file.as_ref(), "nothing is told");
        Ok(files.find_map(|file| file.trouble(written)))
    };
    let told = read(Path::new("x.toml"), "[one]\nfile = \"/nowhere/x\"", trouble).unwrap().unwrap();
    let expected = "cannot read /nowhere/x: No such file or directory; until it can be, nothing is told";
    assert_eq!(told, format!("x.toml:2: one.file: {expected}"));
}

#[test]
fn addresses_of_brokers() {
    let url = |text: &str| text.parse::<Url>().map(|url| url.to_string());
    assert_eq!(url("mqtt://nas"), Ok("mqtt://nas:1883".into()));
    assert_eq!(url("mqtts://nas:99/"), Ok("mqtts://nas:99".into()));
    assert_eq!(url("mqtt://[::1]:5"), Ok("mqtt://::1:5".into()));
    assert_eq!(url("mqtt://[::1]"), Ok("mqtt://::1:1883".into()));
    for bad in ["mqtt://", "mqtt://x:y", "x", "mqtt://my nas", "mqtt://x:0", "mqtt://x/y", "mqtt://x:99999"] {
        assert!(url(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let secret = Secret::in_file("/etc/hidden".into());
    assert_eq!(format!("{secret:?}"), "***");
    assert!(secret.read().unwrap_err().contains("cannot read the password in /etc/hidden"));
    assert!(Secret::in_file("/dev/zero".into()).read().unwrap_err().contains("too long for one"));
}
