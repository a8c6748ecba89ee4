//! Asks for a line that anybody may see.

use std::io::{BufRead, Write};

use super::Unanswered;

/// Shows `question` on `out` and reads the answer from `input`; an empty one means `default`.
///
/// # Errors
///
/// [`Unanswered::Stopped`] where the input ends, or one of the two fails.
pub fn with_default(
    input: &mut impl BufRead,
    out: &mut impl Write,
    question: &str,
    default: &str,
) -> Result<String, Unanswered> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let asked = write!(out, "{question}{shown}: ").and_then(|()| out.flush());
    let mut line = String::new();
    match asked.and_then(|()| input.read_line(&mut line)) {
        Ok(0) | Err(_) => Err(Unanswered::Stopped),
        Ok(_) if line.trim().is_empty() => Ok(default.to_owned()),
        Ok(_) => Ok(line.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_is_the_default_and_an_end_is_none() {
        let mut input = &b"\n  nas \r\n"[..];
        let mut out = Vec::new();
        assert_eq!(with_default(&mut input, &mut out, "Name", "box"), Ok("box".to_owned()));
        assert_eq!(with_default(&mut input, &mut out, "Name", ""), Ok("nas".to_owned()));
        assert_eq!(with_default(&mut input, &mut out, "Name", "box"), Err(Unanswered::Stopped));
        assert_eq!(out, b"Name [box]: Name: Name [box]: ");
    }
}
