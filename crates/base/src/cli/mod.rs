//! What two command lines have in common.

mod answer;
mod complaint;
mod definitions;
mod prompt;
mod verdict;

pub use answer::with_default;
pub use complaint::one_line;
pub use definitions::{examples_that_fail, named_that_fail, too_wide, unexplained};
pub use prompt::{Unanswered, without_echo};
pub use verdict::verdict;
