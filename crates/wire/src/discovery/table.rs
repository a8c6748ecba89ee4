//! The entities of each kind of view.

use super::entity::Entity;

type E = Entity;

/// Entities of the view at level `name`; none for what only the sidecar reads.
#[must_use]
pub fn entities(name: &str) -> &'static [Entity] {
    match name {
        "system" => SYSTEM,
        "disk" => DISK,
        "fs" => FILE_SYSTEM,
        "raid" => RAID,
        "net" => NET,
        "ups" => UPS,
        "service" => SERVICE,
        "backup" => BACKUP,
        "upkeep" => UPKEEP,
        "store" => STORE,
        "policy" => POLICY,
        "dns" => DNS,
        "noip" => NO_IP,
        "cert" => CERT,
        "updates" => UPDATES,
        "auth" => AUTH,
        "log" => LOG,
        _ => &[],
    }
}

const SYSTEM: &[Entity] = &[
    E::percent("cpu_percent", "CPU", "mdi:cpu-64-bit"),
    E::percent("cpu_iowait_percent", "CPU waiting for disks", "mdi:timer-sand").hidden(),
    E::percent("memory_used_percent", "Memory", "mdi:memory"),
    E::bytes("memory_available_bytes", "Memory available").hidden(),
    E::bytes("swap_used_bytes", "Swap used").hidden(),
    E::count("load_1", "Load", "mdi:gauge"),
    E::count("load_15", "Load of 15 minutes", "mdi:gauge").hidden(),
    E::celsius("temperature_celsius", "Temperature"),
    E::number("fan_rpm", "Fan", "rpm").icon("mdi:fan"),
    E::count("fans_stopped", "Fans stopped", "mdi:fan-alert").diagnostic(),
    E::time("booted_at", "Started").diagnostic(),
    E::flag("clock_synchronised", "Clock synchronised", "running").hidden(),
    E::percent("memory_pressure_percent", "Memory pressure", "mdi:memory").hidden(),
    E::percent("io_pressure_percent", "Disk pressure", "mdi:harddisk").hidden(),
];

const DISK: &[Entity] = &[
    E::problem("health", "health", "ok"),
    E::celsius("temperature_celsius", "temperature"),
    E::words("power", "power", &["active", "standby", "missing"]).icon("mdi:power-sleep").diagnostic(),
    E::text("problem", "problem").icon("mdi:harddisk").diagnostic(),
    E::count("reallocated_count", "reallocated sectors", "mdi:harddisk").diagnostic(),
    E::count("pending_count", "pending sectors", "mdi:harddisk").diagnostic(),
    E::count("uncorrectable_count", "uncorrectable sectors", "mdi:harddisk").hidden(),
    E::count("crc_count", "cable errors", "mdi:connection").hidden(),
    E::percent("wear_percent", "wear", "mdi:harddisk").diagnostic(),
    E::seconds("powered_seconds", "time powered").hidden(),
    E::percent("busy_percent", "busy", "mdi:harddisk").hidden(),
    E::rate("read_bytes_per_second", "read"),
    E::rate("write_bytes_per_second", "written"),
];

const FILE_SYSTEM: &[Entity] = &[
    E::problem("state", "state", "ok"),
    E::percent("used_percent", "used", "mdi:harddisk"),
    E::bytes("free_bytes", "free"),
    E::bytes("size_bytes", "size").hidden(),
    E::percent("inodes_used_percent", "files used", "mdi:file-multiple").hidden(),
];

const RAID: &[Entity] = &[
    E::words("state", "state", &["ok", "degraded", "rebuilding", "failed", "inactive"]).icon("mdi:database"),
    E::problem("state", "health", "ok"),
    E::words("action", "action", &["idle", "check", "repair", "resync", "recover", "reshape", "frozen"])
        .icon("mdi:database-sync")
        .diagnostic(),
    E::percent("action_percent", "progress", "mdi:database-sync").diagnostic(),
    E::count("failed_count", "failed disks", "mdi:harddisk-remove").hidden(),
    E::count("error_count", "errors", "mdi:database-alert").hidden(),
];

const NET: &[Entity] = &[
    E::flag("up", "link", "connectivity").diagnostic(),
    E::rate("received_bytes_per_second", "received"),
    E::rate("sent_bytes_per_second", "sent"),
    E::text("ipv4", "address").icon("mdi:ip-network").hidden(),
    E::count("receive_error_count", "errors", "mdi:lan-disconnect").hidden(),
];

const UPS: &[Entity] = &[
    E::words("state", "state", &["online", "on_battery", "low_battery", "off", "silent"])
        .icon("mdi:power-plug-battery"),
    Entity { class: Some("battery"), ..E::number("charge_percent", "battery", "%") },
    E::seconds("runtime_seconds", "runtime"),
    E::percent("load_percent", "load", "mdi:gauge"),
    E::flag("replace_battery", "replace battery", "problem"),
    Entity { class: Some("voltage"), ..E::number("input_volts", "input voltage", "V") }.hidden(),
];

const SERVICE: &[Entity] = &[
    E::flag("up", "up", "connectivity"),
    E::seconds("latency_seconds", "latency").hidden(),
    E::text("problem", "problem").icon("mdi:alert-circle-outline").hidden(),
];

const BACKUP: &[Entity] = &[
    E::words("result", "result", &["ok", "warnings", "failed", "stopped", "never"]).icon("mdi:backup-restore"),
    E::words("state", "state", &["idle", "waiting", "running", "paused", "retrying"]).icon("mdi:progress-clock"),
    E::flag("overdue", "overdue", "problem"),
    E::time("succeeded_at", "last good"),
    E::time("next_at", "next").diagnostic(),
    E::text("problem", "problem").icon("mdi:alert-circle-outline").diagnostic(),
    E::percent("progress_percent", "progress", "mdi:progress-upload").diagnostic(),
    E::seconds("duration_seconds", "duration").diagnostic(),
    E::bytes("added_bytes", "added").diagnostic(),
    E::bytes("source_bytes", "size").hidden(),
    E::count("files_failed_count", "unreadable files", "mdi:file-alert").hidden(),
];

const UPKEEP: &[Entity] = &[
    E::words("result", "result", &["ok", "warnings", "failed", "stopped", "never"]).icon("mdi:broom"),
    E::words("verdict", "finding", &["fine", "frozen", "waiting", "verified", "unverified", "damaged"])
        .icon("mdi:shield-search"),
    E::words("state", "state", &["idle", "waiting", "running", "paused", "retrying"])
        .icon("mdi:progress-clock")
        .diagnostic(),
    E::flag("overdue", "overdue", "problem"),
    E::time("succeeded_at", "last good"),
    E::time("next_at", "next").diagnostic(),
    E::text("problem", "problem").icon("mdi:alert-circle-outline").diagnostic(),
    E::seconds("duration_seconds", "duration").hidden(),
    E::bytes("freed_bytes", "freed").hidden(),
    E::count("forgotten_count", "forgotten", "mdi:broom").hidden(),
    E::count("findings_count", "findings", "mdi:file-alert").hidden(),
];

const STORE: &[Entity] = &[
    E::problem("state", "state", "ok"),
    E::percent("free_percent", "free share", "mdi:harddisk"),
    E::bytes("free_bytes", "free").diagnostic(),
];

const POLICY: &[Entity] = &[
    E::flag("broken", "broken", "problem"),
    E::words("verdict", "verdict", &["holds", "unverified", "undeclared", "broken"]).icon("mdi:content-copy"),
    E::text("problem", "missing").icon("mdi:alert-circle-outline").diagnostic(),
    E::count("copies_count", "copies", "mdi:content-copy").diagnostic(),
    E::time("oldest_at", "oldest copy").diagnostic(),
];

const DNS: &[Entity] = &[
    E::words("state", "state", &["ok", "mismatch", "unresolved", "lagging", "unknown"]).icon("mdi:dns"),
    E::text("public_ipv4", "public address").icon("mdi:ip-network").diagnostic(),
    E::flag("cgnat", "shared address", "problem").hidden(),
];

const NO_IP: &[Entity] = &[
    E::problem("state", "client", "ok"),
    E::text("client", "program").icon("mdi:dns").diagnostic(),
    E::time("succeeded_at", "last update").diagnostic(),
];

const CERT: &[Entity] = &[E::problem("state", "state", "ok"), E::time("expires_at", "expires").icon("mdi:certificate")];

const UPDATES: &[Entity] = &[
    E::count("pending_count", "Updates", "mdi:package-up"),
    E::count("security_count", "Security updates", "mdi:shield-alert"),
    E::flag("reboot_required", "Restart needed", "problem").diagnostic(),
];

const AUTH: &[Entity] = &[E::count("failed_count", "Failed log-ins", "mdi:account-alert")];

const LOG: &[Entity] = &[E::count("match_count", "matches", "mdi:text-search")];
