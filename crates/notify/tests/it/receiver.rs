//! The receiver that `docs/notifications.md` shows, against the webhook.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use atalaya_alert::Wall;
use atalaya_notify::words::Language;
use atalaya_notify::{Channel, Outcome};

use crate::tell::{channel, message, notification, secret};

const DOCS: &str = include_str!("../../../../docs/notifications.md");
const SERVE: &str = "
from http.server import HTTPServer
server = HTTPServer(('127.0.0.1', 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
";

struct Receiver {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: u16,
}

impl Receiver {
    /// `None` where there is no Python.
    fn start() -> Option<Self> {
        let code = DOCS.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
        let mut command = Command::new("python3");
        command.args(["-c", &format!("{code}{SERVE}")]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Some(Self { child, lines, port })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_receiver_that_is_shown_takes_what_is_signed_and_nothing_else() {
    let Some(mut receiver) = Receiver::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("right", "the first line of secret_file"), ("wrong", "another one")] {
        secret(folder.path(), name, text);
    }
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let told = message(&notification(), Language::Es);
    let send = |secrets: &str, late: i64| {
        let settings = format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{}/'\n{secrets}", receiver.port);
        let hook: Box<dyn Channel> = channel(&settings, folder.path());
        hook.send(&told, Wall(now - late))
    };
    let right = "secret_file = 'FOLDER/right'";
    assert!(matches!(send(right, 0), Outcome::Done(_)));
    assert!(matches!(send(right, 0), Outcome::Done(_)), "what comes again is taken, and not acted upon");
    assert!(matches!(send("secret_file = 'FOLDER/wrong'\nold_secret_file = 'FOLDER/right'", 0), Outcome::Done(_)));
    assert!(matches!(send("secret_file = 'FOLDER/wrong'", 0), Outcome::Never(_)));
    assert!(matches!(send(right, 400), Outcome::Never(_)));
    let mut next = told.clone();
    next.id = "another".into();
    next.subject = "the last".into();
    let settings = format!("kind = 'webhook'\nurl = 'http://127.0.0.1:{}/'\n{right}", receiver.port);
    channel(&settings, folder.path()).send(&next, Wall(now));
    let printed: Vec<String> = receiver.lines.by_ref().take(2).map(Result::unwrap).collect();
    assert_eq!(printed, [told.subject.as_str(), "the last"]);
}
