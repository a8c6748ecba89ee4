//! What the sidecar says it has.

use serde::{Deserialize, Serialize};

/// Ranges of missing frames that one acknowledgement may name.
pub const MISSING_MAX: usize = 16;
/// Of an acknowledgement: anything longer is none.
pub const ACK_BYTES_MAX: usize = 2048;

/// Retained, as JSON; sent after the sidecar committed what it names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Stream of records that `record_seq` counts in, as 32 hexadecimal digits.
    #[serde(default)]
    pub record_stream: String,
    /// All records up to this one are there.
    #[serde(default)]
    pub record_seq: u64,
    /// Stream of frames that `missing` counts in.
    #[serde(default)]
    pub frame_stream: String,
    /// Frames that never came, from and to, inclusive; at most [`MISSING_MAX`].
    #[serde(default)]
    pub missing: Vec<(u64, u64)>,
}

impl Ack {
    /// From whatever came; `None` if it is none. Unknown keys are later versions' and are skipped.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > ACK_BYTES_MAX || !bytes.trim_ascii().starts_with(b"{") {
            return None;
        }
        let ack: Self = serde_json::from_slice(bytes).ok()?;
        let ordered = ack.missing.iter().all(|(from, to)| from <= to);
        (ordered && ack.missing.len() <= MISSING_MAX).then_some(ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_checked() {
        let ack = Ack { record_seq: 5, missing: vec![(1, 2)], ..Ack::default() };
        assert_eq!(Ack::parse(&serde_json::to_vec(&ack).unwrap()), Some(ack));
        assert_eq!(Ack::parse(br#"{"record_seq":3,"later":[]}"#).unwrap().record_seq, 3);
        for bad in
            ["", "[]", r#"{"record_seq":-1}"#, r#"{"missing":[[2,1]]}"#, &format!("{{\"x\":\"{}\"}}", "y".repeat(2048))]
        {
            assert_eq!(Ack::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
