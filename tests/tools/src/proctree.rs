//! Memory of all processes below this one, as `/proc` shows it.

use std::fs;

/// Sum of the resident memory (`VmRSS`) of all descendants of `pid`, in bytes.
///
/// Pages that processes share count once for each, so it is never too small.
/// What ended while it was read counts nothing.
pub fn descendants_rss(pid: u32) -> u64 {
    children(pid).into_iter().map(|child| rss(child) + descendants_rss(child)).sum()
}

/// The children of every thread of `pid`.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

fn rss(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: Option<u64> = line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok());
    kib.unwrap_or(0) * 1024
}
