//! The definitions themselves: sound, explained, with examples that work when pasted.

use atalaya_base::cli::{examples_that_fail, named_that_fail, too_wide, unexplained};
use clap::CommandFactory;

use super::*;

#[test]
fn definitions_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples_that_parse() {
    let failed = examples_that_fail(&Cli::command(), |words| Cli::try_parse_from(words).map(drop));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn help_fits_a_terminal() {
    let long = too_wide(&Cli::command());
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_option_is_explained() {
    let without = unexplained(&Cli::command());
    assert!(without.is_empty(), "{}", without.join("\n"));
}

#[test]
fn runbooks_name_commands_that_there_are() {
    let runbooks = include_str!("../../../crates/alert/rules/default.toml");
    assert!(runbooks.contains("`atalaya-sidecar "), "none is named any more");
    let failed = named_that_fail("atalaya-sidecar", runbooks, |words| Cli::try_parse_from(words).map(drop));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
