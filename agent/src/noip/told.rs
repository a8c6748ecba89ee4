//! What all that means, for people.

use atalaya_wire::{Text, text, view};
use jiff::Timestamp;

use super::decide::{Decision, Memory};
use crate::probe::said::when;

/// What was looked at, in words where it could not be.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Why our address is not known.
    pub(super) address: String,
    /// Why the name's own servers could not be asked.
    pub(super) named: String,
}

/// The same for any name: nothing was looked at.
pub(super) fn all(host: &str, state: &str, problem: &str) -> view::NoIp {
    let running = Some(state != "stopped");
    view::NoIp { running, state: Some(text(state)), problem: Some(text(problem)), ..bare(host) }
}

fn bare(host: &str) -> view::NoIp {
    view::NoIp { host: Some(text(host)), client: Some(text("atalaya")), running: Some(true), ..view::NoIp::default() }
}

/// How one name does.
pub(super) fn one(host: &str, memory: &Memory, decision: &Decision, words: &Words, now: Timestamp) -> view::NoIp {
    let (state, problem) = verdict(memory, decision, words);
    let shown = |address: Option<String>| address.map(|address| text(&address));
    let right = *decision == Decision::Right;
    let succeeded: Option<Text> = if right { Some(when(now)) } else { memory.sent_at.map(when) };
    view::NoIp {
        state: Some(text(state)),
        problem: problem.map(|problem| text(&problem)),
        believed_ipv4: shown(memory.sent_v4.map(|ip| ip.to_string())),
        believed_ipv6: shown(memory.sent_v6.map(|ip| ip.to_string())),
        succeeded_at: succeeded,
        tried_at: memory.tried_at.map(when),
        ..bare(host)
    }
}

/// The state as the view has it, and what is wrong.
pub(super) fn verdict(memory: &Memory, decision: &Decision, words: &Words) -> (&'static str, Option<String>) {
    let vain = "No-IP takes updates that the name's servers do not show; does the key cover it?";
    let (state, problem) = match decision {
        Decision::Right => return ("ok", None),
        Decision::Latched(last) => ("latched", last.why().to_owned()),
        Decision::NoAddress => ("unknown", format!("our address is not known: {}", words.address)),
        Decision::Unknown => ("unknown", format!("the name's own servers cannot be asked: {}", words.named)),
        Decision::Private(address) => {
            let advice = "only the provider can give a public one";
            ("failing", format!("nobody outside can reach {address}, so it is not told; {advice}"))
        }
        Decision::Update(..) => {
            ("failing", "the name leads elsewhere; the running agent tells No-IP in a moment".into())
        }
        Decision::Wait(until) if !memory.why.is_empty() => {
            ("failing", format!("No-IP cannot be told: {}; next try after {}", memory.why, when(*until)))
        }
        Decision::Wait(until) if memory.in_vain > 0 => ("failing", format!("{vain} Next try after {}", when(*until))),
        Decision::Settling if memory.in_vain > 0 => ("failing", vain.to_owned()),
        Decision::Wait(_) | Decision::Settling => {
            ("unknown", "No-IP took the update; the name's own servers do not show it yet".into())
        }
    };
    (state, Some(problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noip::Final;

    #[test]
    fn every_decision_has_its_words() {
        let words = Words { address: "silence".into(), named: "port 53 is closed".into() };
        let until = Timestamp::from_second(1_795_168_800).unwrap();
        let memory = |in_vain, why: &str| Memory { in_vain, why: why.into(), ..Memory::default() };
        for (memory, decision, state, problem) in [
            (memory(0, ""), Decision::Right, "ok", ""),
            (memory(0, ""), Decision::Latched(Final::BadAuth), "latched", "user name or password"),
            (memory(0, ""), Decision::NoAddress, "unknown", "not known: silence"),
            (memory(0, ""), Decision::Unknown, "unknown", "port 53 is closed"),
            (
                memory(0, ""),
                Decision::Private([100, 64, 0, 1].into()),
                "failing",
                "nobody outside can reach 100.64.0.1",
            ),
            (memory(0, ""), Decision::Update(None, None), "failing", "leads elsewhere"),
            (
                memory(1, "no answer"),
                Decision::Wait(until),
                "failing",
                "no answer; next try after 2026-11-20T10:00:00Z",
            ),
            (memory(2, ""), Decision::Wait(until), "failing", "does the key cover it? Next"),
            (memory(2, ""), Decision::Settling, "failing", "does the key"),
            (memory(0, ""), Decision::Wait(until), "unknown", "do not show it yet"),
            (memory(0, ""), Decision::Settling, "unknown", "do not show it yet"),
        ] {
            let (seen, why) = verdict(&memory, &decision, &words);
            let why = why.unwrap_or_default();
            assert_eq!(seen, state, "{decision:?}");
            assert!(why.contains(problem) && why.is_empty() == problem.is_empty(), "{decision:?}: {why}");
            // It fits into the view, which cuts what is longer.
            assert_eq!(text(&why).as_str(), why);
        }
    }
}
