//! Commands that nobody waits for.

/// The least important there is.
const NICE_MAX: i32 = 19;

/// Lowest priority; and ends with whoever started it: a backup that nobody watches any more would run beside the next
/// one. What the kernel refuses is left as it is. The disk is `main`'s part.
pub(crate) fn yield_to_everything() {
    let _ = rustix::process::setpriority_process(None, NICE_MAX);
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
}
