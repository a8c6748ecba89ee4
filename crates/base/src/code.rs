//! Where code lies in memory, for whoever gives it back to the system. Of a large program little is needed once it has
//! begun, and the kernel maps 64 KiB around each page that is used.

use std::ops::Range;
use std::path::Path;

/// Addresses of mapped files that hold code, and of what programs and libraries begin with: what nothing can have written
/// to, so that the kernel can read it again from the file. Empty where the kernel does not tell.
///
/// A library that another thread unloads meanwhile is not there any more when this is used; [`program`] leaves them out.
#[must_use]
pub fn mapped() -> Vec<Range<usize>> {
    ranges(|_| true)
}

/// The same of the program itself, which stays where it is.
#[must_use]
pub fn program() -> Vec<Range<usize>> {
    // Of a file that was replaced both say so behind its name.
    let own = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    ranges(|file| Path::new(file) == own)
}

fn ranges(is_meant: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let found = maps.lines().filter_map(range).filter(|(_, file)| is_meant(file));
    found.map(|(range, _)| range).collect()
}

/// A line of the list: `from-to rights offset device inode file`.
fn range(line: &str) -> Option<(Range<usize>, &str)> {
    let file = line.get(line.find('/')?..)?;
    let mut words = line.split_ascii_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let kind = (words.next()?, words.next()?.chars().all(|digit| digit == '0'));
    // What a file begins with is only read while it is linked; what lies behind code was changed by that.
    let is_code = matches!(kind, ("r-xp", _) | ("r--p", true));
    let (from, to) = (usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?);
    (is_code && from < to).then_some((from..to, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_file_holds_as_it_was_counts() {
        for (line, found) in [
            ("5000-9000 r-xp 00003000 fe:00 1234 /usr/bin/x y (deleted)", true),
            ("5000-9000 r--p 00000000 fe:00 1234 /usr/bin/x y (deleted)", true),
            ("5000-9000 r--p 00003000 fe:00 1234 /usr/bin/x y (deleted)", false),
            ("5000-9000 rw-p 00000000 fe:00 1234 /usr/bin/x y (deleted)", false),
            ("5000-9000 r-xp 00000000 00:00 0", false),
            ("5000-9000 r-xp 00000000 00:00 0                  [vdso]", false),
            ("9000-5000 r-xp 00000000 fe:00 1234 /usr/bin/x", false),
            ("", false),
        ] {
            assert_eq!(range(line), found.then_some((0x5000..0x9000, "/usr/bin/x y (deleted)")), "{line}");
        }
    }

    #[test]
    fn the_program_is_where_this_function_is() {
        let here = super::program as fn() -> Vec<Range<usize>> as usize;
        let (program, all) = (program(), mapped());
        assert!(program.iter().any(|range| range.contains(&here)), "{program:?}");
        assert!(program.iter().all(|range| all.contains(range)) && program.len() < all.len(), "{all:?}");
    }
}
