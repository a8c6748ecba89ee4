//! What is to be set up: as the options say, or as a person answers.

use std::path::{Path, PathBuf};

use atalaya_base::config::{Secret, Url};

use super::answer::{ask, is_somebody_there, say};
use super::place::Place;
use super::{Args, Reach, missing, refused};
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::{Config, External, is_loopback};
use crate::pki::{is_reachable_name, of_this_machine};

/// What is to be.
pub(super) struct Wanted {
    /// Where everything is kept.
    pub(super) folder: PathBuf,
    /// Who may reach it.
    pub(super) reach: Reach,
    /// What others know this machine by; none where they cannot reach it.
    pub(super) names: Vec<String>,
    /// Another broker than the built-in one.
    pub(super) broker: Option<Other>,
}

/// A broker that somebody else runs.
pub(super) struct Other {
    /// How it is reached.
    pub(super) external: External,
    /// Where its password lies.
    pub(super) password: Option<PathBuf>,
}

impl Wanted {
    pub(super) fn of(args: &Args, place: &Place) -> Result<Self> {
        let reach = match args.reach {
            Some(reach) => reach,
            None if is_somebody_there() => who()?,
            None => return Err(missing("who may reach it", "--reach machine, or network")),
        };
        fits(args, reach)?;
        // Who says that much by options means what is usual for the rest.
        let asks = args.reach.is_none();
        let names = if reach == Reach::Network { names(&args.name, asks)? } else { Vec::new() };
        let folder = folder(args.state_dir.as_deref(), place, asks)?;
        Ok(Self { folder, reach, names, broker: broker(args, asks)? })
    }
}

/// Options that mean something together.
fn fits(args: &Args, reach: Reach) -> Result<()> {
    let listen = &args.listen;
    let of_network = !args.name.is_empty() || listen.listen_tls.or(listen.broker_listen_tls).is_some();
    if reach == Reach::Machine && of_network {
        return Err(refused("--name, --listen-tls and --broker-listen-tls are for --reach network"));
    }
    for (option, address) in [("--listen", listen.listen), ("--broker-listen", listen.broker_listen)] {
        if let Some(address) = address.filter(|address| !is_loopback(address)) {
            let why = "is not of this machine alone; the network gets TLS, with --reach network and";
            return Err(refused(format_args!("{address} of {option} {why} {option}-tls")));
        }
    }
    let all = [listen.listen, listen.listen_tls, listen.broker_listen, listen.broker_listen_tls];
    if all.iter().flatten().any(|address| address.port() == 0) {
        return Err(refused("port 0 is another one at each start, and nobody would find it; write one"));
    }
    Ok(())
}

fn who() -> Result<Reach> {
    say("Who may reach it?");
    say("  machine  this machine alone: without TLS, and accounts only for who wants them");
    say("  network  the network: with TLS, and an account for everybody");
    loop {
        match ask("machine or network", "network")?.as_str() {
            "machine" => return Ok(Reach::Machine),
            "network" => return Ok(Reach::Network),
            _ => say("Answer \"machine\" or \"network\"."),
        }
    }
}

fn names(given: &[String], asks: bool) -> Result<Vec<String>> {
    if !given.is_empty() {
        return checked(given.iter().map(String::as_str));
    }
    let usual = of_this_machine();
    if !asks {
        return if usual.is_empty() {
            Err(missing("what others know this machine by", "--name NAME"))
        } else {
            Ok(usual)
        };
    }
    loop {
        let answer =
            ask("Names and addresses that others reach this machine by, with commas between", &usual.join(","))?;
        match checked(answer.split(',').map(str::trim).filter(|name| !name.is_empty())) {
            Ok(names) if !names.is_empty() => return Ok(names),
            Ok(_) => say("Name at least one: it stands in the certificate."),
            Err(failure) => say(&failure.text),
        }
    }
}

fn checked<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<String>> {
    let one = |name: &str| {
        let why = "is no name or address that others reach this machine by";
        if is_reachable_name(name) { Ok(name.to_owned()) } else { Err(refused(format_args!("{name:?} {why}"))) }
    };
    names.map(one).collect()
}

fn folder(given: Option<&Path>, place: &Place, asks: bool) -> Result<PathBuf> {
    let usual = || match &place.folder_before {
        Some(folder) => Ok(folder.clone()),
        None => Config::empty().and_then(|config| config.state.folder()).map_err(|why| Failure::new(Exit::Usage, why)),
    };
    let folder = match given {
        Some(folder) => folder.to_owned(),
        None if asks => ask("Folder to keep everything in", &usual()?.display().to_string())?.into(),
        None => usual()?,
    };
    absolute(&folder)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let found = std::path::absolute(path).map_err(|err| refused(format_args!("{}: {err}", path.display())))?;
    // The configuration is text.
    if found.to_str().is_none() {
        return Err(refused(format_args!("{} is no UTF-8; give another path", found.display())));
    }
    Ok(found)
}

fn broker(args: &Args, asks: bool) -> Result<Option<Other>> {
    let asks = asks && args.broker.is_none();
    let url = if asks { which()? } else { args.broker.clone() };
    let Some(url) = url else { return Ok(None) };
    let (username, password) =
        if asks { credentials()? } else { (args.broker_username.clone(), args.broker_password_file.clone()) };
    let password = password.as_deref().map(absolute).transpose()?;
    let ca = args.broker_ca_file.as_deref().map(absolute).transpose()?;
    let secret = password.clone().map(Secret::in_file);
    Ok(Some(Other { external: External { url, username, password: secret, ca, client: None }, password }))
}

fn which() -> Result<Option<Url>> {
    loop {
        match ask("Broker: the built-in one, or the address of another", "built-in")?.as_str() {
            "built-in" => return Ok(None),
            address => match address.parse() {
                Ok(url) => return Ok(Some(url)),
                Err(why) => say(&why),
            },
        }
    }
}

fn credentials() -> Result<(Option<String>, Option<PathBuf>)> {
    let user = ask("Whom to be there; empty for nobody", "")?;
    if user.is_empty() {
        return Ok((None, None));
    }
    let file = ask("File whose first line is the password; empty for none", "")?;
    Ok((Some(user), Some(file).filter(|file| !file.is_empty()).map(PathBuf::from)))
}
