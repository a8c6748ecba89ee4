//! Gives memory back to the system that the C library's allocator would hold.
//!
//! glibc otherwise keeps up to eight arenas for each processor and raises its thresholds after large blocks
//! are freed, so that resident memory grows far beyond what the program holds.

#[cfg(feature = "daemon")]
mod resident;

#[cfg(feature = "daemon")]
pub(crate) use resident::{give_back, keep_smallest};

/// Called first in `main`, before there is any other thread.
pub(crate) fn keep_small() {
    #[cfg(target_env = "gnu")]
    set();
}

/// Blocks from this size on are mapped by themselves and unmapped when freed: chunk buffers, Argon2's memory.
#[cfg(target_env = "gnu")]
const MMAP_BYTES: i32 = 128 << 10;
/// Free memory at the end of the heap beyond this goes back to the system.
#[cfg(target_env = "gnu")]
const TRIM_BYTES: i32 = 256 << 10;
/// One for the main thread, one shared by all others.
#[cfg(target_env = "gnu")]
const ARENAS: i32 = 2;

#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
fn set() {
    // SAFETY: `mallopt` only stores tuning values; it must not run while another thread allocates, and
    // there is no other thread yet. Values out of range are refused without effect.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_BYTES);
    }
}
