//! What the chores and the readers of history share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atalaya_history::Forecast;

use super::damage::Damage;
use super::head::Head;
use crate::limits::FORECAST_EVERY;

/// Forecasts that are remembered; with more all are made anew.
const FORECASTS_MAX: usize = 10_000;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Handle(pub(super) Arc<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    head: Mutex<Head>,
    pub(super) damage: Damage,
    forecasts: Mutex<BTreeMap<(u16, String), (Duration, Forecast)>>,
}

impl Handle {
    pub(super) fn head(&self) -> MutexGuard<'_, Head> {
        self.0.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was said of a file system within the last hour.
    pub(super) fn forecast(&self, node: u16, object: &str, now: Duration) -> Option<Forecast> {
        let known = self.0.forecasts.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, forecast) = known.get(&(node, object.to_owned()))?;
        (now.saturating_sub(*made) < FORECAST_EVERY).then_some(*forecast)
    }

    pub(super) fn remember(&self, node: u16, object: &str, now: Duration, forecast: Forecast) {
        let mut known = self.0.forecasts.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= FORECASTS_MAX {
            known.clear();
        }
        known.insert((node, object.to_owned()), (now, forecast));
    }
}
