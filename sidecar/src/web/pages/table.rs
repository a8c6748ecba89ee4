//! Tables of anything: cells that know how they look. On a phone each row becomes a card, with its heads beside the cells.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::part::{Bar, State, When};

/// A table with its head.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/table.html")]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl HtmlSafe for Table {}

impl Table {
    /// What stands above a column.
    fn above(&self, column: impl Borrow<usize>) -> &str {
        self.heads.get(*column.borrow()).map_or("", |head| head.text.as_str())
    }
}

/// What stands above a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) text: String,
    pub(super) number: bool,
}

/// What stands in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) state: Option<State>,
    pub(super) text: String,
    pub(super) link: String,
    pub(super) when: Option<When>,
    pub(super) bar: Option<Bar>,
    /// Smaller, below.
    pub(super) note: String,
    pub(super) number: bool,
    /// Nobody could say; the reader's word for that.
    pub(super) unknown: String,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn state(state: State) -> Self {
        Self { state: Some(state), ..Self::default() }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(super) fn bar(mut self, bar: Option<Bar>) -> Self {
        self.bar = bar;
        self
    }
}
