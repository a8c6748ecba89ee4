use super::*;

mod cases;
mod config;
mod monotone;

/// `medium@place`, with `?` where nobody said.
fn lies(words: &str) -> Lies {
    let (medium, place) = words.split_once('@').unwrap();
    let said = |word: &str| (word != "?").then(|| word.to_owned());
    Lies { medium: said(medium), place: said(place) }
}

/// `medium@place`, behind it `old`, `never`, `bad`, or `seen` where a check has read it back.
fn copy(number: usize, words: &str) -> Copy {
    let (at, what) = words.split_once(' ').unwrap_or((words, ""));
    let standing = match what {
        "" | "seen" => Standing::Counts,
        "old" => Standing::Stale,
        "never" => Standing::Never,
        "bad" => Standing::Damaged,
        other => panic!("{other}"),
    };
    let time = |second: i64| Timestamp::from_second(second).unwrap();
    let made = (standing != Standing::Never).then(|| time(1000 + number as i64));
    Copy { repo: format!("/{number}"), lies: lies(at), standing, made, verified: (what == "seen").then(|| time(500)) }
}

fn policy(copies: usize, media: usize, places: usize, original: &str) -> Policy {
    Policy { copies, media, places, original: lies(original) }
}
