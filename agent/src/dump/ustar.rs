//! Header blocks of POSIX tar (IEEE Std 1003.1, pax interchange format, "ustar").

/// Everything in an archive comes in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;
/// What the name fields hold.
pub(super) const NAME_BYTES_MAX: usize = 100;
/// Largest number in a field of eight bytes.
pub(super) const SMALL_MAX: u64 = 0o777_7777;
/// Largest number in a field of twelve bytes.
pub(super) const LARGE_MAX: u64 = 0o777_7777_7777;

/// Kinds of entries.
pub(super) const FILE: u8 = b'0';
pub(super) const HARD_LINK: u8 = b'1';
pub(super) const SYMLINK: u8 = b'2';
pub(super) const CHAR_DEVICE: u8 = b'3';
pub(super) const BLOCK_DEVICE: u8 = b'4';
pub(super) const FOLDER: u8 = b'5';
pub(super) const FIFO: u8 = b'6';
pub(super) const EXTENDED: u8 = b'x';

/// What stands in a header. Numbers and names too large for their fields are cut: an extended
/// header before it then tells the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: u8,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) link: &'a [u8],
    pub(super) device: (u64, u64),
}

impl Header<'_> {
    /// The block.
    pub(super) fn encode(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        text(&mut block[..100], self.name);
        octal(&mut block[100..108], self.mode.into());
        octal(&mut block[108..116], u64::from(self.uid).min(SMALL_MAX));
        octal(&mut block[116..124], u64::from(self.gid).min(SMALL_MAX));
        octal(&mut block[124..136], self.size.min(LARGE_MAX));
        octal(&mut block[136..148], u64::try_from(self.mtime).unwrap_or(0).min(LARGE_MAX));
        block[148..156].fill(b' ');
        block[156] = self.kind;
        text(&mut block[157..257], self.link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        octal(&mut block[329..337], self.device.0.min(SMALL_MAX));
        octal(&mut block[337..345], self.device.1.min(SMALL_MAX));
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        block
    }
}

fn text(field: &mut [u8], value: &[u8]) {
    let len = value.len().min(field.len());
    field[..len].copy_from_slice(&value[..len]);
}

/// Digits with leading zeros and a final NUL.
fn octal(field: &mut [u8], mut value: u64) {
    let Some((end, digits)) = field.split_last_mut() else { return };
    *end = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

/// Zeros that fill the last block of `len` bytes.
pub(super) fn padding(len: u64) -> usize {
    (BLOCK - (len % BLOCK as u64) as usize) % BLOCK
}
