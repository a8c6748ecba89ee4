//! Rows as version 1 wrote them: still read, and bodies still written so.

use std::path::Path;

use atalaya_history::{
    BlockId, Decoder, Encoder, Level, Month, MonthId, NodeNumber, Point, SeriesId, Table, roll_table,
};
use zstd::bulk::Decompressor;

use crate::model::DAY;

/// Every encoding, holes, and equal columns.
fn table() -> Table {
    let mut table = Table::new();
    for minute in 0..20 {
        let n = minute as f64;
        for (series, value) in [(3, 41.3), (4, 1e9 + n * n), (300, n / 8.0), (70_000, 1.0 / (n + 3.0))] {
            if series != 4 || minute % 5 > 1 {
                table.add(SeriesId(series), DAY + 7 + minute * 60 + minute / 15, value).unwrap();
            }
        }
    }
    table
}

fn hours() -> Vec<Point> {
    let hour = |n: i64| Point { at: DAY + n * 3_600, min: 1.0, mean: 2.5 + n as f64, max: 100.0, count: 60 };
    (0..50).filter(|n| n % 9 != 4).map(hour).collect()
}

fn hex(bytes: &[u8]) -> String {
    let lines: Vec<String> =
        bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    lines.join("\n") + "\n"
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The row that stands in the file; `UPDATE=1` writes one that is missing, and never another one over it.
fn kept(name: &str, now: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
    if !path.exists() && std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, hex(now)).unwrap();
    }
    unhex(&std::fs::read_to_string(path).unwrap())
}

/// zstd may compress otherwise one day; what is compressed may not change.
fn same_body(a: &[u8], b: &[u8]) {
    let body = |row: &[u8]| hex(&Decompressor::new().unwrap().decompress(&row[1..], 1 << 20).unwrap());
    assert_eq!((a[0], body(a)), (b[0], body(b)));
}

#[test]
fn blocks_of_version_1_are_read_and_written() {
    let raw = table();
    for (name, level, table) in [
        ("raw-1.txt", Level::Raw, raw.clone()),
        ("five-minutes-1.txt", Level::FiveMinutes, roll_table(&raw, Level::FiveMinutes)),
        ("hours-1.txt", Level::Hours, roll_table(&raw, Level::Hours)),
    ] {
        let id = BlockId::of(NodeNumber(258), level, DAY).unwrap();
        let now = Encoder::new().unwrap().block(id, &table).unwrap();
        let kept = kept(name, &now);
        assert_eq!(Decoder::new().unwrap().block(id, &kept).unwrap(), table, "{name}");
        same_body(&kept, &now);
    }
}

#[test]
fn months_of_version_1_are_read_and_written() {
    let id = MonthId { series: SeriesId(70_000), month: Month::of(DAY) };
    let now = Encoder::new().unwrap().month(id, &hours()).unwrap();
    let kept = kept("month-1.txt", &now);
    assert_eq!(Decoder::new().unwrap().month(id, &kept).unwrap(), hours());
    same_body(&kept, &now);
}

/// The smallest block there is, byte by byte as `docs/history.md` says.
#[test]
fn a_block_is_what_the_page_says() {
    let mut table = Table::new();
    for (at, value) in [(60, 1.5), (180, 1.75), (300, 1.5)] {
        table.add(SeriesId(5), 3_600 + at, value).unwrap();
    }
    table.add(SeriesId(7), 3_780, 1.0).unwrap();
    let id = BlockId::of(NodeNumber(1), Level::Raw, 3_600).unwrap();
    assert_eq!(id.row(), 1 << 40 | 1 << 37 | 60);
    let row = Encoder::new().unwrap().block(id, &table).unwrap();
    let body = Decompressor::new().unwrap().decompress(&row[1..], 1 << 10).unwrap();
    let expected: [&[u8]; 5] = [
        &[0xbc, 0x80, 0x80, 0x80, 0x80, 0x24],                // id
        &[3, 60, 0xf0, 0x01, 0],                              // times: 60, 120 later, as much later
        &[2, 5, 8, 2, 15],                                    // two series: 5 with 8 bytes, 7 with 15
        &[0, 0, 2, 2, 0xac, 0x02, 50, 49],                    // all there; decimal of two places: 150, +25, -25
        &[0, 4, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // none, one not, one, one not; a constant
    ];
    assert_eq!(hex(&body), hex(&expected.concat()));
}
