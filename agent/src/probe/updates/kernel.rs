//! Whether a restart waits: because a package said so, or because a newer kernel is installed than the one that runs.

use std::cmp::Ordering;

use crate::probe::Site;

/// Packages that are named as the reason.
const NAMED_MAX: usize = 3;

/// What wants a restart; `Some(None)` if nothing does, `None` where that cannot be told.
pub(super) fn restart(site: &Site) -> Option<Option<String>> {
    for folder in ["/run", "/var/run"] {
        if site.path(format!("{folder}/reboot-required")).exists() {
            let packages = site.text(format!("{folder}/reboot-required.pkgs")).unwrap_or_default();
            let mut names: Vec<_> = packages.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
            names.dedup();
            names.truncate(NAMED_MAX);
            return Some(Some(if names.is_empty() { "an update".into() } else { names.join(" ") }));
        }
    }
    let running = site.line("/proc/sys/kernel/osrelease").filter(|release| !release.is_empty())?;
    let mut installed: Vec<String> = site
        .names("/boot")
        .iter()
        .filter_map(|name| name.strip_prefix("vmlinuz-").or_else(|| name.strip_prefix("vmlinux-")))
        .map(str::to_owned)
        .collect();
    // Without modules of its own, a kernel is no longer installed: it was replaced under its feet.
    let modules = site.names("/lib/modules");
    let gone = !modules.is_empty() && !modules.contains(&running);
    installed.extend(modules);
    // Boards have kernels of several flavours side by side.
    installed.retain(|release| flavour(release) == flavour(&running));
    let newest = installed.into_iter().max_by(|a, b| compare(a, b));
    match newest {
        Some(newest) if compare(&newest, &running) == Ordering::Greater => {
            Some(Some(format!("kernel {newest} is installed, {running} runs")))
        }
        Some(_) if gone => Some(Some(format!("the modules of the running kernel {running} are gone"))),
        Some(_) => Some(None),
        None => None,
    }
}

/// The words at the end of a release, such as `-arm64` of `6.1.0-18-arm64`.
fn flavour(release: &str) -> &str {
    let end = release.char_indices().rev().find(|(_, c)| *c == '-').map(|(at, _)| at);
    end.map(|at| &release[at..]).filter(|word| word.chars().any(|c| c.is_ascii_alphabetic())).unwrap_or_default()
}

/// Runs of digits as numbers, everything else as text.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    a.cmp(&b)
}

fn parts(text: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(words);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        parts.push((number.parse().unwrap_or(0), word.to_owned()));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn releases_are_compared_by_their_numbers() {
        for (older, newer) in
            [("6.1.0-9-arm64", "6.1.0-18-arm64"), ("6.6.31+rpt-rpi-v8", "6.12.1+rpt-rpi-v8"), ("5.10.0", "5.10.100")]
        {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
        }
    }

    #[test]
    fn a_restart_is_told_with_its_reason() {
        for (running, boot, modules, flag, expected) in [
            ("6.1.0-18-arm64", &["vmlinuz-6.1.0-18-arm64"][..], &["6.1.0-18-arm64"][..], None, Some(None)),
            (
                "6.1.0-18-arm64",
                &["vmlinuz-6.1.0-18-arm64", "vmlinuz-6.1.0-20-arm64", "config-6.1.0-21-arm64"],
                &[],
                None,
                Some(Some("kernel 6.1.0-20-arm64 is installed, 6.1.0-18-arm64 runs")),
            ),
            ("6.6.31+rpt-rpi-v8", &["vmlinuz-6.6.62+rpt-rpi-2712", "vmlinuz-6.6.31+rpt-rpi-v8"], &[], None, Some(None)),
            (
                "6.6.54-0-lts",
                &[],
                &["6.6.60-0-lts"],
                None,
                Some(Some("kernel 6.6.60-0-lts is installed, 6.6.54-0-lts runs")),
            ),
            (
                "6.6.54-0-lts",
                &[],
                &["6.6.50-0-lts"],
                None,
                Some(Some("the modules of the running kernel 6.6.54-0-lts are gone")),
            ),
            ("5.4.0", &[], &[], None, None),
            ("", &[], &[], None, None),
            ("5.4.0", &[], &[], Some("libc6\nlibc6\n"), Some(Some("libc6"))),
            ("5.4.0", &[], &[], Some(""), Some(Some("an update"))),
        ] {
            let dir = tempfile::tempdir().unwrap();
            for folder in ["proc/sys/kernel", "boot", "lib/modules", "run"] {
                fs::create_dir_all(dir.path().join(folder)).unwrap();
            }
            fs::write(dir.path().join("proc/sys/kernel/osrelease"), format!("{running}\n")).unwrap();
            boot.iter().for_each(|name| fs::write(dir.path().join("boot").join(name), "").unwrap());
            modules.iter().for_each(|name| fs::create_dir(dir.path().join("lib/modules").join(name)).unwrap());
            if let Some(packages) = flag {
                fs::write(dir.path().join("run/reboot-required"), "").unwrap();
                fs::write(dir.path().join("run/reboot-required.pkgs"), packages).unwrap();
            }
            let expected = expected.map(|reason| reason.map(str::to_owned));
            assert_eq!(restart(&Site::below(dir.path())), expected, "{running}");
        }
    }
}
