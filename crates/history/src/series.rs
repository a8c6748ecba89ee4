//! A series' points to bytes and back: which columns, at which of the row's times.

use crate::bytes::{Reader, put_varint};
use crate::{Error, Point, Result, column};

const MIN: u8 = 1;
const MAX: u8 = 2;
const COUNT: u8 = 4;

/// Writes points, whose times are among `times`; both rise.
pub(crate) fn encode(points: &[Point], times: &[i64], out: &mut Vec<u8>) {
    let differs = |of: fn(&Point) -> f64| points.iter().any(|point| of(point).to_bits() != point.mean.to_bits());
    let (min, max) = (differs(|point| point.min), differs(|point| point.max));
    let count = points.iter().any(|point| point.count != 1);
    let bit = |part: u8, there: bool| if there { part } else { 0 };
    out.push(bit(MIN, min) | bit(MAX, max) | bit(COUNT, count));
    presence(points, times, out);
    let mut column = |of: fn(&Point) -> f64| column::encode(&points.iter().map(of).collect::<Vec<_>>(), out);
    column(|point| point.mean);
    if min {
        column(|point| point.min);
    }
    if max {
        column(|point| point.max);
    }
    if count {
        column(|point| f64::from(point.count));
    }
}

fn presence(points: &[Point], times: &[i64], out: &mut Vec<u8>) {
    if points.len() == times.len() {
        return out.push(0);
    }
    let mut known = points.iter().map(|point| point.at).peekable();
    let (mut runs, mut present) = (vec![0_u64], true);
    for time in times {
        if known.next_if_eq(time).is_some() != present {
            runs.push(0);
            present = !present;
        }
        if let Some(run) = runs.last_mut() {
            *run += 1;
        }
    }
    put_varint(runs.len() as u64, out);
    runs.iter().for_each(|run| put_varint(*run, out));
}

/// Reads points at some of `times`, at most `room` of them.
pub(crate) fn decode(mut reader: Reader<'_>, times: &[i64], room: usize) -> Result<Vec<Point>> {
    let parts = reader.byte()?;
    if parts > MIN | MAX | COUNT {
        return Err(Error::Damaged("a series has unknown columns"));
    }
    let times = present(&mut reader, times)?;
    if times.is_empty() || times.len() > room {
        return Err(Error::Damaged("a series has no points, or a block too many"));
    }
    let mean = column::decode(&mut reader, times.len())?;
    let mut next = |part: u8| (parts & part != 0).then(|| column::decode(&mut reader, times.len())).transpose();
    let (min, max, count) = (next(MIN)?, next(MAX)?, next(COUNT)?);
    reader.end()?;
    let of = |column: &Option<Vec<f64>>, at: usize| column.as_ref().and_then(|column| column.get(at)).copied();
    let points = times.iter().zip(mean).enumerate().map(|(at, (time, mean))| {
        let (min, max) = (of(&min, at).unwrap_or(mean), of(&max, at).unwrap_or(mean));
        let point = Point { at: *time, min, mean, max, count: whole(of(&count, at).unwrap_or(1.0))? };
        if point.is_sound() { Ok(point) } else { Err(Error::Damaged("a point's figures contradict each other")) }
    });
    points.collect()
}

fn whole(count: f64) -> Result<u32> {
    let n = count as u32;
    if f64::from(n).to_bits() == count.to_bits() { Ok(n) } else { Err(Error::Damaged("a count is not whole")) }
}

/// The times at which there is a point.
fn present(reader: &mut Reader<'_>, times: &[i64]) -> Result<Vec<i64>> {
    const WRONG: Error = Error::Damaged("the presence of points is wrong");
    let runs = reader.varint()?;
    if runs == 0 {
        return Ok(times.to_vec());
    }
    let (mut out, mut rest) = (Vec::new(), times);
    for at in 0..runs {
        let run = usize::try_from(reader.varint()?).ok().filter(|run| at == 0 || *run > 0).ok_or(WRONG)?;
        let (now, later) = rest.split_at_checked(run).ok_or(WRONG)?;
        if at % 2 == 0 {
            out.extend(now);
        }
        rest = later;
    }
    if rest.is_empty() { Ok(out) } else { Err(WRONG) }
}
