//! SMART: what `smartctl --json` says of a disk, and how an agent without privilege gets it.
//!
//! Only root may ask a disk. A helper of a few lines does, on a socket in the file system whose group may connect, and
//! can be made to do nothing else:
//!
//! ```text
//! agent:   read\n
//! helper:  disk sda active 18213\n      followed by 18213 bytes that smartctl wrote
//!          disk sdb standby 0\n
//!          disk sdc idle 0\n            it did nothing since it was last read: left alone, so that it may fall asleep
//!          disk sdd silent 0\n          smartctl gets nothing out of it
//!          disk sde hung 0\n            smartctl waited for it in vain and was killed
//!          end\n                       or: fail and why, where there is no smartctl
//! ```
//!
//! The line `read` is all that it understands; anything else ends the connection. It answers with 32 disks of 256 KiB at
//! most, asks one disk at a time, and kills a smartctl that does not answer within 30 s. It never wakes a disk: one that
//! the kernel suspended is not asked at all, the others with `-n standby`, which looks at the power mode first.

mod figures;
mod health;
mod helper;
mod json;
mod listen;
mod sweep;

use std::time::Duration;

use atalaya_wire::view::Disk;

use crate::probe::{Fault, Result};

pub use health::Growth;
pub use helper::{Helper, ask};
pub use listen::listen;
pub(super) use sweep::speaks;
pub use sweep::{Power, Sweep, Tell};

/// What is taken of one report. Those with all logs have about 100 KiB.
pub const REPORT_BYTES_MAX: usize = 256 << 10;

/// The SMART figures of a disk: all keys of the view that a report can fill, with health. `growth` is what is remembered
/// of that disk, and `at` is when the report was made, since the machine started.
///
/// # Errors
///
/// [`Fault::Failed`] for what is no report, or one of a disk that could not be opened.
pub fn parse(report: &[u8], growth: &mut Growth, at: Duration) -> Result<Disk> {
    if report.len() > REPORT_BYTES_MAX {
        return Err(Fault::Failed(format!("smartctl said more than {REPORT_BYTES_MAX} bytes")));
    }
    let report: json::Report = serde_json::from_slice(report)
        .map_err(|err| Fault::Failed(format!("cannot understand what smartctl said: {err}")))?;
    let mut disk = figures::figures(&report);
    if report.smartctl.exit_status.0.is_some_and(|status| status & 3 != 0) || disk == Disk::default() {
        let said = report.smartctl.messages.0.iter().find_map(|message| message.string.as_deref());
        return Err(Fault::Failed(format!("smartctl could not read it: {}", said.unwrap_or("it does not say why"))));
    }
    health::judge(&report, growth, at, &mut disk);
    Ok(disk)
}

#[cfg(test)]
mod tests;
