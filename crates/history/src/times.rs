//! The times that a row's series share: how much each distance differs from the one before, which is nearly always 0.

use crate::bytes::{Reader, put_varint, put_zigzag};
use crate::{Error, Result};

/// Writes rising `times`, in steps since the row's start.
pub(crate) fn encode(times: &[u32], out: &mut Vec<u8>) {
    put_varint(times.len() as u64, out);
    let (mut last, mut distance) = (0, 0);
    for (at, time) in times.iter().map(|time| i64::from(*time)).enumerate() {
        if at == 0 {
            put_varint(time.unsigned_abs(), out);
        } else {
            put_zigzag(time - last - distance, out);
            distance = time - last;
        }
        last = time;
    }
}

/// Reads rising times below `end`.
pub(crate) fn decode(reader: &mut Reader<'_>, end: usize) -> Result<Vec<u32>> {
    const WRONG: Error = Error::Damaged("a time lies outside its block or does not rise");
    let count = reader.count(end.min(reader.left()), "the count of times is wrong")?;
    let mut times = Vec::with_capacity(count);
    let (mut last, mut distance) = (0_i64, 0_i64);
    for at in 0..count {
        let time = if at == 0 {
            i64::try_from(reader.varint()?).ok()
        } else {
            distance = distance.checked_add(reader.zigzag()?).filter(|distance| *distance > 0).ok_or(WRONG)?;
            last.checked_add(distance)
        };
        last = time.filter(|time| *time < end as i64).ok_or(WRONG)?;
        times.push(u32::try_from(last).map_err(|_| WRONG)?);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_go_through_bytes(times in proptest::collection::btree_set(0..3_600_u32, 1..200)) {
            let times: Vec<u32> = times.into_iter().collect();
            let mut out = Vec::new();
            encode(&times, &mut out);
            prop_assert_eq!(decode(&mut Reader::new(&out), 3_600), Ok(times.clone()));
            let last = *times.last().unwrap() as usize;
            prop_assert!(decode(&mut Reader::new(&out), last).is_err());
        }

        #[test]
        fn any_bytes_are_rising_times_or_damage(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(times) = decode(&mut Reader::new(&bytes), 72) {
                prop_assert!(times.is_sorted_by(|a, b| a < b) && times.len() <= 72 && times.iter().all(|time| *time < 72));
            }
        }
    }

    #[test]
    fn a_regular_hour_is_a_byte_a_minute() {
        let mut out = Vec::new();
        encode(&(0..60).map(|minute| minute * 60 + 7).collect::<Vec<_>>(), &mut out);
        assert_eq!(out.len(), 1 + 60);
    }
}
