//! Lines that tell of a log-in that failed. Whoever tries to get in chooses part of the line: words are looked for only
//! where sshd and the others put them, and an address is the last one in the line.

use std::net::IpAddr;

use jiff::Timestamp;

use super::Failure;

/// Knows what was told before, because sshd tells some failures twice.
#[derive(Debug, Default)]
pub(super) struct Judge {
    last: Option<(String, String)>,
}

impl Judge {
    /// The failure that a program's line tells of.
    pub(super) fn failure(&mut self, tag: &str, message: &str, at: Timestamp) -> Option<Failure> {
        let message = message.trim_end();
        let program = tag.rsplit('/').next().unwrap_or(tag);
        let from = match program {
            "sshd" | "sshd-session" => self.sshd(message)?,
            "dropbear" => dropbear(message)?,
            _ => pam(message)?,
        };
        Some(Failure { at, from })
    }

    fn sshd(&mut self, message: &str) -> Option<Option<String>> {
        let tried = message.starts_with("Failed password for ")
            || message.starts_with("Failed keyboard-interactive/pam for ")
            || message.starts_with("Failed none for invalid user ");
        if tried {
            let (address, port) = peer(message.rsplit_once(" from ")?.1)?;
            self.last = Some((address.clone(), port));
            return Some(Some(address));
        }
        // Without a password tried: somebody who had no key, or the end of what was told above.
        let rest = ["Connection closed by ", "Connection reset by ", "Disconnected from "]
            .iter()
            .find_map(|start| message.strip_prefix(start))?;
        if !rest.starts_with("authenticating user ") && !rest.starts_with("invalid user ") {
            return None;
        }
        let words: Vec<_> = rest.trim_end_matches(" [preauth]").rsplitn(4, ' ').collect();
        let [port, "port", address, _] = words[..] else { return None };
        let (address, port) = peer(&format!("{address} port {port}"))?;
        let known = self.last.replace((address.clone(), port.clone()));
        (known != Some((address.clone(), port))).then_some(Some(address))
    }
}

/// `192.0.2.1 port 4711 ssh2`.
fn peer(text: &str) -> Option<(String, String)> {
    let mut words = text.split(' ');
    let (address, word, port) = (words.next()?, words.next()?, words.next()?);
    let address = address.parse::<IpAddr>().ok()?;
    (word == "port" && port.parse::<u16>().is_ok()).then(|| (address.to_string(), port.to_owned()))
}

/// `Bad password attempt for 'root' from 192.0.2.1:4711`, `Login attempt for nonexistent user from …`.
fn dropbear(message: &str) -> Option<Option<String>> {
    if !message.starts_with("Bad password attempt for ") && !message.starts_with("Login attempt for nonexistent user") {
        return None;
    }
    let place = message.rsplit_once(" from ").map(|(_, place)| place).unwrap_or_default();
    let address = place.rsplit_once(':').map_or(place, |(address, _)| address);
    Some(address.parse::<IpAddr>().ok().map(|address| address.to_string()))
}

/// What PAM says for everybody else; sshd says it in its own words besides.
fn pam(message: &str) -> Option<Option<String>> {
    let rest = message.strip_prefix("pam_unix(")?;
    let (service, rest) = rest.split_once(':')?;
    if service == "sshd" || !rest.starts_with("auth): authentication failure;") {
        return None;
    }
    let host = rest.split_once(" rhost=").and_then(|(_, rest)| rest.split(' ').next());
    Some(host.and_then(|host| host.parse::<IpAddr>().ok()).map(|address| address.to_string()))
}

/// The program and the message of a line in a file, whichever way the time is written.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let (head, message) = line.split_once(": ")?;
    let tag = head.rsplit(' ').next()?;
    Some((tag.split('[').next()?, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_found_and_nothing_else() {
        let log = include_str!("../../../tests/fixtures/probe/auth/auth.log");
        let mut judge = Judge::default();
        let mut seen = Vec::new();
        for (tag, message) in log.lines().filter_map(split) {
            if let Some(failure) = judge.failure(tag, message, Timestamp::UNIX_EPOCH) {
                seen.push((tag, failure.from.unwrap_or_default()));
            }
        }
        let seen: Vec<_> = seen.iter().map(|(tag, from)| (*tag, from.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("sshd", "192.0.2.1"),
                ("sshd", "192.0.2.1"),
                ("sshd-session", "2001:db8::5"),
                ("sshd", "198.51.100.9"),
                ("sshd", "198.51.100.10"),
                ("dropbear", "192.0.2.77"),
                ("dropbear", "192.0.2.78"),
                ("cockpit-session", "192.0.2.80"),
                ("login", ""),
            ]
        );
    }

    #[test]
    fn whoever_tries_does_not_choose_the_address() {
        let mut judge = Judge::default();
        let mut from = |message: &str| judge.failure("sshd", message, Timestamp::UNIX_EPOCH).and_then(|f| f.from);
        let hostile = "Failed password for invalid user x from 6.6.6.6 port 1 ssh2 from 192.0.2.9 port 22 ssh2";
        assert_eq!(from(hostile).as_deref(), Some("192.0.2.9"));
        for nothing in [
            "Invalid user Failed password for root from 6.6.6.6 port 1 ssh2 from 192.0.2.9 port 5",
            "Failed password for root from nowhere port 22 ssh2",
            "Failed password for root from 192.0.2.9",
            "Failed password for ",
            "Connection closed by authenticating user ",
            "Connection closed by 192.0.2.9 port 5 [preauth]",
            "pam_unix(sshd:auth): authentication failure; rhost=192.0.2.9",
            "",
        ] {
            assert_eq!(from(nothing), None, "{nothing}");
        }
        assert_eq!(split("no colon here"), None);
    }
}
