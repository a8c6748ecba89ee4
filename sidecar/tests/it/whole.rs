//! Tower, writer and database joined as the program joins them, on a clock that the test moves.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use atalaya_alert::rule::DEFAULT;
use atalaya_alert::{Rules, Severity};
use atalaya_sidecar::clock::{Clock, Simulated};
use atalaya_sidecar::db::{self, Chore, Desk, Effect, Writer};
use atalaya_sidecar::link::{Heard, Held};
use atalaya_sidecar::tower::{Board, SetTerms, Terms, Tower, Word};

pub(crate) struct Whole {
    tower: Tower,
    writer: Writer,
    clock: Arc<Simulated>,
    under_way: Arc<AtomicUsize>,
    effects: Receiver<Effect>,
}

fn terms() -> Terms {
    let everything = SetTerms { channels: vec!["mail".to_owned()], severity: Severity::Low };
    Terms {
        prefix: "atalaya".into(),
        id: "_sidecar".into(),
        accept: true,
        senders: false,
        rules: Arc::new(Rules::parse(&[DEFAULT]).unwrap()),
        sets: [("default".to_owned(), everything)].into(),
        flush: std::time::Duration::from_secs(60),
    }
}

impl Whole {
    /// Goes on from what the folder holds. `after` sees each effect at the moment at which others may hear of it.
    pub(crate) fn open(
        folder: &Path,
        clock: &Arc<Simulated>,
        chores: Vec<Box<dyn Chore>>,
        mut after: impl FnMut(&Effect) + Send + 'static,
    ) -> Self {
        let database = db::open(folder, clock.now().seconds()).unwrap();
        let loaded = db::load(&database.connection).unwrap();
        let under_way = Arc::new(AtomicUsize::new(0));
        let tower = Tower::new(terms(), Board::default(), loaded, Arc::clone(&under_way), clock.now());
        let (tell, effects) = channel();
        let told = move |effect| {
            after(&effect);
            let _ = tell.send(effect);
        };
        let writer = Writer::start(database, Arc::<Simulated>::clone(clock), chores, told).unwrap();
        let mut whole = Self { tower, writer, clock: Arc::clone(clock), under_way, effects };
        whole.say(Word::Up);
        whole
    }

    pub(crate) fn say(&mut self, word: Word) {
        self.tower.step(word, self.clock.now());
    }

    pub(crate) fn hear(&mut self, topic: String, payload: Vec<u8>) {
        self.say(Word::Heard(Heard { topic, payload, retained: false, sender: None }, Held::none()));
    }

    /// What is due is written; gives what followed from it.
    pub(crate) fn commit(&mut self) -> Vec<Effect> {
        let mut all = Vec::new();
        while let Some(batch) = self.tower.pass(self.clock.now()) {
            self.writer.desk().keep(batch).unwrap();
            loop {
                match self.effects.recv().unwrap() {
                    Effect::Written => break,
                    other => all.push(other),
                }
            }
            self.under_way.fetch_sub(1, Ordering::AcqRel);
        }
        all
    }

    /// Where people's changes are written.
    pub(crate) fn desk(&self) -> Desk {
        self.writer.desk()
    }

    /// As the program stops.
    pub(crate) fn stop(mut self) {
        self.writer.desk().keep(self.tower.finish(self.clock.now())).unwrap();
        self.writer.stop();
    }
}
