//! What a node may have ordered, and what it gets.

use atalaya_certificate::Key;

use super::*;

fn names(text: &[&str]) -> Vec<String> {
    text.iter().map(|&name| name.to_owned()).collect()
}

/// A chain for this key, as an authority would sign it.
fn chain(key: &Key, for_names: &[&str]) -> Chain {
    let pair = rcgen::KeyPair::from_pem(&key.pem).unwrap();
    let made = rcgen::CertificateParams::new(names(for_names)).unwrap().self_signed(&pair).unwrap();
    Chain::parse(&made.pem()).unwrap()
}

fn asks(key: &Key, for_names: &[&str], installed: &str) -> Request {
    Request { body: key.request(&names(for_names)).unwrap(), installed: installed.into(), at: 0 }
}

const NAS: &[&str] = &["nas.example.com"];

#[track_caller]
fn check(request: Option<&Request>, issued: Option<&Chain>, is_due: bool, is_often: bool, expected: &str) {
    let said = match decide(request, &names(NAS), issued, is_due, is_often) {
        Decision::Wait(why) => why,
        other => format!("{other:?}"),
    };
    assert!(said.contains(expected), "{said}");
}

#[test]
fn it_is_ordered_once_handed_over_and_left_alone() {
    let (key, next) = (Key::new().unwrap(), Key::new().unwrap());
    let issued = chain(&key, NAS);
    check(None, None, true, false, "has not asked");
    check(Some(&asks(&key, NAS, "")), None, true, false, "Order");
    check(Some(&asks(&key, NAS, "")), Some(&issued), false, false, "Deliver");
    check(Some(&asks(&key, NAS, &issued.fingerprint)), Some(&issued), false, false, "Rest");
    // Settled: the node shows the request for the next one, which is not ordered before it is time.
    check(Some(&asks(&next, NAS, &issued.fingerprint)), Some(&issued), false, false, "Rest");
    check(Some(&asks(&next, NAS, &issued.fingerprint)), Some(&issued), true, false, "Order");
}

#[test]
fn a_node_gets_no_other_names_and_no_certificates_without_end() {
    let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
    let issued = chain(&key, NAS);
    for bad in [&["bank.example.com"][..], &["nas.example.com", "bank.example.com"], &["*.example.com"]] {
        check(Some(&asks(&key, bad, "")), None, true, false, "not accepted");
    }
    let mut forged = asks(&key, NAS, "");
    let last = forged.body.len() - 1;
    forged.body[last] ^= 1;
    check(Some(&forged), None, true, false, "not signed by its key");
    check(Some(&Request { body: vec![0; 100], ..Request::default() }), None, true, false, "cannot be read");
    // One that lost its key gets another, and not for ever.
    check(Some(&asks(&other, NAS, "")), Some(&issued), false, false, "Order");
    check(Some(&asks(&other, NAS, "")), Some(&issued), false, true, "too many");
    check(Some(&asks(&key, NAS, "")), Some(&issued), true, true, "Deliver");
}

#[test]
fn what_the_node_has_counts_and_not_what_was_issued() {
    let key = Key::new().unwrap();
    let (old, new) = (chain(&key, NAS), chain(&key, NAS));
    let mut kept = Kept::default();
    let has = |fingerprint: &str| asks(&key, NAS, fingerprint);
    kept.know(Some(&old), Some(&has(&old.fingerprint)));
    kept.know(Some(&new), Some(&has(&old.fingerprint)));
    let stood = stands("web", Some(&has(&old.fingerprint)), Some(&new), &kept, "on its way".into());
    assert_eq!(stood.ends, Ends::At(old.ends));
    let stood = stands("web", Some(&has("")), Some(&new), &kept, "on its way".into());
    assert!(matches!(stood.ends, Ends::Unknown(why) if why.contains("on its way")));
    let stood = stands("web", None, None, &kept, "no".into());
    assert!(matches!(stood.ends, Ends::Unknown(why) if why.contains("not issued")));
}
