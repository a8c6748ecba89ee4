//! What every page has around it: who reads, in which language, what time it is.

use std::borrow::Borrow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use crate::clock::Now;
use crate::web::words::{Catalogues, Language};
use crate::web::{App, assets};

/// See the module.
pub(super) struct Frame {
    words: Arc<Catalogues>,
    /// In which language.
    pub(super) language: Language,
    /// When it is made.
    pub(super) now: Now,
}

impl Frame {
    /// A text in the reader's language.
    pub(super) fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(self.language, key)
    }

    /// Where an asset is.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// How long ago, in the largest fitting unit.
    pub(super) fn ago(&self, at: impl Borrow<i64>) -> String {
        let at = *at.borrow();
        let seconds = (self.now.seconds() - at).max(0);
        let (count, unit) = match seconds {
            _ if at == 0 => return self.t("never").to_owned(),
            0..90 => (seconds, "ago.seconds"),
            90..5400 => (seconds / 60, "ago.minutes"),
            5400..172_800 => (seconds / 3600, "ago.hours"),
            _ => (seconds / 86_400, "ago.days"),
        };
        self.t(unit).replace("{count}", &count.to_string())
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let own = Language::of(app.shared.config.state.language).unwrap_or_default();
        let language = accepted.and_then(Language::of).unwrap_or(own);
        Ok(Self { words: Arc::clone(&app.words), language, now: app.shared.clock.now() })
    }
}
