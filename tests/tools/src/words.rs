//! Text that compresses about as well as real text does (zstd: three to five times).

use std::io::Write;

use crate::rng::Rng;

const WORDS: usize = 12_000;
const PHRASES: usize = 3_000;
const TABLE: usize = 1 << 16;

/// A made-up language: frequent words are much more frequent, and some go together.
pub(crate) struct Words {
    words: Vec<String>,
    phrases: Vec<Vec<u16>>,
    /// Draws a word's number with Zipf's frequencies.
    table: Vec<u16>,
}

impl Words {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::of(seed, "words");
        let words = (0..WORDS).map(|rank| word(&mut rng, rank)).collect();
        let top = (WORDS as f64).ln();
        let table: Vec<u16> =
            (0..TABLE).map(|i| ((i as f64 / TABLE as f64 * top).exp() as usize - 1).min(WORDS - 1) as u16).collect();
        let draw = |rng: &mut Rng| table[rng.below(TABLE as u64) as usize];
        let phrases = (0..PHRASES).map(|_| (0..rng.between(3, 6)).map(|_| draw(&mut rng)).collect()).collect();
        Self { words, phrases, table }
    }

    /// A word, common ones more often.
    pub(crate) fn one(&self, rng: &mut Rng) -> &str {
        &self.words[usize::from(self.table[rng.below(TABLE as u64) as usize])]
    }

    /// Sentences and paragraphs, to exactly `len` bytes.
    pub(crate) fn prose(&self, rng: &mut Rng, out: &mut Vec<u8>, len: usize) {
        let end = out.len() + len;
        while out.len() < end {
            for _ in 0..rng.between(3, 9) {
                self.some(rng, out);
            }
            out.pop();
            out.extend_from_slice(if rng.below(6) == 0 { b".\n\n" } else { b". " });
        }
        out.truncate(end);
    }

    fn some(&self, rng: &mut Rng, out: &mut Vec<u8>) {
        let draw = rng.next();
        if draw.is_multiple_of(3) {
            let phrase = &self.phrases[(draw >> 8) as usize % PHRASES];
            phrase.iter().for_each(|number| self.push(&self.words[usize::from(*number)], out));
        } else {
            self.push(&self.words[usize::from(self.table[(draw >> 8) as usize % TABLE])], out);
        }
    }

    fn push(&self, word: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(word.as_bytes());
        out.push(b' ');
    }

    /// Lines of a program, to exactly `len` bytes.
    pub(crate) fn code(&self, rng: &mut Rng, out: &mut Vec<u8>, len: usize) {
        let end = out.len() + len;
        // A file has its own few names.
        let names: Vec<String> = (0..24).map(|_| format!("{}_{}", self.one(rng), self.one(rng))).collect();
        let mut depth = 0usize;
        while out.len() < end {
            self.code_line(rng, &names, &mut depth, out);
        }
        out.truncate(end);
    }

    fn code_line(&self, rng: &mut Rng, names: &[String], depth: &mut usize, out: &mut Vec<u8>) {
        let mut name = || &names[rng.below(names.len() as u64) as usize];
        let (a, b, c) = (name(), name(), name());
        out.resize(out.len() + *depth, b'\t');
        let number = rng.below(1000);
        // Writing to a vector cannot fail.
        let _ = match rng.below(10) {
            0 => write!(out, "/* "),
            1 | 2 if *depth < 4 => {
                *depth += 1;
                writeln!(out, "if ({a}->{b} != {number}) {{")
            }
            3 | 4 if *depth > 0 => {
                *depth -= 1;
                writeln!(out, "}} else return -E{};", self.one(rng).to_uppercase())
            }
            5 => writeln!(out, "static int {a}_{c}(struct {b} *{c}, unsigned long flags)"),
            6 => writeln!(out, "\t{a} = {b}({c}, &{}, {number});", self.one(rng)),
            7 => writeln!(out, "#define {}_{} 0x{:04x}", a.to_uppercase(), c.to_uppercase(), number * 7),
            _ => writeln!(out, "{a}->{b} = {c}->{};", self.one(rng)),
        };
        if out.ends_with(b"/* ") {
            (0..rng.between(4, 12)).for_each(|_| self.some(rng, out));
            out.extend_from_slice(b"*/\n");
        }
    }

    /// Lines of a log, to exactly `len` bytes; `clock` goes on from one to the next.
    pub(crate) fn log(&self, rng: &mut Rng, clock: &mut u64, out: &mut Vec<u8>, len: usize) {
        let end = out.len() + len;
        while out.len() < end {
            *clock += rng.below(900);
            let (draw, host) = (rng.next(), rng.below(12));
            let (day, second, milli) = (*clock / 86_400_000 % 28 + 1, *clock / 1000 % 86_400, *clock % 1000);
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            let level = ["INFO", "INFO", "INFO", "WARN", "DEBUG", "ERROR"][(draw % 6) as usize];
            let _ = write!(
                out,
                "2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z host{host:02} {level} {}[{}]: ",
                self.words[100 + (draw >> 8) as usize % 40],
                (draw >> 16) % 32_768
            );
            (0..rng.between(2, 6)).for_each(|_| self.some(rng, out));
            let _ = writeln!(out, "id={:08x} took={}us", (draw >> 32) as u32, rng.log_between(10, 900_000));
        }
        out.truncate(end);
    }

    /// A record as programs keep them in small files, to about `len` bytes.
    pub(crate) fn record(&self, rng: &mut Rng, out: &mut Vec<u8>, len: usize) {
        let end = out.len() + len;
        let _ = write!(out, "{{\n  \"id\": \"{:016x}\",\n  \"version\": {},\n", rng.next(), rng.below(40));
        while out.len() < end {
            let key = self.words[200 + rng.below(60) as usize].as_str();
            let _ = match rng.below(4) {
                0 => writeln!(out, "  \"{key}\": {},", rng.log_between(1, 10_000_000)),
                1 => writeln!(out, "  \"{key}\": \"2026-{:02}-{:02}\",", rng.between(1, 12), rng.between(1, 28)),
                2 => writeln!(out, "  \"{key}\": [\"{}\", \"{}\"],", self.one(rng), self.one(rng)),
                _ => write!(out, "  \"{key}\": \"").and_then(|()| {
                    (0..rng.between(2, 8)).for_each(|_| self.some(rng, out));
                    writeln!(out, "\",")
                }),
            };
        }
        out.truncate(end.saturating_sub(2));
        out.extend_from_slice(b"}\n");
    }
}

fn word(rng: &mut Rng, rank: usize) -> String {
    const FIRST: [&str; 20] =
        ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl", "ch", ""];
    const THEN: [&str; 12] = ["a", "e", "i", "o", "u", "ea", "ou", "ar", "en", "in", "or", "el"];
    // Common words are short.
    let syllables = match rank {
        0..60 => 1,
        60..800 => 2,
        _ => rng.between(2, 4),
    };
    let mut pick = |of: &[&'static str]| of[rng.below(of.len() as u64) as usize];
    (0..syllables).flat_map(|_| [pick(&FIRST), pick(&THEN)]).collect()
}
