//! `probe`: one reading, for people, for programs, or for the daemon.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::text::shown;
use atalaya_wire::view::Value;
use atalaya_wire::{ObjectId, Sample};
use jiff::Timestamp;

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::output::Output;
use crate::config::Config;
use crate::probe::web::ROOTS;
use crate::probe::{Fault, Moment, Probe, Site, apart, dns};

const EXAMPLES: &str = "Examples:
  atalaya-agent probe
  atalaya-agent probe disks --json";

/// Of an address: what fits into a pipe.
const URL_BYTES_MAX: u64 = 4096;

/// Look at this machine once, as the daemon does
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Probe to ask; all of them without a name
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Configuration; without one everything is as it is by itself
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Write what the daemon reads
    #[arg(long, hide = true)]
    parts: bool,

    /// Write what the page says whose address is on standard input
    #[arg(long, hide = true)]
    page: bool,
}

type Samples = Vec<(ObjectId, Sample)>;

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.page {
        return page(context);
    }
    let usage = |why| Failure::new(Exit::Usage, why);
    let config = args.config.as_ref().map_or_else(Config::empty, |path| Config::load(path)).map_err(usage)?;
    let mut probes = crate::watch::all_probes(&config).map_err(usage)?;
    if let Some(name) = &args.name {
        let known: Vec<&str> = probes.iter().map(|probe| probe.name()).collect();
        let known = known.join(", ");
        probes.retain(|probe| probe.name() == name);
        if probes.is_empty() {
            return Err(usage(format!("there is no probe {name:?}; there are {known}")));
        }
    }
    let mut out = context.output();
    let mut failed = false;
    for probe in &mut probes {
        if args.parts {
            parts(&mut out, &mut **probe)?;
            continue;
        }
        probe.only_look();
        let mut samples = Samples::new();
        let result = read(&mut **probe, &mut |id, sample| samples.push((id, sample)));
        let left_out = crate::probe::left_out(probe.left_out(), probe.chosen_by());
        failed |= matches!(result, Err(Fault::Failed(_)));
        tell(&mut out, probe.name(), &samples, &result, left_out.as_deref())?;
    }
    out.finish()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Each sample goes out at once: whoever is killed at its deadline has told what it saw before.
fn parts(out: &mut Output, probe: &mut dyn Probe) -> Result<()> {
    let mut written = Ok(());
    let result = read(probe, &mut |id, sample| {
        if let (Ok(()), Some(line)) = (&written, apart::line(&id, &sample)) {
            written = out.line(line).and_then(|()| out.flush());
        }
    });
    written?;
    out.line(apart::end(&result))
}

/// Gets a page for the daemon, which has not the memory for TLS.
fn page(context: &Context) -> Result<Exit> {
    let mut url = String::new();
    let read = std::io::stdin().take(URL_BYTES_MAX).read_to_string(&mut url);
    read.map_err(|err| Failure::usage(format!("cannot read an address from standard input: {err}")))?;
    let page = dns::page(url.trim(), std::path::Path::new(ROOTS));
    let mut out = context.output();
    out.line(dns::line(&page).trim_end())?;
    out.finish()?;
    Ok(Exit::Done)
}

fn read(probe: &mut dyn Probe, take: &mut dyn FnMut(ObjectId, Sample)) -> crate::probe::Result<()> {
    let boot = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
    let at = Moment { boot, wall: Timestamp::now() };
    probe.read(&Site::default(), at, take)
}

fn tell(
    out: &mut Output,
    name: &str,
    samples: &Samples,
    result: &crate::probe::Result<()>,
    left_out: Option<&str>,
) -> Result<()> {
    if out.json {
        let views: Vec<_> = samples.iter().map(|(id, sample)| view(id, sample)).collect();
        let state = result.as_ref().map_or_else(Fault::state, |()| "ok");
        let problem = result.as_ref().err().map(ToString::to_string).or_else(|| left_out.map(str::to_owned));
        return out.json(&serde_json::json!({ "probe": name, "state": state, "problem": problem, "views": views }));
    }
    match result {
        Ok(()) => match left_out {
            Some(why) => out.line(format_args!("{name}: {why}"))?,
            None => out.line(format_args!("{name}"))?,
        },
        Err(fault) => out.line(format_args!("{name}: {}: {}", fault.state(), shown(fault.to_string().as_bytes())))?,
    }
    for (id, sample) in samples {
        out.line(format_args!("  {} {}", sample.name(), id.as_str()))?;
        for (at, field) in sample.fields().iter().enumerate() {
            match sample.value(at) {
                Value::Unknown => {}
                Value::Number(x) => out.line(format_args!("    {:<28} {x}", field.key))?,
                Value::Whole(x) => out.line(format_args!("    {:<28} {x}", field.key))?,
                Value::Signed(x) => out.line(format_args!("    {:<28} {x}", field.key))?,
                Value::Flag(x) => out.line(format_args!("    {:<28} {}", field.key, if x { "yes" } else { "no" }))?,
                Value::Text(x) => out.line(format_args!("    {:<28} {}", field.key, shown(x.as_bytes())))?,
            }
        }
    }
    Ok(())
}

fn view(id: &ObjectId, sample: &Sample) -> serde_json::Value {
    let json = sample.json(Timestamp::now().as_second(), 1);
    let values: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    serde_json::json!({ "view": sample.name(), "id": id.as_str(), "values": values })
}
