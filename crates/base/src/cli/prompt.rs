//! Asks for a secret at the terminal without showing it.

use std::fs::File;
use std::io::{Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

const INTERRUPT: u8 = 3;
const END: u8 = 4;
const BACKSPACE: u8 = 8;
const ERASE_LINE: u8 = 21;
const DELETE: u8 = 127;
const ANSWER_BYTES_MAX: usize = 4096;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Somebody pressed Ctrl-C.
    Stopped,
    /// There is no terminal to ask at, and why.
    Cannot(String),
}

/// Gives the terminal its own ways back, whatever happens.
struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    fn new(terminal: File) -> Result<Self, Unanswered> {
        let before = tcgetattr(&terminal).map_err(cannot)?;
        let mut quiet = before.clone();
        // Keys arrive one by one, Ctrl-C among them: a signal would leave the terminal without echo.
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet).map_err(cannot)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
        let _ = self.terminal.write_all(b"\n");
    }
}

fn cannot(err: impl std::fmt::Display) -> Unanswered {
    Unanswered::Cannot(format!("cannot ask at the terminal: {err}"))
}

/// Shows `question` and reads the answer.
///
/// # Errors
///
/// Why there is none.
pub fn without_echo(question: &str) -> Result<Zeroizing<Vec<u8>>, Unanswered> {
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(cannot)?;
    // Before the question: what is typed as soon as that shows is neither shown nor lost.
    let mut quiet = Quiet::new(terminal)?;
    quiet.terminal.write_all(question.as_bytes()).map_err(cannot)?;
    let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
    let mut key = Zeroizing::new([0_u8; 1]);
    loop {
        if quiet.terminal.read(&mut *key).map_err(cannot)? == 0 {
            return Ok(answer);
        }
        match key[0] {
            INTERRUPT => return Err(Unanswered::Stopped),
            b'\r' | b'\n' | END => return Ok(answer),
            BACKSPACE | DELETE => erase(&mut answer),
            ERASE_LINE => answer.clear(),
            byte if answer.len() < ANSWER_BYTES_MAX => answer.push(byte),
            _ => {}
        }
    }
}

/// Takes away one character, which may be several bytes.
fn erase(answer: &mut Vec<u8>) {
    while let Some(byte) = answer.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}
