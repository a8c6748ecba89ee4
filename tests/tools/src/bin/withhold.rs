//! Runs a command on a kernel that seems older than it is: `withhold [--only NAME,NAME…] -- COMMAND…`.
//!
//! Every system call that came after Linux 3.10, the oldest kernel that Synology's DSM 7 has, answers ENOSYS, and a file
//! without a name (`O_TMPFILE`, from 3.11 on) EISDIR, as it did there. `--only` withholds just those that are named;
//! `--list` prints the names. The command's own children are held to it, too.

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use atalaya_test_tools::args::Args;
use atalaya_test_tools::newer;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("withhold: {err}");
            ExitCode::from(125)
        }
    }
}

fn run() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let own: Vec<String> = words.by_ref().take_while(|word| word != "--").collect();
    let args = Args::parse(own, &["only"], &["list"])?;
    if args.has("list") {
        newer::CALLS.iter().map(|(name, _)| *name).chain([newer::TMPFILE]).for_each(|name| println!("{name}"));
        return Ok(());
    }
    let command: Vec<String> = words.collect();
    let (program, rest) = command.split_first().ok_or("withhold [--only NAME,NAME…] -- COMMAND…")?;
    let only: Option<Vec<&str>> = args.value("only").map(|names| names.split(',').collect());
    let wanted = |name: &str| only.as_ref().is_none_or(|names| names.contains(&name));
    for name in only.iter().flatten() {
        if !newer::is_newer(name) {
            return Err(format!("no such system call, or none that is newer than Linux 3.10: {name}").into());
        }
    }

    if wanted(newer::TMPFILE) {
        let opens = newer::OPENS.iter().map(|(call, flags)| Ok((*call, vec![nameless(*flags)?])));
        install(opens.collect::<Result<_>>()?, newer::EISDIR)?;
    }
    // Last, because it may withhold what filters are installed with.
    let missing = newer::CALLS.iter().filter(|(name, _)| wanted(name)).map(|(_, call)| (*call, Vec::new()));
    install(missing.collect(), newer::ENOSYS)?;
    Err(Command::new(program).args(rest).exec().into())
}

/// Holds where argument `flags` asks for a file without a name.
fn nameless(flags: u8) -> Result<SeccompRule> {
    let bit = newer::TMPFILE_BIT;
    let asked = SeccompCondition::new(flags, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bit), bit)?;
    Ok(SeccompRule::new(vec![asked])?)
}

fn install(rules: Rules, errno: u32) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let machine = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), machine)?;
    Ok(seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?)
}
