//! How something stands: by the share of its life that is left, never by fixed days, because lives grow shorter.

use serde::{Deserialize, Serialize};

use crate::found::{ByItself, Ends, Flag, Kind};
use crate::item::{Item, Life, Rank, Sighting, is_said_by_people};
use crate::limits::{LAST_SECONDS, STALE_SECONDS, short};

/// Best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does not end.
    Lasting,
    /// There is time.
    Fine,
    /// It is to be renewed now.
    Due,
    /// It should have been.
    Late,
    /// It holds, and who meets it refuses it: it names another, is signed by nobody who is trusted, or does not hold yet.
    Wrong,
    /// It ends within hours or days.
    Critical,
    /// It has ended.
    Over,
    /// Nobody knows, or nobody has looked for long. Never fine.
    Unknown,
}

impl Standing {
    /// All of them, best first.
    pub const ALL: [Self; 8] =
        [Self::Lasting, Self::Fine, Self::Due, Self::Late, Self::Wrong, Self::Critical, Self::Over, Self::Unknown];

    /// One word for topics, metrics and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lasting => "lasting",
            Self::Fine => "fine",
            Self::Due => "due",
            Self::Late => "late",
            Self::Wrong => "not_accepted",
            Self::Critical => "critical",
            Self::Over => "over",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody should do something.
    #[must_use]
    pub const fn wants(self) -> bool {
        matches!(self, Self::Due | Self::Late | Self::Wrong | Self::Critical | Self::Over)
    }
}

const _: () = assert!(Standing::ALL.len() == Standing::Unknown as usize + 1);

/// What is wrong with it, or what is wanted of a person, in a sentence for people.
#[must_use]
pub fn problem(item: &Item) -> Option<String> {
    if let Some(task) = &item.task {
        return Some(task.what.clone());
    }
    let (_, seen) = item.best()?;
    let unknown = if let Ends::Unknown(why) = &seen.found.ends { Some(why.clone()) } else { None };
    let failed = seen.found.next.failed.as_ref().map(|why| format!("it failed the last time: {why}"));
    let flags = seen.found.flags.iter().filter(|flag| flag.is_grave() || flag.is_wrong());
    let said: Vec<String> = unknown.into_iter().chain(flags.map(|flag| flag.text().to_owned())).chain(failed).collect();
    (!said.is_empty()).then(|| short(&said.join("; ")))
}

/// Shares of a life: below the first it is due, then late, then critical.
const fn shares(kind: Kind) -> [f64; 3] {
    match kind {
        // A week, three days and a day of thirty: the mail comes a week before.
        Kind::HostName => [7.0 / 30.0, 0.1, 1.0 / 30.0],
        // Two months, one month and a week of a year.
        Kind::Domain | Kind::Token | Kind::Secret => [1.0 / 6.0, 1.0 / 12.0, 1.0 / 52.0],
        // As `lego` and `certbot` renew: a third is left.
        Kind::Certificate => [1.0 / 3.0, 1.0 / 6.0, 1.0 / 12.0],
    }
}

/// What share of its life is left, from 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub fn left(life: &Life, now: i64) -> f64 {
    let (left, all) = (life.ends.saturating_sub(now), life.ends.saturating_sub(life.begun));
    if all <= 0 { 0.0 } else { (left as f64 / all as f64).clamp(0.0, 1.0) }
}

/// How it stands.
#[must_use]
pub fn standing(item: &Item, now: i64) -> Standing {
    let best = item.best().map(|(_, seen)| seen);
    // Whoever says that it is about to be deleted is believed, also where another counts more for its date.
    let fresh = |seen: &&Sighting| now.saturating_sub(seen.at) <= STALE_SECONDS;
    let flagged = |is: fn(Flag) -> bool| {
        item.seen.values().filter(fresh).any(|seen| seen.found.flags.iter().any(|flag| is(*flag)))
    };
    let grave = flagged(Flag::is_grave);
    let Some(life) = item.life() else {
        return match best {
            Some(_) if grave => Standing::Critical,
            Some(seen) if seen.found.ends == Ends::Never && !is_stale(item, now) => Standing::Lasting,
            _ => Standing::Unknown,
        };
    };
    if now >= life.ends {
        return Standing::Over;
    }
    let by_share = by_share(item, &life, now);
    if grave {
        return by_share.max(Standing::Critical);
    }
    // What was seen long ago may have been renewed or lost; that it ends soon stays true until somebody says otherwise.
    if is_stale(item, now) && by_share <= Standing::Due {
        return Standing::Unknown;
    }
    // Its provider asks for something that no API says.
    let by_share = if item.task.is_some() { by_share.max(Standing::Due) } else { by_share };
    if flagged(Flag::is_wrong) { by_share.max(Standing::Wrong) } else { by_share }
}

fn by_share(item: &Item, life: &Life, now: i64) -> Standing {
    let [due, late, critical] = shares(item.key.kind);
    let share = left(life, now);
    let short = life.ends - life.begun < 10 * crate::limits::DAY_SECONDS;
    if share < critical || (!short && life.ends - now < LAST_SECONDS) {
        return Standing::Critical;
    }
    // Whoever renews it does that in time or late, and only the latter is somebody's business.
    let alone = matches!(item.by_itself(), ByItself::ProviderRenews | ByItself::ProviderReplaces | ByItself::Renewed);
    let late_by = item.best().and_then(|(_, seen)| seen.found.next.late);
    match share {
        // It was to happen by itself, and did not.
        _ if late_by.is_some_and(|late| now >= late) => Standing::Late,
        _ if alone && share >= late / 2.0 => Standing::Fine,
        share if share < late => Standing::Late,
        share if share < due => Standing::Due,
        _ => Standing::Fine,
    }
}

/// From when on it is due, by the share of its life alone.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a share of some years in seconds")]
pub fn due_at(kind: Kind, life: &Life) -> i64 {
    let [due, ..] = shares(kind);
    life.ends.saturating_sub((due * life.ends.saturating_sub(life.begun) as f64) as i64)
}

fn is_stale(item: &Item, now: i64) -> bool {
    // A person's word and a provider's mail say until when, where nobody else can.
    if is_said_by_people(item.key.kind) && (item.confirmed.is_some() || item.task.is_some()) {
        return false;
    }
    // It counts when the word that counts was said, not when another source last did not know.
    let is_old = |seen: &Sighting| seen.rank != Rank::Hand && now.saturating_sub(seen.at) > STALE_SECONDS;
    item.best().is_none_or(|(_, seen)| !seen.is_asked() || is_old(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Found;
    use crate::key::Key;

    const DAY: i64 = crate::limits::DAY_SECONDS;

    fn item(kind: Kind, begun: i64, ends: Ends, seen: i64) -> Item {
        let mut item = Item::new(Key::new(kind, "x.example"));
        let mut found = Found::new(kind, "x.example", ends);
        found.begun = Some(begun);
        item.seen.insert("shop".into(), Sighting { rank: Rank::Holder, at: seen, found });
        item
    }

    fn after(kind: Kind, days: i64, left: i64) -> Standing {
        let now = (days - left) * DAY;
        standing(&item(kind, 0, Ends::At(days * DAY), now), now)
    }

    #[test]
    fn by_the_share_that_is_left() {
        use Standing::{Critical, Due, Fine, Late, Over};
        let table = [
            (Kind::Domain, 365, [(61, Fine), (60, Due), (30, Late), (7, Critical), (0, Over), (-3, Over)].as_slice()),
            (Kind::HostName, 30, &[(7, Fine), (6, Due), (2, Late), (1, Critical)]),
            (Kind::Certificate, 90, &[(31, Fine), (29, Due), (14, Late), (7, Critical)]),
            (Kind::Certificate, 47, &[(16, Fine), (15, Due), (7, Late), (3, Critical)]),
            (Kind::Certificate, 6, &[(3, Fine), (1, Due), (0, Over)]),
        ];
        for (kind, days, cases) in table {
            for (left, wanted) in cases {
                assert_eq!(after(kind, days, *left), *wanted, "{kind:?} of {days} days, {left} left");
            }
        }
    }

    #[test]
    fn unknown_is_never_fine() {
        let unknown = item(Kind::Domain, 0, Ends::Unknown("registry answers nobody".into()), 0);
        assert_eq!(standing(&unknown, 0), Standing::Unknown);
        assert_eq!(standing(&Item::new(Key::new(Kind::Domain, "x")), 0), Standing::Unknown);
        let never = item(Kind::Token, 0, Ends::Never, 0);
        assert_eq!((standing(&never, 0), standing(&never, 8 * DAY)), (Standing::Lasting, Standing::Unknown));
        let fine = item(Kind::Domain, 0, Ends::At(365 * DAY), 0);
        assert_eq!(standing(&fine, 8 * DAY), Standing::Unknown, "nobody looked for a week");
        assert_eq!(standing(&fine, 360 * DAY), Standing::Critical, "it may have been renewed, and nobody says so");
    }

    #[test]
    fn what_could_not_be_asked_is_unknown_and_never_fine() {
        let mut domain = item(Kind::Domain, 0, Ends::At(365 * DAY), DAY);
        domain.seen.get_mut("shop").unwrap().found.flags.push(Flag::NotAsked);
        assert_eq!(standing(&domain, DAY), Standing::Unknown);
        assert_eq!(standing(&domain, 360 * DAY), Standing::Critical, "that it ends soon stays true");
        let mut token = item(Kind::Token, 0, Ends::Never, DAY);
        token.seen.get_mut("shop").unwrap().found.flags.push(Flag::NotAsked);
        assert_eq!(standing(&token, DAY), Standing::Unknown);
    }

    #[test]
    fn what_is_renewed_alone_wants_nobody_until_that_fails() {
        let mut domain = item(Kind::Domain, 0, Ends::At(365 * DAY), 335 * DAY);
        domain.seen.get_mut("shop").unwrap().found.by_itself = ByItself::ProviderRenews;
        assert_eq!(standing(&domain, 336 * DAY), Standing::Fine);
        assert_eq!(standing(&domain, 359 * DAY), Standing::Critical);
    }

    /// A window that passed is late, long before a twelfth of its life is left.
    #[test]
    fn what_was_to_be_renewed_here_and_was_not_is_late() {
        let mut own = item(Kind::Certificate, 0, Ends::At(90 * DAY), 70 * DAY);
        let found = &mut own.seen.get_mut("shop").unwrap().found;
        found.by_itself = ByItself::Renewed;
        found.next.late = Some(62 * DAY);
        assert_eq!(standing(&own, 61 * DAY), Standing::Fine, "it is being renewed");
        assert_eq!(standing(&own, 62 * DAY), Standing::Late);
        assert_eq!(standing(&own, 83 * DAY), Standing::Critical);
    }

    #[test]
    fn what_nobody_accepts_is_wrong_however_long_it_lasts() {
        for flag in [Flag::WrongName, Flag::Untrusted, Flag::NotYetValid] {
            let mut shown = item(Kind::Certificate, 0, Ends::At(90 * DAY), DAY);
            shown.seen.get_mut("shop").unwrap().found.flags.push(flag);
            assert_eq!(standing(&shown, DAY), Standing::Wrong, "{flag:?}");
            assert_eq!(standing(&shown, 83 * DAY), Standing::Critical, "what ends is worse");
            assert_eq!(standing(&shown, 20 * DAY), Standing::Unknown, "nobody looked since");
            assert!(problem(&shown).is_some_and(|why| why == flag.text()), "{flag:?}");
        }
    }

    #[test]
    fn what_its_provider_stopped_is_critical_however_long_it_lasts() {
        let mut domain = item(Kind::Domain, 0, Ends::At(365 * DAY), 0);
        domain.seen.get_mut("shop").unwrap().found.flags.push(Flag::Suspended);
        assert_eq!(standing(&domain, DAY), Standing::Critical);
    }
}
