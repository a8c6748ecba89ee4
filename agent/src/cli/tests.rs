//! The definitions themselves: sound, explained, with examples that work when pasted.
#![allow(clippy::unwrap_used)]

use clap::CommandFactory;

use super::*;

/// Lines longer than this are wrapped in an ordinary terminal, and can no longer be pasted.
const LINE_MAX: usize = 79;

#[test]
fn definitions_are_sound() {
    Cli::command().debug_assert();
}

/// The examples of a command's help, without what a shell does with the output.
fn examples(command: &clap::Command) -> Vec<String> {
    let text = command.get_after_help().unwrap().to_string();
    let lines = text.lines().filter_map(|line| line.strip_prefix("  atalaya-agent "));
    lines.map(|line| line.split(['|', '>']).next().unwrap().trim().to_owned()).collect()
}

/// Words as a shell would divide them; single quotes are all that examples use.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted, mut word) = (Vec::new(), false, String::new());
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

#[test]
fn every_command_has_examples_that_parse() {
    for command in Cli::command().get_subcommands() {
        let examples = examples(command);
        assert!(!examples.is_empty(), "{} has no examples", command.get_name());
        for line in examples {
            let words = words(&line);
            assert_eq!(words[0], command.get_name(), "{line}");
            let parsed = Cli::try_parse_from(std::iter::once("atalaya-agent".to_owned()).chain(words));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn help_fits_a_terminal() {
    let helps = Cli::command()
        .get_subcommands()
        .map(|command| command.get_after_help().unwrap().to_string())
        .collect::<Vec<_>>();
    let long: Vec<_> =
        helps.iter().flat_map(|help| help.lines()).filter(|line| line.chars().count() > LINE_MAX).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_option_is_explained() {
    fn check(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for arg in command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")) {
            assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
        }
        command.get_subcommands().for_each(check);
    }
    Cli::command().get_subcommands().for_each(check);
}
