//! A made-up NAS with four disks, as it tells 170 numbers: what is constant, slow, counted or restless is so as on the
//! real ones that views are made of. The same seed is the same machine.

use atalaya_history::round;

/// How many numbers it tells.
pub(crate) const SERIES: usize = 170;

/// How a number behaves.
#[derive(Clone, Copy)]
enum Kind {
    /// Sizes, limits, error counts, flags.
    Constant(f64),
    /// A share that follows the load.
    Percent(f64),
    /// Degrees, by steps of so much.
    Degrees(f64),
    /// Bytes a second, often none.
    Rate(f64),
    /// Counts up by about so much a second of load.
    Counter(f64),
    /// Seconds since something.
    Uptime,
    /// Bytes in blocks of 4,096 that come and go.
    Bytes(f64),
    /// Whole, around so many.
    Around(f64),
    /// Volts and the like: around so many, by tenths.
    Tenths(f64),
}

/// One machine.
pub(crate) struct Nas {
    kinds: Vec<Kind>,
    values: Vec<f64>,
    random: u64,
    load: f64,
}

fn kinds() -> Vec<Kind> {
    use Kind::{Around, Bytes, Constant, Counter, Degrees, Percent, Rate, Tenths, Uptime};
    let system = [Percent(20.0), Percent(10.0), Percent(6.0), Percent(4.0), Tenths(0.8), Tenths(0.9), Tenths(1.1)];
    let memory = [Constant(8_323_899_392.0), Bytes(5e9), Percent(40.0), Constant(2_147_479_552.0), Constant(0.0)];
    let board = [Uptime, Degrees(0.5), Around(1_200.0), Constant(2.0), Constant(0.0), Constant(1.0), Around(240.0)];
    let disk_moves = [Rate(4e7), Rate(2e7), Percent(30.0), Degrees(1.0)];
    let disk_rests = [4_000_787_030_016.0, 31_000.0, 120.0, 0.0, 0.0, 0.0, 0.0, 3.0, 100.0, 1.0, 0.0, 1.0];
    let fs = [Constant(7.9e12), Bytes(2e12), Percent(0.01), Constant(4e8), Around(39_000_000.0), Constant(0.0)];
    let net = [Counter(9e6), Counter(2e6), Rate(9e6), Rate(2e6), Counter(0.01), Constant(0.0), Constant(1e9)];
    let ups = [Tenths(231.0), Percent(18.0), Constant(100.0), Constant(2_400.0), Tenths(27.3), Constant(1.0)];
    let mut out = [&system[..], &memory, &board].concat();
    (0..4).for_each(|_| out.extend(disk_moves.into_iter().chain(disk_rests.map(Constant))));
    (0..3).for_each(|_| out.extend(fs));
    (0..2).for_each(|_| out.extend(net));
    out.extend(ups);
    (0..8).for_each(|_| out.extend([Bytes(2e8), Percent(1.0), Constant(1.0)]));
    out.resize(SERIES, Constant(1.0));
    out
}

impl Nas {
    pub(crate) fn new(seed: u64) -> Self {
        let kinds = kinds();
        let values = kinds.iter().map(|kind| match *kind {
            Kind::Constant(x) | Kind::Bytes(x) | Kind::Around(x) | Kind::Tenths(x) => x,
            Kind::Degrees(_) => 36.0,
            Kind::Counter(x) => (x * 1e6).floor(),
            Kind::Percent(_) | Kind::Rate(_) | Kind::Uptime => 0.0,
        });
        Self { values: values.collect(), kinds, random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, load: 0.2 }
    }

    /// Between 0 and 1.
    fn chance(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The numbers of a frame, `seconds` after the one before.
    pub(crate) fn frame(&mut self, at: i64, seconds: f64) -> &[f64] {
        // Busy in the evening, and for some minutes whenever.
        let evening = if (64_800..82_800).contains(&(at % 86_400)) { 0.25 } else { 0.02 };
        if self.chance() < 0.05 {
            self.load = evening + self.chance().powi(4);
        }
        for series in 0..self.kinds.len() {
            let (old, x) = (self.values[series], self.chance());
            self.values[series] = self.next(self.kinds[series], old, x, seconds);
        }
        &self.values
    }

    fn next(&mut self, kind: Kind, old: f64, x: f64, seconds: f64) -> f64 {
        let load = self.load;
        match kind {
            Kind::Constant(_) => old,
            Kind::Percent(most) => round(most * (load + 0.1 * x).min(1.0), 5),
            Kind::Degrees(step) if x < 0.03 => {
                (old + if self.chance() < (44.0 - old) / 16.0 { step } else { -step }).abs()
            }
            Kind::Degrees(_) => old,
            Kind::Rate(_) if load < 0.03 && x < 0.7 => 0.0,
            Kind::Rate(most) => round(most * load * x, 5),
            Kind::Counter(rate) => old + (rate * load * x * seconds).floor(),
            Kind::Uptime => old + seconds,
            Kind::Bytes(_) if x < 0.4 => old,
            Kind::Bytes(most) => (old + ((x - 0.7) * most * 1e-4 / 4_096.0).floor() * 4_096.0).abs(),
            Kind::Around(_) if x < 0.5 => old,
            Kind::Around(most) => (most * (1.0 + (x - 0.75) / 20.0)).floor(),
            Kind::Tenths(most) => round((most * (1.0 + load + (x - 0.5) / 40.0) * 10.0).floor() / 10.0, 5),
        }
    }
}
