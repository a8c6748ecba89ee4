//! Certificates in files.

use atalaya_renew::limits::DAY_SECONDS;
use atalaya_renew::{Ends, Flag, Kind};

use crate::home::{Home, at};
use crate::servers::Authority;

const NOW: &str = "2026-11-20T10:00:00Z";

#[test]
fn each_file_is_listed_and_what_cannot_be_read_is_unknown_with_a_reason() {
    let (home, authority, now) = (Home::new(), Authority::new(), at(NOW));
    let (begun, end) = (now - 10 * DAY_SECONDS, now + 80 * DAY_SECONDS);
    let good = home.file("good.pem", &(authority.sign("nas", begun, end).pem + &authority.pem));
    let early = home.file("early.pem", &authority.sign("nas", now + 60, end).pem);
    let folder = home.file("text.pem", "no certificate\n").parent().unwrap().to_owned();
    home.file("large.pem", &"#".repeat(300_000));
    let pipe = folder.join("pipe.pem");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let paths = "paths = ['{home}/good.pem', '{home}/early.pem', '{home}/text.pem', '{home}/large.pem', '{home}/pipe.pem', \
                 '{home}/none.pem', '{home}']";
    let provider = home.provider(&format!("name = 'f'\nkind = 'file'\n{paths}"));
    let found = provider.list(now).unwrap().found;
    assert_eq!((found[0].name.as_str(), found[0].begun), (good.to_str().unwrap(), Some(begun)));
    assert_eq!((&found[0].ends, found[0].note.as_str()), (&Ends::At(end), "issued by Example Trust"));
    assert_eq!((found[1].name.as_str(), &found[1].flags), (early.to_str().unwrap(), &vec![Flag::NotYetValid]));
    for (one, why) in
        found[2..].iter().zip(["no certificate in", "larger than", "is no file", "No such file", "is no file"])
    {
        assert!(matches!(&one.ends, Ends::Unknown(said) if said.contains(why)), "{why}: {one:?}");
    }
    let names: Vec<_> = found.iter().map(|one| (Kind::Certificate, one.name.clone())).collect();
    assert_eq!(provider.names(), names, "what is configured is what is listed");
}
