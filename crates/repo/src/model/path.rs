//! Order and safety of paths.
//!
//! A path is bytes, absolute without the leading slash (`home/ana/foto.jpg`),
//! components separated by single slashes. The root itself is the empty path.

use std::cmp::Ordering;

/// Order of a snapshot's map: bytewise by component, a parent before its
/// children, a subtree before the next sibling (`a`, `a/b`, `a.txt`).
#[must_use]
pub fn cmp(a: &[u8], b: &[u8]) -> Ordering {
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    match (a.get(common), b.get(common)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        // The separator sorts before every other byte, so that a component's end comes first.
        (Some(b'/'), Some(_)) => Ordering::Less,
        (Some(_), Some(b'/')) => Ordering::Greater,
        (Some(x), Some(y)) => x.cmp(y),
    }
}

/// Whether `path` is `folder` or lies below it.
#[must_use]
pub fn is_within(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty() || (path.starts_with(folder) && (path.len() == folder.len() || path[folder.len()] == b'/'))
}

/// Whether `name` may be created in a folder: not empty, not `.` or `..`, no
/// slash and no NUL. A snapshot that says otherwise is hostile or damaged.
#[must_use]
pub fn safe_component(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtree_comes_before_the_next_sibling() {
        let sorted: [&[u8]; 7] = [b"", b"a", b"a/b", b"a/b/c", b"a!", b"a.txt", b"b"];
        for (i, x) in sorted.iter().enumerate() {
            for (j, y) in sorted.iter().enumerate() {
                assert_eq!(cmp(x, y), i.cmp(&j), "{x:?} {y:?}");
            }
        }
    }

    #[test]
    fn within_respects_components() {
        assert!(is_within(b"a/b", b"a") && is_within(b"a", b"a") && is_within(b"a", b""));
        assert!(!is_within(b"ab", b"a") && !is_within(b"a", b"a/b"));
    }

    #[test]
    fn unsafe_names() {
        for bad in [&b""[..], b".", b"..", b"a/b", b"a\0b"] {
            assert!(!safe_component(bad), "{bad:?}");
        }
        assert!(safe_component(b"...") && safe_component(b"\xff") && safe_component(b"-rf"));
    }
}
