//! A node's block of levels 1 to 3: many series over shared times, each to be read without the others.

use crate::bytes::{Reader, put_varint};
use crate::limits::{SERIES_PER_NODE_MAX, TABLE_POINTS_MAX};
use crate::{BlockId, Decoder, Encoder, Error, Result, SeriesId, Table, series, times};

impl Encoder {
    /// The row of a block.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: no points, or one that does not belong into this block.
    pub fn block(&mut self, id: BlockId, table: &Table) -> Result<Vec<u8>> {
        let shared = shared_times(table);
        let (step, fits) = (id.level().step(), id.start()..id.end());
        if shared.is_empty() || shared.iter().any(|at| !fits.contains(at) || at % step != 0) {
            return Err(Error::Refused("its points are not of this block"));
        }
        let steps: Vec<u32> = shared.iter().map(|at| ((at - id.start()) / step) as u32).collect();
        self.body.clear();
        put_varint(id.row().unsigned_abs(), &mut self.body);
        times::encode(&steps, &mut self.body);
        let (mut lines, mut last, mut count) = (Vec::new(), 0, 0);
        let mut directory = Vec::new();
        for (series, points) in table.iter() {
            let begin = lines.len();
            series::encode(points, &shared, &mut lines);
            put_varint(u64::from(series.0 - last), &mut directory);
            put_varint((lines.len() - begin) as u64, &mut directory);
            (last, count) = (series.0, count + 1);
        }
        put_varint(count, &mut self.body);
        self.body.append(&mut directory);
        self.body.append(&mut lines);
        self.pack()
    }
}

/// Every time at which some series has a point.
fn shared_times(table: &Table) -> Vec<i64> {
    let mut shared: Vec<i64> = Vec::new();
    for (_, points) in table.iter() {
        // Nearly always those of the series before.
        if !points.iter().map(|point| point.at).eq(shared.iter().copied()) {
            shared.extend(points.iter().map(|point| point.at));
            shared.sort_unstable();
            shared.dedup();
        }
    }
    shared
}

/// A body that was opened as far as its directory.
struct Open<'a> {
    times: Vec<i64>,
    directory: Vec<(SeriesId, usize)>,
    lines: Reader<'a>,
}

impl<'a> Open<'a> {
    fn new(id: BlockId, body: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(body);
        if reader.varint()? != id.row().unsigned_abs() {
            return Err(Error::Damaged("it is another block's row"));
        }
        let step = id.level().step();
        let steps = times::decode(&mut reader, ((id.end() - id.start()) / step) as usize)?;
        let times = steps.into_iter().map(|at| id.start() + i64::from(at) * step).collect();
        let count = reader.count(SERIES_PER_NODE_MAX.min(reader.left()), "the count of series is wrong")?;
        let mut directory = Vec::with_capacity(count);
        for at in 0..count {
            directory.push(entry(&mut reader, (at > 0).then(|| directory.last()).flatten())?);
        }
        Ok(Self { times, directory, lines: reader })
    }

    /// The series that `wanted` says yes to; of the others not a byte is looked at.
    fn series(mut self, mut wanted: impl FnMut(SeriesId) -> bool) -> Result<Table> {
        let mut table = Table::new();
        for (series, length) in self.directory {
            let line = self.lines.take(length)?;
            if wanted(series) {
                let room = TABLE_POINTS_MAX - table.len();
                table.put(series, series::decode(Reader::new(line), &self.times, room)?);
            }
        }
        self.lines.end()?;
        Ok(table)
    }
}

fn entry(reader: &mut Reader<'_>, last: Option<&(SeriesId, usize)>) -> Result<(SeriesId, usize)> {
    const WRONG: Error = Error::Damaged("its directory is wrong");
    let more = u32::try_from(reader.varint()?).map_err(|_| WRONG)?;
    let series = match last {
        Some((last, _)) => last.0.checked_add(more).filter(|_| more > 0).ok_or(WRONG)?,
        None => more,
    };
    Ok((SeriesId(series), usize::try_from(reader.varint()?).map_err(|_| WRONG)?))
}

impl Decoder {
    /// Everything in a block.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], [`Error::Newer`].
    pub fn block(&mut self, id: BlockId, row: &[u8]) -> Result<Table> {
        Open::new(id, &self.unpack(row)?)?.series(|_| true)
    }

    /// Only these series of a block, if they are in it: of the others nothing is decoded.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], [`Error::Newer`].
    pub fn some_of_block(&mut self, id: BlockId, row: &[u8], wanted: &[SeriesId]) -> Result<Table> {
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        Open::new(id, &self.unpack(row)?)?.series(|series| wanted.binary_search(&series).is_ok())
    }

    /// Which series a block has, ascending.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], [`Error::Newer`].
    pub fn series_of_block(&mut self, id: BlockId, row: &[u8]) -> Result<Vec<SeriesId>> {
        Ok(Open::new(id, &self.unpack(row)?)?.directory.into_iter().map(|(series, _)| series).collect())
    }
}
