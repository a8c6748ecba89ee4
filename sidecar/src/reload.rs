//! Another configuration while it runs. What needs another start stays as it is, and is told.

use std::sync::Arc;

use crate::certificates;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::limits::RELOAD_WAIT_MAX;
use crate::notify::Parts;
use crate::people;
use crate::program::{Running, market, terms};
use crate::tower::Word;

impl Running {
    /// Takes it over; gives the keys that count from the next start.
    ///
    /// # Errors
    ///
    /// What is wrong with the rules that it names, or that the tower takes nothing in; then nothing has changed.
    pub async fn reload(&mut self, mut config: Config) -> Result<Vec<&'static str>> {
        let rules = Arc::new(crate::rules::read(config.alerts.dir.as_deref())?);
        let later = config.stay(&self.shared.config);
        let config = Arc::new(config);
        let terms = Word::Terms(Box::new(terms(&config, &rules)));
        if !self.ear.tell_within(terms, RELOAD_WAIT_MAX).await {
            return Err(Error::new(Kind::Full, "the tower takes nothing in; try again in a moment"));
        }
        let identity = &self.shared.identity;
        identity.people.set_terms(people::Terms { session: config.web.session, idle: config.web.session_idle });
        identity.gate.set_anonymous(config.anonymous());
        // What providers remember, such as how often they were asked, is not lost because of another section.
        let was = &self.shared.config;
        let had = !was.certificates.all.is_empty();
        if config.renewals != was.renewals
            || config.state.zone != was.state.zone
            || config.certificates.all.is_empty() == had
            || config.mailbox.is_some() != was.mailbox.is_some()
        {
            self.market.send_replace(market(&config, &self.issued, &self.shared.post, &self.shared.folder));
        }
        self.configs.send_replace(Arc::clone(&config));
        (self.shared.config, self.shared.rules) = (config, rules);
        self.sending.renew(Parts::of(&self.shared));
        self.pages.renew(&self.shared);
        // Whoever renewed a file says so in this way.
        certificates::look(&self.shared).await;
        Ok(later)
    }
}
