//! Reads a mailbox and prints what is judged, a line each. For `tests/system/mailbox`.
//!
//! `read host=NAME port=PORT security=tls|starttls|none ca=FILE user=NAME password=FILE folder=NAME cursor=FILE
//! [server=ID] [hosts=a,b] [wait=SECONDS]`
//!
//! The cursor is read and written; `wait` waits for a mail afterwards and reads again.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use atalaya_mailbox::{Cursor, Failed, Fetched, Link, Mailbox, Rules, Security, Settings, Verdict, concerns, judge};
use zeroize::Zeroizing;

struct Args(BTreeMap<String, String>);

impl Args {
    fn get(&self, name: &str, otherwise: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| otherwise.to_owned())
    }

    fn settings(&self) -> Result<Settings, String> {
        let password = std::fs::read_to_string(self.get("password", "password")).map_err(|err| err.to_string())?;
        let security: Result<Security, _> = serde_json::from_value(self.get("security", "tls").into());
        Ok(Settings {
            host: self.get("host", "localhost"),
            port: self.get("port", "993").parse().map_err(|_| "port=NUMBER")?,
            security: security.map_err(|_| "security=tls|starttls|none")?,
            ca_file: self.0.get("ca").map(Into::into),
            user: self.get("user", "ana"),
            password: Zeroizing::new(password.trim_end().to_owned()),
            folder: self.get("folder", "INBOX"),
        })
    }

    fn rules(&self) -> Rules {
        let hosts = self.get("hosts", "nas.ddns.net");
        Rules { server: self.get("server", "mx.example.org"), hosts: hosts.split(',').map(ToOwned::to_owned).collect() }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    let args = Args(words.filter_map(|word| word.split_once('=').map(|(a, b)| (a.into(), b.into()))).collect());
    match run(&args).await {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failed)) => {
            println!("failed {}: {failed}", failed.trouble().word());
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

async fn run(args: &Args) -> Result<Result<(), Failed>, String> {
    let settings = args.settings()?;
    let seconds: u64 = args.get("wait", "0").parse().map_err(|_| "wait=SECONDS")?;
    let done = async {
        let mut mailbox = Mailbox::open(&settings).await?;
        read(&mut mailbox, args).await?;
        if seconds > 0 {
            println!("waiting");
            println!("woken {:?}", mailbox.wait(Duration::from_secs(seconds)).await?);
            read(&mut mailbox, args).await?;
        }
        mailbox.close().await;
        Ok(())
    };
    Ok(done.await)
}

async fn read(mailbox: &mut Mailbox, args: &Args) -> Result<(), Failed> {
    let (path, rules) = (args.get("cursor", "cursor"), args.rules());
    let broken = |err: std::io::Error| Failed::SetUp(err.to_string());
    loop {
        let kept = std::fs::read_to_string(&path).ok();
        let cursor: Option<Cursor> = kept.and_then(|text| serde_json::from_str(&text).ok());
        let round = mailbox.round(cursor, concerns).await?;
        round.mails.iter().for_each(|mail| println!("{}", said(mail, &rules)));
        let renumbered = if round.renumbered { " renumbered" } else { "" };
        println!("round {} mails to {}{renumbered}", round.mails.len(), round.cursor.uid);
        std::fs::write(&path, serde_json::to_string(&round.cursor).unwrap_or_default()).map_err(broken)?;
        if !round.more {
            return Ok(());
        }
    }
}

fn said(mail: &Fetched, rules: &Rules) -> String {
    match mail {
        Fetched::TooLarge { uid, .. } => format!("{uid} too large"),
        Fetched::Mail { uid, bytes } => match judge(bytes, rules) {
            Verdict::Confirm { host, stage, link, .. } => {
                format!("{uid} confirm {host} {stage:?} {}", link.as_ref().map_or("-", Link::token))
            }
            Verdict::Look { provider, .. } => format!("{uid} look {provider:?}"),
            Verdict::Suspicious { provider, why, .. } => format!("{uid} suspicious {provider:?} {why:?}"),
            Verdict::Unrelated => format!("{uid} unrelated"),
        },
    }
}
