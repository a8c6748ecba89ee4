//! A registrar on this machine that speaks GoDaddy's protocol and takes no money: to try renewals without an account, and for
//! `tests/system/renewals`.
//!
//! `registrar FOLDER NAME=DAYS…` writes a configuration and two keys into FOLDER, has domains that end in so many days, and goes
//! on until its input ends; then it says what was bought.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use atalaya_provider::testing::{Domain, GoDaddy};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args
        .split_first()
        .ok_or("registrar FOLDER NAME=DAYS…".to_owned())
        .and_then(|(folder, names)| run(folder, names))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("registrar: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &str, names: &[String]) -> Result<(), String> {
    let shop = GoDaddy::start().map_err(|err| err.to_string())?;
    for one in names {
        let (name, days) = one.split_once('=').ok_or("a domain is NAME=DAYS")?;
        let days: i64 = days.parse().map_err(|_| "DAYS is a number")?;
        let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        shop.add(Domain::new(name, &ends.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()));
    }
    write(folder.as_ref(), &shop).map_err(|err| format!("cannot write to {folder}: {err}"))?;
    println!("ready: {}/sidecar.toml", folder.trim_end_matches('/'));
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    for sold in shop.bought() {
        println!("bought: {} for {} years", sold.name, sold.years);
    }
    Ok(())
}

fn write(folder: &Path, shop: &GoDaddy) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    for (name, key) in [("key", GoDaddy::KEY), ("spend-key", GoDaddy::SPEND_KEY)] {
        std::fs::write(folder.join(name), key)?;
        std::fs::set_permissions(folder.join(name), Permissions::from_mode(0o600))?;
    }
    let (here, url, customer) = (folder.display(), shop.url(), GoDaddy::CUSTOMER);
    let config = format!(
        r#"[renewals]
contact = "you@example.org"
caps = ["50 USD"]

[[provider]]
name = "registrar"
kind = "godaddy"
url = "{url}"
key_file = "{here}/key"
spend_key_file = "{here}/spend-key"
customer = "{customer}"
agreed_by = "127.0.0.1"
"#
    );
    std::fs::write(folder.join("sidecar.toml"), config)
}
