//! Whether somebody keeps the clock right.

use crate::probe::Site;

/// What the kernel was told by whoever sets the clock: timesyncd, chrony, ntpd, busybox; where the kernel may not be asked,
/// what timesyncd says of itself. `None` where nobody knows.
pub(crate) fn synchronised(site: &Site) -> Option<bool> {
    let folder = site.path("/run/systemd/timesync");
    let timesyncd = || folder.is_dir().then(|| folder.join("synchronized").exists());
    let kernel = if site.is_real() { kernel() } else { None };
    kernel.or_else(timesyncd)
}

#[allow(unsafe_code)]
fn kernel() -> Option<bool> {
    // SAFETY: `timex` holds nothing but numbers, so all of them zero is one; `modes` of zero changes nothing, and
    // `adjtimex` writes to what it is given and keeps no pointer to it. No crate that we use wraps it.
    let (answer, state) = unsafe {
        let mut state: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut state), state)
    };
    (answer >= 0).then_some(answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machines::Sketch;

    #[test]
    fn timesyncd_is_believed_where_the_kernel_cannot_be_asked() {
        let sketch = Sketch::new(&[("x", "")]);
        assert_eq!(synchronised(&sketch.site()), None);
        sketch.put("run/systemd/timesync/x", "");
        assert_eq!(synchronised(&sketch.site()), Some(false));
        sketch.put("run/systemd/timesync/synchronized", "");
        assert_eq!(synchronised(&sketch.site()), Some(true));
    }

    /// A clock that nobody keeps is told as such; some containers may not even ask.
    #[test]
    fn the_kernel_can_be_asked_again_and_again() {
        assert_eq!(kernel(), kernel());
    }
}
