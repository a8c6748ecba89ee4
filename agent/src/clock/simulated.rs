//! A clock that runs N times as fast from a given moment on, and jumps when a file says so:
//! `ATALAYA_SIMULATE="SPEED FROM FILE"`. `FROM` is in seconds since 1970, so that an agent that was killed finds the time
//! where it would be; `FILE` holds by how many seconds the wall clock is wrong, or is not there.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

struct Simulation {
    speed: u32,
    from: Timestamp,
    jump: PathBuf,
}

static SIMULATION: LazyLock<Option<Simulation>> = LazyLock::new(|| {
    let words = std::env::var("ATALAYA_SIMULATE").ok()?;
    let mut words = words.split(' ');
    let speed = words.next()?.parse().ok().filter(|speed| *speed > 0)?;
    let from = Timestamp::from_second(words.next()?.parse().ok()?).ok()?;
    Some(Simulation { speed, from, jump: words.next()?.into() })
});

/// What has been gained on the real clocks.
fn gained(simulation: &Simulation) -> Duration {
    let real = Timestamp::now().duration_since(simulation.from);
    Duration::try_from(real).unwrap_or_default().saturating_mul(simulation.speed - 1)
}

pub(super) fn boot(real: Duration) -> Duration {
    SIMULATION.as_ref().map_or(real, |simulation| real + gained(simulation))
}

pub(super) fn wall(real: Timestamp) -> Timestamp {
    let Some(simulation) = &*SIMULATION else { return real };
    let jump = std::fs::read_to_string(&simulation.jump).ok().and_then(|text| text.trim().parse().ok());
    let off =
        SignedDuration::from_secs(jump.unwrap_or(0)) + SignedDuration::try_from(gained(simulation)).unwrap_or_default();
    real.checked_add(off).unwrap_or(real)
}

/// Never so short that the loop does nothing but turn.
pub(super) fn wait(time: Duration) -> Duration {
    SIMULATION.as_ref().map_or(time, |simulation| (time / simulation.speed).max(Duration::from_millis(2)).min(time))
}

pub(super) fn goes_by(time: Duration) -> Duration {
    SIMULATION.as_ref().map_or(time, |simulation| time.saturating_mul(simulation.speed))
}
