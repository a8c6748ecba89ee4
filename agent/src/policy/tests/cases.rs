//! A table: where copies are, and what that comes to.

use super::*;

#[track_caller]
fn check(original: &str, copies: &[&str], verdict: Verdict, missing: &str) {
    let copies: Vec<Copy> = copies.iter().enumerate().map(|(number, words)| copy(number + 1, words)).collect();
    let judged = judge(&policy(3, 2, 1, original), &copies);
    let told: Vec<String> = judged.missing.iter().map(ToString::to_string).collect();
    assert_eq!((judged.verdict, told.join("; ").as_str()), (verdict, missing), "{original} {copies:?}");
}

const HOME: &str = "disk@home";

#[test]
fn three_copies_on_two_media_one_of_them_elsewhere() {
    use Verdict::{Broken, Undeclared, Unverified};
    check(HOME, &["usb@home seen", "nas@office"], Verdict::Holds, "");
    check(HOME, &["disk@home seen", "disk@office", "cloud@there"], Verdict::Holds, "");
    check(HOME, &["usb@home", "nas@office"], Unverified, "no check has ever read back what is stored");
    check(HOME, &[], Broken, "1 of 3 copies; 1 of 2 media; 0 of 1 other places");
    check(HOME, &["usb@home seen"], Broken, "2 of 3 copies; 0 of 1 other places");
    check(HOME, &["disk@office seen", "disk@office"], Broken, "1 of 2 media");
    check(HOME, &["usb@home seen", "usb@home"], Broken, "0 of 1 other places");
    // Nobody said, and it may be enough.
    check(HOME, &["?@home seen", "disk@office"], Undeclared, "1 of 2 media; the medium of /1 is not declared");
    check(HOME, &["usb@? seen", "usb@home"], Undeclared, "0 of 1 other places; the place of /1 is not declared");
    check("disk@?", &["usb@home seen", "nas@office"], Undeclared, "0 of 1 other places; policy.place is not declared");
    check("?@home", &["usb@home seen", "usb@office"], Undeclared, "1 of 2 media; policy.medium is not declared");
    check(
        "?@?",
        &["?@?", "?@?"],
        Undeclared,
        "0 of 2 media; 0 of 1 other places; policy.medium is not declared; the medium of /1 is not declared; \
         the medium of /2 is not declared; policy.place is not declared; the place of /1 is not declared; \
         the place of /2 is not declared",
    );
    // What is declared is enough whatever the rest is.
    check(HOME, &["usb@home seen", "nas@office", "?@?"], Verdict::Holds, "");
    // And what nobody said helps nobody where it cannot be enough.
    check(
        HOME,
        &["?@? seen"],
        Broken,
        "2 of 3 copies; 1 of 2 media; 0 of 1 other places; the medium of /1 is not \
         declared; the place of /1 is not declared",
    );
}

#[test]
fn what_is_old_damaged_or_not_there_yet_does_not_count() {
    let broken = |word: &str, why: &str| {
        let missing = format!("2 of 3 copies; 0 of 1 other places; {why}");
        check(HOME, &["usb@home seen", &format!("nas@office {word}")], Verdict::Broken, &missing);
    };
    broken("old", "/2 is out of date");
    broken("never", "nothing was copied to /2 yet");
    broken("bad", "/2 is damaged");
    check(HOME, &["usb@home seen", "nas@office", "tape@office old"], Verdict::Holds, "");
    // A check of what does not count says nothing of what does.
    let none = "no check has ever read back what is stored";
    let copies = [
        copy(1, "usb@home"),
        copy(2, "nas@office"),
        Copy { verified: Some(Timestamp::UNIX_EPOCH), ..copy(3, "nas@x old") },
    ];
    let judged = judge(&policy(3, 2, 1, HOME), &copies);
    assert_eq!((judged.verdict, judged.missing[0].to_string().as_str()), (Verdict::Unverified, none));
    assert_eq!(judged.oldest, copies[0].made, "the oldest that counts");
}

#[test]
fn other_numbers_may_be_wanted() {
    let at = |copies, media, places| judge(&policy(copies, media, places, HOME), &[copy(1, "usb@home seen")]).verdict;
    assert_eq!([at(2, 2, 0), at(2, 1, 0), at(1, 1, 0)], [Verdict::Holds; 3]);
    assert_eq!([at(3, 2, 0), at(2, 3, 0), at(2, 2, 1)], [Verdict::Broken; 3]);
}
