//! Whether copies are enough. A pure function; a copy less never makes it better.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Copy, Count, Lies, Missing, Policy, Standing, Verdict};

/// What a job's copies come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// What is missing, the worst first; nothing if it holds.
    pub(crate) missing: Vec<Missing>,
    pub(crate) copies: Count,
    pub(crate) media: Count,
    pub(crate) places: Count,
    /// Of when the oldest copy is that counts.
    pub(crate) oldest: Option<Timestamp>,
    /// When a copy that counts was last found sound.
    pub(crate) verified: Option<Timestamp>,
}

/// See the module. The original itself always counts: it is what is backed up.
pub(crate) fn judge(policy: &Policy, copies: &[Copy]) -> Judgement {
    let counted: Vec<&Copy> = copies.iter().filter(|copy| copy.standing == Standing::Counts).collect();
    let number = counted.len() + 1;
    let all = Count { sure: number, possible: number, wanted: policy.copies };
    let media = media(policy, &counted);
    let places = places(policy, &counted);
    let verified = counted.iter().filter_map(|copy| copy.verified).max();
    let counts = [all, media, places];
    let verdict = if counts.iter().any(|count| count.possible < count.wanted) {
        Verdict::Broken
    } else if counts.iter().any(|count| count.sure < count.wanted) {
        Verdict::Undeclared
    } else if verified.is_none() {
        Verdict::Unverified
    } else {
        Verdict::Holds
    };
    let mut judgement = Judgement {
        verdict,
        missing: Vec::new(),
        copies: all,
        media,
        places,
        oldest: counted.iter().filter_map(|copy| copy.made).min(),
        verified,
    };
    judgement.missing = missing(policy, &judgement, copies);
    judgement
}

fn media(policy: &Policy, counted: &[&Copy]) -> Count {
    let all = || counted.iter().map(|copy| &copy.lies).chain([&policy.original]).map(|lies| &lies.medium);
    let sure = all().flatten().collect::<BTreeSet<_>>().len();
    Count { sure, possible: sure + all().filter(|medium| medium.is_none()).count(), wanted: policy.media }
}

/// Places besides that of the original: where that is unknown, none is for sure another one.
fn places(policy: &Policy, counted: &[&Copy]) -> Count {
    let all = || counted.iter().map(|copy| &copy.lies.place);
    let named: BTreeSet<&String> =
        all().flatten().filter(|place| Some(*place) != policy.original.place.as_ref()).collect();
    let sure = if policy.original.place.is_some() { named.len() } else { 0 };
    Count { sure, possible: named.len() + all().filter(|place| place.is_none()).count(), wanted: policy.places }
}

fn missing(policy: &Policy, judged: &Judgement, copies: &[Copy]) -> Vec<Missing> {
    let lacks = |count: Count| count.sure < count.wanted;
    let mut out = Vec::new();
    out.extend(lacks(judged.copies).then_some(Missing::Copies(judged.copies)));
    out.extend(lacks(judged.media).then_some(Missing::Media(judged.media)));
    out.extend(lacks(judged.places).then_some(Missing::Places(judged.places)));
    let not = copies.iter().filter(|copy| copy.standing != Standing::Counts && !out.is_empty());
    let not: Vec<Missing> = not.map(|copy| Missing::Not(copy.repo.clone(), copy.standing)).collect();
    out.extend(not);
    let undeclared = |lies: fn(&Lies) -> &Option<String>, original: Missing, of: fn(String) -> Missing| {
        let original = lies(&policy.original).is_none().then_some(original);
        let silent = copies.iter().filter(move |copy| lies(&copy.lies).is_none());
        original.into_iter().chain(silent.map(move |copy| of(copy.repo.clone())))
    };
    if lacks(judged.media) {
        out.extend(undeclared(|lies| &lies.medium, Missing::OriginalMedium, Missing::Medium));
    }
    if lacks(judged.places) {
        out.extend(undeclared(|lies| &lies.place, Missing::OriginalPlace, Missing::Place));
    }
    out.extend((judged.verdict == Verdict::Unverified).then_some(Missing::Check));
    out
}
