//! Whether the machine is too busy or too hot for heavy work. Pure.

use std::time::Duration;

use crate::config::Pause;

/// So much below a limit counts as below it again.
const CELSIUS_BACK: f32 = 5.0;
const PERCENT_BACK: f32 = 15.0;
/// A backup that never gets on protects nothing: it pauses no longer than this, and then not for as long again.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// See the module.
#[derive(Debug)]
pub(super) struct Heat {
    limits: Pause,
    hot: bool,
    busy: bool,
    /// Since when it pauses.
    since: Option<Duration>,
    /// Until when it does not, because it paused for so long.
    spared: Option<Duration>,
}

impl Heat {
    pub(super) const fn new(limits: Pause) -> Self {
        Self { limits, hot: false, busy: false, since: None, spared: None }
    }

    /// Takes a reading: temperature in °C, and percent of processor time that is not ours. Gives why heavy work is to
    /// wait, if it is.
    pub(super) fn feel(&mut self, celsius: Option<f32>, others: Option<f32>, now: Duration) -> Option<String> {
        self.hot = over(self.hot, celsius, self.limits.above_celsius, CELSIUS_BACK);
        self.busy = over(self.busy, others, self.limits.above_busy_percent, PERCENT_BACK);
        let why = match (self.hot, self.busy) {
            (true, _) => format!("the processor has {:.0} °C", celsius.unwrap_or_default()),
            (_, true) => "the machine is busy".to_owned(),
            _ => {
                self.since = None;
                return None;
            }
        };
        if self.spared.is_some_and(|until| now < until) {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) >= PAUSE_MAX {
            (self.since, self.spared) = (None, Some(now + PAUSE_MAX));
            return None;
        }
        Some(why)
    }
}

fn over(before: bool, value: Option<f32>, limit: Option<f32>, back: f32) -> bool {
    match (value, limit) {
        (Some(value), Some(limit)) => value >= if before { limit - back } else { limit },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Duration {
        Duration::from_secs(minutes * 60)
    }

    fn heat() -> Heat {
        Heat::new(Pause { above_celsius: Some(80.0), above_busy_percent: Some(90.0) })
    }

    #[test]
    fn it_waits_until_it_is_well_below_again() {
        let mut heat = heat();
        assert_eq!(heat.feel(Some(79.9), Some(20.0), at(0)), None);
        assert_eq!(heat.feel(Some(81.2), Some(20.0), at(1)).as_deref(), Some("the processor has 81 °C"));
        assert_eq!(heat.feel(Some(77.0), Some(20.0), at(2)).as_deref(), Some("the processor has 77 °C"));
        assert_eq!(heat.feel(Some(74.0), Some(95.0), at(3)).as_deref(), Some("the machine is busy"));
        assert_eq!(heat.feel(Some(74.0), Some(70.0), at(4)), None);
        assert_eq!(heat.feel(None, None, at(5)), None);
    }

    #[test]
    fn it_never_waits_for_ever() {
        let mut heat = heat();
        let waits = (0..240).filter(|minute| heat.feel(Some(99.0), None, at(*minute)).is_some()).count();
        assert!((100..=140).contains(&waits), "{waits} of 240 minutes");
    }

    #[test]
    fn without_limits_nothing_waits() {
        let mut heat = Heat::new(Pause { above_celsius: None, above_busy_percent: None });
        assert_eq!(heat.feel(Some(120.0), Some(100.0), at(0)), None);
    }
}
