//! Writing to a program, and waiting for it to end, within a time.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Makes writing say when there is no room, instead of waiting.
pub(super) fn never_block(pipe: &ChildStdin) -> io::Result<()> {
    Ok(fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?)
}

/// Writes all of `bytes` by the time `until`.
pub(super) fn write_all(pipe: &mut ChildStdin, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        match pipe.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(err) if err.kind() == ErrorKind::WouldBlock => wait_for_room(pipe, until)?,
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

fn wait_for_room(pipe: &ChildStdin, until: Instant) -> io::Result<()> {
    let left = until.checked_duration_since(Instant::now()).ok_or(ErrorKind::TimedOut)?;
    let left = Timespec::try_from(left).map_err(|_| ErrorKind::InvalidInput)?;
    match poll(&mut [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::OUT)], Some(&left)) {
        Ok(0) => Err(ErrorKind::TimedOut.into()),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(err) => Err(err.into()),
    }
}

/// Waits for a program that was told to end, and ends it if it does not.
pub(super) fn wait_or_kill(child: &mut Child, wait: Duration) {
    if !comes_true(Instant::now() + wait, || !matches!(child.try_wait(), Ok(None))) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Whether a thread ends in time.
pub(super) fn ended_by(thread: &JoinHandle<()>, until: Instant) -> bool {
    comes_true(until, || thread.is_finished())
}

/// Looks again and again, first soon and then less often. There is no descriptor to wait for in either case on old kernels.
pub(super) fn comes_true(until: Instant, mut is_so: impl FnMut() -> bool) -> bool {
    let mut pause = Duration::from_micros(200);
    while !is_so() {
        if Instant::now() > until {
            return false;
        }
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    true
}
