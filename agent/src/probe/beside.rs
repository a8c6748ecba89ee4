//! Asking several things that may be silent, a few at a time and with one end in time for all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use atalaya_reach::Deadline;

/// Enough for a handshake of TLS.
const STACK_BYTES: usize = 256 << 10;

/// Asks each of `items`, `at_once` at a time, and hands over what comes as it comes, by its number. `None` for whatever
/// could not be given the time that `wait` says it may take: that is no answer, and no silence either.
pub(crate) fn ask_all<T: Sync, A: Send>(
    items: &[T],
    at_once: usize,
    deadline: Deadline,
    wait: impl Fn(&T) -> Duration + Sync,
    ask: impl Fn(&T) -> A + Sync,
    mut take: impl FnMut(usize, Option<A>),
) {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let turn = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        items.get(at).map(|item| (at, item))
    };
    let work = |send: mpsc::Sender<(usize, Option<A>)>| {
        while let Some((at, item)) = turn() {
            let in_time = deadline.left().is_ok_and(|left| left >= wait(item));
            let _ = send.send((at, in_time.then(|| ask(item))));
        }
    };
    let mut told = vec![false; items.len()];
    thread::scope(|scope| {
        let spawn = |_| {
            let (send, work) = (send.clone(), &work);
            let builder = thread::Builder::new().name("ask".into()).stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, move || work(send))
        };
        let threads: Vec<_> = (0..at_once.min(items.len())).map(spawn).collect();
        drop(send);
        for (at, answer) in receive {
            told[at] = true;
            take(at, answer);
        }
        // One that panicked is told by what is missing.
        threads.into_iter().flatten().for_each(|thread| drop(thread.join()));
    });
    for (at, _) in told.iter().enumerate().filter(|(_, told)| !**told) {
        take(at, None);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What came of each, where `ask` is given `seconds` for all and each item may take one.
    fn run(items: &[u32], at_once: usize, seconds: u64, ask: impl Fn(&u32) -> u32 + Sync) -> Vec<Option<u32>> {
        let mut seen = vec![None; items.len()];
        let deadline = Deadline::after(Duration::from_secs(seconds));
        let mut count = 0;
        ask_all(
            items,
            at_once,
            deadline,
            |_| Duration::from_secs(1),
            ask,
            |at, answer| {
                count += 1;
                seen[at] = answer;
            },
        );
        assert_eq!(count, items.len(), "each is told once");
        seen
    }

    #[test]
    fn each_is_told_once_and_no_more_are_asked_at_a_time() {
        let busy = Mutex::new((0_u32, 0_u32));
        let items: Vec<u32> = (0..50).collect();
        let seen = run(&items, 3, 60, |item| {
            let now = {
                let mut busy = busy.lock().unwrap();
                busy.0 += 1;
                busy.1 = busy.1.max(busy.0);
                busy.0
            };
            assert!(now <= 3);
            thread::yield_now();
            busy.lock().unwrap().0 -= 1;
            item + 1
        });
        assert_eq!(seen, items.iter().map(|item| Some(item + 1)).collect::<Vec<_>>());
        assert!(busy.lock().unwrap().1 <= 3);
        assert!(run(&[], 3, 60, |_| 0).is_empty());
    }

    #[test]
    fn what_has_no_time_left_is_not_asked() {
        assert_eq!(run(&[1, 2, 3], 2, 0, |_| panic!("asked")), [None; 3]);
    }

    #[test]
    fn one_that_panics_costs_itself_alone() {
        let seen = run(&[1, 2, 3], 2, 60, |item| if *item == 2 { panic!("a test") } else { *item });
        assert_eq!(seen, [Some(1), None, Some(3)]);
    }
}
