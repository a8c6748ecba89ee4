//! A message that says it is a test, sent at once beside what waits, because somebody asked.

use std::time::Duration;

use atalaya_alert::{Severity, Wall};
use atalaya_notify::Outcome;
use atalaya_notify::words::Origin;
use tokio::time::timeout;

use super::channels::ways;
use super::mqtt::Mqtt;
use crate::db::Row;
use crate::error::{Error, Kind, Result};
use crate::program::Shared;
use crate::tower::Who;

/// Whoever waits for a page waits no longer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(12);

/// Sends it through a channel of the configuration, after a line of the audit says who wanted that. Where it gets through, a
/// channel that failed rests no longer.
///
/// # Errors
///
/// [`Kind::Missing`], or what the database says; what the service says is the outcome.
pub async fn test(shared: &Shared, by: &Who, name: &str, severity: Severity) -> Result<Outcome> {
    let way = ways(&shared.config, &Mqtt::of(shared)).remove(name);
    let way = way.ok_or_else(|| Error::new(Kind::Missing, format!("there is no channel {name:?}")))?;
    let now = Wall(shared.clock.now().seconds());
    shared.desk.write(vec![Row::Audit(by.did(now.0, "channel.test", name, ""))]).await?;
    let url = shared.config.web.url.as_deref().unwrap_or_default();
    let message =
        way.reader.test(&format!("test-{name}-{}", now.0), name, severity, Origin { url, customer: "", at: now });
    let late = |_| Outcome::Later { why: format!("no answer within {} s", ANSWER_TIME_MAX.as_secs()), after: None };
    let outcome = timeout(ANSWER_TIME_MAX, way.send(message, now)).await.unwrap_or_else(late);
    if matches!(outcome, Outcome::Done(_)) {
        let_go(shared, name);
    }
    Ok(outcome)
}

/// A channel was seen to work elsewhere: it rests no longer, and what waits for it goes out.
///
/// # Errors
///
/// [`Kind::Missing`], or what the database says.
pub async fn works(shared: &Shared, by: &Who, name: &str) -> Result<()> {
    if !shared.config.alerts.channels.iter().any(|channel| channel.settings.common.name == name) {
        return Err(Error::new(Kind::Missing, format!("there is no channel {name:?}")));
    }
    let now = shared.clock.now().seconds();
    shared.desk.write(vec![Row::Audit(by.did(now, "channel.works", name, ""))]).await?;
    let_go(shared, name);
    Ok(())
}

fn let_go(shared: &Shared, name: &str) {
    shared.channels.works(name);
    shared.notify.notify_one();
}
