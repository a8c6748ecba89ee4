//! Services of OpenWrt's procd, through `ubus`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::Verdict;
use crate::probe::runner::Runner;
use crate::probe::{Fault, Result, Site};

const DEADLINE: Duration = Duration::from_secs(5);
/// ubus' exit code where the bus lets somebody else ask, but not us.
const PERMISSION_DENIED: i32 = 6;

/// All services, by name.
pub(super) type All = BTreeMap<String, Service>;

/// What `ubus call service list` tells of one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Service {
    #[serde(default)]
    instances: BTreeMap<String, Instance>,
}

#[derive(Debug, Deserialize)]
struct Instance {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    exit_code: Option<i64>,
}

pub(super) fn ask(site: &Site, runner: &mut Runner) -> Result<All> {
    let output = runner.ask(site, "ubus", &["call", "service", "list"], DEADLINE)?;
    match output.code {
        Some(0) => {
            serde_json::from_str(&output.text).map_err(|_| Fault::Failed("ubus told no list of services".into()))
        }
        Some(PERMISSION_DENIED) => {
            let file = "/usr/share/acl.d/atalaya.json";
            Err(Fault::Denied(format!(
                "may not ask procd: needs {file}, which lets the agent's user call service list"
            )))
        }
        _ => Err(Fault::Failed("ubus does not reach procd".into())),
    }
}

pub(super) fn one(all: &Result<All>, name: &str) -> Verdict {
    let service = match all {
        Ok(all) => all.get(name),
        Err(fault) => return Verdict::unknown(fault),
    };
    let Some(service) = service else { return Verdict::down("procd knows no such service; it was not started") };
    let count = service.instances.len();
    let running = service.instances.values().filter(|instance| instance.running).count();
    let code = service.instances.values().find_map(|instance| instance.exit_code.filter(|_| !instance.running));
    let up = running == count && count > 0;
    let problem = (!up).then(|| match (count, code) {
        (0, _) => "it has nothing that runs".to_owned(),
        (_, Some(code)) => format!("{} of {count} do not run; the last ended with exit code {code}", count - running),
        _ => format!("{} of {count} do not run", count - running),
    });
    Verdict { up: Some(up), state: Some(format!("{running} of {count} running")), problem, ..Verdict::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Output;

    #[test]
    fn each_service_is_told() {
        let list = include_str!("../../../tests/fixtures/probe/services/procd-list.json");
        let mut runner = Runner::saying(move |_, _| Ok(list.into()));
        let all = ask(&Site::below("/nowhere"), &mut runner);
        for (name, up, state) in [
            ("dnsmasq", true, Some("1 of 1 running")),
            ("samba4", false, Some("1 of 2 running")),
            ("done", false, Some("0 of 0 running")),
            ("nobody", false, None),
        ] {
            let verdict = one(&all, name);
            assert_eq!((verdict.up, verdict.state.as_deref()), (Some(up), state), "{name}");
            assert_eq!(verdict.problem.is_none(), up);
        }
    }

    #[test]
    fn not_being_let_is_told_apart() {
        for (code, text, state) in [(6, "", "denied"), (4, "", "failed"), (0, "[1]", "failed"), (0, "{", "failed")] {
            let mut runner =
                Runner::Fake(Box::new(move |_, _: &[&str]| Ok(Output { code: Some(code), text: text.into() })));
            let all = ask(&Site::below("/nowhere"), &mut runner);
            assert_eq!(all.as_ref().unwrap_err().state(), state);
            assert_eq!(one(&all, "dnsmasq").up, None);
        }
    }
}
