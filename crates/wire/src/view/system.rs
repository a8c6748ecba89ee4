//! Processor, memory and load.

use super::macros::view;
use crate::Text;

view! {
    /// The machine: processor, memory, load, temperature.
    System = 2, "system" {
        /// Share of all processors' time that was not idle.
        cpu_percent: f32, Step(5.0);
        /// Of that: programs, those of low priority too.
        cpu_user_percent: f32, Step(10.0);
        /// Of that: the kernel and interrupts.
        cpu_system_percent: f32, Step(10.0);
        /// Share of time that was idle because everybody waited for disks.
        cpu_iowait_percent: f32, Step(10.0);
        /// Share of time that a hypervisor gave to others.
        cpu_steal_percent: f32, Step(10.0);
        /// Number of processors that are on.
        cpu_count: u64, Any;
        /// Load average of one minute.
        load_1: f32, Step(0.5);
        /// Load average of five minutes.
        load_5: f32, Step(0.5);
        /// Load average of fifteen minutes.
        load_15: f32, Step(0.5);
        /// Memory that the kernel manages.
        memory_total_bytes: u64, Share(0.01);
        /// Memory that programs could get without swapping.
        memory_available_bytes: u64, Share(0.1);
        /// Share of memory that programs could not get.
        memory_used_percent: f32, Step(3.0);
        /// Swap space.
        swap_total_bytes: u64, Any;
        /// Swap space that is used.
        swap_used_bytes: u64, Share(0.1);
        /// Share of the time of the last minute in which something waited for memory; kernels since 4.20.
        memory_pressure_percent: f32, Step(5.0);
        /// Share of the time of the last minute in which something waited for disks; kernels since 4.20.
        io_pressure_percent: f32, Step(10.0);
        /// Time since the start.
        uptime_seconds: u64, Quiet;
        /// When it started, by the clock as it goes now.
        booted_at: Text, Any;
        /// The hottest sensor of the processor or board.
        temperature_celsius: f32, Step(2.0);
        /// Which sensor that is.
        temperature_sensor: Text, Any;
        /// The slowest fan.
        fan_rpm: f32, Share(0.2);
        /// Fans that have a sensor.
        fan_count: u64, Any;
        /// Fans that stand still although they should turn.
        fans_stopped: u64, Any;
        /// Whether the clock is synchronised with others.
        clock_synchronised: bool, Any;
        /// Processes.
        process_count: u64, Share(0.2);
    }
}
