//! One connection: requests of all threads go over it at once, and each is told what became of its own.
//!
//! A thread reads replies and hands them to whoever waits for their number; another keeps what `ssh` says. Whatever fails in
//! a way that leaves the two sides out of step ends the connection, and everybody who waits for it is told.

use std::collections::HashMap;
use std::io::Read;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::limits::{SFTP_REPLY_WAIT_MAX, SFTP_THREAD_STACK_BYTES, SSH_END_WAIT, SSH_START_WAIT_MAX};
use super::offers::Offers;
use super::packet::{self, Reply, Request, Type};
use super::pipe;
use super::words::Words;
use crate::{Error, Kind, Result, locked};

/// An open connection.
#[derive(Debug)]
pub(super) struct Session {
    to: Mutex<Option<ChildStdin>>,
    shared: Arc<Shared>,
    numbers: AtomicU32,
    child: Mutex<Child>,
    threads: Vec<JoinHandle<()>>,
    place: String,
    /// What this server can do beside the draft.
    pub(super) offers: Offers,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<HashMap<u32, Sender<(u32, Reply)>>>,
    broken: AtomicBool,
    words: Words,
}

impl Shared {
    /// From now on nothing is waited for.
    fn end(&self) {
        let mut waiting = locked(&self.waiting);
        self.broken.store(true, Ordering::Release);
        waiting.clear();
    }
}

impl Session {
    /// Starts `command`, which carries SFTP to `place`.
    ///
    /// # Errors
    /// `Kind::Io` for what may pass; `Kind::Denied` where the key, the login or the program is not what it must be.
    pub(super) fn open(mut command: Command, place: &str) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What stops us at a terminal must not stop what we still have to finish.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|err| cannot_start(&command, place, &err))?;
        let shared = Arc::new(Shared::default());
        let (to, from, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut session = Self {
            to: Mutex::new(to),
            shared,
            numbers: AtomicU32::new(0),
            child: Mutex::new(child),
            threads: Vec::new(),
            place: place.to_owned(),
            offers: Offers::default(),
        };
        let shared = session.shared.clone();
        session.start("ssh-words", move || {
            if let Some(said) = said {
                shared.words.listen(said);
            }
        })?;
        let (hello, version) = mpsc::channel();
        let shared = session.shared.clone();
        session.start("sftp-replies", move || {
            if let Some(mut from) = from {
                read_replies(&mut from, &shared, hello);
            }
            shared.end();
        })?;
        session.greet(&version)?;
        Ok(session)
    }

    fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(SFTP_THREAD_STACK_BYTES);
        let thread = builder.spawn(work).map_err(|err| Error::io("start a thread", &err))?;
        self.threads.push(thread);
        Ok(())
    }

    fn greet(&mut self, version: &Receiver<Reply>) -> Result<()> {
        if let Some(pipe) = &*locked(&self.to) {
            pipe::never_block(pipe).map_err(|err| Error::io("prepare a pipe", &err))?;
        }
        self.write(&[&[0, 0, 0, 5, Type::Init as u8, 0, 0, 0, 3]]).map_err(|_| self.lost())?;
        let reply = match version.recv_timeout(SSH_START_WAIT_MAX) {
            Ok(reply) => reply,
            Err(RecvTimeoutError::Timeout) => return Err(self.too_slow(SSH_START_WAIT_MAX)),
            Err(RecvTimeoutError::Disconnected) => return Err(self.lost()),
        };
        self.offers = Offers::of(&reply).ok_or_else(|| self.nonsense("it speaks no SFTP version 3"))?;
        Ok(())
    }

    /// Whether there is no use in asking anything more.
    pub(super) fn is_broken(&self) -> bool {
        self.shared.broken.load(Ordering::Acquire)
    }

    /// Something of several requests.
    pub(super) fn call(&self) -> Call<'_> {
        let (tx, rx) = mpsc::channel();
        Call { session: self, tx, rx, waiting: 0 }
    }

    /// One request and its reply.
    pub(super) fn ask(&self, request: &Request) -> Result<Reply> {
        let mut call = self.call();
        call.send(request, &[])?;
        call.next().map(|(_, reply)| reply)
    }

    /// A request whose reply nobody waits for.
    pub(super) fn tell(&self, request: &Request) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        // Whoever asks next hears that the connection is gone.
        let _ = self.send(number, request, &[]);
    }

    fn send(&self, number: u32, request: &Request, data: &[u8]) -> Result<()> {
        let len = 5 + request.fields.len() + if data.is_empty() { 0 } else { 4 + data.len() };
        let mut head = Vec::with_capacity(len - data.len() + 4);
        head.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        head.push(request.kind as u8);
        head.extend_from_slice(&number.to_be_bytes());
        head.extend_from_slice(&request.fields);
        if !data.is_empty() {
            head.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        self.write(&[&head, data])
    }

    fn write(&self, parts: &[&[u8]]) -> Result<()> {
        // Not in one expression: what says why the connection is gone closes the pipe, which must not be held then.
        let done = self.write_now(parts);
        done.map_err(|_| {
            // Half a message may have gone.
            self.shared.end();
            self.lost()
        })
    }

    fn write_now(&self, parts: &[&[u8]]) -> std::io::Result<()> {
        let mut to = locked(&self.to);
        let pipe = to.as_mut().filter(|_| !self.is_broken()).ok_or(std::io::ErrorKind::NotConnected)?;
        let until = Instant::now() + SFTP_REPLY_WAIT_MAX;
        parts.iter().try_for_each(|part| pipe::write_all(pipe, part, until))
    }

    /// Ends the connection and says why it is gone.
    pub(super) fn lost(&self) -> Error {
        self.hang_up();
        let why = self.shared.words.why();
        let text = match why.kind {
            Kind::Io => format!("no connection to {}: {}", self.place, why.text),
            _ => format!("cannot use {}: {}", self.place, why.text),
        };
        Error::new(why.kind, text)
    }

    fn too_slow(&self, wait: Duration) -> Error {
        self.hang_up();
        Error::new(Kind::Io, format!("no connection to {}: no answer within {} seconds", self.place, wait.as_secs()))
    }

    /// What a server says that follows no rule.
    pub(super) fn nonsense(&self, what: &str) -> Error {
        self.hang_up();
        Error::new(Kind::Io, format!("{} gave an answer that cannot be understood: {what}", self.place))
    }

    /// The server's key, as `ssh` told it.
    pub(super) fn host_key(&self) -> Option<String> {
        self.shared.words.host_key()
    }

    /// Ends it for everybody, and waits for the program to say why, which it does at once or never.
    fn hang_up(&self) {
        self.shared.end();
        // Whoever is writing is freed when the program is gone.
        if let Ok(mut to) = self.to.try_lock() {
            to.take();
        }
        let mut child = locked(&self.child);
        pipe::wait_or_kill(&mut child, SSH_END_WAIT);
        // What it said last may not be heard yet. A program that it left behind may hold the pipe: then that is all.
        pipe::comes_true(Instant::now() + SSH_END_WAIT, || self.shared.words.is_over());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hang_up();
        // Both see the end of their pipes now, unless a program that ssh started holds them: then they are left.
        let until = Instant::now() + SSH_END_WAIT;
        for thread in self.threads.drain(..) {
            if pipe::ended_by(&thread, until) {
                let _ = thread.join();
            }
        }
    }
}

/// Requests under way and the way back of their replies, in whatever order they come.
pub(super) struct Call<'a> {
    session: &'a Session,
    tx: Sender<(u32, Reply)>,
    rx: Receiver<(u32, Reply)>,
    waiting: usize,
}

impl Call<'_> {
    /// Sends `request`, with `data` as its last string if there is any, and gives its number.
    pub(super) fn send(&mut self, request: &Request, data: &[u8]) -> Result<u32> {
        let number = self.session.numbers.fetch_add(1, Ordering::Relaxed);
        locked(&self.session.shared.waiting).insert(number, self.tx.clone());
        self.waiting += 1;
        self.session.send(number, request, data)?;
        Ok(number)
    }

    /// How many replies are not here yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The next reply, with the number of what it answers.
    pub(super) fn next(&mut self) -> Result<(u32, Reply)> {
        let until = Instant::now() + SFTP_REPLY_WAIT_MAX;
        loop {
            // Our own sender keeps the channel open, so a connection that ends is looked for.
            match self.rx.recv_timeout(Duration::from_millis(200)) {
                Ok(reply) => {
                    self.waiting -= 1;
                    return Ok(reply);
                }
                Err(_) if self.session.is_broken() => match self.rx.try_recv() {
                    Ok(reply) => {
                        self.waiting -= 1;
                        return Ok(reply);
                    }
                    Err(_) => return Err(self.session.lost()),
                },
                Err(_) if Instant::now() > until => return Err(self.session.too_slow(SFTP_REPLY_WAIT_MAX)),
                Err(_) => {}
            }
        }
    }
}

/// Hands out replies until there are no more, or one that makes no sense.
fn read_replies(from: &mut impl Read, shared: &Shared, hello: Sender<Reply>) {
    let mut hello = Some(hello);
    while let Some(mut reply) = read_reply(from) {
        if let Some(hello) = hello.take() {
            // A version has no number.
            let _ = hello.send(reply);
            continue;
        }
        let Some(number) = reply.fields.first_chunk().map(|number| u32::from_be_bytes(*number)) else { return };
        reply.fields.drain(..4);
        // Nobody waits for what was only told.
        if let Some(waiter) = locked(&shared.waiting).remove(&number) {
            let _ = waiter.send((number, reply));
        }
    }
}

fn read_reply(from: &mut impl Read) -> Option<Reply> {
    let mut prefix = [0; 4];
    from.read_exact(&mut prefix).ok()?;
    let len = packet::length(prefix)?;
    let mut kind = [0];
    from.read_exact(&mut kind).ok()?;
    let mut fields = vec![0; len - 1];
    from.read_exact(&mut fields).ok()?;
    Some(Reply { kind: kind[0], fields })
}

fn cannot_start(command: &Command, place: &str, err: &std::io::Error) -> Error {
    let program = command.get_program().to_string_lossy();
    let hint = if err.kind() == std::io::ErrorKind::NotFound { "install OpenSSH's client" } else { "mend that" };
    Error::new(Kind::Denied, format!("cannot use {place}: the program {program} cannot be started: {err}; {hint}"))
}
