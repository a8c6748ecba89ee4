//! Asking the running sidecar over its control socket: one request of HTTP/1.1 a connection.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use super::exit::{Exit, Failure, Result};
use super::show::list;
use crate::config::Config;
use crate::web::control;

/// Of an answer: 500 items of some hundred bytes, and room.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Which sidecar is asked, and how what it says is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Asks {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) which: Which,
}

impl Asks {
    /// A list that it has, as JSON, or as a table of what `row` makes of each.
    pub(crate) fn table(&self, path: &str, head: &[&str], row: impl Fn(&Value) -> Vec<String>) -> Result<()> {
        list(self.json, self.which.list(path)?, head, row)
    }
}

/// Which sidecar.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Its configuration; without it /etc/atalaya/sidecar.toml if that is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Its state folder, as in the configuration or given to "run"
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

impl Which {
    /// The one with this state folder.
    pub(crate) const fn of(folder: PathBuf) -> Self {
        Self { config: None, state_dir: Some(folder) }
    }

    /// Its state folder.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.state_dir {
            return Ok(folder.clone());
        }
        let config = Config::given(self.config.as_deref());
        config.and_then(|config| config.state.folder()).map_err(|why| Failure::new(Exit::Usage, why))
    }

    /// Whether it runs.
    pub(crate) fn runs(&self) -> Result<bool> {
        Ok(UnixStream::connect(self.folder()?.join(control::FILE)).is_ok())
    }

    /// Asks, and gives what came back; `Null` where that is nothing.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let folder = self.folder()?;
        let failed = |err: io::Error| {
            let why = format!("cannot ask the sidecar of {}: {err}", folder.display());
            Failure::new(Exit::Failed, why)
        };
        let mut stream = UnixStream::connect(folder.join(control::FILE)).map_err(|err| match err.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => nobody(&folder.display().to_string()),
            io::ErrorKind::PermissionDenied => Failure::new(
                Exit::Failed,
                format!("{} is for root and the sidecar's own user; try again as one of them", folder.display()),
            ),
            _ => failed(err),
        })?;
        let body = body.map_or_else(String::new, Value::to_string);
        let head = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(failed)?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).map_err(failed)?;
        understood(&answer)
    }

    /// All pages of a list.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let mut page = self.ask("GET", &format!("{path}?limit=500{next}"), None)?;
            if let Value::Array(items) = page["items"].take() {
                all.extend(items);
            }
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return Ok(all),
            }
        }
    }
}

fn nobody(folder: &str) -> Failure {
    let why = format!(
        "no atalaya-sidecar runs with {folder}; start one with \"atalaya-sidecar run\", or name another with --state-dir or --config"
    );
    Failure::new(Exit::Failed, why)
}

/// What an answer says: of a refusal its detail, and what of the request is wrong.
fn understood(answer: &[u8]) -> Result<Value> {
    let failed = |why: &str| Failure::new(Exit::Failed, why);
    let text = std::str::from_utf8(answer).map_err(|_| failed("the sidecar's answer cannot be read"))?;
    let (head, body) =
        text.split_once("\r\n\r\n").ok_or_else(|| failed("the sidecar gave no answer; its log says why"))?;
    let status: u16 = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(body) };
    if (200..300).contains(&status) {
        return value.map_err(|_| failed("the sidecar's answer cannot be read"));
    }
    let value = value.unwrap_or_default();
    let error = &value["errors"][0];
    let text = match (error["field"].as_str(), error["problem"].as_str(), value["detail"].as_str()) {
        // A sentence of its own says what it is about.
        (Some(field), Some(problem), _) if problem.starts_with("must ") => format!("{field} {problem}"),
        (_, Some(problem), _) => problem.to_owned(),
        (_, _, Some(detail)) => detail.to_owned(),
        _ => format!("the sidecar answered {status}"),
    };
    let is_usage = matches!(status, 400 | 409 | 422);
    Err(Failure::new(if is_usage { Exit::Usage } else { Exit::Failed }, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_values_or_one_line_with_an_exit_code() {
        let answer =
            |status: &str, body: &str| understood(format!("HTTP/1.1 {status}\r\nx: y\r\n\r\n{body}").as_bytes());
        assert_eq!(answer("200 OK", r#"{"a":1}"#).unwrap()["a"], 1);
        assert_eq!(answer("204 No Content", "").unwrap(), Value::Null);
        for (status, body, exit, text) in [
            ("404 Not Found", r#"{"detail":"there is none"}"#, Exit::Failed, "there is none"),
            ("409 Conflict", r#"{"detail":"set two keys"}"#, Exit::Usage, "set two keys"),
            (
                "400 Bad",
                r#"{"detail":"x","errors":[{"field":"days","problem":"must be 1"}]}"#,
                Exit::Usage,
                "days must be 1",
            ),
            ("400 Bad", r#"{"errors":[{"field":"name","problem":"a name is short"}]}"#, Exit::Usage, "a name is short"),
            ("502 Bad", "<html>", Exit::Failed, "the sidecar answered 502"),
            ("200 OK", "{", Exit::Failed, "the sidecar's answer cannot be read"),
        ] {
            let failure = answer(status, body).unwrap_err();
            assert_eq!((failure.exit, failure.text.as_str()), (exit, text));
        }
        assert_eq!(understood(b"").unwrap_err().text, "the sidecar gave no answer; its log says why");
    }
}
