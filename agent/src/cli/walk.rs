//! Goes through entries of a snapshot, around what is damaged.

use std::ops::ControlFlow;

use atalaya_repo::model::Entry;
use atalaya_repo::view::View;

use super::exit::{Exit, Failure, Result};
use super::output::complain;

/// Calls `each` for the entry `under` and all below it; says what cannot be read and gives its number.
pub(crate) fn each_entry(
    view: &dyn View,
    under: &[u8],
    mut each: impl FnMut(&Entry) -> Result<ControlFlow<()>>,
) -> Result<u64> {
    let mut entries = view.entries(under)?;
    let mut damaged = 0;
    loop {
        match entries.next() {
            Ok(None) => return Ok(damaged),
            Ok(Some(entry)) => {
                if each(&entry)?.is_break() {
                    return Ok(damaged);
                }
            }
            Err(err) => {
                damaged += 1;
                complain(format_args!("damaged: {err}"));
            }
        }
    }
}

/// How a command ends that had to go around `damaged` parts.
pub(crate) fn refuse_damage(damaged: u64) -> Result<()> {
    if damaged == 0 {
        return Ok(());
    }
    let text = "cannot list everything: parts of the snapshot are damaged; \"atalaya-agent check\" says which";
    Err(Failure::new(Exit::Failed, text))
}
