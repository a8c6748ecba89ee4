//! A series' month of hours: level 4.

use crate::bytes::{Reader, put_varint};
use crate::{Decoder, Encoder, Error, Level, MonthId, Point, Result, series, times};

const STEP: i64 = Level::Hours.step();

impl Encoder {
    /// The row of a month: `hours` rise and lie in it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: no points, or such as are no hours of this month.
    pub fn month(&mut self, id: MonthId, hours: &[Point]) -> Result<Vec<u8>> {
        let fits = id.month.start()..id.month.end();
        let good = |point: &Point| point.is_sound() && fits.contains(&point.at) && point.at % STEP == 0;
        if hours.is_empty() || !hours.iter().all(good) || !hours.is_sorted_by(|a, b| a.at < b.at) {
            return Err(Error::Refused("its points are not hours of this month"));
        }
        let all: Vec<i64> = hours.iter().map(|point| point.at).collect();
        let steps: Vec<u32> = all.iter().map(|at| ((at - fits.start) / STEP) as u32).collect();
        self.body.clear();
        put_varint(id.row().unsigned_abs(), &mut self.body);
        times::encode(&steps, &mut self.body);
        series::encode(hours, &all, &mut self.body);
        self.pack()
    }
}

impl Decoder {
    /// The hours of a month, rising.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], [`Error::Newer`].
    pub fn month(&mut self, id: MonthId, row: &[u8]) -> Result<Vec<Point>> {
        let body = self.unpack(row)?;
        let mut reader = Reader::new(&body);
        if reader.varint()? != id.row().unsigned_abs() {
            return Err(Error::Damaged("it is another month's row"));
        }
        let start = id.month.start();
        let hours = times::decode(&mut reader, ((id.month.end() - start) / STEP) as usize)?;
        let all: Vec<i64> = hours.into_iter().map(|at| start + i64::from(at) * STEP).collect();
        series::decode(reader, &all, all.len())
    }
}
