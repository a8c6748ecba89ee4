//! One file's bytes in order, a window at a time.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use atalaya_repo::model::{Entry, Run};
use atalaya_repo::view::{View, Want};
use atalaya_repo::{Error, Kind, Result, limits};

use super::{Broken, WINDOW_BYTES};

/// Wants in one window; a chunk may be cut into many tiny runs.
const WANTS_MAX: usize = 8192;

const ZEROS: [u8; 16 << 10] = [0; 16 << 10];

/// Bytes that are being fetched, each want at its place.
pub(super) struct Window {
    wants: Vec<Want>,
    bytes: Vec<u8>,
}

impl Window {
    /// Takes all its memory at once: growing would need twice as much for a moment.
    pub(super) fn new() -> Self {
        Self { wants: Vec::new(), bytes: Vec::with_capacity(WINDOW_BYTES) }
    }

    /// Whether a run of `len` bytes still fits.
    pub(super) fn has_room(&self, len: u64) -> bool {
        self.wants.len() < WANTS_MAX && self.bytes.len() as u64 + len <= WINDOW_BYTES as u64
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Makes room for a run; `file` is told when it cannot be had.
    pub(super) fn push(&mut self, file: u32, run: Run) {
        let len = match run {
            Run::Hole { len } => len as usize,
            Run::Data { chunk, offset, len } => {
                self.wants.push(Want { chunk, offset, len, file, at: self.bytes.len() as u64 });
                len as usize
            }
        };
        self.bytes.resize(self.bytes.len() + len, 0);
    }

    /// Fetches all of it; calls `failed` for every want that cannot be had.
    pub(super) fn fill(&mut self, view: &dyn View, mut failed: impl FnMut(u32, Error) + Send) -> Result<&[u8]> {
        let shared = Mutex::new((&mut self.bytes, &mut failed));
        view.fetch(&mut self.wants, &|wants, plain| {
            let mut guard = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (bytes, failed) = &mut *guard;
            for want in wants {
                let result = plain.as_ref().map_err(Error::clone).and_then(|plain| place(bytes, want, plain));
                if let Err(err) = result {
                    failed(want.file, err);
                }
            }
        })?;
        self.wants.clear();
        Ok(&self.bytes)
    }

    pub(super) fn clear(&mut self) {
        self.wants.clear();
        self.bytes.clear();
    }
}

fn place(bytes: &mut [u8], want: &Want, plain: &[u8]) -> Result<()> {
    let from = want.offset as usize;
    let to = want.at as usize;
    let len = want.len as usize;
    match (from.checked_add(len).and_then(|end| plain.get(from..end)), bytes.get_mut(to..to + len)) {
        (Some(source), Some(target)) => {
            target.copy_from_slice(source);
            Ok(())
        }
        _ => Err(Error::new(Kind::Damaged, format!("chunk {} is shorter than the file says", want.chunk))),
    }
}

/// Where a file's content goes.
pub(crate) trait Sink: Write {
    /// That many zeros.
    fn hole(&mut self, len: u64) -> std::io::Result<()>;
}

/// Writes a file's content and gives the number of bytes. Ends at the first byte that
/// cannot be had.
pub(crate) fn copy(view: &dyn View, entry: &Entry, out: &mut dyn Sink) -> std::result::Result<u64, Broken> {
    let mut window = Window::new();
    let mut written = 0;
    let mut broken = None;
    let walked = view.runs(entry, &mut |run| {
        step(view, &mut window, run, out, &mut written).map_err(|err| {
            let shown = match &err {
                Broken::Read(err) => err.clone(),
                Broken::Write(err) => Error::io("write", err),
            };
            broken = Some(err);
            shown
        })
    });
    match (broken, walked) {
        (Some(err), _) => return Err(err),
        (None, Err(err)) => return Err(err.into()),
        (None, Ok(())) => {}
    }
    flush(view, &mut window, out, &mut written)?;
    Ok(written)
}

fn step(
    view: &dyn View,
    window: &mut Window,
    run: Run,
    out: &mut dyn Sink,
    written: &mut u64,
) -> std::result::Result<(), Broken> {
    match run {
        // Long holes would only fill the window with zeros.
        Run::Hole { len } => {
            flush(view, window, out, written)?;
            out.hole(len)?;
            *written += len;
        }
        Run::Data { chunk, len, .. } => {
            if len as usize > limits::CHUNK_BYTES_MAX {
                return Err(
                    Error::new(Kind::Damaged, format!("a piece of chunk {chunk} is longer than any chunk")).into()
                );
            }
            if !window.has_room(len.into()) {
                flush(view, window, out, written)?;
            }
            window.push(0, run);
        }
    }
    Ok(())
}

fn flush(
    view: &dyn View,
    window: &mut Window,
    out: &mut dyn Write,
    written: &mut u64,
) -> std::result::Result<(), Broken> {
    if window.len() == 0 {
        return Ok(());
    }
    let mut failure = None;
    let bytes = window.fill(view, |_, err| {
        failure.get_or_insert(err);
    })?;
    if let Some(err) = failure {
        return Err(err.into());
    }
    out.write_all(bytes)?;
    *written += bytes.len() as u64;
    window.clear();
    Ok(())
}

/// Writes `len` zeros.
pub(super) fn zeros(mut len: u64, out: &mut dyn Write) -> std::io::Result<()> {
    while len > 0 {
        let part = len.min(ZEROS.len() as u64) as usize;
        out.write_all(&ZEROS[..part])?;
        len -= part as u64;
    }
    Ok(())
}
