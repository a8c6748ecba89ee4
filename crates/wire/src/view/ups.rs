//! An uninterruptible power supply.

use super::macros::view;
use crate::Text;

view! {
    /// An uninterruptible power supply, through NUT.
    Ups = 7, "ups" {
        /// Its name in NUT.
        name: Text, Any;
        /// Model.
        model: Text, Any;
        /// `online`, `on_battery`, `low_battery`, `off` or `silent` (its driver lost it, or `upsd` does not tell of it).
        state: Text, Any;
        /// NUT's own words, such as `OL CHRG`.
        status: Text, Any;
        /// Charge of the battery.
        charge_percent: f32, Step(5.0);
        /// How long the battery would last.
        runtime_seconds: u64, Share(0.2);
        /// Share of its power that is drawn.
        load_percent: f32, Step(10.0);
        /// Voltage that comes in.
        input_volts: f32, Step(10.0);
        /// Whether it wants a new battery.
        replace_battery: bool, Any;
    }
}
