//! How everything that expires stands, as readings of the tower itself: alerts of it are alerts like any other.

use atalaya_renew::{Item, Plan, State, left, problem, standing};
use atalaya_wire::ObjectId;

use super::nodes::is_told;
use super::records::Standing;

/// What the tower is told of one thing that expires.
#[derive(Clone, Debug, PartialEq)]
pub struct Renewal {
    /// In topics and alerts.
    pub id: String,
    /// For people.
    pub name: String,
    /// See [`atalaya_renew::Standing`].
    pub standing: &'static str,
    /// Seconds until it ends, and what share of its life that is in percent.
    pub left: Option<(i64, f64)>,
    /// Why nobody knows, what a mail asks for, what is wrong with it, or what failed the last time.
    pub problem: String,
}

/// What the tower is told of a plan that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub id: String,
    /// What is bought and for how much.
    pub name: String,
    /// How far it is.
    pub state: &'static str,
}

/// What the tower is told of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As in the configuration.
    pub name: String,
    /// `works`, or what is wrong.
    pub state: &'static str,
    /// Why.
    pub problem: String,
}

/// What the tower is told of a DNS record that follows a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedRecord {
    /// In topics and alerts.
    pub id: String,
    /// Its name, its type.
    pub name: String,
    /// See [`super::records::State`].
    pub state: &'static str,
    /// Why it is not well.
    pub problem: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// What expires.
    pub renewals: Vec<Renewal>,
    /// What waits to be approved, sent or seen.
    pub plans: Vec<Waiting>,
    /// Who is asked.
    pub providers: Vec<Asked>,
    /// Names that follow nodes.
    pub records: Vec<FollowedRecord>,
}

impl Readings {
    /// As things are at a time, in seconds since 1970.
    #[must_use]
    pub fn of(state: &State, records: &[Standing], now: i64) -> Self {
        let open = state.plans.values().filter(|plan| plan.is_open());
        let asked = state.providers.iter().map(|(name, provider)| Asked {
            name: name.clone(),
            state: provider.trouble.as_ref().map_or("works", |(why, _)| why.word()),
            problem: provider.trouble.as_ref().map_or_else(String::new, |(why, _)| why.to_string()),
        });
        Self {
            renewals: state.items.values().filter(|item| !is_told(item)).map(|item| renewal(item, now)).collect(),
            plans: open.map(waiting).collect(),
            providers: asked.collect(),
            records: records.iter().map(record).collect(),
        }
    }
}

/// The id of something in topics and alerts.
#[must_use]
pub fn id(item: &Item) -> String {
    ObjectId::of(&format!("{}_{}", item.key.kind.word(), item.key.name)).as_str().to_owned()
}

fn renewal(item: &Item, now: i64) -> Renewal {
    let life = item.life();
    Renewal {
        id: id(item),
        name: format!("{} {}", item.key.kind.word().replace('_', " "), item.key.name),
        standing: standing(item, now).word(),
        left: life.map(|life| (life.ends.saturating_sub(now), 100.0 * left(&life, now))),
        problem: problem(item).unwrap_or_default(),
    }
}

fn record(standing: &Standing) -> FollowedRecord {
    let name = standing.key();
    FollowedRecord {
        id: ObjectId::of(&name).as_str().to_owned(),
        name,
        state: standing.state.word(),
        problem: standing.problem.clone(),
    }
}

fn waiting(plan: &Plan) -> Waiting {
    let price = plan.price.map_or_else(String::new, |price| format!(", {price}"));
    Waiting { id: plan.id.to_string(), name: format!("{}{price}", plan.what()), state: plan.stage.word() }
}
