//! How fast a store takes and gives packs, as jobs do it and without what jobs do beside.
//!
//! ```text
//! storespeed put|get --mib N [--threads T] [--key FILE --known-hosts FILE] URL
//! ```
//! An `s3://` URL has its credentials from the environment.
//! `put` stores objects of 8 MiB and syncs; `get` reads them in ranges of 1 MiB. Prints the seconds, without connecting.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use atalaya_store::{Access, Body, BucketAccess, BucketStore, LocalStore, SftpStore, Store, StoreUrl};
use atalaya_test_tools::args::Args;

/// As packs have it.
const OBJECT_BYTES: usize = 8 << 20;
/// As chunks have it, on average.
const RANGE_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(seconds) => {
            println!("{seconds}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("storespeed: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<f64, Box<dyn Error>> {
    let args = Args::parse(std::env::args().skip(1), &["mib", "threads", "key", "known-hosts"], &[])?;
    let [what, url] = args.plain.as_slice() else { return Err("usage: storespeed put|get --mib N URL".into()) };
    let objects = args.value("mib").unwrap_or("256").parse::<usize>()? * (1 << 20) / OBJECT_BYTES;
    let threads = args.value("threads").unwrap_or("1").parse::<usize>()?;
    let store: Box<dyn Store> = match StoreUrl::parse(url.as_ref())? {
        StoreUrl::Folder(folder) => Box::new(LocalStore::open(&folder)?),
        StoreUrl::Sftp(url) => {
            let file = |name| args.value(name).map(Into::into);
            let access = Access { key_file: file("key"), known_hosts: file("known-hosts"), ..Access::default() };
            Box::new(SftpStore::open(url, access)?)
        }
        StoreUrl::Bucket(url) => {
            let access =
                BucketAccess::from_environment(&url, |name| std::env::var(name).ok())?.ok_or("no credentials")?;
            Box::new(BucketStore::open(url, access, std::thread::sleep)?)
        }
    };
    let store = &*store;
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let work = || -> Result<(), String> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= objects {
                return Ok(());
            }
            let name = format!("speed/{number}");
            let done = if what == "put" { put(store, &name) } else { get(store, &name) };
            done.map_err(|err| err.to_string())?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    store.sync()?;
    Ok(start.elapsed().as_secs_f64())
}

fn put(store: &dyn Store, name: &str) -> Result<(), Box<dyn Error>> {
    let mut spool = atalaya_store::spool_in(&std::env::temp_dir())?;
    spool.file.write_all(&vec![7; OBJECT_BYTES])?;
    Ok(store.put(name, Body::File(&spool))?)
}

fn get(store: &dyn Store, name: &str) -> Result<(), Box<dyn Error>> {
    let mut buf = vec![0; RANGE_BYTES];
    for offset in (0..OBJECT_BYTES).step_by(RANGE_BYTES) {
        store.get(name, offset as u64, &mut buf)?;
    }
    Ok(())
}
