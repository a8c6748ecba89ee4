//! The programs that a probe asks, or what a test says in their place.

use std::time::Duration;

use crate::probe::{Fault, Output, Result, Site, run};

/// Runs programs of this very machine; a folder made to look like one has none.
#[derive(Default)]
pub(crate) enum Runner {
    #[default]
    Real,
    #[cfg(test)]
    Fake(Fake),
}

#[cfg(test)]
type Fake = Box<dyn FnMut(&str, &[&str]) -> Result<Output> + Send>;

impl Runner {
    /// See [`run`].
    pub(crate) fn ask(&mut self, site: &Site, program: &str, words: &[&str], deadline: Duration) -> Result<Output> {
        match self {
            Self::Real if site.is_real() => run(program, words, deadline),
            Self::Real => Err(Fault::Absent(format!("{program} is not run for a folder"))),
            #[cfg(test)]
            Self::Fake(answer) => answer(program, words),
        }
    }
}

#[cfg(test)]
impl Runner {
    /// Answers with what `answer` says, successfully.
    pub(crate) fn saying(mut answer: impl FnMut(&str, &[&str]) -> Result<String> + Send + 'static) -> Self {
        Self::Fake(Box::new(move |program, words| answer(program, words).map(|text| Output { code: Some(0), text })))
    }
}
