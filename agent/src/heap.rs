//! Gives memory back to the system: what the C library's allocator holds, and code that was needed only to start.
//!
//! glibc otherwise keeps up to eight arenas for each processor and raises its thresholds after large blocks
//! are freed, so that resident memory grows far beyond what the program holds.

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

/// Called after [`keep_small`] by the daemon, whose threads seldom allocate at the same time: one arena for all, and
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
    for (start, length) in code() {
        unmap(start, length);
    }
}

/// Where code lies, and what programs and libraries begin with: what nothing can have written to.
#[cfg(target_os = "linux")]
fn code() -> Vec<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let one = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let kind = (words.next()?, words.next()?.chars().all(|digit| digit == '0'));
        // What a file begins with is only read while it is linked; what lies behind code was changed by that.
        let from_file = matches!(kind, ("r-xp", _) | ("r--p", true)) && words.nth(2)?.starts_with('/');
        let (from, to) = (usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?);
        from_file.then(|| (from, to.saturating_sub(from)))
    };
    maps.lines().filter_map(one).collect()
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn unmap(start: usize, length: usize) {
    // SAFETY: the range is a mapping of a file that is private, was never writable, and holds code or the headers before
    // it. Such pages are what the file holds; the kernel reads them again when they are used. Nothing of ours lies there.
    unsafe {
        libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED);
    }
}
