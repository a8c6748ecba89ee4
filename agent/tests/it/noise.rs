//! Data of which no two pieces are alike.

/// Bytes that do not compress and repeat nowhere, neither within themselves nor in those of another `seed`: multiples of a
/// constant do, so that where a key cuts them two files may share a piece.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut x = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}
