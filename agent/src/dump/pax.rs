//! Extended headers: what does not fit a plain one, as `LENGTH KEY=VALUE` records.

use std::io::{self, Write};

use atalaya_repo::model::{Time, Xattr, XattrValue};
use atalaya_repo::view::View;

use super::ustar::{EXTENDED, Header, padding};
use super::{Broken, content::zeros};

/// Records for the entry that follows.
#[derive(Default)]
pub(super) struct Records {
    plain: Vec<u8>,
}

impl Records {
    pub(super) fn add(&mut self, key: &str, value: &[u8]) {
        let len = record_len(key.len(), value.len());
        self.plain.extend_from_slice(format!("{len} {key}=").as_bytes());
        self.plain.extend_from_slice(value);
        self.plain.push(b'\n');
    }

    pub(super) fn add_number(&mut self, key: &str, value: u64) {
        self.add(key, value.to_string().as_bytes());
    }

    pub(super) fn add_time(&mut self, key: &str, time: Time) {
        self.add(key, decimal(time).as_bytes());
    }

    /// Writes the extended header, if there is anything in it. Values of attributes are read one at a time.
    pub(super) fn write(&self, view: &dyn View, xattrs: &[Xattr], out: &mut dyn Write) -> Result<(), Broken> {
        let keys: Vec<_> = xattrs.iter().map(|xattr| xattr_key(&xattr.name)).collect();
        let lens = keys.iter().zip(xattrs).map(|(key, xattr)| record_len(key.len(), value_len(&xattr.value)) as u64);
        let size = self.plain.len() as u64 + lens.sum::<u64>();
        if size == 0 {
            return Ok(());
        }
        out.write_all(&header(size).encode())?;
        out.write_all(&self.plain)?;
        for (key, xattr) in keys.iter().zip(xattrs) {
            write_xattr(view, key, &xattr.value, out)?;
        }
        zeros(padding(size) as u64, out)?;
        Ok(())
    }
}

fn write_xattr(view: &dyn View, key: &[u8], value: &XattrValue, out: &mut dyn Write) -> Result<(), Broken> {
    let len = value_len(value);
    let bytes = view.xattr_value(value)?;
    if bytes.len() != len {
        return Err(io::Error::other("an extended attribute has another length than the snapshot says").into());
    }
    write!(out, "{} ", record_len(key.len(), len))?;
    out.write_all(key)?;
    out.write_all(b"=")?;
    out.write_all(&bytes)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn value_len(value: &XattrValue) -> usize {
    match value {
        XattrValue::Inline(bytes) => bytes.len(),
        XattrValue::Blob(_, len) => *len as usize,
    }
}

/// As star, GNU tar and libarchive name them. A key ends at its first `=`, so GNU tar escapes those in names.
fn xattr_key(name: &[u8]) -> Vec<u8> {
    let mut key = b"SCHILY.xattr.".to_vec();
    for byte in name {
        match byte {
            b'=' => key.extend_from_slice(b"%3D"),
            b'%' => key.extend_from_slice(b"%25"),
            byte => key.push(*byte),
        }
    }
    key
}

/// The header's own name says nothing; programs that do not know extended headers make a file of it.
fn header(size: u64) -> Header<'static> {
    Header {
        name: b"PaxHeaders/entry",
        kind: EXTENDED,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size,
        mtime: 0,
        link: b"",
        device: (0, 0),
    }
}

/// Length of a record, its own digits included.
fn record_len(key: usize, value: usize) -> usize {
    let rest = key + value + 3;
    let mut digits = 1;
    loop {
        let len = rest + digits;
        if len.to_string().len() == digits {
            return len;
        }
        digits += 1;
    }
}

/// Seconds with a fraction; before 1970 the fraction counts backwards, as the whole number does.
fn decimal(time: Time) -> String {
    let (secs, nanos) = match (time.secs, time.nanos) {
        (secs, nanos) if secs < 0 && nanos > 0 => (secs + 1, 1_000_000_000 - nanos),
        other => other,
    };
    let sign = if time.secs < 0 && secs == 0 { "-" } else { "" };
    match nanos {
        0 => format!("{secs}"),
        nanos => format!("{sign}{secs}.{nanos:09}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_themselves() {
        let mut records = Records::default();
        records.add("path", b"a");
        assert_eq!(records.plain, b"9 path=a\n");
        for value in 0..2000 {
            let mut records = Records::default();
            records.add("k", &vec![b'x'; value]);
            let digits = records.plain.iter().position(|b| *b == b' ').unwrap_or(0);
            let said: usize = String::from_utf8_lossy(&records.plain[..digits]).parse().unwrap_or(0);
            assert_eq!(said, records.plain.len());
        }
    }

    #[test]
    fn times_before_1970() {
        let time = |secs, nanos| decimal(Time { secs, nanos });
        assert_eq!(time(1, 5), "1.000000005");
        assert_eq!(time(-1, 0), "-1");
        assert_eq!(time(-1, 500_000_000), "-0.500000000");
        assert_eq!(time(-2, 250_000_000), "-1.750000000");
    }
}
