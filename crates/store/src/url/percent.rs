//! Percent-encoding (RFC 3986, 2.1).

use std::fmt::Write;

/// The bytes that `text` stands for; what is not plain text must be encoded, and so must `?` and `#`.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'%' => {
                let (high, low) = match tail {
                    [high, low, ..] => (digit(*high), digit(*low)),
                    _ => (None, None),
                };
                let (Some(high), Some(low)) = (high, low) else {
                    return Err("a % begins two hexadecimal digits; write %25 for the sign itself".to_owned());
                };
                out.push(high << 4 | low);
                rest = &tail[2..];
            }
            b'?' | b'#' => {
                let sign = char::from(*first);
                return Err(format!("nothing stands behind a \"{sign}\" here; write %{first:02X} for the sign itself"));
            }
            byte => out.push(*byte),
        }
    }
    match out.iter().find(|byte| byte.is_ascii_control()) {
        Some(byte) => Err(format!("it has the control character %{byte:02X}")),
        None => Ok(out),
    }
}

/// `bytes` as they are written in a URL, those of `also` plain too.
pub(crate) fn encode(bytes: &[u8], also: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || also.contains(byte) {
            out.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let all: Vec<u8> = (32..=255).filter(|byte| *byte != 127).collect();
        assert_eq!(decode(&encode(&all, b"/")).as_deref(), Ok(&all[..]));
        assert_eq!(encode(b"/a b/\xff", b"/"), "/a%20b/%FF");
        for bad in ["%", "%1", "%zz", "%+1", "a?b", "a#b", "%00", "a%0Ab"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
