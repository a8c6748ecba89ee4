//! Varints and a reader that never goes beyond its bytes.

use crate::{Error, Result};

pub(crate) fn put_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(crate) fn put_zigzag(n: i64, out: &mut Vec<u8>) {
    put_varint(((n << 1) ^ (n >> 63)).cast_unsigned(), out);
}

/// What is left to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn left(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(Error::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().ok_or(Error::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Error::Damaged("a number has more than 64 bits"))
    }

    pub(crate) fn zigzag(&mut self) -> Result<i64> {
        let n = self.varint()?;
        Ok((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    /// A count of at least one and at most `max`.
    pub(crate) fn count(&mut self, max: usize, why: &'static str) -> Result<usize> {
        let n = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        if n == 0 || n > max { Err(Error::Damaged(why)) } else { Ok(n) }
    }

    pub(crate) fn float(&mut self) -> Result<f64> {
        let bytes = self.take(8)?.try_into().map_err(|_| Error::Damaged("it ends too early"))?;
        let x = f64::from_le_bytes(bytes);
        if x.is_finite() { Ok(x) } else { Err(Error::Damaged("a value is not finite")) }
    }

    pub(crate) fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Damaged("something stands behind its end")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_go_through_bytes(n: u64, m: i64) {
            let mut out = Vec::new();
            put_varint(n, &mut out);
            put_zigzag(m, &mut out);
            let mut reader = Reader::new(&out);
            prop_assert_eq!((reader.varint(), reader.zigzag(), reader.left()), (Ok(n), Ok(m), 0));
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut reader = Reader::new(&bytes);
            while reader.varint().is_ok() {}
            prop_assert!(reader.left() <= bytes.len());
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_damage() {
        let mut most = vec![0xff; 9];
        most.push(1);
        assert_eq!(Reader::new(&most).varint(), Ok(u64::MAX));
        most[9] = 2;
        assert!(Reader::new(&most).varint().is_err());
        assert!(Reader::new(&[0x80; 11]).varint().is_err());
    }
}
