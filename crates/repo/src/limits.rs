//! Every limit of the format and the engine, with its reason.

/// Smallest piece that a file larger than this is cut into; smaller files are bundled.
pub const CHUNK_BYTES_MIN: usize = 256 << 10;
/// Average that the cutting rule aims at.
pub const CHUNK_BYTES_AVG: usize = 1 << 20;
/// Largest piece, and so the largest plaintext of any blob: a reader allocates this once.
pub const CHUNK_BYTES_MAX: usize = 2 << 20;
/// Files in one bundle, so that what waits for a bundle's id stays bounded.
pub const BUNDLE_FILES_MAX: usize = 8192;
/// A tree node closes before it would grow beyond this.
pub const NODE_BYTES_MAX: usize = 128 << 10;
/// A tree node does not close earlier, whatever its paths say.
pub const NODE_BYTES_MIN: usize = 16 << 10;
/// One path in this many may end a node.
pub const NODE_ENTRIES_AVG: u64 = 512;
/// Levels of a tree. 600 children a node make this more than any disk holds.
pub const TREE_LEVELS_MAX: u8 = 8;
/// Longest path. Longer ones are reported.
pub const PATH_BYTES_MAX: usize = 64 << 10;
/// Extended attributes and runs of one entry that stand in it; more moves to blobs.
pub const ENTRY_INLINE_BYTES_MAX: usize = 4 << 10;
/// Names and inline values of one entry's extended attributes; the kernel allows 64 KiB of names.
pub const XATTR_LIST_BYTES_MAX: usize = 128 << 10;
/// Runs in one list blob.
pub const LIST_RUNS_MAX: usize = 2048;
/// A data pack closes when it has grown to this.
pub const DATA_PACK_BYTES: u64 = 8 << 20;
/// A tree pack closes when it has grown to this.
pub const TREE_PACK_BYTES: u64 = 1 << 20;
/// Blobs in one pack, so that its directory stays small: written, and believed.
pub const PACK_BLOBS_MAX: usize = 4096;
/// Largest pack that is believed: a full data pack, one more blob, its directory.
pub const PACK_BYTES_MAX: u64 = 16 << 20;
/// Packs between two index runs of one backup.
pub const CHECKPOINT_PACKS: usize = 64;
/// Records kept in memory before an index run is written.
pub const CHECKPOINT_RECORDS: usize = 16 << 10;
/// Objects that are read whole (configuration, key files, snapshots, the roster).
pub const SMALL_OBJECT_BYTES_MAX: u64 = 4 << 20;
/// Key files in the repository; a passphrase is tried on each, which takes about 60 ms.
pub const KEY_FILES_MAX: usize = 256;
/// Batches of the walk that exist at once: being filled, on their way, being read ahead, being read.
pub const BATCHES: usize = 4;
/// Bytes of content that are read ahead for one batch of the walk.
pub const AHEAD_BYTES: usize = 256 << 10;
/// An entry whose ctime is this close to its reading (or later) is read again next time, in seconds.
pub const RACY_SECONDS: i64 = 2;
/// How often a file that changes under the reader is tried.
pub const READ_TRIES: u32 = 3;

const _: () = {
    assert!(CHUNK_BYTES_MIN < CHUNK_BYTES_AVG && CHUNK_BYTES_AVG < CHUNK_BYTES_MAX);
    // The chunker scans bytes in pairs.
    assert!(
        CHUNK_BYTES_MIN.is_multiple_of(2) && CHUNK_BYTES_AVG.is_multiple_of(2) && CHUNK_BYTES_MAX.is_multiple_of(2)
    );
    // One entry always fits a node: path, link target, inline attributes and runs.
    assert!(PATH_BYTES_MAX + 3 * ENTRY_INLINE_BYTES_MAX < NODE_BYTES_MAX);
    assert!(NODE_BYTES_MAX < CHUNK_BYTES_MAX && XATTR_LIST_BYTES_MAX < CHUNK_BYTES_MAX);
    assert!(DATA_PACK_BYTES + CHUNK_BYTES_MAX as u64 + 2 * PACK_BLOBS_MAX as u64 * 40 < PACK_BYTES_MAX);
    // Positions are counted in 16 bits.
    assert!(PACK_BLOBS_MAX <= 1 << 16);
    assert!(LIST_RUNS_MAX * 64 < CHUNK_BYTES_MAX);
};
