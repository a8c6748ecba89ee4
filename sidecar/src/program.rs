//! Builds the parts in order, and ends them the other way round: database, writer, tower, broker, link, web.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use atalaya_alert::Rules;
use atalaya_broker::{Builtin, OwnPassword};
use tokio::sync::{Notify, watch};

use crate::acts::{self, Acts, Doorman};
use crate::beat;
use crate::behind;
use crate::broker::{self, Keeping};
use crate::certificates;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{self, Desk, Effect, Opened, Readers, Writer};
use crate::error::{Error, Kind, Result};
use crate::history;
use crate::home;
use crate::identity::{self, Identity};
use crate::life::Life;
use crate::limits::QUEUE_MESSAGES_MAX;
use crate::link::{self, Ear, Out};
use crate::notify::{Parts, Sending, States};
use crate::own;
use crate::renewals::certificates::Issued;
use crate::renewals::mailbox::Post;
use crate::renewals::records::Records;
use crate::renewals::{self, Market, Providers, Renewals};
use crate::tower::{Board, Terms, Tower, Word};
use crate::web;

/// The tower looks at its queue at least so often.
const LOOK: Duration = Duration::from_millis(50);

/// Between two looks whether the writer has caught up.
const CATCH_UP: Duration = Duration::from_millis(2);

/// How often accounts are looked through.
const TIDY: Duration = Duration::from_secs(60);

/// What the parts share.
#[derive(Clone)]
pub struct Shared {
    /// As it was written.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is known now.
    pub board: Board,
    /// Where the database is read.
    pub readers: Readers,
    /// Where people's changes are written.
    pub desk: Desk,
    /// Where wishes go.
    pub tower: SyncSender<Word>,
    /// Where messages go.
    pub ear: Ear,
    /// Who is who.
    pub identity: Identity,
    /// When something is an alert.
    pub rules: Arc<Rules>,
    /// What is known of history that is not in the database.
    pub history: history::Handle,
    /// What is to be published.
    pub out: Out,
    /// There are notifications to send.
    pub notify: Arc<Notify>,
    /// How channels are.
    pub channels: States,
    /// What expires.
    pub renewals: Renewals,
    /// The mailbox.
    pub post: Post,
    /// How DNS records stand.
    pub records: Records,
    /// The built-in broker, as far as others have to do with it.
    pub doorman: Doorman,
    /// What people may have done.
    pub acts: Acts,
    /// How the sidecar was when that was last felt.
    pub life: watch::Sender<Life>,
    /// How the database was found.
    pub opened: Opened,
    /// Where it is.
    pub folder: PathBuf,
}

impl Shared {
    /// Why the sidecar cannot do what it is for: a part hangs, or nothing can be written.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match &*self.life.borrow() {
            hangs @ Life::Hangs(_) => hangs.problem(),
            // The writer knows at once.
            Life::Well | Life::Troubled(_) => self.desk.health().trouble(),
        }
    }
}

/// A running sidecar.
pub struct Running {
    /// What its parts share.
    pub shared: Shared,
    /// Where pages are.
    pub web: Vec<SocketAddr>,
    /// Where nodes connect without TLS, if the broker is built in.
    pub mqtt: Vec<SocketAddr>,
    pub(crate) ear: Ear,
    stop: watch::Sender<bool>,
    builtin: Option<Arc<Builtin>>,
    link: tokio::task::JoinHandle<()>,
    pub(crate) pages: web::Serving,
    pub(crate) sending: Sending,
    keeping: Option<tokio::task::JoinHandle<()>>,
    /// What goes on by itself looks here: it is not begun again with another configuration, it would forget.
    pub(crate) configs: watch::Sender<Arc<Config>>,
    /// Who is asked about what expires.
    pub(crate) market: watch::Sender<Arc<dyn Market>>,
    /// What was ordered here.
    pub(crate) issued: Issued,
    background: Vec<tokio::task::JoinHandle<()>>,
    tower: JoinHandle<()>,
    writer: Writer,
    damage: db::Damage,
}

impl Running {
    /// Beginnings of addresses of pages; the last one is as people reach them.
    #[must_use]
    pub fn pages_at(&self) -> &[String] {
        &self.pages.pages
    }
}

/// What was known of renewals. A copy that took the place of a damaged database is older than what may have been bought; that
/// is written before anything else begins, for the next start takes the copy for what it was.
fn renewing(database: &mut db::Database, now: i64) -> Result<atalaya_renew::State> {
    let state = renewals::load(db::renewals(&database.connection)?)?;
    if !matches!(database.opened, Opened::SetAside(_)) {
        return Ok(state);
    }
    let (state, unsure) = state.is_of_a_copy(now);
    let mut batch = db::Batch::default();
    renewals::rows(&state, &unsure).into_iter().for_each(|row| batch.push(row));
    batch.commit(&mut database.connection)?;
    Ok(state)
}

/// The providers of a configuration, with what is kept of them in the state folder.
pub(crate) fn market(config: &Config, issued: &Issued, post: &Post, folder: &Path) -> Arc<dyn Market> {
    Arc::new(Providers::new(config, issued.clone(), post.clone()).remembering(folder))
}

/// Starts everything. On the runtime that calls it.
///
/// # Errors
///
/// What could not be had, and what to do.
pub async fn start(config: impl Into<Arc<Config>>, folder: PathBuf, clock: Arc<dyn Clock>) -> Result<Running> {
    let config = config.into();
    crate::taken::look(&config, &folder)?;
    let now = clock.now();
    let files = crate::files::raise();
    let mut database = db::open(&folder, now.seconds())?;
    let opened = database.opened.clone();
    if let Opened::SetAside(db::Aside { kept, why, from }) = &opened {
        let from = match from {
            db::Again::Itself => "accounts, nodes and alerts were whole in it and are used",
            db::Again::Copy => "last night's copy of accounts, nodes and alerts is used",
            db::Again::Nothing => "a new one is begun",
        };
        tracing::error!(kept = %kept.display(), why, "the database is damaged and was set aside; {from}");
    }
    let loaded = db::load(&database.connection)?;
    let kept = db::retained(&database.connection)?;
    let renewing = renewing(&mut database, now.seconds())?;
    let people = db::read::people::load(&database.connection, now.seconds())?;
    let rules = Arc::new(crate::rules::read(config.alerts.dir.as_deref())?);
    let board = Board::default();
    let (out, notify) = (Out::default(), Arc::new(Notify::new()));
    let under_way = Arc::new(AtomicUsize::new(0));
    let after = after(out.clone(), board.clone(), Arc::clone(&notify), Arc::clone(&under_way));
    let (damage, looked) = (database.damage.clone(), database.looked);
    let readers = Readers::new(&folder).telling(damage.clone());
    let history = history::Handle::default();
    let chores = history::Chores::new((&config.history).into(), history.clone())?;
    let copying = db::Copying::new(&folder, now.seconds());
    let vacuum = db::Vacuum::default();
    let all: Vec<Box<dyn db::Chore>> = vec![Box::new(chores), Box::new(copying), Box::new(vacuum.chore())];
    let writer = Writer::start(database, Arc::clone(&clock), all, after)?;
    let (words, heard) = sync_channel(QUEUE_MESSAGES_MAX);
    let ear = Ear::new(words.clone());
    let terms = terms(&config, &rules);
    let last_command = loaded.last_command;
    let tower = Tower::new(terms, board.clone(), loaded, under_way, now);
    let tower = run_tower(tower, heard, writer.desk(), Arc::clone(&clock), board.clone())?;
    let made = identity::Made {
        config: &config,
        folder: &folder,
        clock: &clock,
        desk: writer.desk(),
        tower: words.clone(),
        loaded: people,
    };
    let identity = identity::make(made)?;
    let doorman = Doorman::default();
    let (issued, post) = (Issued::default(), Post::default());
    let market = watch::Sender::new(market(&config, &issued, &post, &folder));
    let (renewals, heard) = Renewals::new(&renewing, market.subscribe());
    let acts = Acts::new(acts::Parts {
        people: Arc::clone(&identity.people),
        gate: Arc::clone(&identity.gate),
        tower: words.clone(),
        board: board.clone(),
        out: out.clone(),
        clock: Arc::clone(&clock),
        doorman: doorman.clone(),
        desk: writer.desk(),
        vacuum,
        renewals: renewals.clone(),
        folder: folder.clone(),
        last_command,
    });
    let shared = Shared {
        doorman: doorman.clone(),
        acts,
        config,
        clock,
        identity,
        board,
        readers,
        desk: writer.desk(),
        tower: words,
        ear: ear.clone(),
        rules,
        history,
        out,
        notify,
        channels: States::default(),
        renewals,
        post: post.clone(),
        records: Records::default(),
        life: watch::Sender::new(Life::Well),
        opened,
        folder,
    };
    let own = OwnPassword::random().map_err(|why| Error::new(Kind::Internal, why))?;
    let builtin = match shared.config.broker.external {
        Some(_) => None,
        None => Some(Arc::new(broker::start(&shared, own.clone(), kept).await?)),
    };
    if let Some(builtin) = &builtin {
        doorman.meet(builtin);
    }
    let keeping = builtin.clone().map(|builtin| tokio::spawn(Keeping::new(builtin, files, &shared).run()));
    let configs = watch::Sender::new(Arc::clone(&shared.config));
    let mut background = background(&shared, &configs);
    let parts = renewals::Parts {
        state: renewing,
        heard,
        market: market.subscribe(),
        desk: shared.desk.clone(),
        clock: Arc::clone(&shared.clock),
    };
    background.push(tokio::spawn(renewals::tell(shared.clone(), configs.subscribe())));
    background.push(tokio::spawn(renewals::nodes::tell(shared.clone())));
    background.push(tokio::spawn(renewals::run(parts)));
    let keeping_certificates =
        renewals::certificates::keep(shared.clone(), issued.clone(), configs.subscribe(), market.subscribe());
    background.push(tokio::spawn(keeping_certificates));
    let keeping_records = renewals::records::keep(shared.clone(), configs.subscribe(), market.subscribe());
    background.push(tokio::spawn(keeping_records));
    background.push(tokio::spawn(behind::look(shared.folder.clone(), damage.clone(), looked, behind::PACE)));
    background.push(tokio::spawn(renewals::mailbox::read(shared.clone(), post.clone(), configs.subscribe())));
    let (stop, stopped) = watch::channel(false);
    let options = broker::options(&shared, builtin.as_deref(), &own)?;
    let (prefix, id) = (shared.config.broker.prefix.clone(), shared.config.state.id.clone());
    let link_terms = link::Terms { options, prefix, id, builtin: builtin.clone() };
    let link = tokio::spawn(link::keep_up(link_terms, ear.clone(), shared.out.clone(), stopped));
    let pages = web::serve(&shared).await?;
    let sending = Sending::start(Parts::of(&shared));
    let mqtt = builtin.as_ref().map_or_else(Vec::new, |builtin| builtin.addresses().plain.clone());
    Ok(Running {
        web: pages.addresses.clone(),
        mqtt,
        shared,
        ear,
        stop,
        builtin,
        link,
        pages,
        sending,
        keeping,
        configs,
        market,
        issued,
        background,
        tower,
        writer,
        damage,
    })
}

impl Running {
    /// Ends everything, so that nothing is lost that was heard.
    pub async fn stop(self) {
        self.damage.end();
        tokio::join!(self.pages.stop(), self.sending.stop());
        let _ = self.stop.send(true);
        let _ = self.link.await;
        self.background.iter().for_each(tokio::task::JoinHandle::abort);
        if let Some(keeping) = self.keeping {
            keeping.abort();
            let _ = keeping.await;
        }
        if let Some(mut builtin) = self.builtin.and_then(|builtin| Arc::try_unwrap(builtin).ok()) {
            builtin.stop().await;
            write_rest(&builtin, &self.shared).await;
        }
        self.ear.tell(Word::Stop).await;
        let (tower, writer) = (self.tower, self.writer);
        let _ = tokio::task::spawn_blocking(move || {
            let _ = tower.join();
            writer.stop();
        })
        .await;
    }

    /// Whether damage was met in the database: beginning again sets it aside.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damage.met().is_some()
    }

    /// Whether a thread that must not end has ended.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.tower.is_finished() || self.writer.is_finished()
    }
}

/// What goes on by itself.
fn background(shared: &Shared, configs: &watch::Sender<Arc<Config>>) -> Vec<tokio::task::JoinHandle<()>> {
    let shared = || shared.clone();
    vec![
        tokio::spawn(tidy(shared())),
        tokio::spawn(beat::beat(shared(), configs.subscribe())),
        tokio::spawn(home::tell(shared(), configs.subscribe())),
        tokio::spawn(own::tell(shared(), configs.subscribe())),
        tokio::spawn(certificates::keep(shared())),
    ]
}

/// Sessions that are over go, and when each was last used is written down.
async fn tidy(shared: Shared) {
    loop {
        tokio::time::sleep(TIDY).await;
        // What cannot be written now is written the next time; the writer says why.
        let _ = shared.identity.people.keep_house(shared.clock.now()).await;
    }
}

/// What the tower goes by.
#[must_use]
pub fn terms(config: &Config, rules: &Arc<Rules>) -> Terms {
    Terms {
        prefix: config.broker.prefix.clone(),
        id: config.state.id.clone(),
        accept: config.accept(),
        senders: config.broker.external.is_none() && !config.anonymous(),
        rules: Arc::clone(rules),
        sets: config.alerts.sets(),
        flush: config.history.flush,
    }
}

/// What follows from a commit.
fn after(out: Out, board: Board, notify: Arc<Notify>, under_way: Arc<AtomicUsize>) -> impl FnMut(Effect) + Send {
    move |effect| match effect {
        Effect::Ack { node, payload } => out.ack(node, payload),
        Effect::Publish { topic, payload, retain } => out.say(topic, payload, retain),
        Effect::Notify => notify.notify_one(),
        Effect::Live(what) => board.tell(|| what),
        Effect::Written => {
            under_way.fetch_sub(1, Ordering::AcqRel);
        }
        Effect::Answer(..) => {}
    }
}

fn run_tower(
    mut tower: Tower,
    words: Receiver<Word>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    board: Board,
) -> Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name("tower".into()).spawn(move || {
        loop {
            board.beat();
            // Whoever speaks waits with us while the writer catches up. One that cannot write keeps nobody waiting: what
            // nodes are told of then comes again.
            if tower.is_full() && desk.health().problem.is_none() {
                thread::sleep(CATCH_UP);
            } else {
                match words.recv_timeout(LOOK) {
                    Ok(Word::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                    Ok(word) => tower.step(word, clock.now()),
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
            match tower.pass(clock.now()).map(|batch| desk.keep(batch)) {
                None | Some(Ok(())) => {}
                Some(Err(Some(batch))) => tower.back(batch),
                Some(Err(None)) => return,
            }
        }
        let mut batch = tower.finish(clock.now());
        // The writer is stopped after us, so there is room before long.
        while let Err(Some(back)) = desk.keep(batch) {
            batch = back;
            thread::sleep(LOOK);
        }
    })?;
    Ok(thread)
}

/// Writes what the broker still keeps, until there is no more of it or it cannot be written.
async fn write_rest(builtin: &Builtin, shared: &Shared) {
    loop {
        let changes = builtin.rest().await;
        if changes.is_empty() || shared.desk.write(broker::rows(changes)).await.is_err() {
            return;
        }
    }
}
