//! Temperatures and fans, from `/sys/class/hwmon` and `/sys/class/thermal`.

use atalaya_wire::text;
use atalaya_wire::view::System;

use crate::probe::Site;

/// Sensors of disks: asking them is asking the disk, which may sleep. Their temperature is in the view `disk`.
const DISKS: [&str; 2] = ["drivetemp", "nvme"];
/// Files of one chip that are looked at; the largest chips have about two hundred.
const FILES_MAX: usize = 1024;

/// Fills in the hottest sensor and the fans, without those that `ignored` names by chip or by chip and label.
pub(super) fn sensors(site: &Site, ignored: &[String], view: &mut System) {
    let mut seen = Seen { site, ignored, hottest: None, fans: Vec::new() };
    for chip in site.names("/sys/class/hwmon") {
        seen.chip(&format!("/sys/class/hwmon/{chip}"));
    }
    for zone in site.names("/sys/class/thermal").iter().filter(|name| name.starts_with("thermal_zone")) {
        seen.zone(&format!("/sys/class/thermal/{zone}"));
    }
    if let Some((celsius, name)) = seen.hottest {
        view.temperature_celsius = Some(celsius);
        view.temperature_sensor = Some(text(&name));
    }
    if !seen.fans.is_empty() {
        let stopped = seen.fans.iter().filter(|fan| fan.stopped()).count();
        // One that rests on purpose is not the slowest while others turn.
        let turning = seen.fans.iter().filter(|fan| fan.rpm > 0 || fan.stopped()).map(|fan| fan.rpm).min();
        view.fan_count = Some(seen.fans.len() as u64);
        view.fans_stopped = Some(stopped as u64);
        view.fan_rpm = Some(turning.unwrap_or(0) as f32);
    }
}

struct Fan {
    rpm: u32,
    /// Whether it has a lower limit or is given power.
    wanted: bool,
}

impl Fan {
    const fn stopped(&self) -> bool {
        self.rpm == 0 && self.wanted
    }
}

struct Seen<'a> {
    site: &'a Site,
    ignored: &'a [String],
    hottest: Option<(f32, String)>,
    fans: Vec<Fan>,
}

impl Seen<'_> {
    fn chip(&mut self, folder: &str) {
        // Kernels before 3.15 have the files one level deeper.
        let deeper = format!("{folder}/device");
        let name = |folder: &str| self.site.line(format!("{folder}/name"));
        let Some(chip) = name(folder).or_else(|| name(&deeper)) else { return };
        if DISKS.contains(&chip.as_str()) || self.ignored.contains(&chip) {
            return;
        }
        for folder in [folder, &deeper] {
            let names = self.site.names(folder);
            let inputs = names.iter().take(FILES_MAX).filter_map(|name| name.strip_suffix("_input"));
            let inputs: Vec<&str> = inputs.filter(|name| name.starts_with("temp") || name.starts_with("fan")).collect();
            for input in &inputs {
                self.input(&chip, folder, input);
            }
            if !inputs.is_empty() {
                break;
            }
        }
    }

    fn input(&mut self, chip: &str, folder: &str, input: &str) {
        let site = self.site;
        let number = |of: &str| site.number::<i64>(format!("{folder}/{input}_{of}"));
        let label = site.line(format!("{folder}/{input}_label")).filter(|label| !label.is_empty());
        let shown = format!("{chip} {}", label.as_deref().unwrap_or(input));
        if self.ignored.contains(&shown) || number("fault") == Some(1) {
            return;
        }
        let Some(value) = number("input") else { return };
        if let Some(place) = input.strip_prefix("fan") {
            let power = site.number::<u32>(format!("{folder}/pwm{place}"));
            let wanted = number("min").is_some_and(|min| min > 0) || power.is_some_and(|power| power > 0);
            self.fans.extend(u32::try_from(value).ok().map(|rpm| Fan { rpm, wanted }));
        } else {
            self.warm(value as f32 / 1000.0, &shown);
        }
    }

    fn zone(&mut self, folder: &str) {
        let Some(kind) = self.site.line(format!("{folder}/type")) else { return };
        let Some(value) = self.site.number::<i64>(format!("{folder}/temp")) else { return };
        if DISKS.contains(&kind.as_str()) || self.ignored.contains(&kind) {
            return;
        }
        // Thousandths, but for some old drivers of vendors, which have degrees.
        let celsius = if (1..200).contains(&value) { value as f32 } else { value as f32 / 1000.0 };
        self.warm(celsius, &kind);
    }

    /// Sensors that nothing is connected to say anything: what no machine survives is no temperature.
    fn warm(&mut self, celsius: f32, name: &str) {
        let sane = celsius > -40.0 && celsius < 150.0;
        if sane && self.hottest.as_ref().is_none_or(|(most, _)| celsius > *most) {
            self.hottest = Some((celsius, name.to_owned()));
        }
    }
}
