//! md, from `/proc/mdstat`, where `/sys` does not have it.

use crate::probe::raid::array::Array;

/// All arrays.
pub(super) fn arrays(text: &str) -> Vec<Array> {
    let mut arrays: Vec<Array> = Vec::new();
    for line in text.lines() {
        if let Some(array) = head(line) {
            arrays.push(array);
        } else if let Some(array) = arrays.last_mut().filter(|_| line.starts_with(' ')) {
            detail(line, array);
        }
    }
    arrays
}

/// `md6 : active (auto-read-only) raid1 sdb2[2](F) sdc[1](S) sda2[0]`
fn head(line: &str) -> Option<Array> {
    let (name, rest) = line.split_once(" : ")?;
    let mut words = rest.split_ascii_whitespace().peekable();
    let state = words.next()?;
    if !name.starts_with("md") || name.contains(' ') {
        return None;
    }
    let name = name.to_owned();
    let idle = Some("idle".to_owned());
    let mut array =
        Array { name, runs: state == "active", broken: state == "broken", action: idle, ..Array::default() };
    array.runs |= array.broken;
    for word in words.filter(|word| !word.starts_with('(')) {
        let Some((member, flags)) = word.split_once('[') else {
            array.level = Some(word.to_owned());
            continue;
        };
        match () {
            () if flags.contains("(F)") => array.failed.push(member.to_owned()),
            () if flags.contains("(S)") => array.spare += 1,
            () => array.working += 1,
        }
    }
    Some(array)
}

fn detail(line: &str, array: &mut Array) {
    // `195310144 blocks super 1.2 [2/1] [U_]`: places and those that work.
    let counts = line.split_ascii_whitespace().find_map(|word| {
        let (places, working) = word.strip_prefix('[')?.strip_suffix(']')?.split_once('/')?;
        Some((places.parse::<u64>().ok()?, working.parse::<u64>().ok()?))
    });
    if let (Some((places, working)), true) = (counts, line.contains(" blocks")) {
        (array.places, array.working, array.lacking) = (Some(places), working, places.saturating_sub(working));
    }
    // `[=>…]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec`, or `resync=DELAYED`.
    for (word, action) in [
        ("recovery", "recover"),
        ("resync", "resync"),
        ("check", "check"),
        ("repair", "repair"),
        ("reshape", "reshape"),
    ] {
        let Some((_, rest)) = line.split_once(word).filter(|(_, rest)| rest.trim_start().starts_with('=')) else {
            continue;
        };
        array.action = Some(action.to_owned());
        let within = |open: char, close: char| Some(rest.split_once(open)?.1.split_once(close)?.0);
        array.done = within('(', ')').and_then(|pair| {
            let (done, all) = pair.split_once('/')?;
            Some((done.parse().ok()?, all.parse().ok()?))
        });
        let minutes = rest.split_once("finish=").and_then(|(_, rest)| rest.split_once("min")?.0.parse::<f64>().ok());
        array.left_seconds = minutes.filter(|minutes| *minutes >= 0.0).map(|minutes| (minutes * 60.0) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machines::{machine, shared};

    /// Name, level, state, working of places, failed, spare, action.
    fn told(array: &Array) -> String {
        let view = array.view(false);
        let word = |text: Option<atalaya_wire::Text>| text.map_or_else(|| "?".into(), |text| text.as_str().to_owned());
        let places = view.member_count.map_or_else(|| "?".into(), |n| n.to_string());
        format!(
            "{} {} {} {}/{places} F{} S{} {}",
            word(view.name),
            word(view.level),
            word(view.state),
            view.working_count.unwrap(),
            view.failed_count.unwrap(),
            view.spare_count.unwrap(),
            word(view.action),
        )
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(arrays(text).iter().map(told).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_kept_machine() {
        let expected = ["md1 raid1 ok 2/2 F0 S0 idle", "md9 raid1 failed 1/24 F1 S0 idle"];
        // A mirror of 24 that lacks 23 still has one.
        let expected = expected.map(|line| line.replace("failed", "degraded"));
        check(&machine("nas-arm").text("/proc/mdstat").unwrap(), &expected.each_ref().map(String::as_str));
    }

    #[test]
    fn what_may_stand_there() {
        check(
            "md0 : active (auto-read-only) raid5 sda1[0] sdb1[1] sdc1[3]\n      1 blocks level 5 [3/3] [UUU]\n",
            &["md0 raid5 ok 3/3 F0 S0 idle"],
        );
        check(
            "md0 : active raid1 sda1[0] sdb1[1]\n      1 blocks [2/2] [UU]\n      \tresync=DELAYED\n",
            &["md0 raid1 rebuilding 2/2 F0 S0 resync"],
        );
        check("md0 : inactive sda1[0](S)\n      1 blocks super 1.2\n", &["md0 ? inactive 0/? F0 S1 idle"]);
        check("Personalities : [raid1]\nunused devices: <none>\n", &[]);
        check("md0 :", &[]);
    }

    #[test]
    fn real_files_are_understood() {
        let Some(path) = shared("proc/mdstat") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let all: Vec<String> = arrays(&text).iter().map(told).collect();
        for line in [
            "md3 raid6 ok 8/8 F0 S2 idle",
            "md4 raid1 inactive 2/2 F1 S1 idle",
            "md6 raid1 rebuilding 1/2 F1 S1 recover",
            "md8 raid1 rebuilding 2/2 F0 S2 resync",
            "md201 raid1 ok 2/2 F0 S0 check",
            "md7 raid6 degraded 3/4 F1 S0 idle",
        ] {
            assert!(all.iter().any(|told| told == line), "{line}: {all:#?}");
        }
        let arrays = arrays(&text);
        let six = arrays.iter().find(|array| array.name == "md6").unwrap();
        assert_eq!((six.done, six.left_seconds), (Some((16_775_552, 195_310_144)), Some(1020)));
    }
}
