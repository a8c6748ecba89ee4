//! From the report to the figures of the view.

use atalaya_wire::text;
use atalaya_wire::view::Disk;

use crate::probe::smart::json::{Attribute, Report};

/// Less than this many sectors ever written means that the disk counts in another unit than it says.
const WRITTEN_SECTORS_MIN: u64 = 1 << 21;

/// What attributes are called that count down from 100 with the wear of a solid-state disk.
const WEAR: [&str; 7] = [
    "Wear_Leveling_Count",
    "Media_Wearout_Indicator",
    "SSD_Life_Left",
    "Percent_Lifetime_Remain",
    "Remaining_Lifetime_Perc",
    "Percent_Life_Remaining",
    "Drive_Life_Remaining%",
];

/// Everything but health.
pub(super) fn figures(report: &Report) -> Disk {
    let some = |of: &Option<String>| of.as_deref().map(text).filter(|text| !text.is_empty());
    let nvme = report.nvme_smart_health_information_log.as_ref();
    let celsius = report.temperature.current.0.or_else(|| nvme?.temperature.0);
    let hours = report.power_on_time.hours.count().or_else(|| nvme?.power_on_hours.count());
    let minutes = report.power_on_time.minutes.count().unwrap_or(0);
    let cycles = report.power_cycle_count.count().or_else(|| nvme?.power_cycles.count());
    Disk {
        model: some(&report.model_name).or_else(|| some(&report.scsi_model_name)),
        serial: some(&report.serial_number),
        firmware: some(&report.firmware_version).or_else(|| some(&report.scsi_revision)),
        kind: kind(report).map(text),
        temperature_celsius: celsius.filter(|c| (-39..150).contains(c)).map(|c| c as f32),
        powered_seconds: hours.and_then(|hours| hours.checked_mul(3600)?.checked_add(minutes.min(60) * 60)),
        power_cycles: cycles.or_else(|| report.scsi_start_stop_cycle_counter.accumulated_start_stop_cycles.count()),
        reallocated_count: count(report, 5).or_else(|| report.scsi_grown_defect_list.count()),
        pending_count: count(report, 197),
        uncorrectable_count: count(report, 198).or_else(|| nvme?.media_errors.count()).or_else(|| uncorrected(report)),
        reported_count: count(report, 187),
        crc_count: count(report, 199),
        wear_percent: wear(report).map(|share| share as f32),
        spare_percent: spare(report).map(|share| share as f32),
        written_bytes: written(report),
        self_test: self_test(report).map(text),
        ..Disk::default()
    }
}

fn kind(report: &Report) -> Option<&'static str> {
    match (report.device.protocol.as_deref(), report.rotation_rate.0) {
        (Some("NVMe"), _) => Some("nvme"),
        (_, Some(0)) => Some("ssd"),
        (_, Some(1..)) => Some("hdd"),
        _ => None,
    }
}

fn attribute(report: &Report, id: i64) -> Option<&Attribute> {
    report.ata_smart_attributes.table.0.iter().find(|attribute| attribute.id.0 == Some(id))
}

/// A count from the raw value. Some makers pack more into it; smartctl's text then begins with the count.
pub(super) fn count(report: &Report, id: i64) -> Option<u64> {
    let raw = &attribute(report, id)?.raw;
    let text = raw.string.as_deref().unwrap_or_default();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits).and_then(|digits| digits.parse::<u64>().ok()).or_else(|| raw.value.count())?;
    Some(if number > u64::from(u32::MAX) { number & 0xffff_ffff } else { number })
}

/// Command timeouts. Seagate packs three numbers of 16 bits: all timeouts, those over 5 s, those over 7.5 s.
pub(super) fn timeouts(report: &Report) -> Option<u64> {
    attribute(report, 188)?.raw.value.count().map(|packed| packed & 0xffff)
}

/// Errors of a SCSI disk that nothing corrected.
fn uncorrected(report: &Report) -> Option<u64> {
    let log = report.scsi_error_counter_log.as_ref()?;
    let counts = [&log.read, &log.write, &log.verify].map(|counter| counter.total_uncorrected_errors.count());
    counts.into_iter().flatten().reduce(u64::saturating_add)
}

fn wear(report: &Report) -> Option<u64> {
    let nvme = || report.nvme_smart_health_information_log.as_ref()?.percentage_used.count();
    let told = report.endurance_used.current_percent.count().or_else(nvme);
    let told = told.or_else(|| statistic(report, "Percentage Used Endurance Indicator"));
    let told = told.or_else(|| report.scsi_percentage_used_endurance_indicator.count());
    let by_name = || {
        let table = &report.ata_smart_attributes.table.0;
        let counts_down = |attribute: &&Attribute| attribute.name.as_deref().is_some_and(|name| WEAR.contains(&name));
        100_u64.checked_sub(table.iter().find(counts_down)?.value.count()?)
    };
    told.or_else(|| if report.rotation_rate.0 == Some(0) { by_name() } else { None }).filter(|share| *share <= 255)
}

fn spare(report: &Report) -> Option<u64> {
    let nvme = || report.nvme_smart_health_information_log.as_ref()?.available_spare.count();
    report.spare_available.current_percent.count().or_else(nvme).filter(|share| *share <= 100)
}

fn statistic(report: &Report, name: &str) -> Option<u64> {
    let mut all = report.ata_device_statistics.pages.0.iter().flat_map(|page| &page.table.0);
    all.find(|statistic| statistic.name.as_deref() == Some(name))?.value.count()
}

fn written(report: &Report) -> Option<u64> {
    let sector = report.logical_block_size.count().filter(|bytes| (1..=1 << 16).contains(bytes)).unwrap_or(512);
    if let Some(nvme) = &report.nvme_smart_health_information_log {
        return nvme.data_units_written.count()?.checked_mul(512_000);
    }
    if let Some(log) = &report.scsi_error_counter_log {
        // Always three digits behind the separator, so that what is read is millionths of 10^15 bytes.
        return log.write.gigabytes_processed.count()?.checked_mul(1_000_000);
    }
    if let Some(sectors) = statistic(report, "Logical Sectors Written") {
        return sectors.checked_mul(sector);
    }
    let units = [
        ("Total_LBAs_Written", sector),
        ("Host_Writes_32MiB", 32 << 20),
        ("Total_Writes_32MiB", 32 << 20),
        ("Host_Writes_GiB", 1 << 30),
        ("Total_Writes_GiB", 1 << 30),
        ("Lifetime_Writes_GiB", 1 << 30),
    ];
    report.ata_smart_attributes.table.0.iter().find_map(|attribute| {
        let (_, unit) = units.iter().find(|(name, _)| attribute.name.as_deref() == Some(name))?;
        let count = attribute.raw.value.count()?;
        if *unit == sector && count < WRITTEN_SECTORS_MIN { None } else { count.checked_mul(*unit) }
    })
}

/// `passed`, `failed`, `running`, `aborted` or `never`.
fn self_test(report: &Report) -> Option<&'static str> {
    // The state is in the upper half: 0 well, 1 and 2 stopped, 3 to 8 failed, 15 running.
    let ata = |status: i64| match status >> 4 {
        0 => Some("passed"),
        1 | 2 => Some("aborted"),
        3..=8 => Some("failed"),
        15 => Some("running"),
        _ => None,
    };
    let logs = &report.ata_smart_self_test_log;
    if report.ata_smart_data.self_test.status.value.0.and_then(ata) == Some("running") {
        return Some("running");
    }
    if let Some(log) = logs.extended.as_ref().or(logs.standard.as_ref()) {
        let Some(last) = log.table.0.first() else { return Some("never") };
        return last.status.value.0.and_then(ata);
    }
    if let Some(last) = &report.scsi_self_test_0 {
        return ata(last.result.value.0.filter(|result| (0..16).contains(result))? << 4);
    }
    let tests = &report.nvme_self_test_log;
    if tests.current_self_test_operation.value.0.is_some_and(|operation| operation != 0) {
        return Some("running");
    }
    match tests.table.as_ref().and_then(|table| table.0.first()).map(|test| test.self_test_result.value.0) {
        None if tests.current_self_test_operation.value.0.is_some() => Some("never"),
        Some(Some(0)) => Some("passed"),
        Some(Some(1..=4 | 8 | 9)) => Some("aborted"),
        Some(Some(5..=7)) => Some("failed"),
        _ => None,
    }
}
