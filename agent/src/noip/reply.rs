//! What No-IP answers: one line for each name, in the order asked.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Of an answer: more is none of No-IP's.
pub const ANSWER_BYTES_MAX: u64 = 4096;

/// The answer for one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was changed to these.
    Good(Vec<IpAddr>),
    /// It was these already.
    Unchanged(Vec<IpAddr>),
    /// No more requests before a person acts.
    Final(Final),
    /// No-IP has trouble of its own: no request for half an hour.
    Trouble,
    /// Nothing that No-IP would say: a portal, a proxy, nothing at all. In words, after "No-IP cannot be told: ".
    Nonsense(String),
}

/// Why no more requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Final {
    /// `nohost`.
    NoHost,
    /// `badauth`, or status 401.
    BadAuth,
    /// `badagent`.
    BadAgent,
    /// `!donator`.
    NotPaid,
    /// `abuse`.
    Abuse,
}

impl Final {
    /// Whether it is about the key or the program, and so about all its names.
    #[must_use]
    pub const fn of_all(self) -> bool {
        matches!(self, Self::BadAuth | Self::BadAgent | Self::Abuse)
    }

    /// For people: what happened and what to do.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::NoHost => "No-IP knows no such name for this key; correct the name or the key in the configuration",
            Self::BadAuth => "No-IP refuses the user name or password; put a DDNS key's into the configuration",
            Self::BadAgent => "No-IP refuses this program; update it, then change the configuration to try again",
            Self::NotPaid => "No-IP wants money for what is asked; change the configuration",
            Self::Abuse => {
                "No-IP blocked the name for too many updates; ask its support, then change the configuration"
            }
        }
    }
}

/// The answers for `names` names. Too few lines leave the rest without an answer.
#[must_use]
pub fn parse(status: u16, body: &str, names: usize) -> Vec<Reply> {
    let whole = match status {
        401 => Some(Reply::Final(Final::BadAuth)),
        500..=599 => Some(Reply::Trouble),
        200 => None,
        _ => Some(Reply::Nonsense("it answers with another status".into())),
    };
    if let Some(reply) = whole {
        return vec![reply; names];
    }
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // A word about the request as a whole comes once.
    if let [only] = lines[..]
        && let reply = line(only)
        && (reply == Reply::Trouble || matches!(reply, Reply::Final(last) if last.of_all()))
    {
        return vec![reply; names];
    }
    let missing = Reply::Nonsense("it says nothing of this name".into());
    (0..names).map(|at| lines.get(at).map_or_else(|| missing.clone(), |text| line(text))).collect()
}

fn line(text: &str) -> Reply {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let addresses = || -> Vec<IpAddr> { rest.split([',', ' ']).filter_map(|part| part.trim().parse().ok()).collect() };
    match word {
        "good" => Reply::Good(addresses()),
        "nochg" => Reply::Unchanged(addresses()),
        "nohost" => Reply::Final(Final::NoHost),
        "badauth" => Reply::Final(Final::BadAuth),
        "badagent" => Reply::Final(Final::BadAgent),
        "!donator" => Reply::Final(Final::NotPaid),
        "abuse" => Reply::Final(Final::Abuse),
        "911" => Reply::Trouble,
        _ => Reply::Nonsense("it answers with something that is none of No-IP's".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: &[Reply]) {
        assert_eq!(parse(status, body, expected.len()), expected, "{body:?}");
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_answer_is_known() {
        let four = ip("203.0.113.7");
        check(200, "good 203.0.113.7\r\n", &[Reply::Good(vec![four])]);
        check(200, "nochg 203.0.113.7\n", &[Reply::Unchanged(vec![four])]);
        check(200, "good 203.0.113.7,2001:db8::7", &[Reply::Good(vec![four, ip("2001:db8::7")])]);
        check(200, "good 203.0.113.7\nnohost\n", &[Reply::Good(vec![four]), Reply::Final(Final::NoHost)]);
        check(200, "good", &[Reply::Good(vec![])]);
        for (body, last) in [
            ("badauth", Final::BadAuth),
            ("badagent", Final::BadAgent),
            ("!donator", Final::NotPaid),
            ("abuse", Final::Abuse),
        ] {
            check(200, body, &[Reply::Final(last)]);
        }
        check(200, "badauth", &[Reply::Final(Final::BadAuth), Reply::Final(Final::BadAuth)]);
        check(401, "", &[Reply::Final(Final::BadAuth)]);
        check(200, "911", &[Reply::Trouble]);
    }

    #[test]
    fn what_no_ip_would_not_say_is_nonsense_and_never_final() {
        for (status, body) in [
            (200, ""),
            (200, "<html><h1>good morning</h1>"),
            (200, "goodness 203.0.113.7"),
            (302, "good 203.0.113.7"),
            (403, "badauth"),
            (200, "GOOD 203.0.113.7"),
        ] {
            assert!(matches!(parse(status, body, 1)[..], [Reply::Nonsense(_)]), "{status} {body}");
        }
        assert!(matches!(parse(200, "good 203.0.113.7", 2)[1], Reply::Nonsense(_)));
        assert_eq!(parse(503, "badauth", 1), [Reply::Trouble]);
    }
}
