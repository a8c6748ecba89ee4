//! What a notification of the database says: the engine's, or a digest that stands for several.

use atalaya_alert::rule::Words;
use atalaya_alert::{Kind as Event, Notification, Severity, Wall};
use atalaya_notify::limits::DIGEST_NAMES_MAX;
use atalaya_notify::turn::{Begun, Delivery, DeliveryId, Digest, Episode, begun};
use atalaya_notify::words::{Language, Origin, Reader};
use atalaya_notify::{Message, What};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::db::read::outbox::{self, Stored};
use crate::error::{Error, Kind, Result};
use crate::tower::is_about_channels;

/// As the column `kind` has it.
pub(super) const DIGEST: &str = "digest";
/// Digests in digests.
const DEPTH_MAX: usize = 8;

/// A digest's body.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Many {
    /// For pages.
    subject: Words,
    severity: Severity,
    sets: Vec<String>,
    /// Notifications, the worst first.
    of: Vec<String>,
}

impl Many {
    pub(super) fn new(digest: &Digest) -> Self {
        let subject = |language| {
            let reader = Reader { language, zone: TimeZone::UTC };
            let origin = Origin { url: "", customer: "", at: Wall(0) };
            reader.digest(&digest.id.notification, [], digest.of.len(), digest.severity, origin).subject
        };
        Self {
            subject: Words { en: subject(Language::En), es: subject(Language::Es) },
            severity: digest.severity,
            sets: digest.sets.clone(),
            of: digest.of.clone(),
        }
    }
}

/// Something that can be told.
#[derive(Debug)]
pub(super) enum Body {
    One(Box<Notification>),
    Many {
        severity: Severity,
        sets: Vec<String>,
        /// Those that are named.
        first: Vec<Notification>,
        /// How many it stands for.
        count: usize,
        /// What goes on.
        alerts: Vec<Episode>,
    },
}

impl Body {
    /// What `stored` says for a channel.
    ///
    /// # Errors
    ///
    /// [`Kind::Refused`] if it is not what was written, or what the database says.
    pub(super) fn read(connection: &Connection, stored: &Stored, channel: &str) -> Result<Self> {
        if stored.kind != DIGEST {
            return Ok(Self::One(Box::new(parsed(&stored.body)?)));
        }
        let many: Many = parsed(&stored.body)?;
        let mut told = Told::default();
        told.all(connection, &many.of, channel, 0)?;
        told.alerts.sort_unstable();
        told.alerts.dedup();
        let (severity, sets) = (many.severity, many.sets);
        Ok(Self::Many { severity, sets, first: told.first, count: told.count, alerts: told.alerts })
    }

    /// In a reader's words; `over`: the end of something whose beginning was never told there.
    pub(super) fn message(&self, id: &str, over: bool, reader: &Reader, origin: Origin<'_>) -> Message {
        match self {
            Self::One(told) => reader.message(told, over, origin),
            Self::Many { severity, first, count, .. } => reader.digest(id, first, *count, *severity, origin),
        }
    }

    /// Whether all that it says is that channels tell nobody.
    pub(super) fn is_about_channels(&self) -> bool {
        matches!(self, Self::One(told) if is_about_channels(told))
    }

    /// On its way. Sets that are not in the configuration keep the hours of `default`.
    pub(super) fn delivery(&self, connection: &Connection, id: DeliveryId, stored: &Stored) -> Result<Delivery> {
        let (at, next) = (Wall(stored.at), Wall(stored.next));
        let delivery = match self {
            Self::One(told) => {
                let begun = match told.kind {
                    Event::Resolved => {
                        let (here, others) = outbox::earlier(connection, &told.id, &id.channel)?;
                        begun(here, others)
                    }
                    _ => Begun::Here,
                };
                Delivery::new(told, &id.channel, at, begun)
            }
            Self::Many { severity, sets, alerts, .. } => Delivery {
                id,
                what: What::Digest,
                severity: *severity,
                at,
                sets: sets.clone(),
                alerts: alerts.clone(),
                begun: Begun::Here,
                tries: 0,
                next,
            },
        };
        Ok(Delivery { tries: stored.tries, next, ..delivery })
    }

    /// The nodes that it is about.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(told) => std::slice::from_ref(told.as_ref()),
            Self::Many { first, count, .. } if first.len() == *count => first.as_slice(),
            Self::Many { .. } => &[],
        };
        all.iter().flat_map(|told| told.alerts.iter().map(|told| told.alert.node.as_str()))
    }
}

/// What a digest stands for.
#[derive(Default)]
struct Told {
    first: Vec<Notification>,
    count: usize,
    alerts: Vec<Episode>,
}

impl Told {
    fn all(&mut self, connection: &Connection, ids: &[String], channel: &str, depth: usize) -> Result<()> {
        for id in ids {
            let Some(stored) = outbox::delivery(connection, id, channel)? else { continue };
            if stored.kind == DIGEST {
                let many: Many = parsed(&stored.body)?;
                if depth < DEPTH_MAX {
                    self.all(connection, &many.of, channel, depth + 1)?;
                }
                continue;
            }
            let told: Notification = parsed(&stored.body)?;
            self.count += 1;
            if told.kind != Event::Resolved {
                self.alerts.extend(told.alerts.iter().map(Episode::of));
            }
            if self.first.len() < DIGEST_NAMES_MAX {
                self.first.push(told);
            }
        }
        Ok(())
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(body: &str) -> Result<T> {
    serde_json::from_str(body)
        .map_err(|err| Error::new(Kind::Refused, format!("the notification cannot be read back: {err}")))
}
