//! The disk only when nobody else wants it.

/// Called before there is any other thread: threads take over what holds for the one that starts them. What the kernel
/// refuses is left as it is; where the disk's scheduler knows no classes, the priority for the processor is all there is.
#[allow(unsafe_code)]
pub(crate) fn idle_disk() {
    const WHO_PROCESS: libc::c_int = 1;
    const THIS: libc::c_int = 0;
    /// Class 3, idle, in the place that the kernel's `IOPRIO_PRIO_VALUE` puts it.
    const IDLE: libc::c_int = 3 << 13;
    // SAFETY: `ioprio_set` takes three numbers and no pointer, and changes nothing but the calling thread's class.
    unsafe {
        libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, THIS, IDLE);
    }
}
