//! Any view, as it travels in a frame.

use crate::hex::{Hex, unhex};
use crate::limits::SAMPLE_BYTES_MAX;
use crate::view::{
    Auth, Backup, Cert, Disk, Dns, Field, FileSystem, Json, Log, Meta, Net, NoIp, Policy, Probe, Raid, Service, Store,
    System, Updates, Upkeep, Ups, Value, View, differs,
};

/// A view as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it says.
    pub sample: Sample,
    /// Seconds since 1970, by the node's clock.
    pub ts: i64,
    /// Of its topic since the agent started: larger is newer.
    pub seq: u64,
}

#[derive(serde::Deserialize)]
struct Numbered {
    ts: i64,
    seq: u64,
}

macro_rules! samples {
    ($($name:ident),+) => {
        /// A view of any kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Sample {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        $(impl From<$name> for Sample {
            fn from(view: $name) -> Self {
                Self::$name(view)
            }
        })+

        impl Sample {
            /// [`View::KIND`].
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self { $(Self::$name(_) => $name::KIND,)+ }
            }

            /// [`View::NAME`].
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $name::NAME,)+ }
            }

            /// [`View::FIELDS`].
            #[must_use]
            pub const fn fields(&self) -> &'static [Field] {
                match self { $(Self::$name(_) => $name::FIELDS,)+ }
            }

            /// [`View::value`].
            #[must_use]
            pub fn value(&self, at: usize) -> Value<'_> {
                match self { $(Self::$name(view) => view.value(at),)+ }
            }

            /// The first key by which it is worth telling to somebody who knows `old`; `None` if nothing changed enough.
            #[must_use]
            pub fn differs(&self, old: &Self) -> Option<&'static str> {
                match (old, self) {
                    $((Self::$name(old), Self::$name(new)) => differs(old, new).next(),)+
                    _ => Some("kind"),
                }
            }

            /// What is published: see [`crate::view::Json`].
            #[must_use]
            pub fn json(&self, ts: i64, seq: u64) -> Vec<u8> {
                // Nothing in a view can fail to be written.
                match self {
                    $(Self::$name(view) => serde_json::to_vec(&Json { ts, seq, view }).unwrap_or_default(),)+
                }
            }

            /// Its part of a frame.
            ///
            /// # Errors
            ///
            /// If it does not fit `room`.
            pub fn encode<'a>(&self, room: &'a mut [u8]) -> Result<&'a [u8], postcard::Error> {
                match self { $(Self::$name(view) => postcard::to_slice(view, room).map(|used| &*used),)+ }
            }

            /// From a part of a frame; `None` for kinds that are newer than this program.
            ///
            /// # Errors
            ///
            /// If the bytes are not such a view.
            pub fn decode(kind: u16, bytes: &[u8]) -> Result<Option<Self>, postcard::Error> {
                match kind {
                    $($name::KIND => postcard::from_bytes(bytes).map(|view| Some(Self::$name(view))),)+
                    _ => Ok(None),
                }
            }

            /// From what [`Self::json`] made, with the level in its topic; `None` for kinds that are newer than this
            /// program. Keys that are not known are skipped, keys that are missing are unknown.
            ///
            /// # Errors
            ///
            /// If the bytes are not such a view.
            pub fn from_json(name: &str, bytes: &[u8]) -> Result<Option<Told>, serde_json::Error> {
                let sample = match name {
                    $($name::NAME => Self::$name(serde_json::from_slice(bytes)?),)+
                    _ => return Ok(None),
                };
                let Numbered { ts, seq } = serde_json::from_slice(bytes)?;
                Ok(Some(Told { sample, ts, seq }))
            }
        }
    };
}

impl Sample {
    /// In text that has no spaces but one: the kind's number, then what [`Self::encode`] makes, in hexadecimal digits.
    /// `None` if it is longer than [`SAMPLE_BYTES_MAX`].
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        Some(format!("{} {}", self.kind(), Hex(&self.to_bytes()?)))
    }

    /// What [`Self::encode`] makes; `None` if it is longer than [`SAMPLE_BYTES_MAX`].
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut room = [0; SAMPLE_BYTES_MAX];
        self.encode(&mut room).ok().map(<[u8]>::to_vec)
    }

    /// From what [`Self::to_text`] wrote; `None` for anything else, and for kinds that are newer than this program.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (kind, digits) = text.split_once(' ')?;
        if digits.len() > 2 * SAMPLE_BYTES_MAX {
            return None;
        }
        Self::decode(kind.parse().ok()?, &unhex(digits)?).ok().flatten()
    }
}

samples!(
    Meta, System, Disk, FileSystem, Raid, Net, Ups, Service, Backup, Dns, NoIp, Cert, Updates, Auth, Log, Probe,
    Upkeep, Store, Policy
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn samples_go_through_bytes() {
        let view = Disk { model: Some(text(&"x".repeat(500))), temperature_celsius: Some(-3.5), ..Disk::default() };
        let mut room = [0; SAMPLE_BYTES_MAX];
        let sample = Sample::from(view);
        let bytes = sample.encode(&mut room).unwrap();
        assert_eq!(Sample::decode(3, bytes), Ok(Some(sample.clone())));
        assert_eq!(Sample::decode(65_000, bytes), Ok(None));
        assert!(Sample::decode(3, &bytes[..20]).is_err());
        assert_eq!((sample.kind(), sample.name()), (3, "disk"));
    }

    #[test]
    fn samples_go_through_text() {
        let sample = Sample::from(Auth { failed_count: Some(3), ..Auth::default() });
        let text = sample.to_text().unwrap();
        assert_eq!(Sample::from_text(&text), Some(sample));
        let long = format!("3 {}", "0".repeat(2 * SAMPLE_BYTES_MAX + 2));
        for bad in ["", "12", "12 0", "99 00", "x 00", &text[..text.len() - 2], &long] {
            assert_eq!(Sample::from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn samples_go_through_json() {
        let view = Disk { model: Some(text("WD \"Red\"")), temperature_celsius: Some(-3.5), ..Disk::default() };
        let told = Told { sample: view.into(), ts: 5, seq: 7 };
        let json = told.sample.json(told.ts, told.seq);
        assert_eq!(Sample::from_json("disk", &json).unwrap(), Some(told));
        assert_eq!(Sample::from_json("later", &json).unwrap(), None);
        let few = Sample::from_json("auth", br#"{"ts":1,"seq":2,"failed_count":3,"later":[]}"#).unwrap().unwrap();
        assert_eq!(few.sample, Sample::from(Auth { failed_count: Some(3), ..Auth::default() }));
        let long = format!("{{\"ts\":1,\"seq\":2,\"source\":\"{}\"}}", "x".repeat(200));
        for bad in
            ["", "{}", "[]", r#"{"ts":1}"#, r#"{"ts":1,"seq":-1}"#, r#"{"ts":1,"seq":1,"failed_count":"x"}"#, &long]
        {
            assert!(Sample::from_json("auth", bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sample_tells_what_changed() {
        let old = Sample::from(Auth { failed_count: Some(0), ..Auth::default() });
        let new = Sample::from(Auth { failed_count: Some(3), ..Auth::default() });
        assert_eq!((new.differs(&old), new.differs(&new)), (Some("failed_count"), None));
        assert_eq!(new.differs(&Sample::from(Log::default())), Some("kind"));
    }
}
