//! A message as a letter: plain text and HTML, with headers by which it is told apart and threaded.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atalaya_alert::Wall;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::format::{HTML, PLAIN};
use crate::limits::MAIL_BYTES_MAX;
use crate::message::Message;

/// A letter and who stands on its envelope.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn letter(message: &Message, from: &Mailbox, to: &[Mailbox], now: Wall) -> Result<Letter, String> {
    let host = from.email.domain();
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .subject(&message.subject)
        .date(date(now))
        .message_id(Some(format!("<{}@{host}>", message.id)));
    for one in to {
        builder = builder.to(one.clone());
    }
    // What is told about one incident is one thread, whatever was told first.
    if let [incident] = message.incidents.as_slice() {
        let thread = format!("<incident-{incident}@{host}>");
        builder = builder.references(thread.clone()).in_reply_to(thread);
    }
    let body = MultiPart::alternative_plain_html(PLAIN.render(message, MAIL_BYTES_MAX), html(message));
    let mut letter = builder.multipart(body).map_err(|err| err.to_string())?;
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Atalaya-Id", message.id.as_str()),
        ("Content-Language", message.language.as_str()),
    ] {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|err| err.to_string())?;
        letter.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
    }
    Ok(Letter {
        from: from.email.to_string(),
        to: to.iter().map(|one| one.email.to_string()).collect(),
        bytes: letter.formatted(),
    })
}

fn date(now: Wall) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(now.0).unwrap_or_default())
}

fn html(message: &Message) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
         <body style=\"font-family:sans-serif\">\n<p><b>{subject}</b></p>\n<p>{}</p>\n</body></html>\n",
        message.language.as_str(),
        HTML.render(message, MAIL_BYTES_MAX),
        subject = HTML.escaped(&message.subject),
    )
}
