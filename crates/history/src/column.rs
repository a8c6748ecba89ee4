//! Numbers to bytes and back, to the very same number: constant, whole, decimal or float.

use crate::bytes::{Reader, put_zigzag};
use crate::limits::PLACES_MAX;
use crate::{Error, Result};

const CONSTANT: u8 = 0;
const WHOLE: u8 = 1;
const DECIMAL: u8 = 2;
const FLOAT: u8 = 3;

/// Above this not every whole number is an `f64`.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Exact, and so is a whole number: their quotient is the `f64` nearest to the decimal fraction, which is what parsing
/// its text gives.
const TENS: [f64; PLACES_MAX as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

/// Writes finite `values`, at least one.
pub(crate) fn encode(values: &[f64], out: &mut Vec<u8>) {
    let Some(first) = values.first() else { return };
    if values.iter().all(|x| x.to_bits() == first.to_bits()) {
        out.push(CONSTANT);
        out.extend(first.to_le_bytes());
    } else if let Some((places, whole)) = scaled(values) {
        if places == 0 {
            out.push(WHOLE);
        } else {
            out.extend([DECIMAL, places]);
        }
        let mut last = 0;
        for n in whole {
            put_zigzag(n - last, out);
            last = n;
        }
    } else {
        out.push(FLOAT);
        out.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    }
}

/// As whole numbers of the fewest decimal places that give all of them back.
fn scaled(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut places = 0;
    for x in values {
        while exact(*x, places).is_none() {
            places += 1;
            if places > PLACES_MAX {
                return None;
            }
        }
    }
    Some((places, values.iter().map(|x| exact(*x, places)).collect::<Option<_>>()?))
}

/// `x` × 10^`places` if dividing it again gives `x`, to the bit.
fn exact(x: f64, places: u8) -> Option<i64> {
    let ten = TENS.get(usize::from(places))?;
    let whole = (x * ten).round();
    // Minus zero has another bit and so is none.
    (whole.abs() <= WHOLE_MAX && (whole as i64 as f64 / ten).to_bits() == x.to_bits()).then_some(whole as i64)
}

/// Reads `count` values, which are finite.
pub(crate) fn decode(reader: &mut Reader<'_>, count: usize) -> Result<Vec<f64>> {
    match reader.byte()? {
        CONSTANT => Ok(vec![reader.float()?; count]),
        WHOLE => wholes(reader, count, 1.0),
        DECIMAL => match TENS.get(usize::from(reader.byte()?)) {
            Some(ten) if *ten > 1.0 => wholes(reader, count, *ten),
            _ => Err(Error::Damaged("a column has too many decimal places")),
        },
        FLOAT if reader.left() / 8 >= count => (0..count).map(|_| reader.float()).collect(),
        FLOAT => Err(Error::Damaged("a column is too short")),
        _ => Err(Error::Damaged("a column has an unknown encoding")),
    }
}

fn wholes(reader: &mut Reader<'_>, count: usize, ten: f64) -> Result<Vec<f64>> {
    // Each has a byte: no more room is made than there are.
    if reader.left() < count {
        return Err(Error::Damaged("a column is too short"));
    }
    let (mut values, mut last) = (Vec::with_capacity(count), 0_i64);
    for _ in 0..count {
        last = last
            .checked_add(reader.zigzag()?)
            .filter(|n| n.unsigned_abs() <= WHOLE_MAX as u64)
            .ok_or(Error::Damaged("a whole number is too large"))?;
        values.push(last as f64 / ten);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(values: &[f64]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(values, &mut out);
        out
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    fn check(values: &[f64], encoding: u8, bytes: usize) {
        let out = written(values);
        assert_eq!((out[0], out.len()), (encoding, bytes), "{values:?}");
        let mut reader = Reader::new(&out);
        assert_eq!(bits(&decode(&mut reader, values.len()).unwrap()), bits(values));
        assert_eq!(reader.left(), 0);
    }

    #[test]
    fn each_encoding_is_used_where_it_fits() {
        check(&[41.3; 60], CONSTANT, 9);
        check(&[1.0, 2.0, 3.0], WHOLE, 4);
        check(&[9_007_199_254_740_992.0, -9_007_199_254_740_992.0], WHOLE, 1 + 8 + 8);
        check(&[41.3, 41.4, 41.25], DECIMAL, 2 + 2 + 1 + 1);
        check(&[0.000_123_46, 0.000_123_47], DECIMAL, 2 + 3 + 1);
        check(&[0.1 + 0.2, 0.3], FLOAT, 17);
        check(&[1e300, 1.0], FLOAT, 17);
        check(&[1e15, 0.001], FLOAT, 17);
        check(&[f64::MIN_POSITIVE, 5e-324], FLOAT, 17);
    }

    #[test]
    fn a_whole_number_that_no_float_has_is_damage() {
        for (first, good) in [(1_i64 << 53, true), ((1 << 53) + 1, false), (i64::MAX, false), (i64::MIN, false)] {
            let mut out = vec![WHOLE];
            put_zigzag(first, &mut out);
            put_zigzag(0, &mut out);
            assert_eq!(decode(&mut Reader::new(&out), 2).is_ok(), good, "{first}");
        }
        let mut over = vec![DECIMAL, 1];
        put_zigzag(i64::MAX, &mut over);
        put_zigzag(i64::MAX, &mut over);
        assert!(decode(&mut Reader::new(&over), 2).is_err());
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
            (-99_999..99_999_i32, -8..8_i32).prop_map(|(n, e)| format!("{n}e{e}").parse().unwrap()),
            any::<u32>().prop_map(f64::from),
            (0..=1_u8).prop_map(f64::from),
        ]
    }

    proptest! {
        #[test]
        fn every_number_comes_back_to_the_bit(values in proptest::collection::vec(number(), 1..80)) {
            let out = written(&values);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(bits(&decode(&mut reader, values.len()).unwrap()), bits(&values));
            prop_assert_eq!(reader.left(), 0);
        }

        #[test]
        fn numbers_of_five_digits_are_never_floats(
            values in proptest::collection::vec((-99_999..99_999_i32, -6..3_i32), 1..40),
        ) {
            let values: Vec<f64> = values.iter().map(|(n, e)| format!("{n}e{e}").parse::<f64>().unwrap() + 0.0).collect();
            prop_assert_ne!(written(&values)[0], FLOAT);
        }

        #[test]
        fn any_bytes_are_finite_values_or_damage(bytes in proptest::collection::vec(any::<u8>(), 0..80), count in 1..5_000_usize) {
            if let Ok(values) = decode(&mut Reader::new(&bytes), count) {
                prop_assert!(values.len() == count && values.iter().all(|x| x.is_finite()));
            }
        }
    }
}
