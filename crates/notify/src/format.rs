//! A message as text in a service's format. Everything in it is escaped but what this file itself adds.

use crate::message::{Item, Message};
use crate::words;

/// How a service writes text.
pub(crate) struct Format {
    /// Writes a character so that it is only a character.
    escape: fn(char, &mut String),
    /// Around what stands out.
    bold: (&'static str, &'static str),
    /// Between lines.
    line: &'static str,
    /// Between paragraphs.
    paragraph: &'static str,
}

/// No markup at all.
pub(crate) const PLAIN: Format = Format { escape: |c, out| out.push(c), bold: ("", ""), line: "\n", paragraph: "\n\n" };

/// Slack's text objects of type `plain_text`, where three characters still begin something
/// (docs.slack.dev, "Formatting message text").
pub(crate) const SLACK: Format = Format { escape: three, bold: ("", ""), line: "\n", paragraph: "\n\n" };

/// Telegram's `HTML` style (core.telegram.org/bots/api, "HTML style").
pub(crate) const TELEGRAM: Format = Format { escape: html, bold: ("<b>", "</b>"), line: "\n", paragraph: "\n\n" };

/// CommonMark, where a backslash before punctuation makes it plain (0.31, section 2.4).
pub(crate) const MARKDOWN: Format = Format { escape: markdown, bold: ("**", "**"), line: "  \n", paragraph: "\n\n" };

/// The inside of a paragraph of HTML.
pub(crate) const HTML: Format = Format { escape: html, bold: ("<b>", "</b>"), line: "<br>\n", paragraph: "</p>\n<p>" };

fn three(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

fn html(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => three(c, out),
    }
}

fn markdown(c: char, out: &mut String) {
    if "\\`*_{}[]<>()#!|~&".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

impl Format {
    /// A text that is only text.
    pub(crate) fn escaped(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        text.chars().for_each(|c| (self.escape)(c, &mut out));
        out
    }

    /// Everything but the subject, in at most `room` bytes, which are 1,000 at least. Whole parts are left out, and counted.
    pub(crate) fn render(&self, message: &Message, room: usize) -> String {
        let link = message.link.as_ref().map(|link| self.escaped(&format!("{}: {}", link.label, link.url)));
        let mut paragraphs: Vec<String> = Vec::new();
        if !message.lead.is_empty() {
            paragraphs.push(self.escaped(&message.lead));
        }
        let between = self.paragraph.len();
        let end = link.as_ref().map_or(0, |link| link.len() + between) + MORE_BYTES + between;
        let mut left = room.saturating_sub(end + paragraphs.iter().map(|text| text.len() + between).sum::<usize>());
        let mut named = 0;
        for item in &message.items {
            let text = self.item(item, left);
            let Some(rest) = left.checked_sub(text.len() + between).filter(|_| !text.is_empty()) else { break };
            (left, named) = (rest, named + 1);
            paragraphs.push(text);
        }
        let more = message.more + message.items.len() - named;
        if more > 0 {
            paragraphs.push(self.escaped(&words::more(message.language, more)));
        }
        paragraphs.extend(link);
        paragraphs.join(self.paragraph)
    }

    /// As many lines of it as there is room for, but its headline or nothing.
    fn item(&self, item: &Item, room: usize) -> String {
        let mut out = format!("{}{}{}", self.bold.0, self.escaped(&item.headline), self.bold.1);
        if out.len() > room {
            return String::new();
        }
        for line in &item.details {
            let line = self.escaped(line);
            if out.len() + self.line.len() + line.len() > room {
                break;
            }
            out.push_str(self.line);
            out.push_str(&line);
        }
        out
    }
}

/// What saying how many more there are takes at most, in any language and format.
const MORE_BYTES: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        let hostile = "<b>&*_[x](y)\"'`~|#";
        let cases = [
            (&PLAIN, hostile),
            (&SLACK, "&lt;b&gt;&amp;*_[x](y)\"'`~|#"),
            (&TELEGRAM, "&lt;b&gt;&amp;*_[x](y)&quot;&#39;`~|#"),
            (&MARKDOWN, "\\<b\\>\\&\\*\\_\\[x\\]\\(y\\)\"'\\`\\~\\|\\#"),
            (&HTML, "&lt;b&gt;&amp;*_[x](y)&quot;&#39;`~|#"),
        ];
        for (format, expected) in cases {
            assert_eq!(format.escaped(hostile), expected);
        }
    }

    #[test]
    fn how_many_more_there_are_always_fits() {
        for language in [words::Language::En, words::Language::Es] {
            for format in [&PLAIN, &SLACK, &TELEGRAM, &MARKDOWN, &HTML] {
                assert!(format.escaped(&words::more(language, usize::MAX)).len() <= MORE_BYTES);
            }
        }
    }
}
