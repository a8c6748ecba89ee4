//! The probe against kept machines.

use super::*;
use crate::probe::machines::{Sketch, look, machine};

fn see(probe: &mut System, site: &Site, seconds: u64) -> View {
    let (mut seen, result) = look(probe, site, seconds);
    assert_eq!((seen.len(), result), (1, Ok(())));
    let Some((id, Sample::System(view))) = seen.pop() else { panic!("not a system") };
    assert_eq!(id, ObjectId::only());
    view
}

fn first(name: &str) -> View {
    see(&mut System::new(SystemConfig::default()), &machine(name), 100)
}

#[test]
fn an_arm_nas() {
    let view = first("nas-arm");
    assert_eq!((view.cpu_percent, view.cpu_count, view.process_count), (None, Some(4), Some(3)));
    assert_eq!((view.load_1, view.load_5, view.load_15), (Some(2.11), Some(1.54), Some(1.2)));
    assert_eq!(view.memory_available_bytes, Some(512_300 << 10));
    assert_eq!((view.swap_used_bytes, view.memory_pressure_percent), (Some((2_142_284 - 2_101_244) << 10), None));
    assert_eq!((view.uptime_seconds, view.booted_at.as_deref()), (Some(128_472), Some("2025-10-25T13:46:40Z")));
    assert_eq!((view.temperature_celsius, view.temperature_sensor.as_deref()), (Some(54.32), Some("cpu-thermal")));
    assert_eq!((view.fan_rpm, view.fan_count, view.fans_stopped), (Some(1033.0), Some(1), Some(0)));
    assert_eq!(view.clock_synchronised, None);
}

#[test]
fn a_small_board() {
    let view = first("pi");
    assert_eq!((view.memory_pressure_percent, view.io_pressure_percent), (Some(0.12), Some(2.31)));
    assert_eq!((view.cpu_count, view.swap_total_bytes, view.clock_synchronised), (Some(2), Some(0), Some(true)));
    assert_eq!(view.temperature_sensor.as_deref(), Some("cpu_thermal temp1"));
    let resting = (view.fan_rpm, view.fan_count, view.fans_stopped);
    assert_eq!(resting, (Some(0.0), Some(1), Some(0)), "a fan that gets no power rests");
    assert_eq!(view.process_count, None, "the first process is hidden");
}

#[test]
fn a_board_with_many_sensors() {
    let view = first("pc-nvme");
    assert_eq!((view.temperature_celsius, view.temperature_sensor.as_deref()), (Some(127.5), Some("nct6775 AUXTIN0")));
    assert_eq!((view.fan_rpm, view.fan_count, view.fans_stopped), (Some(0.0), Some(3), Some(1)));
    assert_eq!(view.cpu_count, Some(3));
    let ignored_sensors = vec!["nct6775 AUXTIN0".to_owned(), "nct6775 fan2".to_owned()];
    let view = see(&mut System::new(SystemConfig { ignored_sensors }), &machine("pc-nvme"), 100);
    let hottest = (view.temperature_celsius, view.temperature_sensor.as_deref());
    assert_eq!(hottest, (Some(52.0), Some("coretemp Package id 0")), "without the disk's");
    assert_eq!((view.fan_rpm, view.fans_stopped), (Some(812.0), Some(0)));
}

#[test]
fn shares_are_of_the_time_between_two_readings() {
    let sketch = Sketch::new(&[("proc/stat", "cpu 100 100 100 1000 100 0 0 0\nbtime 1700000000\n")]);
    let mut probe = System::new(SystemConfig::default());
    assert_eq!(see(&mut probe, &sketch.site(), 10).cpu_percent, None);
    sketch.put("proc/stat", "cpu 110 110 110 1050 110 5 5 0\nbtime 1700000001\n");
    let view = see(&mut probe, &sketch.site(), 20);
    let shares = (view.cpu_percent, view.cpu_user_percent, view.cpu_system_percent, view.cpu_iowait_percent);
    assert_eq!(shares, (Some(40.0), Some(20.0), Some(20.0), Some(10.0)));
    assert_eq!(view.cpu_steal_percent, Some(0.0));
    assert_eq!(view.booted_at.as_deref(), Some("2023-11-14T22:13:20Z"), "a second is no news");
    assert_eq!((view.cpu_count, view.memory_total_bytes, view.temperature_celsius), (None, None, None));
    sketch.put("proc/stat", "nonsense\n");
    assert_eq!(see(&mut probe, &sketch.site(), 30).cpu_percent, None);
    sketch.put("proc/stat", "cpu 1 1 1 1 1 1 1 1\nbtime 1700009000\n");
    let view = see(&mut probe, &sketch.site(), 40);
    assert_eq!((view.cpu_percent, view.booted_at.as_deref()), (None, Some("2023-11-15T00:43:20Z")));
}

#[test]
fn old_kernels_keep_sensors_deeper_and_some_have_whole_degrees() {
    let sketch = Sketch::new(&[
        ("proc/stat", ""),
        ("sys/class/hwmon/hwmon0/device/name", "g762\n"),
        ("sys/class/hwmon/hwmon0/device/fan1_input", "0\n"),
        ("sys/class/hwmon/hwmon0/device/pwm1", "128\n"),
        ("sys/class/thermal/thermal_zone0/type", "armada\n"),
        ("sys/class/thermal/thermal_zone0/temp", "61\n"),
    ]);
    let view = see(&mut System::new(SystemConfig::default()), &sketch.site(), 10);
    assert_eq!((view.fan_count, view.fans_stopped, view.temperature_celsius), (Some(1), Some(1), Some(61.0)));
    sketch.put("run/systemd/timesync/x", "");
    let view = see(&mut System::new(SystemConfig::default()), &sketch.site(), 10);
    assert_eq!(view.clock_synchronised, Some(false));
}

#[test]
fn a_machine_without_proc_is_absent() {
    let (seen, result) = look(&mut System::new(SystemConfig::default()), &Sketch::new(&[]).site(), 10);
    assert!(seen.is_empty() && matches!(result, Err(crate::probe::Fault::Absent(_))));
}
