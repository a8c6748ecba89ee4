//! Bytes of a disk that lies: an error, or the same values.

use atalaya_history::{
    BlockId, Decoder, Encoder, Error, Level, Month, MonthId, NodeNumber, SeriesId, Table, roll_table,
};
use proptest::prelude::*;
use zstd::bulk::{Compressor, Decompressor};

use crate::model::DAY;

/// A constant, a flag, a counter, a decimal, one with holes, one that only floats can say.
fn hour() -> Table {
    let mut table = Table::new();
    for minute in 0..60 {
        let x = minute as f64;
        let values = [41.3, f64::from(u8::from(minute > 30)), 1e9 + x, (x - 30.0) / 8.0, x, x.sqrt()];
        for (series, value) in values.into_iter().enumerate() {
            if series != 4 || minute % 7 < 3 {
                table.add(SeriesId(series as u32 * 100), DAY + minute * 60 + minute % 3, value).unwrap();
            }
        }
    }
    table
}

fn block() -> (BlockId, Vec<u8>, Table) {
    let id = BlockId::of(NodeNumber(9), Level::FiveMinutes, DAY).unwrap();
    let table = roll_table(&hour(), Level::FiveMinutes);
    (id, Encoder::new().unwrap().block(id, &table).unwrap(), table)
}

fn raw() -> (BlockId, Vec<u8>, Table) {
    let id = BlockId::of(NodeNumber(9), Level::Raw, DAY).unwrap();
    (id, Encoder::new().unwrap().block(id, &hour()).unwrap(), hour())
}

fn bodies() -> Vec<(BlockId, Vec<u8>)> {
    [block(), raw()]
        .into_iter()
        .map(|(id, row, _)| (id, Decompressor::new().unwrap().decompress(&row[1..], 1 << 20).unwrap()))
        .collect()
}

/// A row of a body, as somebody would make it who wants it to be believed.
fn forged(body: &[u8]) -> Vec<u8> {
    let mut row = Compressor::new(1).unwrap().compress(body).unwrap();
    row.insert(0, 1);
    row
}

#[test]
fn every_bit_flipped_is_an_error_or_the_same_values() {
    let mut decoder = Decoder::new().unwrap();
    for (id, row, table) in [block(), raw()] {
        assert_eq!(decoder.block(id, &row).unwrap(), table);
        for bit in 0..row.len() * 8 {
            let mut bad = row.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = decoder.block(id, &bad) {
                assert_eq!(read, table, "bit {bit}");
            }
        }
    }
}

#[test]
fn every_cut_and_every_byte_more_is_an_error() {
    let mut decoder = Decoder::new().unwrap();
    let (id, row, _) = raw();
    for length in 0..row.len() {
        assert!(matches!(decoder.block(id, &row[..length]), Err(Error::Damaged(_))), "{length}");
    }
    assert!(decoder.block(id, &[&row[..], &[0]].concat()).is_err());
}

#[test]
fn a_month_that_lies_is_an_error_or_the_same_values() {
    let mut decoder = Decoder::new().unwrap();
    let id = MonthId { series: SeriesId(77), month: Month::of(DAY) };
    let hours = roll_table(&hour(), Level::Hours);
    let hours = hours.points(SeriesId(300));
    let row = Encoder::new().unwrap().month(id, hours).unwrap();
    for bit in 0..row.len() * 8 {
        let mut bad = row.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = decoder.month(id, &bad) {
            assert_eq!(read, hours, "bit {bit}");
        }
    }
    assert!((0..row.len()).all(|length| decoder.month(id, &row[..length]).is_err()));
    for other in [MonthId { series: SeriesId(78), ..id }, MonthId { month: Month(id.month.0 + 1), ..id }] {
        assert_eq!(decoder.month(other, &row), Err(Error::Damaged("it is another month's row")));
    }
}

#[test]
fn a_row_under_another_id_is_damage() {
    let (id, row, _) = raw();
    for other in [
        BlockId::of(NodeNumber(8), Level::Raw, DAY),
        BlockId::of(NodeNumber(9), Level::FiveMinutes, DAY),
        BlockId::of(NodeNumber(9), Level::Raw, DAY + 3_600),
        BlockId::starting(NodeNumber(9), Level::Raw, DAY + 300),
    ] {
        assert_ne!(other.unwrap(), id);
        assert_eq!(
            Decoder::new().unwrap().block(other.unwrap(), &row),
            Err(Error::Damaged("it is another block's row"))
        );
    }
}

#[test]
fn a_later_version_is_said_to_be_newer() {
    let (id, mut row, _) = raw();
    row[0] = 2;
    assert_eq!(Decoder::new().unwrap().block(id, &row), Err(Error::Newer(2)));
}

/// Past the checksum: bodies that were compressed after they were broken.
#[test]
fn bodies_with_a_good_checksum_are_not_believed_either() {
    let mut decoder = Decoder::new().unwrap();
    let (mut refused, mut taken) = (0, 0);
    for (id, body) in bodies() {
        assert!(decoder.block(id, &forged(&body)).is_ok());
        for length in 0..body.len() {
            assert!(decoder.block(id, &forged(&body[..length])).is_err(), "{length}");
        }
        assert!(decoder.block(id, &forged(&[&body[..], &[0]].concat())).is_err());
        for at in 0..body.len() {
            for byte in [0, 1, body[at] ^ 1, body[at] ^ 0x80, 0x7f, 0xff] {
                let mut bad = body.clone();
                bad[at] = byte;
                match decoder.block(id, &forged(&bad)) {
                    Ok(table) => {
                        taken += 1;
                        sound(id, &table);
                    }
                    Err(Error::Damaged(_)) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
    assert!(refused > 1_000 && taken > 1_000, "{refused} {taken}");
}

fn sound(id: BlockId, table: &Table) {
    for (_, points) in table.iter() {
        assert!(points.is_sorted_by(|a, b| a.at < b.at));
        for point in points {
            assert!((id.start()..id.end()).contains(&point.at));
            assert!(point.min <= point.mean && point.mean <= point.max && point.count > 0);
        }
    }
}

#[test]
fn what_unpacks_to_more_than_the_limit_is_refused_before_room_is_made() {
    let (id, _, _) = raw();
    let bomb = forged(&vec![0; atalaya_history::limits::BODY_BYTES_MAX + 1]);
    assert!(bomb.len() < 4_000);
    assert_eq!(Decoder::new().unwrap().block(id, &bomb), Err(Error::Damaged("its size is wrong")));
}

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Twenty thousand constants of 3,600 points each would be 72 million points.
#[test]
fn constants_do_not_become_more_points_than_the_limit() {
    let (id, _, _) = raw();
    let mut body = Vec::new();
    varint(id.row() as u64, &mut body);
    varint(3_600, &mut body);
    body.extend([0, 2]);
    body.extend([0; 3_598]);
    varint(20_000, &mut body);
    (0..20_000).for_each(|_| body.extend([1, 11]));
    (0..20_000).for_each(|_| body.extend([0; 11]));
    let mut decoder = Decoder::new().unwrap();
    assert_eq!(decoder.block(id, &forged(&body)), Err(Error::Damaged("a series has no points, or a block too many")));
    let one = decoder.some_of_block(id, &forged(&body), &[SeriesId(500)]).unwrap();
    assert_eq!(one.points(SeriesId(500)).len(), 3_600);
}

#[test]
fn a_series_that_goes_on_behind_its_columns_is_damage() {
    let (id, _, _) = raw();
    let body = |line: &[u8]| {
        let mut body = Vec::new();
        varint(id.row() as u64, &mut body);
        body.extend([1, 0, 1, 5, line.len() as u8]);
        body.extend(line);
        forged(&body)
    };
    let line = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut decoder = Decoder::new().unwrap();
    assert_eq!(decoder.block(id, &body(&line)).unwrap().len(), 1);
    let longer = [&line[..], &[0]].concat();
    assert_eq!(decoder.block(id, &body(&longer)), Err(Error::Damaged("something stands behind its end")));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(row in proptest::collection::vec(any::<u8>(), 0..200), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (id, _, _) = block();
        let mut decoder = Decoder::new().unwrap();
        prop_assert!(decoder.block(id, &row).is_err());
        let mut own = Vec::new();
        varint(id.row() as u64, &mut own);
        own.extend(body);
        if let Ok(table) = decoder.block(id, &forged(&own)) {
            sound(id, &table);
        }
    }
}
