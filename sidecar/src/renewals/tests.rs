//! The task around the planner: nothing is done that is not on the disk, and nothing that a provider does ends it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atalaya_provider::Zone;
use atalaya_renew::{
    Act, Bought, Ends, Found, Key, Kind, List, Looked, Money, Order, PlanId, Quote, Rank, Seller, State, Terms, Trouble,
};
use tokio::sync::watch;

use super::{Denied, Event, Market, Parts, Refused, Renewals, load, run};
use crate::clock::{Clock, Simulated};
use crate::db::{self, Audit, Writer};
use crate::error;

const NOW: i64 = 1_795_000_000;
const DAY: i64 = 86_400;

/// A registrar with a domain that is due; its answers to orders end the thread that asked.
#[derive(Default)]
struct Shop {
    bought: AtomicUsize,
}

impl Market for Shop {
    fn terms(&self) -> Terms {
        let seller = Seller { sells: atalaya_renew::Sells::ALL, ..Seller::new(Rank::Holder) };
        Terms {
            zone: jiff::tz::TimeZone::UTC,
            caps: vec![Money::parse("50 EUR").unwrap()],
            dry_run: false,
            every: 6 * 3_600,
            providers: BTreeMap::from([("shop".to_owned(), seller)]),
        }
    }

    fn about(&self) -> Vec<super::About> {
        Vec::new()
    }

    fn list(&self, _: &str, _: i64) -> Result<List, Trouble> {
        Ok(vec![Found::new(Kind::Domain, "a.example", Ends::At(NOW + 50 * DAY))].into())
    }

    fn quote(&self, _: &str, _: &str, act: Act) -> Result<Quote, Trouble> {
        let price = Some(Money::parse("20 EUR").unwrap());
        Ok(Quote { act, price, expires: NOW + 50 * DAY, auto_renew: false })
    }

    fn buy(&self, _: &str, _: &Order, _: i64) -> Bought {
        self.bought.fetch_add(1, Ordering::SeqCst);
        panic!("an answer that nobody thought of")
    }

    fn look(&self, _: &str, _: &Order) -> Result<Looked, Trouble> {
        Ok(Looked { expires: NOW + 50 * DAY, auto_renew: false, under_way: None, failed: None })
    }

    fn zone(&self, _: &str, _: &mut dyn FnMut(&dyn Zone) -> Result<(), Trouble>) -> Result<(), Trouble> {
        Err(Trouble::SetUp("none".into()))
    }
}

struct Bench {
    renewals: Renewals,
    shop: Arc<Shop>,
    folder: tempfile::TempDir,
    writer: Option<Writer>,
    _market: watch::Sender<Arc<dyn Market>>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Simulated::at(NOW));
        let database = db::open(folder.path(), NOW).unwrap();
        let writer = Writer::start(database, Arc::clone(&clock), Vec::new(), |_| {}).unwrap();
        let shop = Arc::new(Shop::default());
        let market = watch::Sender::new(Arc::clone(&shop) as Arc<dyn Market>);
        let (renewals, heard) = Renewals::new(&State::default(), market.subscribe());
        tokio::spawn(run(Parts {
            state: State::default(),
            heard,
            market: market.subscribe(),
            desk: writer.desk(),
            clock,
        }));
        Self { renewals, shop, folder, writer: Some(writer), _market: market }
    }

    async fn until(&self, stage: &str) -> PlanId {
        for _ in 0..3_000 {
            if let Some(plan) = self.renewals.seen().plans.values().find(|plan| plan.stage.word() == stage) {
                return plan.id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no plan is {stage}: {:?}", self.renewals.seen().plans)
    }

    async fn approve(&self, plan: PlanId) -> Result<(), Denied> {
        let event = Event::Approve { plan, who: "ana".into() };
        self.renewals.act(event, Audit { at: NOW, who: "ana".into(), ..Audit::default() }).await
    }

    /// What is on the disk.
    fn kept(mut self) -> State {
        self.writer.take().unwrap().stop();
        let database = db::open(self.folder.path(), NOW).unwrap();
        load(db::renewals(&database.connection).unwrap()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_answer_breaks_us_counts_as_sent() {
    let bench = Bench::new();
    let plan = bench.until("proposed").await;
    bench.approve(plan).await.unwrap();
    assert_eq!(bench.until("looking").await, plan);
    assert!(matches!(bench.approve(plan).await, Err(Denied::Refused(Refused::Decided("looking")))));
    assert_eq!(bench.shop.bought.load(Ordering::SeqCst), 1);
    let kept = bench.kept();
    assert_eq!(kept.plans[&plan].stage.word(), "looking");
    assert_eq!(kept.items[&Key::new(Kind::Domain, "a.example")].seen.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_did_not_happen() {
    let mut bench = Bench::new();
    let plan = bench.until("proposed").await;
    bench.writer.take().unwrap().stop();
    assert!(matches!(bench.approve(plan).await, Err(Denied::Failed(_))));
    assert_eq!(bench.until("proposed").await, plan);
    assert_eq!(bench.shop.bought.load(Ordering::SeqCst), 0);
}

#[test]
fn a_part_that_cannot_be_read_is_damage_and_not_a_guess() {
    for row in [(3, "1", "{"), (9, "", "{}"), (2, "domain a", "[]")] {
        let why = load(vec![(row.0, row.1.to_owned(), row.2.to_owned())]).unwrap_err();
        assert_eq!(why.kind, error::Kind::Damaged, "{row:?}");
        assert!(why.text.contains("bring back a copy of sidecar.db") && !why.text.contains("line 1"), "{why}");
    }
    assert_eq!(load(Vec::new()).unwrap(), State::default());
}
