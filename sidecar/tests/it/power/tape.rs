//! A file system for SQLite that hands everything on to the usual one and writes down what a power cut could take: writes,
//! truncations, syncs and deletions of the files of one folder. It is the default of the test's process; files elsewhere
//! pass through.
//!
//! `unsafe` because SQLite's interface for file systems is one of C. What it relies on, each stated in SQLite's
//! documentation of `sqlite3_vfs`: `xOpen` gets memory of `szOsFile` bytes that stays in place until `xClose`, and a name
//! that stays until then; methods of a file get the pointer that its `xOpen` got, and are not called after `xClose`; two
//! threads never use one file at once.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rusqlite::ffi;

use super::disk::Op;

/// What somebody was told, as text.
pub(super) type Tape = Arc<Mutex<Vec<Op>>>;

static TAPES: Mutex<Vec<(PathBuf, Tape)>> = Mutex::new(Vec::new());
/// The usual file system and ours, as addresses: both live as long as the process.
static SYSTEMS: OnceLock<(usize, usize)> = OnceLock::new();

/// Writes down what happens in this folder from now on.
pub(super) fn record(folder: &Path) -> Tape {
    SYSTEMS.get_or_init(install);
    let tape = Tape::default();
    let folder = folder.canonicalize().unwrap();
    TAPES.lock().unwrap_or_else(PoisonError::into_inner).push((folder, Arc::clone(&tape)));
    tape
}

pub(super) fn note(tape: &Tape, op: Op) {
    tape.lock().unwrap_or_else(PoisonError::into_inner).push(op);
}

/// The tape of a file, and its name in the folder.
fn tape_of(name: *const c_char) -> Option<(Tape, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite's names end with a zero, and stay in place during the call.
    let path = PathBuf::from(unsafe { CStr::from_ptr(name) }.to_str().ok()?);
    let tapes = TAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, tape) = tapes.iter().find(|(folder, _)| path.parent() == Some(folder))?;
    Some((Arc::clone(tape), path.file_name()?.to_str()?.to_owned()))
}

/// A file of ours; the usual file system's own follows it in memory.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// A box, or null for a file that nobody asks for.
    tape: *mut Taped,
}

struct Taped {
    tape: Tape,
    name: String,
    /// With its first sync the usual file system syncs the folder as well: a journal or a log that it may have made.
    syncs_folder: bool,
}

struct Methods(ffi::sqlite3_io_methods);

// SAFETY: a table of functions, which nobody changes.
unsafe impl Sync for Methods {}

static METHODS: Methods = Methods(ffi::sqlite3_io_methods {
    // Without `xFetch`: nothing is mapped, so all that is written goes through `xWrite`.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
});

const LOGS: c_int = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;

/// Puts ours before the usual one.
fn install() -> (usize, usize) {
    // SAFETY: the usual file system is there once SQLite is initialised, which looking for it does, and is never removed. Ours
    // is its copy, so that functions that are handed on find their own data in it; it is never freed.
    unsafe {
        let usual = ffi::sqlite3_vfs_find(std::ptr::null());
        let mut ours = Box::new(*usual);
        ours.pNext = std::ptr::null_mut();
        ours.zName = c"tape".as_ptr();
        ours.szOsFile += c_int::try_from(size_of::<File>()).unwrap();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        let ours = Box::into_raw(ours);
        assert_eq!(ffi::sqlite3_vfs_register(ours, 1), ffi::SQLITE_OK);
        (usual as usize, ours as usize)
    }
}

fn usual() -> *mut ffi::sqlite3_vfs {
    SYSTEMS.get().unwrap().0 as *mut ffi::sqlite3_vfs
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: `file` has room for ours and the usual one behind it.
    unsafe {
        let code = ((*usual()).xOpen.unwrap())(usual(), name, inner(file), flags, out);
        let ours = file.cast::<File>();
        // Where the usual one wants no `xClose`, ours must not have one.
        let is_open = !(*inner(file)).pMethods.is_null();
        (*ours).base.pMethods = if is_open { &METHODS.0 } else { std::ptr::null() };
        let taped = tape_of(name).filter(|_| is_open).map(|(tape, name)| {
            let syncs_folder = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & LOGS != 0;
            Box::new(Taped { tape, name, syncs_folder })
        });
        (*ours).tape = taped.map_or(std::ptr::null_mut(), Box::into_raw);
        code
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    if let Some((tape, file)) = tape_of(name) {
        note(&tape, Op::Delete { file, safe: sync != 0 });
    }
    // SAFETY: as it came.
    unsafe { ((*usual()).xDelete.unwrap())(usual(), name, sync) }
}

/// The usual file system's part of a file.
///
/// # Safety
///
/// `file` came from SQLite as a file of ours.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: it follows ours in the same memory, whose size says so, and ours is a multiple of eight bytes long.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// Writes down what happens to a file, if somebody asks for it.
///
/// # Safety
///
/// `file` is an open file of ours.
unsafe fn tell(file: *mut ffi::sqlite3_file, op: impl FnOnce(String) -> Op) {
    // SAFETY: the box is there until `close`.
    if let Some(taped) = unsafe { (*file.cast::<File>()).tape.as_ref() } {
        note(&taped.tape, op(taped.name.clone()));
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the last call for this file; its box is freed once.
    unsafe {
        let tape = (*file.cast::<File>()).tape;
        if !tape.is_null() {
            drop(Box::from_raw(tape));
        }
        ((*(*inner(file)).pMethods).xClose.unwrap())(inner(file))
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, count: c_int, at: i64) -> c_int {
    // SAFETY: `from` has `count` bytes.
    unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(count).unwrap()).to_vec();
        tell(file, |file| Op::Write { file, at: usize::try_from(at).unwrap(), bytes });
        ((*(*inner(file)).pMethods).xWrite.unwrap())(inner(file), from, count, at)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    // SAFETY: an open file of ours.
    unsafe {
        tell(file, |file| Op::Truncate { file, len: usize::try_from(len).unwrap() });
        ((*(*inner(file)).pMethods).xTruncate.unwrap())(inner(file), len)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    unsafe {
        if let Some(taped) = (*file.cast::<File>()).tape.as_mut() {
            let folder = std::mem::take(&mut taped.syncs_folder);
            note(&taped.tape, Op::Sync { file: taped.name.clone(), folder });
            // The disk of the test need not be waited for: what matters is on the tape.
            return ffi::SQLITE_OK;
        }
        ((*(*inner(file)).pMethods).xSync.unwrap())(inner(file), flags)
    }
}

/// Methods that only hand on.
macro_rules! hand_on {
    ($($name:ident = $method:ident($($arg:ident: $kind:ty),*) $(-> $out:ty)?;)+) => {
        $(unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($arg: $kind),*) $(-> $out)? {
            // SAFETY: an open file of ours, and arguments as they came.
            unsafe { ((*(*inner(file)).pMethods).$method.unwrap())(inner(file), $($arg),*) }
        })+
    };
}

hand_on! {
    read = xRead(to: *mut c_void, count: c_int, at: i64) -> c_int;
    file_size = xFileSize(size: *mut i64) -> c_int;
    lock = xLock(level: c_int) -> c_int;
    unlock = xUnlock(level: c_int) -> c_int;
    check_reserved_lock = xCheckReservedLock(out: *mut c_int) -> c_int;
    file_control = xFileControl(what: c_int, with: *mut c_void) -> c_int;
    sector_size = xSectorSize() -> c_int;
    device_characteristics = xDeviceCharacteristics() -> c_int;
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier = xShmBarrier();
    shm_unmap = xShmUnmap(delete: c_int) -> c_int;
}
