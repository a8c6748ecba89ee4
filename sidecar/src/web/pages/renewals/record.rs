//! A line of the table of DNS records.

use super::super::frame::Frame;
use super::super::part::{Mark, State, When};
use crate::renewals::records::{self, Standing};

pub(super) struct Line {
    pub(super) state: State,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) address: Option<String>,
    pub(super) provider: String,
    pub(super) node: String,
    pub(super) verified: Option<When>,
    pub(super) problem: String,
}

impl Line {
    pub(super) fn new(frame: &Frame, standing: Standing) -> Self {
        let (mark, key) = match standing.state {
            records::State::Ok => (Mark::Ok, "record.ok"),
            records::State::Waiting => (Mark::Low, "record.waiting"),
            records::State::NotVerified => (Mark::Medium, "record.not_verified"),
            records::State::Failing => (Mark::High, "record.failing"),
        };
        Self {
            state: frame.state_as(mark, key),
            name: standing.name,
            kind: standing.kind.as_str(),
            address: standing.address.map(|address| address.to_string()),
            provider: standing.provider,
            node: standing.node,
            verified: standing.verified.and_then(|at| frame.when(at)),
            problem: standing.problem,
        }
    }
}
