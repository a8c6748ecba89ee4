//! A plan: what it buys, for how much, how far it is and how it came to that.

use atalaya_renew::{Act, Did, Plan, Stage};

use super::super::frame::Frame;
use super::super::part::{Mark, State, When};

pub(super) struct Card {
    pub(super) id: u64,
    pub(super) what: String,
    pub(super) provider: String,
    /// Empty where the provider says none.
    pub(super) price: String,
    /// On the button that approves it.
    pub(super) spend: String,
    /// When it ended as it was planned, and when it would end then.
    pub(super) expires: Option<When>,
    pub(super) would_end: Option<When>,
    /// Until when it is to be decided, or carried out.
    pub(super) until: Option<When>,
    pub(super) state: State,
    pub(super) is_proposed: bool,
    /// It was approved, and not sent yet.
    pub(super) is_approved: bool,
    pub(super) is_unsettled: bool,
    pub(super) history: Vec<(Option<When>, String)>,
}

impl Card {
    pub(super) fn new(frame: &Frame, plan: &Plan) -> Self {
        let (mark, key) = stage(&plan.stage);
        let price = plan.price.map_or_else(String::new, |price| price.to_string());
        let spend = match price.as_str() {
            "" => frame.t("plan.approve").to_owned(),
            price => frame.fill("plan.approve.spend", &[("price", price)]),
        };
        Self {
            id: plan.id.0,
            what: what(frame, plan),
            provider: plan.provider.clone(),
            price,
            spend,
            expires: frame.when(plan.expires),
            would_end: plan.would_end().and_then(|at| frame.when(at)),
            until: plan.until().and_then(|at| frame.when(at)),
            state: frame.state_as(mark, key),
            is_proposed: matches!(plan.stage, Stage::Proposed { .. }),
            is_approved: matches!(plan.stage, Stage::Approved { .. }),
            is_unsettled: matches!(plan.stage, Stage::Unsettled { .. }),
            history: plan.history.iter().map(|line| (frame.when(line.at), said(frame, &line.what))).collect(),
        }
    }
}

/// A line of its history. What an older version said in other words stays as it is.
fn said(frame: &Frame, line: &str) -> String {
    Did::of(line).map_or_else(|| line.to_owned(), |(did, rest)| frame.fill(key(did), &[("rest", rest)]))
}

const fn key(did: Did) -> &'static str {
    match did {
        Did::Due => "did.due",
        Did::Proposed => "did.proposed",
        Did::Approved => "did.approved",
        Did::Rejected => "did.rejected",
        Did::Undecided => "did.undecided",
        Did::Late => "did.late",
        Did::NoPrice => "did.no_price",
        Did::Stopped => "did.stopped",
        Did::Rehearsed => "did.rehearsed",
        Did::Sending => "did.sending",
        Did::Taken => "did.taken",
        Did::NotTaken => "did.not_taken",
        Did::Unclear => "did.unclear",
        Did::Shows => "did.shows",
        Did::Unsettled => "did.unsettled",
        Did::SaidDone => "did.said_done",
        Did::SaidNotDone => "did.said_not_done",
        Did::Copy => "did.copy",
    }
}

fn what(frame: &Frame, plan: &Plan) -> String {
    let name = plan.key.name.as_str();
    match plan.act {
        Act::Renew { years } => {
            let years = frame.count("plan.years", usize::from(years));
            frame.fill("plan.renew", &[("name", name), ("years", &years)])
        }
        Act::AutoRenew => frame.fill("plan.auto_renew", &[("name", name)]),
    }
}

const fn stage(stage: &Stage) -> (Mark, &'static str) {
    match stage {
        Stage::Proposed { .. } => (Mark::Medium, "plan.proposed"),
        Stage::Approved { .. } => (Mark::Low, "plan.approved"),
        Stage::Sending { .. } => (Mark::Low, "plan.sending"),
        Stage::Looking { .. } => (Mark::Low, "plan.looking"),
        Stage::Unsettled { .. } => (Mark::Critical, "plan.unsettled"),
        Stage::Done { .. } => (Mark::Ok, "plan.done"),
        Stage::Rejected { .. } => (Mark::Off, "plan.rejected"),
        Stage::Lapsed => (Mark::Off, "plan.lapsed"),
        Stage::Stopped { .. } => (Mark::High, "plan.stopped"),
        Stage::Rehearsed => (Mark::Off, "plan.rehearsed"),
    }
}
