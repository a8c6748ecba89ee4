//! What the person who installed it wrote: first as written, then checked.
//!
//! Each value has a type that is made while the file is read, so that the parser tells the line of a wrong one; unknown
//! keys are refused with theirs. A check afterwards says what only shows where several values stand side by side.
//!
//! ```
//! use std::path::Path;
//! use std::time::Duration;
//!
//! use atalaya_base::config::{DAY, Length, Mistake, Place, Spanned, read, section};
//! use serde::Deserialize;
//!
//! /// The file.
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Raw {
//!     #[serde(default, deserialize_with = "section")]
//!     history: RawHistory,
//! }
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields, default)]
//! struct RawHistory {
//!     dir: Option<Place>,
//!     flush: Length<1, 900>,
//!     raw: Option<Spanned<Length<DAY, { 90 * DAY }>>>,
//! }
//!
//! impl Default for RawHistory {
//!     fn default() -> Self {
//!         Self { dir: None, flush: Length(Duration::from_secs(60)), raw: None }
//!     }
//! }
//!
//! fn check(raw: &Raw) -> Result<(), Mistake> {
//!     match &raw.history.raw {
//!         Some(days) if raw.history.dir.is_none() => Err(Mistake::at("history.raw", days, "needs dir beside it")),
//!         _ => Ok(()),
//!     }
//! }
//!
//! let told = |text: &str| read(Path::new("x.toml"), text, |raw: Raw, _| check(&raw)).unwrap_err();
//! assert!(read(Path::new("x.toml"), "", |raw: Raw, _| check(&raw)).is_ok());
//! assert_eq!(
//!     told("[history]\nflush = \"1h\""),
//!     "cannot use the configuration x.toml:2: history.flush: \"1h\" is too long; at most 15m"
//! );
//! assert_eq!(
//!     told("[history]\n\nflsh = \"1m\""),
//!     "cannot use the configuration x.toml:3: history: unknown field `flsh`, expected one of `dir`, `flush`, `raw`"
//! );
//! assert_eq!(
//!     told("[history]\nraw = \"7d\""),
//!     "cannot use the configuration x.toml:2: history.raw: needs dir beside it"
//! );
//! ```

mod document;
mod files;
mod length;
mod list;
mod mistake;
mod names;
mod number;
mod parts;
mod paths;
mod secret;
mod section;
mod size;
mod text;
mod url;
mod value;
mod wrong;

#[doc(inline)]
pub use crate::read_from_text;
pub use document::{read, text_of};
pub use files::Named;
pub use length::{DAY, Length, YEARS};
pub use list::{Entry, entries};
pub use mistake::{Mistake, Written};
pub use names::{Shown, Zone};
pub use number::{Above, Whole, whole};
pub use paths::{Place, place, places};
pub use secret::Secret;
pub use section::section;
pub use size::{Limit, Size, parse_size};
pub use text::read as read_text;
/// A value, and where it stands.
pub use toml::Spanned;
pub use url::Url;

#[cfg(test)]
mod tests;
