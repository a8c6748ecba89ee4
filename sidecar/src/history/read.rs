//! Graphs: what is read for one, out of what waits, blocks and months.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use atalaya_history::{Ask, BlockId, Decoder, Level, MonthId, NodeNumber, Piece, Plan, Point, SeriesId, Source, plan};
use rusqlite::Connection;

use super::frame::Unpacker;
use super::rows::with_times;
use super::{Handle, damage, have};
use crate::db::{history as rows, read::history as db, series};
use crate::error::{Error, Kind, Result};
use crate::limits::QUERY_SERIES_MAX;

/// A series, as people name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// View and id, such as `disk/WD-1`; `system` where there is only one.
    pub object: String,
    /// As in the view.
    pub key: String,
}

/// What somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// At most [`QUERY_SERIES_MAX`].
    pub wanted: Vec<Wanted>,
    /// From this second on.
    pub from: i64,
    /// Up to and without this one.
    pub until: i64,
    /// 2 to 2,000.
    pub points: usize,
    /// From one frame of the node to the next.
    pub interval: Duration,
}

/// What is shown of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Which.
    pub wanted: Wanted,
    /// By time; where nothing is known there is none.
    pub points: Vec<Point>,
}

/// A time of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// From this second on.
    pub from: i64,
    /// Up to and without this one.
    pub until: i64,
    /// `damaged`, `full`, `lost`; `nothing` where nothing was heard and nothing is known of why.
    pub why: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// In whole steps.
    pub times: Range<i64>,
    /// From one point to the next.
    pub step_seconds: i64,
    /// The coarsest level that was read: `raw`, `five_minutes`, `hours`.
    pub level: &'static str,
    /// In the order in which they were asked for.
    pub series: Vec<Line>,
    /// By time.
    pub gaps: Vec<Gap>,
}

/// What a node has: objects and keys, in this order.
///
/// # Errors
///
/// What the database says.
pub fn series_of(connection: &Connection, handle: &Handle, node: u16) -> Result<Vec<Wanted>> {
    let (ids, last) = handle.head().of(node);
    let moment = db::moment(connection)?;
    let known = series::all(&moment, node)?.into_iter().map(|(object, key, _)| Wanted { object, key });
    let mut all: BTreeSet<Wanted> = known.collect();
    let mut unpacker = Unpacker::new()?;
    for id in ids.into_iter().chain(db::frames_after(&moment, node, last)?) {
        rows::frame(&moment, id, node, |_, flags, body| {
            unpacker.each(flags, body, |object, key, _| {
                all.insert(Wanted { object: object.to_owned(), key: key.to_owned() });
            })
        })?;
    }
    Ok(all.into_iter().collect())
}

/// A graph of a node's series. Holds the points that were read: 40 bytes each, 2,000 to 12,000 a series.
///
/// # Errors
///
/// [`Kind::Refused`] for too many series; what the database says.
pub fn history(connection: &Connection, handle: &Handle, node: u16, asked: &Asked, now: i64) -> Result<Answer> {
    if asked.wanted.len() > QUERY_SERIES_MAX {
        return Err(Error::new(Kind::Refused, format!("at most {QUERY_SERIES_MAX} series at once")));
    }
    let (waiting, last) = handle.head().of(node);
    let moment = db::moment(connection)?;
    let have = have::of(&moment, node, now)?;
    let interval = i64::try_from(asked.interval.as_secs()).unwrap_or(i64::MAX);
    let plan = plan(&Ask { from: asked.from, until: asked.until, points: asked.points, interval }, &have);
    let mut reading = Reading::new(&moment, handle, node, asked)?;
    for piece in &plan.pieces {
        match piece.source {
            Source::Block(level) => reading.blocks(piece, level)?,
            Source::Month => reading.months(piece)?,
        }
    }
    let tail = db::frames_after(&moment, node, last)?;
    reading.frames(waiting.into_iter().chain(tail), &plan.times)?;
    let known = db::gaps(&moment, node, &plan.times)?;
    reading.gaps.extend(known.into_iter().map(|(times, why)| Gap { from: times.start, until: times.end, why }));
    Ok(reading.answer(asked, &plan))
}

/// What was read so far.
struct Reading<'a> {
    moment: &'a Connection,
    handle: &'a Handle,
    node: u16,
    wanted: &'a [Wanted],
    ids: Vec<Option<SeriesId>>,
    /// Of each series what its pieces gave, the head last.
    parts: Vec<Vec<Vec<Point>>>,
    gaps: Vec<Gap>,
    decoder: Decoder,
}

impl<'a> Reading<'a> {
    fn new(moment: &'a Connection, handle: &'a Handle, node: u16, asked: &'a Asked) -> Result<Self> {
        let wanted = &asked.wanted;
        let ids = wanted.iter().map(|wanted| series::of(moment, node, &wanted.object, &wanted.key));
        let (ids, parts) = (ids.collect::<Result<_>>()?, vec![Vec::new(); wanted.len()]);
        Ok(Self { moment, handle, node, wanted, ids, parts, gaps: Vec::new(), decoder: Decoder::new()? })
    }

    fn blocks(&mut self, piece: &Piece, level: Level) -> Result<()> {
        let Some(range) = BlockId::over(NodeNumber(self.node), level, piece.times.clone()) else { return Ok(()) };
        let wanted: Vec<SeriesId> = self.ids.iter().flatten().copied().collect();
        let mut points = vec![Vec::new(); self.ids.len()];
        for (id, times) in with_times(&rows::block_ids(self.moment, &range)?) {
            let read = |row: &[u8]| self.decoder.some_of_block(id, row, &wanted);
            let table = match rows::block(self.moment, id.row(), read)? {
                Some(Ok(table)) => table.cut(times),
                Some(Err(why)) => {
                    self.damaged(id.row(), &why, times);
                    continue;
                }
                None => continue,
            };
            for (series, points) in self.ids.iter().zip(&mut points) {
                points.extend(series.map_or(&[][..], |series| piece.cut(table.points(series))));
            }
        }
        self.parts.iter_mut().zip(points).for_each(|(parts, points)| parts.push(points));
        Ok(())
    }

    fn months(&mut self, piece: &Piece) -> Result<()> {
        for at in 0..self.ids.len() {
            let Some(series) = self.ids[at] else { continue };
            let Some(range) = piece.rows(NodeNumber(self.node), series) else { continue };
            let mut points = Vec::new();
            for row in rows::month_ids(self.moment, &range)? {
                let id = MonthId::from_row(row)?;
                match rows::month(self.moment, row, |body| self.decoder.month(id, body))? {
                    Some(Ok(hours)) => points.extend_from_slice(piece.cut(&hours)),
                    Some(Err(why)) => self.damaged(row, &why, id.month.start()..id.month.end()),
                    None => {}
                }
            }
            self.parts[at].push(points);
        }
        Ok(())
    }

    fn frames(&mut self, ids: impl Iterator<Item = i64>, times: &Range<i64>) -> Result<()> {
        let mut unpacker = Unpacker::new()?;
        let mut points = vec![Vec::new(); self.wanted.len()];
        for id in ids {
            rows::frame(self.moment, id, self.node, |at_millis, flags, body| {
                let at = at_millis.div_euclid(1000);
                if !times.contains(&at) {
                    return;
                }
                let read = unpacker.each(flags, body, |object, key, value| {
                    let found = self.wanted.iter().position(|wanted| wanted.key == key && wanted.object == object);
                    if let (Some(place), Ok(point)) = (found, Point::reading(at, value)) {
                        points[place].push(point);
                    }
                });
                // Told when it should become a block.
                drop(read);
            })?;
        }
        for (parts, mut points) in self.parts.iter_mut().zip(points) {
            // Of one second the first that came counts.
            points.sort_by_key(|point| point.at);
            parts.push(points);
        }
        Ok(())
    }

    fn damaged(&mut self, row: i64, why: &atalaya_history::Error, times: Range<i64>) {
        self.handle.0.damage.tell(row, why);
        self.gaps.push(Gap { from: times.start, until: times.end, why: damage::WHY.to_owned() });
    }

    fn answer(mut self, asked: &Asked, plan: &Plan) -> Answer {
        let mut series = Vec::new();
        let mut holes = BTreeSet::new();
        for (wanted, parts) in asked.wanted.iter().zip(&self.parts) {
            let drawn = plan.draw(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
            holes.extend(drawn.gaps.into_iter().map(|gap| (gap.start, gap.end)));
            series.push(Line { wanted: wanted.clone(), points: drawn.points });
        }
        let explained = |(from, until): &(i64, i64)| self.gaps.iter().any(|gap| gap.from < *until && *from < gap.until);
        let holes = holes.into_iter().filter(|hole| !explained(hole));
        let nothing = holes.map(|(from, until)| Gap { from, until, why: "nothing".to_owned() }).collect::<Vec<_>>();
        self.gaps.extend(nothing);
        self.gaps.sort();
        self.gaps.dedup();
        let coarsest = plan.pieces.iter().map(|piece| piece.source.step()).max();
        let level = match coarsest {
            Some(3_600) => "hours",
            Some(300) => "five_minutes",
            _ => "raw",
        };
        Answer { times: plan.times.clone(), step_seconds: plan.step, level, series, gaps: self.gaps }
    }
}
