//! The table of probes.

use crate::probe::Probe;

/// Every probe, as `sections` of the configuration want it.
///
/// # Errors
///
/// One line: which section is wrong, and how.
pub fn all(sections: &toml::Table) -> Result<Vec<Box<dyn Probe>>, String> {
    match sections.keys().next() {
        Some(name) => Err(format!("[probes.{name}]: there is no such probe")),
        None => Ok(Vec::new()),
    }
}
