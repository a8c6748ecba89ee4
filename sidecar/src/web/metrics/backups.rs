//! What runs of jobs came to, counted from the database: a restart resets nothing. Told of jobs that there are: those that a
//! node says it has, as long as it is heard.

use std::collections::BTreeSet;

use atalaya_wire::Sample;

use super::families::{Families, Labels};
use super::fleet;
use crate::db::read::figures::{self, Counted};
use crate::error::Result;
use crate::people::Customers;
use crate::web::App;
use crate::web::view::View;

/// The share of good runs is of this time.
const RATE_SECONDS: i64 = 30 * 86_400;
/// Tasks that stand behind a dot in the name of what ran; a job's own name has none.
const TASKS: [&str; 4] = ["check", "forget", "prune", "copy"];

/// Jobs and tasks by node.
pub(super) type Jobs = BTreeSet<(String, String)>;

pub(super) async fn gather(app: &App, whose: &Customers, now: i64, families: &mut Families) -> Result<()> {
    let jobs = app.look(whose, |view| jobs(view, now));
    let wanted = whose.clone();
    let all = app.shared.readers.with(move |connection| figures::runs(connection, &wanted, now - RATE_SECONDS)).await?;
    all.into_iter().filter(|one| is_there(one, &jobs)).for_each(|one| add(one, families));
    Ok(())
}

pub(super) fn is_there(one: &Counted, jobs: &Jobs) -> bool {
    jobs.contains(&(one.node.clone(), one.job.clone()))
}

/// What nodes have that are heard: a job that left the configuration is no more among what its node says.
pub(super) fn jobs(view: &View<'_>, now: i64) -> Jobs {
    let mut jobs = Jobs::new();
    for node in fleet::members(view).filter(|node| fleet::is_fresh(node, now)) {
        let known = node.objects.iter().filter(|((kind, _), _)| matches!(*kind, "backup" | "upkeep"));
        for job in known.filter_map(|(_, latest)| name_of(&latest.sample()?)) {
            jobs.insert((node.row.name.clone(), job));
        }
    }
    jobs
}

/// As its runs are called.
fn name_of(sample: &Sample) -> Option<String> {
    match sample {
        Sample::Backup(backup) => backup.job.as_deref().map(str::to_owned),
        Sample::Upkeep(upkeep) => Some(format!("{}.{}", upkeep.name.as_deref()?, upkeep.task.as_deref()?)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn add(one: Counted, families: &mut Families) {
    let type_of = type_of(&one.job);
    let job: Labels =
        vec![("customer", one.customer), ("node", one.node), ("job", one.job), ("type", type_of.to_owned())];
    if let Some(status) = one.result {
        let mut labels = job;
        labels.push(("status", status));
        families.count("backup", "Runs that ended", labels.clone(), one.count as f64);
        if let Some(seconds) = one.seconds {
            let help = "How long the last run took that ended so";
            families.gauge("backup_duration_seconds", help, labels, seconds as f64);
        }
        return;
    }
    if one.count > 0 {
        let help = "Share of the runs of the last 30 days that ended well, with warnings or without; 0 to 1";
        families.gauge("backup_success_rate", help, job.clone(), one.good as f64 / one.count as f64);
    }
    if let Some(bytes) = one.bytes {
        families.gauge("backup_size_bytes", "Size of everything that the last good run saw", job, bytes);
    }
}

/// What a run of this name does.
fn type_of(job: &str) -> &'static str {
    // Behind a copy stands the name of its target.
    let kind = |task: &str| task.split('-').next().map(str::to_owned);
    let kind = job.rsplit_once('.').and_then(|(_, task)| kind(task));
    let task = kind.and_then(|kind| TASKS.into_iter().find(|known| *known == kind));
    task.unwrap_or("backup")
}

#[cfg(test)]
mod tests {
    use super::type_of;

    #[test]
    fn runs_are_told_apart_by_what_they_do() {
        let all =
            ["photos", "photos.check", "nas.forget", "nas.prune", "nas.copy-usb2", "nas.later", "check"].map(type_of);
        assert_eq!(all, ["backup", "check", "forget", "prune", "copy", "backup", "backup"]);
    }
}
