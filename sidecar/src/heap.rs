//! Keeps what is resident near to what the program holds: memory of the C library's allocator, and code.
//!
//! glibc otherwise keeps an arena for each thread and raises its thresholds after large blocks are freed: what a fleet's
//! coming takes would stay resident in each of them.

/// Called first in `main`, before there is any other thread.
pub(crate) fn keep_small() {
    #[cfg(target_env = "gnu")]
    set();
    #[cfg(target_os = "linux")]
    {
        // Without it more stays resident, and nothing else is different.
        let _ = std::thread::Builder::new().name("heap".into()).stack_size(STACK_BYTES).spawn(give_back);
    }
}

/// Blocks from this size on are mapped by themselves and unmapped when freed: batches, Argon2's memory.
#[cfg(target_env = "gnu")]
const MMAP_BYTES: i32 = 128 << 10;
/// Free memory at the end of the heap beyond this goes back to the system.
#[cfg(target_env = "gnu")]
const TRIM_BYTES: i32 = 256 << 10;
/// One for all threads: they seldom allocate at the same time, and what one frees another can use.
#[cfg(target_env = "gnu")]
const ARENAS: i32 = 1;

/// Free memory between what is in use goes back so often: a fleet that comes leaves some on every page. So does code that
/// nobody needed since; what is needed comes back from the system's cache.
#[cfg(target_os = "linux")]
const GIVE_BACK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
#[cfg(target_os = "linux")]
const STACK_BYTES: usize = 64 << 10;

#[cfg(target_os = "linux")]
fn give_back() {
    loop {
        std::thread::sleep(GIVE_BACK_EVERY);
        #[cfg(target_env = "gnu")]
        trim();
        atalaya_base::code::program().into_iter().for_each(unmap);
    }
}

#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
fn trim() {
    // SAFETY: it takes no pointers, and locks what it looks at.
    unsafe { libc::malloc_trim(TRIM_BYTES as usize) };
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

#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
fn set() {
    // SAFETY: `mallopt` only stores tuning values; it must not run while another thread allocates, and there is no other
    // thread yet. Values out of range are refused without effect.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_BYTES);
    }
}
