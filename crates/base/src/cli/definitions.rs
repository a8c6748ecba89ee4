//! What a command line owes those who read its help, for the tests of a program to ask.

use clap::Command;
use clap::error::ErrorKind;

/// Lines longer than this are wrapped in an ordinary terminal, and can no longer be pasted.
const LINE_MAX: usize = 79;

/// Examples in the help of `root`'s commands that `parses` does not take, and commands that have none; each with a reason.
/// `parses` is given the words as a shell would, the program's name first.
pub fn examples_that_fail<E: ToString>(root: &Command, parses: impl Fn(Vec<String>) -> Result<(), E>) -> Vec<String> {
    let mut failed = Vec::new();
    for command in root.get_subcommands() {
        let examples = examples(root.get_name(), command);
        if examples.is_empty() {
            failed.push(format!("{} has no examples", command.get_name()));
        }
        for line in examples {
            let words = words(&line);
            if words.get(1).map(String::as_str) != Some(command.get_name()) {
                failed.push(format!("{line}: it is of another command than {}", command.get_name()));
            } else if let Err(err) = parses(words) {
                failed.push(format!("{line}: {}", err.to_string()));
            }
        }
    }
    failed
}

/// Commands of `program` that a text names between backquotes and that `parses` does not take, each with the reason. A word in
/// capitals stands for something, a name or a number; what else is needed is the reader's to add.
pub fn named_that_fail(
    program: &str,
    text: &str,
    parses: impl Fn(Vec<String>) -> Result<(), clap::Error>,
) -> Vec<String> {
    let named = text.split('`').skip(1).step_by(2).map(words).filter(|words| words[0] == program);
    let fails = named.filter_map(|all| {
        let stands = |word: &String| word.chars().all(char::is_uppercase);
        let given = all.iter().map(|word| if stands(word) { "1".to_owned() } else { word.clone() }).collect();
        let err = parses(given).err().filter(|err| err.kind() != ErrorKind::MissingRequiredArgument)?;
        Some(format!("{}: {}", all.join(" "), err.to_string().lines().next().unwrap_or_default()))
    });
    fails.collect()
}

/// Lines behind the help of commands that do not fit a terminal.
#[must_use]
pub fn too_wide(root: &Command) -> Vec<String> {
    let helps = root.get_subcommands().filter_map(|command| command.get_after_help()).map(ToString::to_string);
    let lines = helps.flat_map(|help| help.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.chars().count() > LINE_MAX).collect()
}

/// Commands below `root`, and options of theirs, that say nothing of what they are for.
#[must_use]
pub fn unexplained(root: &Command) -> Vec<String> {
    let mut found = Vec::new();
    for command in root.get_subcommands() {
        if command.get_about().is_none() {
            found.push(command.get_name().to_owned());
        }
        for arg in command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")) {
            if arg.get_help().is_none() {
                found.push(format!("{} {}", command.get_name(), arg.get_id()));
            }
        }
        found.extend(unexplained(command));
    }
    found
}

/// The examples behind a command's help, without what a shell does with the output.
fn examples(program: &str, command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let own = lines.filter(|line| line.split(' ').next() == Some(program));
    own.map(|line| line.split(['|', '>']).next().unwrap_or_default().trim().to_owned()).collect()
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

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn root(help: &'static str) -> Command {
        let plain = Command::new("go").after_help(help).arg(Arg::new("where"));
        Command::new("program").subcommand(plain)
    }

    #[test]
    fn what_a_text_names_is_what_there_is() {
        let number = Arg::new("number").value_parser(clap::value_parser!(u8)).required(true);
        let root = || Command::new("program").subcommand(Command::new("go").arg(number.clone()));
        let failed = |text| named_that_fail("program", text, |words| root().try_get_matches_from(words).map(drop));
        assert_eq!(failed("Do `program go NUMBER`, or `program go`, or `df`; program leave").len(), 0);
        let wrong = failed("`program leave` and `df`, then `program go --fast 1`");
        assert!(wrong.len() == 2 && wrong[0].contains("leave") && wrong[1].contains("--fast"), "{wrong:?}");
    }

    #[test]
    fn what_a_help_lacks_is_found() {
        let takes = |words: Vec<String>| if words.len() == 3 { Ok(()) } else { Err("too many") };
        let failed = |help| examples_that_fail(&root(help), takes);
        assert_eq!(failed("Examples:\n  program go 'a b' > file").len(), 0);
        assert_eq!(failed("Examples:"), ["go has no examples"]);
        assert_eq!(failed("  program go a b"), ["program go a b: too many"]);
        assert_eq!(failed("  program come a"), ["program come a: it is of another command than go"]);
        assert_eq!(unexplained(&root("")), ["go", "go where"]);
        assert_eq!(too_wide(&root(Box::leak("x".repeat(LINE_MAX).into_boxed_str()))).len(), 0);
        assert_eq!(too_wide(&root(Box::leak("x".repeat(LINE_MAX + 1).into_boxed_str()))).len(), 1);
    }
}
