//! `run`: the tower itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use atalaya_base::signals::{Signals, outlive_hangup};
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Exit, Failure, Result};
use crate::clock::System;
use crate::config::{Config, is_loopback};
use crate::limits::{AGAIN_EVERY, STOP_TIME_MAX};
use crate::program::{self, Running};

/// Between two looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);
/// Between two signs of life for systemd while it begins again.
const FEED: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "Examples:
  atalaya-sidecar run
  atalaya-sidecar run --config /etc/atalaya/sidecar.toml";

/// Gather, remember, alert and show, until it is told to stop
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Configuration; without it /etc/atalaya/sidecar.toml if that is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep everything in this folder
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Show pages here, on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Let nodes connect here, on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    broker_listen: Option<SocketAddr>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let failed = |why| Failure::new(Exit::Failed, why);
    let hangup = outlive_hangup().map_err(failed)?;
    let config = configuration(args)?;
    let folder = match &args.state_dir {
        Some(dir) => dir.clone(),
        None => config.state.folder().map_err(|why| Failure::new(Exit::Usage, why))?,
    };
    atalaya_base::logs::start_without(&["mqtt5", "mqtt5_protocol"]);
    let signals = Signals::but_hangup().map_err(failed)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(2))
        .max_blocking_threads(8)
        .thread_stack_size(1 << 20)
        .enable_all()
        .build()
        .map_err(|err| Failure::new(Exit::Failed, format!("cannot start: {err}")))?;
    let served = runtime.block_on(serve(args, config, folder, &signals, &hangup));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

fn configuration(args: &Args) -> Result<Config> {
    let usage = |why| Failure::new(Exit::Usage, why);
    let mut config = Config::given(args.config.as_deref()).map_err(usage)?;
    for (address, to) in [(args.listen, &mut config.web.listen), (args.broker_listen, &mut config.broker.listen)] {
        let Some(address) = address else { continue };
        if !is_loopback(&address) {
            let why = format!("{address} can be reached by others; use listen_tls in the configuration for that");
            return Err(Failure::new(Exit::Usage, why));
        }
        *to = vec![address];
    }
    Ok(config)
}

async fn serve(args: &Args, config: Config, folder: PathBuf, signals: &Signals, hangup: &AtomicBool) -> Result<Exit> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let mut hangups = signal(SignalKind::hangup()).map_err(|err| Failure::new(Exit::Failed, err.to_string()))?;
    // Between reading the configuration and now.
    let early = hangup.load(Ordering::Relaxed);
    let mut running = program::start(config, folder, Arc::new(System::default())).await?;
    announce(&running).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    if early {
        reload(args, &mut running).await;
    }
    let mut broken = false;
    let mut again: Option<Instant> = None;
    while !broken {
        let turn = async {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                Some(()) = hangups.recv() => reload(args, &mut running).await,
            }
        };
        // Whatever a reload waits for, such as a disk that files are read from, does not keep it from ending.
        tokio::select! {
            () = told_to_stop(signals) => break,
            () = turn => broken = running.is_broken(),
        }
        // Not over and over where memory or disk make damage of what is sound: then it is told until somebody comes.
        if running.is_damaged() && again.is_none_or(|last| last.elapsed() >= AGAIN_EVERY) {
            again = Some(Instant::now());
            running = begin_again(running).await?;
        }
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping");
    if tokio::time::timeout(STOP_TIME_MAX, running.stop()).await.is_err() {
        return Err(Failure::new(Exit::Failed, "did not stop in time; what was acknowledged is on the disk"));
    }
    if broken {
        return Err(Failure::new(Exit::Failed, "a part of the program ended; the log says why"));
    }
    Ok(Exit::Done)
}

/// Ends everything and starts it anew, which sets a damaged database aside: nobody can be told by one that cannot be read.
async fn begin_again(running: Running) -> Result<Running> {
    tracing::error!("beginning again, to set the damaged database aside");
    let (config, folder) = (Arc::clone(&running.shared.config), running.shared.folder.clone());
    // Looking through a large one takes longer than systemd waits for a sign of life.
    let feeding = tokio::spawn(async {
        loop {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            tokio::time::sleep(FEED).await;
        }
    });
    if tokio::time::timeout(STOP_TIME_MAX, running.stop()).await.is_err() {
        return Err(Failure::new(
            Exit::Damaged,
            "the database is damaged, and not all of the program ended; start it again",
        ));
    }
    let started = program::start(config, folder, Arc::new(System::default())).await;
    feeding.abort();
    let running = started?;
    announce(&running).await;
    Ok(running)
}

async fn told_to_stop(signals: &Signals) {
    while signals.came().is_none() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Reads the configuration again; where something is wrong with it, the old one stays.
async fn reload(args: &Args, running: &mut Running) {
    let taken = match configuration(args) {
        Ok(config) => {
            config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
            running.reload(config).await.map_err(|err| err.text)
        }
        Err(failure) => Err(failure.text),
    };
    match taken {
        Ok(later) => {
            later.iter().for_each(|key| tracing::warn!(key, "counts from the next start"));
            tracing::info!("took over the configuration");
        }
        Err(why) => tracing::error!(why, "kept the old configuration"),
    }
}

/// Where everything is.
async fn announce(running: &Running) {
    let shown = |all: &[SocketAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let all = running.pages_at();
    let pages = all.iter().map(|base| format!("{base}/")).collect::<Vec<_>>().join(" ");
    let key = running.shared.identity.gate.command_key().public_hex();
    tracing::info!(pages = pages.as_str(), key, mqtt = shown(&running.mqtt), folder = %running.shared.folder.display(), "ready");
    // Good for an hour and once, and nothing of it is kept but a hash.
    let now = running.shared.clock.now();
    match running.shared.identity.people.first_link(now).await {
        Ok(Some(secret)) => {
            let base = all.last().map_or("", String::as_str);
            tracing::info!("nobody has an account yet; make the first one at {base}/first/{} within an hour", secret.0);
        }
        Ok(None) => {}
        Err(why) => tracing::warn!(%why, "no link for a first account could be made"),
    }
}
