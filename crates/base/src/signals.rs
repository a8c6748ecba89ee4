//! SIGINT, SIGTERM and SIGHUP (a terminal that was closed) ask the running command to stop; the second one ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What the signals set.
#[derive(Debug)]
pub struct Signals {
    /// Set by the first signal.
    pub stop: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

/// From now on SIGHUP does not end a program that is to read its configuration again when one comes, and does not listen
/// yet. It is set by each.
///
/// # Errors
///
/// That it still would, and why.
pub fn outlive_hangup() -> Result<Arc<AtomicBool>, String> {
    let came = Arc::new(AtomicBool::new(false));
    match flag::register(SIGHUP, Arc::clone(&came)) {
        Ok(_) => Ok(came),
        Err(err) => Err(format!("cannot listen for signals: {err}")),
    }
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// That nobody can, and why.
    pub fn listen() -> Result<Self, String> {
        Self::of(&[SIGINT, SIGTERM, SIGHUP])
    }

    /// The same for what runs until it is stopped: SIGHUP means something else to it.
    ///
    /// # Errors
    ///
    /// That nobody can, and why.
    pub fn but_hangup() -> Result<Self, String> {
        Self::of(&[SIGINT, SIGTERM])
    }

    fn of(signals: &[i32]) -> Result<Self, String> {
        let (stop, number) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let ignored = ignored();
        for signal in signals.iter().copied().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
            // The order matters: the first signal finds the flag unset and only then sets it.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&number), signal as usize))
                .and_then(|_| flag::register(signal, Arc::clone(&stop)))
                .map_err(|err| format!("cannot listen for signals: {err}"))?;
        }
        Ok(Self { stop, number })
    }

    /// The number of the signal that came last, if one came.
    #[must_use]
    pub fn came(&self) -> Option<u8> {
        self.stop.load(Ordering::Relaxed).then(|| self.number.load(Ordering::Relaxed) as u8)
    }
}

/// The signals that whoever started us wants ignored, as bits: shells do that for jobs in the background, `nohup` for what
/// is to outlive its terminal.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
