//! Sends a test message to each channel of a TOML file, and prints what came of it: `send channels.toml`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use atalaya_alert::{Severity, Wall};
use atalaya_notify::words::{Language, Origin};
use atalaya_notify::{ChannelSettings, Outcome};
use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    channel: Vec<ChannelSettings>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Whether all got through.
fn run() -> Result<bool, String> {
    let path = std::env::args_os().nth(1).ok_or("usage: send channels.toml")?;
    let text = std::fs::read_to_string(&path).map_err(|err| format!("cannot read {}: {err}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|err| err.to_string())?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|err| err.to_string())?.as_secs();
    let now = Wall(i64::try_from(seconds).map_err(|err| err.to_string())?);
    let mut all = true;
    for settings in file.channel {
        let name = settings.common.name.clone();
        let origin = Origin { url: "https://tower.example.org", customer: "", at: now };
        let reader = settings.reader(Language::En, &TimeZone::UTC);
        let message = reader.test(&format!("test-{name}-{seconds}"), &name, Severity::Low, origin);
        let Some(channel) = settings.own.open() else { continue };
        let outcome = channel.send(&message, now);
        all &= matches!(outcome, Outcome::Done(_));
        println!("{name}: {outcome:?}");
    }
    Ok(all)
}
