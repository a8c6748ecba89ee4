//! The broker that nodes connect to: the built-in one, or another by configuration. What the built-in one keeps is
//! written here now and then, not at each message.

use std::sync::Arc;
use std::time::Duration;

use atalaya_base::text::shown_reason;
use atalaya_broker::{Builtin, Changes, Kept, OWN_CLIENT_ID, OwnPassword};
use rumqttc::mqttbytes::v5::Packet;
use rumqttc::{AsyncClient, Event, MqttOptions, SessionMode, TlsConfiguration, Transport};

use crate::config::External;
use crate::db::Row;
use crate::error::{Error, Kind, Result};
use crate::files::is_short;
use crate::program::Shared;

/// Until a broker that is tried out has answered.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);

/// Makes the options of a connection.
pub type Options = Arc<dyn Fn() -> std::result::Result<MqttOptions, String> + Send + Sync>;

/// Starts the built-in broker with what was kept.
///
/// # Errors
///
/// If it cannot listen.
pub async fn start(shared: &Shared, own: OwnPassword, kept: Vec<Kept>) -> Result<Builtin> {
    let config = &shared.config.broker;
    let terms = atalaya_broker::Terms {
        listen: config.listen.clone(),
        listen_tls: config.listen_tls.clone(),
        tls: shared.identity.certificates.broker().borrow().clone(),
        prefix: config.prefix.clone(),
        discovery_prefix: config.discovery_prefix.clone(),
        own,
        guard: Arc::clone(&shared.identity.gate) as Arc<_>,
    };
    Builtin::start(terms, kept).await.map_err(|err| {
        let kind = if err.cause.kind() == std::io::ErrorKind::AddrInUse { Kind::InUse } else { Kind::Denied };
        let hint = "set [broker] listen, or url for a broker that is there already";
        Error::new(kind, format!("the broker {err}; {hint}"))
    })
}

/// How the own connection is made.
///
/// # Errors
///
/// If a file that it needs cannot be read.
pub fn options(shared: &Shared, builtin: Option<&Builtin>, own: &OwnPassword) -> Result<Options> {
    if let Some(builtin) = builtin {
        let (address, own) = (builtin.addresses().own, own.clone());
        return Ok(Arc::new(move || {
            let mut options = MqttOptions::new(OWN_CLIENT_ID, (address.ip().to_string(), address.port()));
            options.set_credentials(own.user(), own.password().as_bytes().to_vec());
            Ok(options)
        }));
    }
    let external = shared.config.broker.external.clone();
    let external = external.ok_or_else(|| Error::new(Kind::Config, "there is no broker"))?;
    let id = shared.config.state.id.clone();
    Ok(Arc::new(move || outside(&external, &id)))
}

fn outside(external: &External, id: &str) -> std::result::Result<MqttOptions, String> {
    let url = &external.url;
    let mut options = MqttOptions::new(format!("atalaya-sidecar{id}"), (url.host.as_str(), url.port));
    match (&external.username, &external.password) {
        (Some(user), Some(password)) => {
            options.set_credentials(user, password.read()?.as_bytes().to_vec());
        }
        (Some(user), None) => {
            options.set_username(user);
        }
        _ => {}
    }
    if url.tls {
        let client = external.client.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        let config = atalaya_base::tls::client(external.ca.as_deref(), client)?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
    }
    Ok(options)
}

/// Whether a broker can be reached and takes us in, asked once and by another name than the sidecar has there, so that one
/// that runs is not thrown out.
///
/// # Errors
///
/// Why not.
pub async fn try_out(external: &External) -> std::result::Result<(), String> {
    let mut options = outside(external, "_setup")?;
    options.set_session_mode(SessionMode::Clean);
    let (client, mut events) = AsyncClient::builder(options).capacity(1).build();
    let answer = tokio::time::timeout(ANSWER_TIME_MAX, async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok(()),
                Ok(_) => {}
                Err(err) => return Err(shown_reason(err.to_string().trim_start_matches("I/O: "))),
            }
        }
    });
    let answered =
        answer.await.unwrap_or_else(|_| Err(format!("no answer within {} seconds", ANSWER_TIME_MAX.as_secs())));
    drop(client);
    answered
}

/// Between two looks for what the broker has to be written.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between two pieces of it: the writer has others to serve.
const BETWEEN_PIECES: Duration = Duration::from_millis(250);

/// Writes what the broker keeps.
pub struct Keeping {
    builtin: Arc<Builtin>,
    /// How many files may be open, as long as nobody was told that these are too few.
    files: Option<u64>,
    shared: Shared,
}

impl Keeping {
    /// Of this broker, where so many files may be open.
    #[must_use]
    pub fn new(builtin: Arc<Builtin>, files: Option<u64>, shared: &Shared) -> Self {
        Self { builtin, files, shared: shared.clone() }
    }

    /// Says once that there are nearly more connections than there may be.
    fn count(&mut self) {
        let connections = self.builtin.counters().connections;
        if let Some(limit) = self.files.take_if(|limit| is_short(*limit, connections)) {
            let hint = "further ones may be refused; set LimitNOFILE= of the unit, or ulimit -n, to 4096 or more";
            tracing::warn!(connections, limit, "too few files may be open for all that is connected: {hint}");
        }
    }

    /// Until it is ended.
    pub async fn run(mut self) {
        let flush = self.shared.config.broker.flush;
        let mut pause = LOOK_EVERY;
        loop {
            tokio::time::sleep(pause).await;
            self.count();
            let changes = self.builtin.due(self.shared.clock.now().since_start, flush).await;
            pause = if changes.is_empty() { LOOK_EVERY } else { BETWEEN_PIECES };
            if changes.is_empty() {
                continue;
            }
            // What it takes to give them back; of the payloads there is one copy.
            let bare = |kept: &Kept| Kept { topic: kept.topic.clone(), ..Kept::default() };
            let topics = Changes { set: changes.set.iter().map(bare).collect(), gone: changes.gone.clone() };
            if self.shared.desk.write(rows(changes)).await.is_err() {
                self.builtin.give_back(&topics);
                // A disk that is full is no emptier after a quarter of a second, and each look goes through all there is.
                pause = LOOK_EVERY;
            }
        }
    }
}

/// What is to be written of what changed.
#[must_use]
pub fn rows(changes: Changes) -> Vec<Row> {
    let set = changes.set.into_iter().map(|kept| {
        let Kept { topic, qos, expires, props, payload } = kept;
        Row::Retained { topic, qos, expires, props, payload }
    });
    set.chain(changes.gone.into_iter().map(|topic| Row::RetainedGone { topic })).collect()
}
