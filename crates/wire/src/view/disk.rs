//! A disk and its SMART figures.

use super::macros::view;
use crate::Text;

view! {
    /// A disk, by its serial number: use, temperature, health. SMART is read only while the disk is awake.
    Disk = 3, "disk" {
        /// The kernel's name of the moment, such as `sda`.
        name: Text, Any;
        /// Model.
        model: Text, Any;
        /// Serial number.
        serial: Text, Any;
        /// Firmware.
        firmware: Text, Any;
        /// `hdd`, `ssd`, `nvme`, `emmc` or `other`.
        kind: Text, Any;
        /// Size.
        size_bytes: u64, Any;
        /// `active`, `standby` or `missing`; unknown while it is left alone so that it may fall asleep.
        power: Text, Any;
        /// `ok`, `warning` or `failing`.
        health: Text, Any;
        /// Why it is not `ok`.
        problem: Text, Any;
        /// When SMART was last read.
        smart_at: Text, Quiet;
        /// Temperature.
        temperature_celsius: f32, Step(2.0);
        /// Time it was powered.
        powered_seconds: u64, Quiet;
        /// Times it was started.
        power_cycles: u64, Any;
        /// Read rate since the last sample.
        read_bytes_per_second: f32, Quiet;
        /// Write rate since the last sample.
        write_bytes_per_second: f32, Quiet;
        /// Share of the time in which it worked.
        busy_percent: f32, Step(20.0);
        /// Sectors that were replaced (SMART 5), or the SCSI list of grown defects.
        reallocated_count: u64, Any;
        /// Sectors that could not be read and wait to be written (SMART 197).
        pending_count: u64, Any;
        /// Sectors that could not be corrected (SMART 198), or media errors.
        uncorrectable_count: u64, Any;
        /// Errors told to the computer (SMART 187).
        reported_count: u64, Any;
        /// Errors on the cable (SMART 199).
        crc_count: u64, Any;
        /// How much of its writes a solid-state disk has used.
        wear_percent: f32, Step(1.0);
        /// Reserve that a solid-state disk has left.
        spare_percent: f32, Step(1.0);
        /// Everything ever written to it.
        written_bytes: u64, Quiet;
        /// `passed`, `failed`, `running`, `aborted` or `never`.
        self_test: Text, Any;
    }
}
