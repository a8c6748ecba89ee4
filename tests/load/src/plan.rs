//! What happens one after another: everybody comes, time passes, disks fail, connections are cut, everybody is waited for.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rumqttc::TlsConfiguration;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::args::Args;
use crate::figures::Spread;
use crate::gauge::Gauge;
use crate::report::{Quiet, Report};
use crate::shared::{Orders, Shared, Terms};
use crate::{ears, line};

/// How often is looked at what is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// After a part that makes noise.
const REST: Duration = Duration::from_secs(5);

/// Plays all of it.
///
/// # Errors
///
/// If what has to come before the rest does not.
pub(crate) async fn run(args: &Args) -> Result<Report, String> {
    let began = Orders { cuts: 0, failing: 0, quiet: false, making: true, stop: false };
    let (tell, orders) = watch::channel(began);
    let shared = Rc::new(Shared::new(terms(args)?, orders));
    let topic = format!("{}/{}/event/alert", args.prefix, args.sidecar);
    tokio::task::spawn_local(ears::listen(Rc::clone(&shared), topic));
    let lines: Vec<_> =
        (0..args.nodes).map(|number| tokio::task::spawn_local(line::keep_up(number, Rc::clone(&shared)))).collect();
    let plan = Plan { args, shared, tell };
    let mut report = Report { nodes: args.nodes, interval_seconds: args.interval, ..Report::default() };
    report.came_seconds = plan.all_settle(Duration::ZERO).await.most;
    if !plan.shared.all(|standing| standing.connections > 0) {
        return Err(format!("not every node could connect to {}", args.broker));
    }
    plan.tell.send_modify(|orders| orders.quiet = true);
    sleep(Duration::from_secs_f64(args.settle)).await;
    report.quiet = plan.quiet().await;
    if args.alerts > 0 {
        report.alerts_raised = args.alerts.min(args.nodes) as usize;
        report.alerts = plan.alerts().await;
    }
    for _ in 0..args.cut {
        sleep(REST).await;
        report.cuts.push(plan.cut().await);
    }
    plan.tell.send_modify(|orders| orders.making = false);
    sleep(REST).await;
    plan.until(|| plan.shared.all(|one| one.ledger.records_acknowledged == one.ledger.records_made)).await;
    report.at_end = args.pid.and_then(Gauge::read);
    plan.tell.send_modify(|orders| orders.stop = true);
    for line in lines {
        let _ = line.await;
    }
    report.frame_bytes = plan.shared.frame_bytes.get();
    let standings = plan.shared.standings.borrow();
    report.connections = standings.iter().map(|one| one.connections).sum();
    report.tries_lost = standings.iter().map(|one| one.lost).sum();
    report.ledgers = standings.iter().map(|one| one.ledger.clone()).collect();
    Ok(report)
}

fn terms(args: &Args) -> Result<Terms, String> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let tls = args.ca.as_deref().map(|ca| atalaya_base::tls::client(Some(ca), None)).transpose()?;
    Ok(Terms {
        broker: args.broker,
        tls: tls.map(TlsConfiguration::Rustls),
        own_tls: own_tls(args)?,
        prefix: args.prefix.clone(),
        nodes: args.nodes,
        interval: Duration::from_secs_f64(args.interval.max(0.1)),
        record_every: Duration::from_secs_f64(args.record_every.max(0.1)),
        discovery: args.discovery,
        seed: since_1970.subsec_nanos().into(),
        began_millis: i64::try_from(since_1970.as_millis()).unwrap_or_default(),
    })
}

/// With the certificate of each node, where they have some.
fn own_tls(args: &Args) -> Result<Vec<TlsConfiguration>, String> {
    let Some(folder) = &args.certificates else { return Ok(Vec::new()) };
    let key = folder.join("key.pem");
    let one = |number| {
        let certificate = folder.join(format!("{}.pem", crate::node::name(number)));
        let config = atalaya_base::tls::client(args.ca.as_deref(), Some((&certificate, &key)))?;
        Ok(TlsConfiguration::Rustls(config))
    };
    (0..args.nodes).map(one).collect()
}

struct Plan<'a> {
    args: &'a Args,
    shared: Rc<Shared>,
    tell: watch::Sender<Orders>,
}

impl Plan<'_> {
    /// Waits for something; for as long as patience lasts.
    async fn until(&self, is: impl Fn() -> bool) {
        let end = self.shared.now() + Duration::from_secs_f64(self.args.patience);
        while !is() && self.shared.now() < end {
            sleep(LOOK).await;
        }
    }

    /// Until each node has had its acknowledgement; how long after `from` that was. Who has none is not counted.
    async fn all_settle(&self, from: Duration) -> Spread {
        self.until(|| self.shared.all(|standing| standing.settled.is_some())).await;
        let standings = self.shared.standings.borrow();
        Spread::of(standings.iter().filter_map(|standing| standing.settled).map(|at| at.saturating_sub(from)))
    }

    /// Nothing but frames, views as they change, and a record now and then.
    async fn quiet(&self) -> Quiet {
        let (from, before) = (self.shared.now(), self.args.pid.and_then(Gauge::read));
        let end = from + Duration::from_secs_f64(self.args.minutes * 60.0);
        let mut most = 0;
        while self.shared.now() < end {
            sleep(Duration::from_secs(1).min(end.saturating_sub(self.shared.now()))).await;
            most = most.max(self.args.pid.and_then(Gauge::read).map_or(0, |gauge| gauge.rss_bytes));
        }
        let seconds = (self.shared.now() - from).as_secs_f64();
        Quiet { seconds, before, after: self.args.pid.and_then(Gauge::read), rss_most_bytes: most }
    }

    /// Disks fail at once; how long each alert took from its frame.
    async fn alerts(&self) -> Spread {
        let count = self.args.alerts.min(self.args.nodes);
        self.tell.send_modify(|orders| orders.failing = count);
        self.until(|| self.shared.heard.borrow().len() >= count as usize).await;
        let (raised, heard) = (self.shared.raised.borrow(), self.shared.heard.borrow());
        let took = |(node, at): (&String, &Duration)| heard.get(node).map(|heard| heard.saturating_sub(*at));
        Spread::of(raised.iter().filter_map(took))
    }

    /// Everybody's connection ends at once.
    async fn cut(&self) -> Spread {
        self.shared.standings.borrow_mut().iter_mut().for_each(|standing| standing.settled = None);
        let at = self.shared.now();
        self.tell.send_modify(|orders| orders.cuts += 1);
        self.all_settle(at).await
    }
}
