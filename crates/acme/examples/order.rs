//! Orders a certificate, or asks when to renew one, and prints what came of it in one line. For `tests/system/acme`.
//!
//! `order directory=URL ca=FILE state=FOLDER names=a,b way=dns:MANAGEMENT:PORT|listen:ADDRESS|webroot:FOLDER …`
//!
//! Further: `place=FOLDER` installs it and tells [`Draft::remove`]; `replaces=1` names the one that is installed;
//! `reload=PROGRAM,ARGUMENT…` runs that afterwards; `served=HOST:PORT` looks there, and settles or rolls back;
//! `profile=`, `eab=ID:KEY`, `csr=FILE` (DER), `agree=no`, `contact=`; `stop=ordered|laid|proved|requested` dies there;
//! `lie=1` lays a wrong record; `ask=hint` asks for the window of the one that is installed.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_acme::install::Place;
use atalaya_acme::reload::Allowed;
use atalaya_acme::served::{Served, served};
use atalaya_acme::{Authority, Chain, Client, Draft, External, Failed, Proof, Request, Step, Wanted, Way};
use atalaya_renew::Trouble;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, Question, TYPE};
use zeroize::Zeroizing;

/// Pebble's server of names: told over HTTP, asked over DNS.
struct Zone {
    management: String,
    dns: String,
    lie: bool,
}

impl Zone {
    fn tell(&self, what: &str, body: String) -> Result<(), Trouble> {
        let away = |err: ureq::Error| Trouble::Unreachable(err.to_string());
        ureq::post(format!("http://{}/{what}", self.management)).send(body).map(drop).map_err(away)
    }

    fn values(&self, name: &str) -> Option<Vec<String>> {
        let mut packet = Packet::new_query(1);
        packet.questions.push(Question::new(Name::new(name).ok()?, TYPE::TXT.into(), CLASS::IN.into(), false));
        let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        socket.send_to(&packet.build_bytes_vec().ok()?, &self.dns).ok()?;
        let mut block = [0; 1500];
        let read = socket.recv(&mut block).ok()?;
        let answer = Packet::parse(&block[..read]).ok()?;
        let text = |data: &RData<'_>| match data {
            RData::TXT(text) => String::try_from(text.clone()).ok(),
            _ => None,
        };
        Some(answer.answers.iter().filter_map(|record| text(&record.rdata)).collect())
    }
}

impl Proof for Zone {
    fn add_txt(&self, name: &str, value: &str) -> Result<(), Trouble> {
        let value = if self.lie { "not this" } else { value };
        self.tell("set-txt", format!(r#"{{"host":"{name}.","value":"{value}"}}"#))
    }

    /// It only forgets all of a name's records at once.
    fn remove_txt(&self, name: &str, _: &str) -> Result<(), Trouble> {
        self.tell("clear-txt", format!(r#"{{"host":"{name}."}}"#))
    }

    fn wait_visible(&self, name: &str, value: &str, within: Duration) -> Result<(), Trouble> {
        let until = Instant::now() + within;
        while Instant::now() < until {
            if self.lie || self.values(name).is_some_and(|values| values.iter().any(|one| one == value)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Trouble::NotThere(name.to_owned()))
    }
}

struct Args(BTreeMap<String, String>);

impl Args {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("{name}= is missing"))
    }

    fn authority(&self) -> Result<Authority, String> {
        let external = self.get("eab").and_then(|text| text.split_once(':'));
        Ok(Authority {
            directory: self.need("directory")?.to_owned(),
            contact: self.get("contact").unwrap_or("ana@example.org").to_owned(),
            agree: self.get("agree") != Some("no"),
            external: external.map(|(id, key)| External { id: id.into(), key: Zeroizing::new(key.into()) }),
            ca_file: self.get("ca").map(PathBuf::from),
            account_file: PathBuf::from(self.need("state")?).join("account"),
        })
    }

    fn way(&self) -> Result<Way, String> {
        let way = self.need("way")?;
        let (kind, rest) = way.split_once(':').ok_or("way=KIND:WHERE")?;
        Ok(match kind {
            "dns" => Way::Dns(Arc::new(Zone {
                management: rest.to_owned(),
                dns: self.need("dns")?.to_owned(),
                lie: self.get("lie").is_some(),
            })),
            "listen" => Way::Listener(rest.parse().map_err(|_| "listen:ADDRESS:PORT")?),
            "webroot" => Way::Webroot(rest.into()),
            other => return Err(format!("there is no way {other}")),
        })
    }

    fn place(&self) -> Option<Place> {
        self.get("place").map(|folder| Place { folder: folder.into(), user: None, group: None, mode: None })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    let args = Args(words.filter_map(|word| word.split_once('=').map(|(a, b)| (a.into(), b.into()))).collect());
    match run(&args).await {
        Ok(Ok(said)) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Ok(Err(failed)) => {
            println!("failed {}: {failed}", failed.word());
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

async fn run(args: &Args) -> Result<Result<String, Failed>, String> {
    let authority = args.authority()?;
    let way = args.way()?;
    let place = args.place();
    let installed = place.as_ref().map(Place::chain).transpose().map_err(|err| err.to_string())?.flatten();
    let request = match args.get("csr") {
        Some(path) => Request::Theirs(std::fs::read(path).map_err(|err| err.to_string())?),
        None => Request::Own,
    };
    let names: Vec<String> = args.get("names").unwrap_or_default().split(',').map(ToOwned::to_owned).collect();
    let replaces = installed.as_ref().filter(|_| args.get("replaces").is_some());
    let wanted = Wanted { names: &names, profile: args.get("profile"), replaces, request };
    let draft = authority.account_file.with_file_name("draft");
    let stop = args.get("stop").map(str::to_owned);
    let told = move |step: Step| {
        if stop.as_deref().is_some_and(|stop| format!("{step:?}").eq_ignore_ascii_case(stop)) {
            std::process::exit(99);
        }
    };
    let done = async {
        let mut client = Client::open(&authority).await?;
        if args.get("ask") == Some("hint") {
            return hint(&mut client, installed.as_ref()).await;
        }
        let issued = client.issue(&wanted, &way, &draft, &told).await?;
        if let (Some(place), Some(key)) = (&place, &issued.key) {
            place.install(&issued.chain, key)?;
            Draft::remove(&draft)?;
            if let Some(at) = args.get("served") {
                return deploy(args, place, &issued.chain, at).await;
            }
        }
        let chain = &issued.chain;
        Ok(format!(
            "issued {} {} names={} as_profiled={} left={} account={}",
            chain.fingerprint,
            chain.ends - chain.begun,
            chain.names.join(","),
            issued.as_profiled,
            issued.left_records,
            client.account()
        ))
    };
    Ok(done.await)
}

/// What follows an installation.
async fn deploy(args: &Args, place: &Place, chain: &Chain, at: &str) -> Result<String, Failed> {
    if let Some(command) = args.get("reload") {
        let words = command.split(',').map(ToOwned::to_owned).collect();
        Allowed::new([("web".to_owned(), words)].into())?.run("web").await?;
    }
    let (host, port) = at.split_once(':').unwrap_or((at, "443"));
    let seen = served(host, port.parse().unwrap_or(443), "nas.example.com", &chain.fingerprint).await;
    match seen {
        Served::Yes => place.settle()?,
        _ => place.roll_back()?,
    }
    Ok(match seen {
        Served::Yes => "served".into(),
        Served::Other { .. } => "another is served: rolled back".into(),
        Served::Nothing(why) => format!("nothing is served: rolled back: {why}"),
    })
}

async fn hint(client: &mut Client, chain: Option<&Chain>) -> Result<String, Failed> {
    let chain = chain.ok_or_else(|| Failed::SetUp("nothing is installed".into()))?;
    Ok(match client.hint(chain).await? {
        None => "no hint".into(),
        Some(hint) => format!(
            "hint {} {} again={} {}",
            hint.window.start,
            hint.window.end,
            hint.again,
            hint.explanation.unwrap_or_default()
        ),
    })
}
