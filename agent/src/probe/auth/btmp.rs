//! `/var/log/btmp`: records of fixed size, in one of two layouts. Systems with 64-bit times in them have 400 bytes a
//! record (arm64, and what was made since), the others 384 (x86-64, 32-bit ARM).

use std::io::{Read, Seek, SeekFrom};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Failure;
use crate::probe::follow::open;
use crate::probe::said::from_unix;
use crate::probe::{Fault, Result, Site};

const PATH: &str = "/var/log/btmp";
/// Records that are looked at, from the end.
const RECORDS_MAX: u64 = 300;

/// Where things are in a record.
#[derive(Clone, Copy, Debug)]
struct Layout {
    bytes: usize,
    time: usize,
    /// Whether the time has 64 bits.
    long: bool,
    address: usize,
}

const SHORT: Layout = Layout { bytes: 384, time: 340, long: false, address: 348 };
const LONG: Layout = Layout { bytes: 400, time: 344, long: true, address: 360 };

/// The failures at the end of the file.
pub(super) fn read(site: &Site) -> Result<Vec<Failure>> {
    let failed = |err: std::io::Error| Fault::io(PATH, &err);
    let (mut file, meta) = open(site, PATH)?;
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(2 * LONG.bytes as u64).read_to_end(&mut head).map_err(failed)?;
    if head.is_empty() {
        return Ok(Vec::new());
    }
    let Some(layout) = layout(&head, meta.len()) else {
        return Err(Fault::Failed(format!("{PATH} has records of no known layout")));
    };
    let size = layout.bytes as u64;
    let start = (meta.len() / size).saturating_sub(RECORDS_MAX) * size;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    file.take(RECORDS_MAX * size).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes.chunks_exact(layout.bytes).filter_map(|record| failure(record, layout)).collect())
}

/// By the length of the file and, where both fit, by what stands in its first two records.
fn layout(head: &[u8], length: u64) -> Option<Layout> {
    let fits = |layout: &Layout| {
        let records = head.chunks_exact(layout.bytes);
        length.is_multiple_of(layout.bytes as u64)
            && records.len() > 0
            && records.into_iter().all(|record| failure(record, *layout).is_some())
    };
    [SHORT, LONG].into_iter().find(fits)
}

fn failure(record: &[u8], layout: Layout) -> Option<Failure> {
    // Kinds of records go from 0 to 9, followed by padding.
    if !matches!(record.get(..4)?, [0..=9, 0, 0, 0]) {
        return None;
    }
    let seconds = if layout.long {
        i64::from_le_bytes(record.get(layout.time..layout.time + 8)?.try_into().ok()?)
    } else {
        i64::from(u32::from_le_bytes(record.get(layout.time..layout.time + 4)?.try_into().ok()?))
    };
    let bytes: [u8; 16] = record.get(layout.address..layout.address + 16)?.try_into().ok()?;
    let from = match bytes {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => None,
        [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
        bytes => Some(IpAddr::V6(Ipv6Addr::from(bytes))),
    };
    let at = from_unix(seconds).filter(|_| seconds > 0)?;
    Some(Failure { at, from: from.map(|address| address.to_string()) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::fs;

    /// A record as one of the two kinds of machines writes it.
    pub(in super::super) fn record(long: bool, seconds: i64, from: [u8; 4]) -> Vec<u8> {
        let layout = if long { LONG } else { SHORT };
        let mut bytes = vec![0; layout.bytes];
        bytes[0] = 6;
        bytes[8..16].copy_from_slice(b"ssh:nott");
        bytes[44..49].copy_from_slice(b"admin");
        let length = if long { 8 } else { 4 };
        bytes[layout.time..layout.time + length].copy_from_slice(&seconds.to_le_bytes()[..length]);
        bytes[layout.address..layout.address + 4].copy_from_slice(&from);
        bytes
    }

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Failure>> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("var/log")).unwrap();
        fs::write(dir.path().join("var/log/btmp"), bytes).unwrap();
        super::read(&Site::below(dir.path()))
    }

    #[test]
    fn both_layouts_are_read() {
        for long in [false, true] {
            // 24 and 25 records have as many bytes in the other layout, and so does a file of 9600 bytes.
            for count in [1, 2, 24, 25, 1000] {
                let bytes: Vec<u8> =
                    (0..count).flat_map(|at| record(long, 1_795_168_800 + at, [192, 0, 2, 1])).collect();
                let found = read_bytes(&bytes).unwrap();
                assert_eq!(found.len() as i64, count.min(300), "{long} {count}");
                assert_eq!(found.last().unwrap().at.as_second(), 1_795_168_800 + count - 1);
                assert_eq!(found[0].from.as_deref(), Some("192.0.2.1"));
            }
        }
    }

    #[test]
    fn what_is_no_record_is_told() {
        assert_eq!(read_bytes(b"").unwrap(), []);
        for bytes in [vec![0xff; 384], vec![0; 1000], b"x".to_vec(), vec![0; 384]] {
            assert_eq!(read_bytes(&bytes).unwrap_err().state(), "failed");
        }
    }
}
