//! Asks the kernel whether somebody keeps its clock right. No crate that we use wraps the call.

/// `None` where it may not be asked: a filter of system calls does not let it pass.
#[allow(unsafe_code)]
pub(crate) fn kept_right() -> Option<bool> {
    // SAFETY: `timex` holds nothing but numbers, so all of them zero is one; `modes` of zero changes nothing, and
    // `adjtimex` writes to what it is given and keeps no pointer to it.
    let (answer, state) = unsafe {
        let mut state: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut state), state)
    };
    (answer >= 0).then_some(answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0)
}
