//! Everything around the planner: a clock, a disk, a shop, and an end at any action.

use std::collections::{BTreeMap, VecDeque};

use atalaya_renew::{
    Action, Ask, Event, Head, Item, Key, Kind, Money, Part, Plan, PlanId, Provider, Rank, Refused, Seller, Sells,
    Stage, State, Tell, Terms, step,
};
use jiff::tz::TimeZone;

use crate::shop::Shop;

pub(crate) const DAY: i64 = 86_400;
pub(crate) const YEAR: i64 = 365 * DAY;
/// 2026-01-15.
pub(crate) const START: i64 = 1_768_435_200;

/// What is on the disk: text, as it is kept.
#[derive(Clone, Default)]
struct Disk {
    head: Option<String>,
    items: BTreeMap<Key, String>,
    plans: BTreeMap<PlanId, String>,
    providers: BTreeMap<String, String>,
}

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) terms: Terms,
    pub(crate) now: i64,
    pub(crate) shop: Shop,
    pub(crate) told: Vec<Tell>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) steps: usize,
    asks: VecDeque<Ask>,
    disk: Disk,
    /// Ends the program at this action, or this half of one that asks somebody.
    pub(crate) crash_at: Option<usize>,
    pub(crate) acted: usize,
    pub(crate) crashes: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        let seller = Seller { sells: Sells::ALL, ..Seller::new(Rank::Holder) };
        let terms = Terms {
            zone: TimeZone::UTC,
            caps: vec![Money::parse("100 EUR").unwrap()],
            dry_run: false,
            every: 6 * 3_600,
            providers: BTreeMap::from([("shop".to_owned(), seller)]),
        };
        Self {
            state: State::default(),
            terms,
            now: START,
            shop: Shop::new(),
            told: Vec::new(),
            refused: Vec::new(),
            steps: 0,
            asks: VecDeque::new(),
            disk: Disk::default(),
            crash_at: None,
            acted: 0,
            crashes: 0,
        }
    }

    /// Lets an event happen and everything that follows from it at once.
    pub(crate) fn feed(&mut self, event: Event) {
        self.take(event);
        while let Some(ask) = self.asks.pop_front() {
            if self.ends_here() {
                break;
            }
            let Some(answer) = self.answer(ask) else { continue };
            if self.ends_here() {
                break;
            }
            self.take(answer);
        }
    }

    fn take(&mut self, event: Event) {
        self.steps += 1;
        for action in step(&mut self.state, &self.terms, event, self.now) {
            if self.ends_here() {
                return;
            }
            match action {
                Action::Save(part) => self.save(&part),
                Action::Ask(ask) => self.asks.push_back(ask),
                Action::Tell(tell) => self.told.push(tell),
                Action::Refused(why) => self.refused.push(why),
            }
        }
    }

    fn ends_here(&mut self) -> bool {
        self.acted += 1;
        let ends = self.crash_at == Some(self.acted);
        if ends {
            self.restart();
        }
        ends
    }

    /// Only what was saved is left.
    pub(crate) fn restart(&mut self) {
        self.crashes += 1;
        self.asks.clear();
        let read = |text: &String| serde_json::from_str::<Item>(text).unwrap();
        let items = self.disk.items.values().map(read).collect();
        let plans = self.disk.plans.values().map(|text| serde_json::from_str::<Plan>(text).unwrap()).collect();
        let providers = self.disk.providers.iter();
        let providers = providers.map(|(name, text)| (name.clone(), serde_json::from_str::<Provider>(text).unwrap()));
        let head = self.disk.head.as_ref().map_or_else(Head::default, |text| serde_json::from_str(text).unwrap());
        self.state = State::restart(head, items, plans, providers.collect());
    }

    fn save(&mut self, part: &Part) {
        fn put<K: Ord + Clone, V: serde::Serialize>(disk: &mut BTreeMap<K, String>, key: &K, value: Option<&V>) {
            match value {
                Some(value) => disk.insert(key.clone(), serde_json::to_string(value).unwrap()),
                None => disk.remove(key),
            };
        }
        match part {
            Part::Head => self.disk.head = Some(serde_json::to_string(&self.state.head).unwrap()),
            Part::Item(key) => put(&mut self.disk.items, key, self.state.items.get(key)),
            Part::Plan(id) => put(&mut self.disk.plans, id, self.state.plans.get(id)),
            Part::Provider(name) => put(&mut self.disk.providers, name, self.state.providers.get(name)),
        }
    }

    fn answer(&mut self, ask: Ask) -> Option<Event> {
        Some(match ask {
            Ask::List(name) => {
                let found = self.shop.list();
                Event::Listed(name, found.map(Into::into))
            }
            Ask::Quote(want) => {
                let quote = self.shop.quote(&want.key.name, want.act);
                Event::Quoted { want, quote }
            }
            Ask::Price(id, plan) => Event::Priced(id, self.shop.quote(&plan.key.name, plan.act)),
            Ask::Buy(id, _, order) => {
                let kept: Plan = serde_json::from_str(&self.disk.plans[&id]).unwrap();
                assert!(matches!(kept.stage, Stage::Sending { .. }), "sent before it was written down: {kept:?}");
                Event::Bought(id, self.shop.buy(&order))
            }
            Ask::Look(id, _, order) => Event::Looked(id, self.shop.look(&order)),
        })
    }

    /// Lets time pass, with a tick every so many seconds.
    pub(crate) fn pass(&mut self, seconds: i64, tick: i64) {
        let end = self.now + seconds;
        while self.now < end {
            self.now += tick.min(end - self.now);
            self.feed(Event::Tick);
        }
    }

    pub(crate) fn days(&mut self, days: i64) {
        self.pass(days * DAY, 3_600);
    }

    pub(crate) fn approve(&mut self, plan: PlanId, who: &str) {
        self.feed(Event::Approve { plan, who: who.into() });
    }

    pub(crate) fn key(name: &str) -> Key {
        Key::new(Kind::Domain, name)
    }

    /// The only plan for a domain that is still open.
    pub(crate) fn open(&self, name: &str) -> Option<Plan> {
        self.state.open_plan(&Self::key(name)).cloned()
    }

    pub(crate) fn stage(&self, plan: PlanId) -> &'static str {
        self.state.plans[&plan].stage.word()
    }

    /// A domain that is due, with its plan proposed.
    pub(crate) fn due() -> (Self, PlanId) {
        let mut world = Self::new();
        world.shop.has("a.example", START + 50 * DAY);
        // Once for what there is, once for what is to be done about it.
        world.pass(120, 60);
        let plan = world.open("a.example").expect("it is due").id;
        (world, plan)
    }
}
