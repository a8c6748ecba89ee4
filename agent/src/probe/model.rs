//! What machine this is, for people.

use super::Site;

/// Words of SMBIOS that makers leave standing.
const PLACEHOLDERS: &[&str] = &["to be filled by o.e.m.", "system product name", "default string", "not specified"];

/// See the module; empty where it is not known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Who made it.
    pub maker: String,
    /// What they call it.
    pub model: String,
    /// Operating system and its version.
    pub os: String,
}

/// Looks.
#[must_use]
pub fn describe(site: &Site) -> Machine {
    let line = |path: &str| {
        let text = site.line(path).unwrap_or_default();
        let text = text.trim_matches(['\0', ' ']).to_owned();
        if PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str()) { String::new() } else { text }
    };
    let tree = line("/proc/device-tree/model");
    let (maker, model) = if tree.is_empty() {
        (line("/sys/class/dmi/id/sys_vendor"), line("/sys/class/dmi/id/product_name"))
    } else {
        (String::new(), tree)
    };
    let release = site.text("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    Machine { maker, model, os: name.unwrap_or_default().trim_matches(['"', '\'']).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described_by_what_its_maker_wrote() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let site = Site::below(root.path());
        assert_eq!(describe(&site), Machine::default());
        write("sys/class/dmi/id/sys_vendor", "HP\n");
        write("sys/class/dmi/id/product_name", "To Be Filled By O.E.M.\n");
        write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
        let found = describe(&site);
        assert_eq!((found.maker.as_str(), found.model.as_str()), ("HP", ""));
        assert_eq!(found.os, "Debian GNU/Linux 12 (bookworm)");
        write("proc/device-tree/model", "Kobol Helios64\0");
        assert_eq!(describe(&site).model, "Kobol Helios64");
    }
}
