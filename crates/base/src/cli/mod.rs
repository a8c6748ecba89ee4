//! What two command lines have in common.

mod complaint;
mod definitions;

pub use complaint::one_line;
pub use definitions::{examples_that_fail, too_wide, unexplained};
