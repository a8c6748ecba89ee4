//! Servers that are slow, silent, lying or endless: each call ends, in bounded memory, and says what was wrong.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::{Cursor, Failed, Fetched, Mailbox, Round, Security, Settings, Woken};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a server does about a command, by its beginning; `{tag}` is the command's.
type Script = &'static [(&'static str, Act)];

#[derive(Clone)]
enum Act {
    Say(&'static str),
    /// This over and over, for ever.
    Endless(&'static str),
    /// This, a byte each second.
    Drip(&'static str),
    Hang,
    Close,
}

/// What a decent server says to all else.
const DECENT: Script = &[
    ("LOGIN", Act::Say("{tag} OK in\r\n")),
    ("CAPABILITY", Act::Say("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n")),
    ("EXAMINE", Act::Say("* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 12] x\r\n{tag} OK [READ-ONLY] x\r\n")),
    ("LOGOUT", Act::Say("* BYE x\r\n{tag} OK\r\n")),
    ("NOOP", Act::Say("{tag} OK\r\n")),
];

struct Server {
    settings: Settings,
    /// Commands that it was told.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(greeting: Act, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, greeting.clone(), script, Arc::clone(&told)));
            }
        });
        let settings = Settings {
            host: "127.0.0.1".into(),
            port,
            security: Security::None,
            ca_file: None,
            user: "ana".into(),
            password: "hush".to_owned().into(),
            folder: "INBOX".into(),
        };
        Self { settings, heard }
    }

    async fn round(&self, cursor: Option<Cursor>) -> Result<Round, Failed> {
        Mailbox::open(&self.settings).await?.round(cursor, |_| true).await
    }
}

async fn serve(stream: TcpStream, greeting: Act, script: Script, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    if act(&mut stream, &greeting, "").await.is_none() {
        return;
    }
    let (mut line, mut before) = (String::new(), String::new());
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        // `DONE` alone has no tag: it ends the command before it.
        let (tag, command) = line.trim().split_once(' ').unwrap_or((before.as_str(), line.trim()));
        heard.lock().unwrap().push(command.to_owned());
        let found = script.iter().chain(DECENT).find(|(begins, _)| command.starts_with(begins));
        let refuse = Act::Say("{tag} BAD what\r\n");
        if act(&mut stream, found.map_or(&refuse, |(_, act)| act), tag).await.is_none() {
            return;
        }
        before = tag.to_owned();
        line.clear();
    }
}

async fn act(stream: &mut BufReader<TcpStream>, act: &Act, tag: &str) -> Option<()> {
    match act {
        Act::Say(text) => stream.write_all(text.replace("{tag}", tag).as_bytes()).await.ok(),
        Act::Endless(text) => loop {
            stream.write_all(text.repeat(100).as_bytes()).await.ok()?;
        },
        Act::Drip(text) => {
            for byte in text.bytes() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stream.write_all(&[byte]).await.ok()?;
            }
            Some(())
        }
        Act::Hang => std::future::pending().await,
        Act::Close => None,
    }
}

const HELLO: Act = Act::Say("* OK hello\r\n");

fn hostile(failed: &Failed) -> bool {
    matches!(failed, Failed::Hostile(_))
}

/// More than a command may take, a byte a second.
const SLOW: &str = "* OK a long, long story of a folder that is opened for ever and a day, told by a server that never comes to \
                    its end, and never falls silent either, so that nobody can say that it does not answer\r\n";

fn set_up(failed: &Failed) -> bool {
    matches!(failed, Failed::SetUp(_))
}

fn away(failed: &Failed) -> bool {
    matches!(failed, Failed::Unreachable(_))
}

#[tokio::test]
async fn a_decent_server_is_read_to_its_end() {
    const SCRIPT: Script = &[
        (
            "UID FETCH 5:* (UID RFC822.SIZE)",
            Act::Say(
                "* 1 FETCH (UID 4 RFC822.SIZE 9)\r\n* 2 FETCH (RFC822.SIZE 9 UID 11)\r\n* 3 FETCH (UID 12 RFC822.SIZE 9999999)\r\n{tag} OK\r\n",
            ),
        ),
        (
            "UID FETCH 11 (UID BODY.PEEK[HEADER]<0.",
            Act::Say("* 2 FETCH (UID 11 BODY[HEADER]<0> {4}\r\nA: b)\r\n{tag} OK\r\n"),
        ),
        (
            "UID FETCH 12 (UID BODY.PEEK[HEADER]<0.",
            Act::Say("* 3 FETCH (UID 12 BODY[HEADER]<0> {4}\r\nA: b)\r\n{tag} OK\r\n"),
        ),
        (
            "UID FETCH 11 (UID BODY.PEEK[]<0.",
            Act::Say("* 4 EXISTS\r\n* 2 FETCH (BODY[]<0> {9}\r\nA: b\r\n\r\nc UID 11)\r\n{tag} OK\r\n"),
        ),
    ];
    let server = Server::start(HELLO, SCRIPT).await;
    let mut mailbox = Mailbox::open(&server.settings).await.unwrap();
    let round = mailbox.round(Some(Cursor { validity: 7, uid: 4 }), |_| true).await.unwrap();
    let mail = Fetched::Mail { uid: 11, bytes: b"A: b\r\n\r\nc".to_vec() };
    assert_eq!(round.mails, [mail, Fetched::TooLarge { uid: 12, size: 9_999_999 }]);
    assert_eq!((round.cursor, round.more, round.renumbered), (Cursor { validity: 7, uid: 12 }, false, false));
    // One came while it was read: nobody waits for the next.
    assert_eq!(mailbox.wait(Duration::from_secs(60)).await.unwrap(), Woken::Mail);
    mailbox.close().await;
}

#[tokio::test]
async fn what_concerns_nobody_is_not_fetched() {
    const SCRIPT: Script = &[
        ("UID FETCH 5:* (UID RFC822.SIZE)", Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 9)\r\n{tag} OK\r\n")),
        (
            "UID FETCH 11 (UID BODY.PEEK[HEADER]",
            Act::Say("* 2 FETCH (UID 11 BODY[HEADER]<0> {4}\r\nA: b)\r\n{tag} OK\r\n"),
        ),
        ("UID FETCH 11 (UID BODY.PEEK[]", Act::Close),
    ];
    let server = Server::start(HELLO, SCRIPT).await;
    let mut mailbox = Mailbox::open(&server.settings).await.unwrap();
    let round = mailbox.round(Some(Cursor { validity: 7, uid: 4 }), |header| header != b"A: b").await.unwrap();
    assert_eq!((round.mails.len(), round.cursor.uid), (0, 11));
}

#[tokio::test]
async fn a_round_has_an_end_and_the_next_goes_on() {
    const LIST: Act = Act::Say(concat!("* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n", "{tag} OK\r\n"));
    const SCRIPT: Script = &[("FETCH 1:* (UID RFC822.SIZE)", LIST), ("UID FETCH 1 ", Act::Say("{tag} OK\r\n"))];
    // The mail went between the list and the look: its number counts all the same.
    let round = Server::start(HELLO, SCRIPT).await.round(None).await.unwrap();
    assert_eq!(round.cursor, Cursor { validity: 7, uid: 1 });
    assert!(!round.renumbered);
    let round = Server::start(HELLO, SCRIPT).await.round(Some(Cursor { validity: 6, uid: 900 })).await.unwrap();
    assert!(round.renumbered && round.cursor.uid == 1);
    let round = Server::start(HELLO, &[]).await.round(Some(Cursor { validity: 7, uid: u32::MAX })).await.unwrap();
    assert_eq!(round.cursor.uid, u32::MAX);
}

#[tokio::test]
async fn what_is_said_too_much_ends_the_connection() {
    let begun = Instant::now();
    for (name, greeting, script) in [
        ("a greeting without an end", Act::Endless("x"), DECENT),
        ("noise instead of a greeting", Act::Say("\0\u{1}\u{2}\r\n"), DECENT),
        ("answers without an end", HELLO, &[("CAPABILITY", Act::Endless("* OK still\r\n"))] as Script),
        ("a line without an end", HELLO, &[("EXAMINE", Act::Endless("* OK aaaaaaaaaa"))]),
        ("a huge literal", HELLO, &[("FETCH", Act::Say("* 1 FETCH (BODY[] {500000000}\r\n"))]),
        ("a literal where none is asked", HELLO, &[("EXAMINE", Act::Say("* OK {20}\r\nxxxxxxxxxxxxxxxxxxxx\r\n"))]),
        ("parentheses", HELLO, &[("EXAMINE", Act::Endless("* 1 FETCH (BODYSTRUCTURE ((((((((((((((((("))]),
        ("mails without an end", HELLO, &[("FETCH", Act::Endless("* 1 FETCH (UID 3 RFC822.SIZE 5)\r\n"))]),
        ("no IMAP", HELLO, &[("EXAMINE", Act::Say("HTTP/1.1 200 OK\r\n\r\n"))]),
    ] {
        let failed = Server::start(greeting, script).await.round(None).await.unwrap_err();
        assert!(hostile(&failed), "{name}: {failed:?}");
        assert!(
            ["it is tried again", "are host, port"].iter().any(|hint| failed.to_string().contains(hint)),
            "{failed}"
        );
        assert!(!failed.to_string().contains("aaaa") && failed.to_string().len() < 300, "{name}: {failed}");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn who_hangs_up_or_refuses_is_told_apart() {
    for (name, greeting, script, is) in [
        ("closed at once", Act::Close, DECENT, away as fn(&Failed) -> bool),
        ("bye", Act::Say("* BYE full\r\n"), DECENT, away),
        ("closed in the middle", HELLO, &[("EXAMINE", Act::Close)] as Script, away),
        ("bye, and nothing after it", HELLO, &[("EXAMINE", Act::Say("* BYE sorry\r\n"))], away),
        ("wrong password", HELLO, &[("LOGIN", Act::Say("{tag} NO [AUTHENTICATIONFAILED] no\r\n"))], |failed| {
            matches!(failed, Failed::WrongPassword(_))
        }),
        // It sends elsewhere (RFC 2221), and the password does not go there.
        (
            "sent away",
            HELLO,
            &[("LOGIN", Act::Say("{tag} NO [REFERRAL imap://elsewhere.example/] there\r\n"))],
            |failed| matches!(failed, Failed::WrongPassword(why) if !why.contains("elsewhere")),
        ),
        ("busy", HELLO, &[("LOGIN", Act::Say("{tag} NO [UNAVAILABLE] later\r\n"))], away),
        (
            "no such folder",
            HELLO,
            &[("EXAMINE", Act::Say("{tag} NO none\r\n"))],
            |failed| matches!(failed, Failed::SetUp(why) if why.contains("INBOX")),
        ),
        ("no numbers", HELLO, &[("EXAMINE", Act::Say("* 3 EXISTS\r\n{tag} OK\r\n"))], |failed| {
            matches!(failed, Failed::SetUp(_))
        }),
    ] {
        let server = Server::start(greeting, script).await;
        let failed = tokio::time::timeout(Duration::from_secs(20), server.round(None)).await;
        let failed = failed.unwrap_or_else(|_| Err(Failed::Unreachable("hung".into()))).unwrap_err();
        assert!(is(&failed), "{name}: {failed:?}");
        assert!(!format!("{failed:?}").contains("hush"), "{name}");
    }
    let nobody = Server::start(HELLO, &[]).await;
    let far = Settings { host: "192.0.2.1".into(), ..nobody.settings.clone() };
    assert!(
        matches!(Mailbox::open(&far).await.map(|_| ()).unwrap_err(), Failed::SetUp(why) if why.contains("in clear"))
    );
}

/// By tokio's own clock, which goes on when everybody waits.
#[tokio::test(start_paused = true)]
async fn who_never_answers_keeps_nobody_for_ever() {
    for (greeting, script) in [
        (Act::Hang, DECENT),
        (HELLO, &[("LOGIN", Act::Hang)] as Script),
        (HELLO, &[("EXAMINE", Act::Hang)]),
        (HELLO, &[("FETCH", Act::Hang)]),
        // It says something all the time, and never all of it.
        (HELLO, &[("EXAMINE", Act::Drip(SLOW))]),
    ] {
        let begun = tokio::time::Instant::now();
        let failed = Server::start(greeting, script).await.round(None).await.unwrap_err();
        assert!(away(&failed), "{failed:?}");
        assert!(begun.elapsed() < Duration::from_secs(200), "{:?}", begun.elapsed());
    }
    // Where TLS is to begin.
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem()).unwrap();
    for (greeting, is) in [(Act::Hang, away as fn(&Failed) -> bool), (HELLO, set_up)] {
        let silent = Server::start(greeting, DECENT).await;
        let settings = Settings { security: Security::Tls, ca_file: Some(ca.clone()), ..silent.settings };
        let failed = Mailbox::open(&settings).await.map(|_| ()).unwrap_err();
        assert!(is(&failed), "{failed:?}");
    }
}

#[tokio::test]
async fn idle_is_armed_again_and_again() {
    const IDLES: Script = &[
        ("FETCH", Act::Say("{tag} OK\r\n")),
        ("IDLE", Act::Say("+ idling\r\n* OK Still here\r\n")),
        ("DONE", Act::Say("{tag} OK\r\n")),
    ];
    let server = Server::start(HELLO, IDLES).await;
    let mut mailbox = Mailbox::open(&server.settings).await.unwrap();
    mailbox.round(None, |_| true).await.unwrap();
    let (short, time) = (Duration::from_millis(20), Duration::from_secs(1));
    assert_eq!(mailbox.wait_by(time, short, short).await.unwrap(), Woken::Time);
    let heard = server.heard.lock().unwrap().clone();
    let count = |word: &str| heard.iter().filter(|one| *one == word).count();
    assert!(count("IDLE") >= 2 && count("IDLE") == count("DONE"), "{heard:?}");
    let changes = ["SELECT", "STORE", "COPY", "MOVE", "EXPUNGE", "APPEND", "CLOSE", "BODY["];
    assert!(!heard.iter().any(|one| changes.iter().any(|word| one.contains(word))), "{heard:?}");
}

#[tokio::test]
async fn where_there_is_no_idle_it_asks_now_and_then() {
    const REFUSES: Script = &[
        ("FETCH", Act::Say("{tag} OK\r\n")),
        ("IDLE", Act::Say("{tag} NO\r\n")),
        ("NOOP", Act::Say("* 9 EXISTS\r\n{tag} OK\r\n")),
    ];
    const HAS_NONE: Script = &[
        ("CAPABILITY", Act::Say("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n")),
        ("FETCH", Act::Say("{tag} OK\r\n")),
        ("NOOP", Act::Say("* 9 EXISTS\r\n{tag} OK\r\n")),
    ];
    for script in [REFUSES, HAS_NONE] {
        let server = Server::start(HELLO, script).await;
        let mut mailbox = Mailbox::open(&server.settings).await.unwrap();
        mailbox.round(None, |_| true).await.unwrap();
        let short = Duration::from_millis(100);
        assert_eq!(mailbox.wait_by(Duration::from_secs(20), short, short).await.unwrap(), Woken::Mail);
        assert_eq!(server.heard.lock().unwrap().last().unwrap(), "NOOP");
    }
    // One that says too much to it is let go.
    const FLOODS: Script = &[("FETCH", Act::Say("{tag} OK\r\n")), ("IDLE", Act::Endless("+ idling\r\n* OK x\r\n"))];
    let server = Server::start(HELLO, FLOODS).await;
    let mut mailbox = Mailbox::open(&server.settings).await.unwrap();
    mailbox.round(None, |_| true).await.unwrap();
    assert!(hostile(&mailbox.wait(Duration::from_secs(60)).await.unwrap_err()));
}

/// Whoever waits has a task for it.
#[test]
fn a_call_can_go_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    fn check(mailbox: &mut Mailbox, settings: &Settings) {
        is_send(Mailbox::open(settings));
        is_send(mailbox.round(None, crate::concerns));
        is_send(mailbox.wait(Duration::ZERO));
    }
    let _ = check;
}
