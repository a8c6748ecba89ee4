//! Every set of up to three copies of every kind, for every original: what a copy less, or an older one, does to it.

use super::*;

/// Kinds of copies that differ in anything that matters.
fn kinds() -> Vec<Copy> {
    let mut out = vec![copy(0, "usb@office old"), copy(0, "usb@office bad")];
    for medium in ["?", "disk", "usb"] {
        for place in ["?", "home", "office"] {
            out.extend(["", " seen"].map(|seen| copy(0, &format!("{medium}@{place}{seen}"))));
        }
    }
    out
}

fn sets(kinds: &[Copy]) -> Vec<Vec<Copy>> {
    let mut all = vec![Vec::new()];
    for (a, one) in kinds.iter().enumerate() {
        all.push(vec![one.clone()]);
        for (b, two) in kinds.iter().enumerate().skip(a) {
            all.push(vec![one.clone(), two.clone()]);
            all.extend(kinds[b..].iter().map(|three| vec![one.clone(), two.clone(), three.clone()]));
        }
    }
    all
}

#[test]
fn a_copy_less_or_an_older_one_never_makes_it_better() {
    let sets = sets(&kinds());
    let mut seen = std::collections::BTreeSet::new();
    for original in ["disk@home", "disk@?", "?@home", "?@?"] {
        for policy in [policy(3, 2, 1, original), policy(2, 1, 1, original), policy(1, 3, 2, original)] {
            for copies in &sets {
                let whole = judge(&policy, copies);
                seen.insert(whole.verdict);
                // Whatever does not hold says why, and only that.
                assert_eq!(whole.verdict == Verdict::Holds, whole.missing.is_empty(), "{policy:?} {copies:?}");
                let enough = [whole.copies, whole.media, whole.places].iter().all(|count| count.sure >= count.wanted);
                assert!(whole.verdict < Verdict::Unverified || enough, "{policy:?} {copies:?}");
                for at in 0..copies.len() {
                    let (mut less, mut older, mut silent) = (copies.clone(), copies.clone(), copies.clone());
                    less.remove(at);
                    older[at].standing = Standing::Stale;
                    silent[at].verified = None;
                    for worse in [less, older, silent] {
                        assert!(judge(&policy, &worse).verdict <= whole.verdict, "{policy:?} {copies:?} {worse:?}");
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 4, "each comes about");
}
