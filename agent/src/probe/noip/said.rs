//! What all that means.

use jiff::SignedDuration;

use super::clients::{Client, Found};
use super::trace::Trace;
use crate::probe::Moment;

/// The state as the view has it, and what is wrong.
pub(super) fn verdict(found: &Found, trace: &Trace, at: Moment) -> (&'static str, Option<String>) {
    let name = found.client.name();
    if !found.running {
        return ("stopped", Some(format!("{name} is installed but does not run; start it")));
    }
    if let Some(failure) = &trace.failure {
        let why = &failure.why;
        return match (failure.lasting, found.client) {
            (true, Client::Duc) => {
                ("asleep", Some(format!("{name} sleeps after: {why}; correct its configuration and restart it")))
            }
            (true, _) => ("latched", Some(format!("{name} fails until its configuration is corrected: {why}"))),
            (false, _) => ("failing", Some(format!("the last update failed: {why}"))),
        };
    }
    if trace.asleep_until.is_some_and(|until| until > at.wall) {
        return ("asleep", Some(format!("{name} said that it does nothing for days; see its log, then restart it")));
    }
    if let Some(why) = &trace.unread {
        return ("unknown", Some(why.clone()));
    }
    let Some(succeeded) = trace.succeeded_at else {
        return ("unknown", Some(format!("{name} runs, but left no trace of an update")));
    };
    let age = at.wall.duration_since(succeeded);
    match found.client.forced_every_days() {
        // A day of grace: it may have been switched off when the update was due.
        Some(days) if age > SignedDuration::from_hours(24 * (days + 1)) => (
            "failing",
            Some(format!("no update for {} days, though {name} makes one every {days}", age.as_hours() / 24)),
        ),
        _ => ("ok", None),
    }
}
