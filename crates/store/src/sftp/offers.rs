//! What a server says it can do beside version 3.

use super::packet::{Reply, Type};

/// What our own server says where nothing can be deleted.
pub(super) const APPEND_ONLY: &[u8] = b"append-only@atalaya";

/// OpenSSH's additions that are used where they are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// `fsync@openssh.com`: a file's bytes are made durable.
    pub(super) fsync: bool,
    /// `statvfs@openssh.com`: how much room there is.
    pub(super) statvfs: bool,
    /// `limits@openssh.com`: how long a read or a write may be.
    pub(super) limits: bool,
    /// [`APPEND_ONLY`].
    pub(super) append_only: bool,
}

impl Offers {
    /// What the server's first message says; `None` if it is not of version 3.
    pub(super) fn of(version: &Reply) -> Option<Self> {
        let mut fields = version.read();
        if !version.is(Type::Version) || fields.u32()? != 3 {
            return None;
        }
        let mut offers = Self::default();
        while !fields.is_empty() {
            let (name, data) = (fields.string()?, fields.string()?);
            match (name, data) {
                (b"fsync@openssh.com", b"1") => offers.fsync = true,
                (b"statvfs@openssh.com", b"2") => offers.statvfs = true,
                (b"limits@openssh.com", b"1") => offers.limits = true,
                (APPEND_ONLY, b"1") => offers.append_only = true,
                _ => {}
            }
        }
        Some(offers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sftp::packet::Request;

    #[test]
    fn what_is_offered() {
        let of = |request: Request| Offers::of(&Reply { kind: request.kind as u8, fields: request.fields });
        let version = || Request::new(Type::Version);
        assert_eq!(of(version().u32(3)), Some(Offers::default()));
        let some = version().u32(3).string(b"x@y").string(b"").string(b"fsync@openssh.com").string(b"1");
        assert_eq!(of(some), Some(Offers { fsync: true, ..Offers::default() }));
        assert_eq!(of(version().u32(4)), None);
        assert_eq!(of(version().u32(3).u32(9)), None);
        assert_eq!(of(Request::new(Type::Status).u32(3)), None);
    }
}
