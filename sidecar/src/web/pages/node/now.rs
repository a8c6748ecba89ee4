//! The machine at this moment, and what is drawn of it over time.

use atalaya_alert::Presence;
use atalaya_wire::{ObjectId, Sample};

use super::Look;
use crate::limits::SILENT_AFTER;
use crate::tower::Link;
use crate::web::pages::frame::Number;
use crate::web::pages::part::{Bar, Mark, When};
use crate::web::pages::said;

/// A figure to be read at a glance.
pub(super) struct Tile {
    pub(super) name: String,
    /// Empty where nobody knows.
    pub(super) value: String,
    pub(super) note: String,
    pub(super) bar: Option<Bar>,
}

/// Series that are drawn together.
pub(super) struct Graph {
    pub(super) title: String,
    /// As the API names them, separated by spaces.
    pub(super) series: String,
    /// What they are called, separated by `|`.
    pub(super) names: String,
    /// How numbers are written: `percent`, `celsius`, `bytes_per_second` or nothing.
    pub(super) unit: &'static str,
}

pub(super) fn tiles(look: &Look<'_>) -> Vec<Tile> {
    let Some(Sample::System(system)) = look.node.sample("system", &ObjectId::only()) else { return Vec::new() };
    let frame = look.frame;
    let object = atalaya_alert::Object::new("system", "");
    let mark = said::worst(said::of_object(look.seen, &look.node.row.name, &object)).unwrap_or(Mark::Off);
    let shown = |key: &str, value: Option<Number>| {
        value.map_or_else(String::new, |value| frame.language.with_unit(key, value.0))
    };
    let tile = |key: &str, value: Option<Number>, note: String, share: Option<f32>| Tile {
        name: frame.key(key),
        value: shown(key, value),
        note,
        bar: share.map(|share| Bar::new(f64::from(share), mark)),
    };
    let of = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(free), Some(all)) => {
            let used = shown("used_bytes", Some(all.saturating_sub(free).into()));
            frame.fill("of", &[("part", &used), ("all", &shown("used_bytes", Some(all.into())))])
        }
        _ => String::new(),
    };
    let load = [("load_5", system.load_5), ("load_15", system.load_15)];
    let load: Vec<String> = load.into_iter().map(|(key, load)| shown(key, load.map(Number::from))).collect();
    let fans = match (system.fans_stopped, system.fan_rpm) {
        (Some(stopped), _) if stopped > 0 => frame.count("fans.stopped", usize::try_from(stopped).unwrap_or(1)),
        (_, rpm) => shown("fan_rpm", rpm.map(Number::from)),
    };
    let cores =
        system.cpu_count.map_or_else(String::new, |count| frame.count("cores", usize::try_from(count).unwrap_or(1)));
    let wait = shown("io_pressure_percent", system.io_pressure_percent.map(Number::from));
    let clock = match system.clock_synchronised {
        Some(true) => frame.t("clock.synchronised").to_owned(),
        Some(false) => frame.t("clock.alone").to_owned(),
        None => String::new(),
    };
    vec![
        tile("cpu_percent", system.cpu_percent.map(Number::from), cores, system.cpu_percent),
        tile(
            "memory_used_percent",
            system.memory_used_percent.map(Number::from),
            of(system.memory_available_bytes, system.memory_total_bytes),
            system.memory_used_percent,
        ),
        tile("load_1", system.load_1.map(Number::from), load.join(" · "), None),
        tile("temperature_celsius", system.temperature_celsius.map(Number::from), fans, None),
        tile("cpu_iowait_percent", system.cpu_iowait_percent.map(Number::from), wait, system.cpu_iowait_percent),
        tile("uptime_seconds", system.uptime_seconds.map(Number::from), clock, None),
    ]
}

/// Of when the tiles are, where the machine may be otherwise by now: it is away, we hear nobody, or it said nothing since.
pub(super) fn as_of(look: &Look<'_>) -> Option<When> {
    let (frame, node) = (look.frame, look.node);
    let read_at = node.objects.get(&("system", ObjectId::only()))?.read_at;
    let patience = i64::try_from(SILENT_AFTER.as_secs().max(3 * node.interval)).unwrap_or(i64::MAX);
    let is_heard = node.presence == Presence::Online && *look.seen.link() == Link::Up;
    if is_heard && frame.now.seconds() - read_at <= patience { None } else { frame.when(read_at) }
}

pub(super) fn graphs(look: &Look<'_>) -> Vec<Graph> {
    let frame = look.frame;
    let graph = |title: &str, unit, series: Vec<(String, String)>| Graph {
        title: frame.t(title).to_owned(),
        series: series.iter().map(|(series, _)| series.clone()).collect::<Vec<_>>().join(" "),
        names: series.iter().map(|(_, name)| name.replace('|', "/")).collect::<Vec<_>>().join("|"),
        unit,
    };
    let each = |kind: &'static str, keys: &[&str]| -> Vec<(String, String)> {
        let mut all = Vec::new();
        for thing in look.things(kind) {
            let name = said::label(look.frame, &thing.sample).unwrap_or_else(|| thing.id.clone());
            for key in keys {
                let series =
                    if thing.id.is_empty() { format!("{kind}.{key}") } else { format!("{kind}/{}.{key}", thing.id) };
                let name = match (thing.id.is_empty(), keys.len()) {
                    (true, _) => frame.key(key),
                    (false, 1) => name.clone(),
                    (false, _) => format!("{name} {}", frame.key(key)),
                };
                all.push((series, name));
            }
        }
        all.truncate(20);
        all
    };
    let all = [
        graph(
            "graph.machine",
            "percent",
            each("system", &["cpu_percent", "memory_used_percent", "cpu_iowait_percent"]),
        ),
        graph(
            "graph.temperature",
            "celsius",
            [each("system", &["temperature_celsius"]), each("disk", &["temperature_celsius"])].concat(),
        ),
        graph("graph.room", "percent", each("fs", &["used_percent"])),
        graph(
            "graph.disk_rate",
            "bytes_per_second",
            each("disk", &["read_bytes_per_second", "write_bytes_per_second"]),
        ),
        graph(
            "graph.network",
            "bytes_per_second",
            each("net", &["received_bytes_per_second", "sent_bytes_per_second"]),
        ),
        graph("graph.latency", "seconds", each("service", &["latency_seconds"])),
    ];
    all.into_iter().filter(|graph| !graph.series.is_empty()).collect()
}
