//! What the argument parser says, on one line.

use clap::error::ErrorKind;

/// One line out of the parser's several: what is wrong, what may have been meant, where to read on. `None` for what
/// is no mistake (help, version). `program` is named where the parser names no command.
#[must_use]
pub fn one_line(program: &str, err: &clap::Error) -> Option<String> {
    if matches!(
        err.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return None;
    }
    let text = err.render().to_string();
    let mut parts = Vec::new();
    let mut command = program.to_owned();
    for paragraph in text.split("\n\n") {
        let line = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        if let Some(usage) = line.strip_prefix("Usage: ") {
            command = named(usage);
        } else if let Some(what) = line.strip_prefix("error: ") {
            parts.push(what.to_owned());
        } else if let Some(tips) = line.strip_prefix("tip: ") {
            parts.extend(tips.split("tip: ").map(|tip| tip.trim().to_owned()));
        }
    }
    Some(format!("cannot understand the command line: {}; \"{command} --help\" explains", parts.join("; ")))
}

/// The command of a usage line: the words before the first option or value.
fn named(usage: &str) -> String {
    let words = usage.split(' ').take_while(|word| !word.starts_with(['-', '<', '[']));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn a_command_line_that_is_wrong_gets_one_line() {
        let told = |words: &[&str]| {
            let root = Command::new("program").subcommand(Command::new("list"));
            one_line("program", &root.try_get_matches_from(words).unwrap_err())
        };
        let wrong = told(&["program", "lst"]).unwrap();
        assert!(!wrong.contains('\n') && wrong.contains("'lst'") && wrong.contains("'list'"), "{wrong}");
        assert!(wrong.ends_with("\"program --help\" explains"), "{wrong}");
        assert!(told(&["program", "list", "-x"]).unwrap().ends_with("\"program list --help\" explains"));
        assert_eq!(told(&["program", "--help"]), None);
    }
}
