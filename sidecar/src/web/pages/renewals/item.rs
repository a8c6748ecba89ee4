//! A line of the table of what expires.

use atalaya_mailbox::Link;
use atalaya_renew::{Ahead, ByItself, Ends, Item, Kind, Sells, Standing, State as Known, Terms, ahead, left, standing};

use super::super::frame::Frame;
use super::super::part::{Bar, Mark, State, When};
use crate::renewals::Seal;

pub(super) struct Row {
    pub(super) mark: Mark,
    pub(super) state: State,
    pub(super) kind: String,
    /// As forms say it.
    pub(super) kind_word: &'static str,
    pub(super) name: String,
    pub(super) ends: Option<When>,
    /// By what it is sorted.
    pub(super) ends_at: i64,
    pub(super) left: Option<(Bar, String)>,
    pub(super) by_itself: String,
    /// When that is, or when a person is asked.
    pub(super) ahead: Option<(&'static str, When)>,
    /// When its source is asked next.
    pub(super) check: Option<When>,
    pub(super) source: String,
    pub(super) seen: Option<When>,
    pub(super) notes: Vec<String>,
    /// What a mail asks for, by when, and the link for the reader to open.
    pub(super) task: Option<(String, Option<When>)>,
    /// Where it is done. For the reader to open; never fetched by us.
    pub(super) link: Option<String>,
    /// Whether a person's word counts for it.
    pub(super) can_confirm: bool,
    /// What a plan for it can be asked for.
    pub(super) sold: Sells,
    /// What the form that asks is for, to who hears it.
    pub(super) ask: String,
}

/// What rows are made with.
pub(super) struct Can<'a> {
    /// Who sells.
    pub(super) terms: &'a Terms,
    /// What opens links.
    pub(super) seal: Option<&'a Seal>,
}

impl Row {
    pub(super) fn new(frame: &Frame, known: &Known, item: &Item, can: &Can<'_>) -> Self {
        let now = frame.now.seconds();
        let (life, best) = (item.life(), item.best());
        let ahead = ahead(item, known, can.terms, now);
        let (mark, key) = mark(standing(item, now));
        let left = life.as_ref().map(|life| {
            let percent = 100.0 * left(life, now);
            (Bar::new(percent, mark), format!("{} %", frame.language.number(percent, 0)))
        });
        let task = item.task.as_ref().map(|task| (task.what.clone(), frame.when(task.deadline)));
        // Whoever has it can act: only who may act sees it.
        let sealed = item.task.as_ref().and_then(|task| task.link.as_deref()).filter(|_| frame.can_operate);
        let link =
            sealed.and_then(|sealed| Link::of_token(&can.seal?.open(sealed)?)).map(|link| link.address().to_string());
        Self {
            mark,
            link,
            state: frame.state_as(mark, key),
            kind: frame.t(kind(item.key.kind)).to_owned(),
            kind_word: item.key.kind.word(),
            name: item.key.name.clone(),
            ends: life.as_ref().and_then(|life| frame.when(life.ends)),
            ends_at: life.map_or(i64::MAX, |life| life.ends),
            left,
            by_itself: frame.t(by_itself(item.by_itself())).to_owned(),
            ahead: when(frame, &ahead),
            check: ahead.check.and_then(|at| frame.when(at)),
            source: best.map_or_else(String::new, |(name, _)| name.to_owned()),
            seen: item.last_seen().and_then(|at| frame.when(at)),
            notes: notes(frame, item),
            task,
            can_confirm: matches!(item.key.kind, Kind::HostName | Kind::Secret) || item.task.is_some(),
            sold: sold(known, item, can.terms),
            ask: frame.fill("plan.for", &[("name", &item.key.name)]),
        }
    }
}

/// What is sold where it is, as long as there is no plan for it.
fn sold(known: &Known, item: &Item, terms: &Terms) -> Sells {
    if item.key.kind != Kind::Domain || known.open_plan(&item.key).is_some() {
        return Sells::NOTHING;
    }
    let all = item.seen.keys().filter_map(|source| Some(terms.providers.get(source)?.sells));
    all.fold(Sells::NOTHING, |one, other| Sells {
        renewal: one.renewal || other.renewal,
        auto_renew: one.auto_renew || other.auto_renew,
    })
}

fn when(frame: &Frame, ahead: &Ahead) -> Option<(&'static str, When)> {
    let renewed = ahead.renewed.map(|at| ("renewal.from", at));
    let (key, at) = renewed.or_else(|| ahead.proposed.map(|at| ("renewal.asks", at)))?;
    Some((key, frame.when(at)?))
}

/// How each standing is shown. What nobody knows is never green.
pub(super) const fn mark(standing: Standing) -> (Mark, &'static str) {
    match standing {
        Standing::Lasting => (Mark::Off, "standing.lasting"),
        Standing::Fine => (Mark::Ok, "standing.fine"),
        Standing::Due => (Mark::Medium, "standing.due"),
        Standing::Late => (Mark::High, "standing.late"),
        Standing::Wrong => (Mark::High, "standing.wrong"),
        Standing::Critical => (Mark::Critical, "standing.critical"),
        Standing::Over => (Mark::Critical, "standing.over"),
        Standing::Unknown => (Mark::Unknown, "unknown"),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::HostName => "renewal.host_name",
        Kind::Domain => "renewal.domain",
        Kind::Token => "renewal.token",
        Kind::Certificate => "renewal.certificate",
        Kind::Secret => "renewal.secret",
    }
}

const fn by_itself(of: ByItself) -> &'static str {
    match of {
        ByItself::Nothing => "renewal.by.nothing",
        ByItself::ProviderRenews => "renewal.by.provider",
        ByItself::ProviderReplaces => "renewal.by.replaced",
        ByItself::Renewed => "renewal.by.atalaya",
        ByItself::Unknown => "unknown",
    }
}

fn notes(frame: &Frame, item: &Item) -> Vec<String> {
    let no_price = item.no_price.as_ref().map(|why| frame.fill("renewal.no_price", &[("why", why)]));
    let Some((_, seen)) = item.best() else { return no_price.into_iter().collect() };
    let mut notes: Vec<String> = seen.found.flags.iter().map(|flag| frame.t(flag_key(*flag)).to_owned()).collect();
    notes.extend(Some(seen.found.note.clone()).filter(|note| !note.is_empty()));
    if let Ends::Unknown(why) = &seen.found.ends {
        notes.push(why.clone());
    }
    notes.extend(seen.found.next.failed.as_ref().map(|why| frame.fill("renewal.failed", &[("why", why)])));
    notes.extend(no_price);
    notes
}

const fn flag_key(flag: atalaya_renew::Flag) -> &'static str {
    use atalaya_renew::Flag;
    match flag {
        Flag::Redemption => "flag.redemption",
        Flag::PendingDelete => "flag.pending_delete",
        Flag::Suspended => "flag.suspended",
        Flag::AutoRenewPeriod => "flag.auto_renew_period",
        Flag::NotRenewable => "flag.not_renewable",
        Flag::Disabled => "flag.disabled",
        Flag::WrongName => "flag.wrong_name",
        Flag::Untrusted => "flag.untrusted",
        Flag::NotYetValid => "flag.not_yet_valid",
        Flag::Partial => "flag.partial",
        Flag::NotAsked => "flag.not_asked",
    }
}
