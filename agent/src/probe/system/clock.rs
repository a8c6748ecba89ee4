//! Whether somebody keeps the clock right.

use std::sync::OnceLock;

use crate::probe::Site;

type Ask = fn() -> Option<bool>;

/// The kernel is asked by a call that is unsafe, and so not by a library.
static KERNEL: OnceLock<Ask> = OnceLock::new();

/// From now on the kernel is asked by `ask` whether somebody keeps its clock right; said once, by `main`.
pub fn ask_clock_by(ask: fn() -> Option<bool>) {
    let _ = KERNEL.set(ask);
}

/// What the kernel was told by whoever sets the clock: timesyncd, chrony, ntpd, busybox; where the kernel may not be asked,
/// what timesyncd says of itself. `None` where nobody knows.
pub(crate) fn synchronised(site: &Site) -> Option<bool> {
    let folder = site.path("/run/systemd/timesync");
    let timesyncd = || folder.is_dir().then(|| folder.join("synchronized").exists());
    let kernel = KERNEL.get().filter(|_| site.is_real()).and_then(|ask| ask());
    kernel.or_else(timesyncd)
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
}
