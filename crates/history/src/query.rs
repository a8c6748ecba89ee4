//! What is read for a graph, and how it becomes its points. `docs/history.md`, "What a query reads", has the rules.

use std::ops::{Range, RangeInclusive};

use crate::limits::{QUERY_POINTS_MAX, TIME_SECONDS_MAX};
use crate::table::within;
use crate::{BlockId, Keep, Level, Month, MonthId, NodeNumber, Point, SeriesId, roll};

const DAY: i64 = 86_400;
/// Steps below a day that people read easily; those that are not finer than a level are multiples of it.
const STEPS: [i64; 19] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600];

/// What somebody wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// From this second on.
    pub from: i64,
    /// Up to and without this one.
    pub until: i64,
    /// At most so many points: at least 2, as a short range may lie across a boundary of every step; never more than [`QUERY_POINTS_MAX`].
    pub points: usize,
    /// Seconds from one reading of the node to the next.
    pub interval: i64,
}

/// The time for which a node has each level whole, in seconds; empty where it has none. Rows begin and end there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Have {
    /// Level 1.
    pub raw: Range<i64>,
    /// Level 2.
    pub five_minutes: Range<i64>,
    /// Level 3.
    pub hours: Range<i64>,
    /// Level 4.
    pub months: Range<i64>,
}

impl Have {
    /// What a node has that was never away, where nothing was taken away by size and nothing waits to be written.
    #[must_use]
    pub fn expected(keep: &Keep, now: i64) -> Self {
        let now = now.clamp(0, TIME_SECONDS_MAX);
        let start = |level: Level, at: i64| at - at.rem_euclid(level.span());
        // Months are closed in the first days of the next.
        let closed = Month::of(now - 5 * DAY).start();
        Self {
            raw: start(Level::Raw, now - keep.raw)..start(Level::Raw, now),
            five_minutes: start(Level::FiveMinutes, now - keep.five_minutes)..start(Level::FiveMinutes, now),
            hours: closed..start(Level::Hours, now),
            months: Month::of(now - keep.hours).start()..closed,
        }
    }

    fn of(&self, source: Source) -> &Range<i64> {
        match source {
            Source::Block(Level::Raw) => &self.raw,
            Source::Block(Level::FiveMinutes) => &self.five_minutes,
            Source::Block(Level::Hours) => &self.hours,
            Source::Month => &self.months,
        }
    }
}

/// Where a stretch of time is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Rows of the node.
    Block(Level),
    /// Rows of the series.
    Month,
}

impl Source {
    /// The finest first; of two that have the same points the one that costs less.
    const ALL: [Self; 4] =
        [Self::Block(Level::Raw), Self::Block(Level::FiveMinutes), Self::Month, Self::Block(Level::Hours)];

    /// Seconds of its points.
    #[must_use]
    pub const fn step(self) -> i64 {
        match self {
            Self::Block(level) => level.step(),
            Self::Month => Level::Hours.step(),
        }
    }
}

/// A stretch of time from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which.
    pub source: Source,
    /// What of it counts.
    pub times: Range<i64>,
}

impl Piece {
    /// Ids of the rows to be read, of `block` or of `month` as the source is.
    #[must_use]
    pub fn rows(&self, node: NodeNumber, series: SeriesId) -> Option<RangeInclusive<i64>> {
        match self.source {
            Source::Block(level) => BlockId::over(node, level, self.times.clone()),
            Source::Month => {
                let months = Month::of(self.times.start)..=Month::of(self.times.end - 1);
                Some(MonthId::range(series, months))
            }
        }
    }

    /// Of what was read, what counts.
    #[must_use]
    pub fn cut<'a>(&self, points: &'a [Point]) -> &'a [Point] {
        within(points, &self.times)
    }
}

/// What to read. The head is read beside, for all of `times`: it may hold late readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seconds from one point of the answer to the next.
    pub step: i64,
    /// What is answered: what was asked for, in whole steps.
    pub times: Range<i64>,
    /// In the order of time. They do not touch each other's time; where nothing is, there is no piece.
    pub pieces: Vec<Piece>,
    interval: i64,
}

/// What to read for `ask`.
#[must_use]
pub fn plan(ask: &Ask, have: &Have) -> Plan {
    let (from, until) = (ask.from.clamp(0, TIME_SECONDS_MAX - 1), ask.until.clamp(0, TIME_SECONDS_MAX));
    let asked = from..until.max(from + 1);
    let (interval, points) = (ask.interval.clamp(1, DAY), ask.points.clamp(2, QUERY_POINTS_MAX) as i64);
    let mut step = step_for(&asked, points, interval);
    loop {
        let times = whole(&asked, step);
        let pieces = pieces(&times, step, have);
        let coarsest = pieces.iter().map(|piece| piece.source.step()).max().unwrap_or(step);
        if coarsest <= step {
            return Plan { step, times, pieces, interval };
        }
        step = step_for(&asked, points, coarsest);
    }
}

/// The shortest step that is not below `least` and gives at most so many points.
fn step_for(times: &Range<i64>, points: i64, least: i64) -> i64 {
    let fits = |step: i64| {
        let whole = whole(times, step);
        step >= least && (whole.end - whole.start) / step <= points
    };
    let days = (0..).flat_map(|power| [1, 2, 5].map(|n| n * DAY * 10_i64.saturating_pow(power)));
    let mut steps = STEPS.into_iter().chain([DAY / 2]).chain(days.take_while(|step| *step < 2 * TIME_SECONDS_MAX));
    steps.find(|step| fits(*step)).unwrap_or(2 * TIME_SECONDS_MAX)
}

/// Rounded out to whole steps.
const fn whole(times: &Range<i64>, step: i64) -> Range<i64> {
    let end = times.end + step - 1;
    times.start - times.start.rem_euclid(step)..end - end.rem_euclid(step)
}

fn pieces(times: &Range<i64>, step: i64, have: &Have) -> Vec<Piece> {
    let mut edges = vec![times.start, times.end];
    let ends = Source::ALL.iter().map(|source| have.of(*source)).flat_map(|range| [range.start, range.end]);
    edges.extend(ends.filter(|edge| times.contains(edge)));
    edges.sort_unstable();
    let mut out: Vec<Piece> = Vec::new();
    for pair in edges.windows(2) {
        let &[from, until] = pair else { continue };
        let holds = |source: &Source| have.of(*source).start <= from && until <= have.of(*source).end;
        let Some(source) = (from < until).then(|| preferred(step).find(holds)).flatten() else { continue };
        match out.last_mut() {
            Some(last) if last.source == source && last.times.end == from => last.times.end = until,
            _ => out.push(Piece { source, times: from..until }),
        }
    }
    out
}

/// Sources from the best for a step: the coarsest that is not coarser, then finer ones, then coarser ones.
fn preferred(step: i64) -> impl Iterator<Item = Source> {
    let mut sources = Source::ALL;
    // Finer ones from the coarse end; of the same step as they stand.
    sources.sort_by_key(|source| {
        (source.step() > step, if source.step() > step { source.step() } else { -source.step() })
    });
    sources.into_iter()
}

/// What is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// At most as many as were asked for, each of the plan's step; where nothing was known there is none.
    pub points: Vec<Point>,
    /// From the end of the point before to the beginning of the next.
    pub gaps: Vec<Range<i64>>,
}

impl Plan {
    /// A series' points and gaps, from what its pieces and the head gave, each rising and cut by [`Piece::cut`]. Of two of
    /// one second that which comes first counts, so the head is given last.
    #[must_use]
    pub fn draw(&self, parts: &[&[Point]]) -> Drawn {
        let mut all: Vec<Point> = parts.iter().flat_map(|part| within(part, &self.times)).copied().collect();
        all.sort_by_key(|point| point.at);
        all.dedup_by_key(|point| point.at);
        let points = roll::roll(&all, self.step);
        let far = |a: &Point, b: &Point| 2 * (b.at - a.at - self.step) > 3 * self.interval;
        let gaps = points.windows(2).filter_map(|pair| match pair {
            [a, b] if far(a, b) => Some(a.at + self.step..b.at),
            _ => None,
        });
        Drawn { gaps: gaps.collect(), points }
    }
}
