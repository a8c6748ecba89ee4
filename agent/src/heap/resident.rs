//! What only a process that stays needs: the smallest heap, and code given back that was needed only to start.

#[cfg(target_env = "gnu")]
use super::{MMAP_BYTES, TRIM_BYTES};

/// Called after [`super::keep_small`] by the daemon, whose threads seldom allocate at the same time: one arena for all, and
/// nothing kept.
pub(crate) fn keep_smallest() {
    #[cfg(target_env = "gnu")]
    set_smallest();
}

#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
fn set_smallest() {
    // SAFETY: as in `set`.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_BYTES / 2);
        libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_BYTES / 8);
    }
}

/// Unmaps the code that was used so far: what is used again comes back from the system's cache, a few pages at a time.
/// Of a large program the daemon needs little once it has begun, and the kernel maps 64 KiB around each page. After every
/// reading that is 9 page faults a second on average, and 5 to 7 seconds of processor a day on a PC.
pub(crate) fn give_back() {
    #[cfg(target_os = "linux")]
    atalaya_base::code::mapped().into_iter().for_each(unmap);
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn unmap(range: std::ops::Range<usize>) {
    // SAFETY: the range is a mapping of a file that is private, was never writable, and holds code or the headers before
    // it. Such pages are what the file holds; the kernel reads them again when they are used. Nothing of ours lies there.
    unsafe {
        libc::madvise(range.start as *mut libc::c_void, range.len(), libc::MADV_DONTNEED);
    }
}
