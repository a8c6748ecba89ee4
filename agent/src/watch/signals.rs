//! Signals, in a thread that does nothing else.

use async_channel::Receiver;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Those that mean something to the daemon.
pub(super) fn listen() -> Result<Receiver<i32>, String> {
    let (sender, receiver) = async_channel::bounded(8);
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|err| format!("cannot listen for signals: {err}"))?;
    let listen = move || {
        for signal in signals.forever() {
            if sender.send_blocking(signal).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .stack_size(64 << 10)
        .spawn(listen)
        .map_err(|err| format!("cannot start a thread for signals: {err}"))?;
    Ok(receiver)
}
