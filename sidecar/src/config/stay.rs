//! What of a configuration cannot be another while the sidecar runs.

use super::Config;

/// Keeps what there was, and notes the key if something else was written.
fn stay<T: Clone + PartialEq>(key: &'static str, new: &mut T, old: &T, differ: &mut Vec<&'static str>) {
    if new != old {
        differ.push(key);
        new.clone_from(old);
    }
}

impl Config {
    /// Puts what was there in the place of what needs another start; gives the keys where that is something else.
    pub fn stay(&mut self, old: &Self) -> Vec<&'static str> {
        let mut all = Vec::new();
        stay("state.dir", &mut self.state.dir, &old.state.dir, &mut all);
        stay("state.id", &mut self.state.id, &old.state.id, &mut all);
        let (new, was) = (&mut self.broker, &old.broker);
        stay("broker.url", &mut new.external, &was.external, &mut all);
        stay("broker.listen", &mut new.listen, &was.listen, &mut all);
        stay("broker.listen_tls", &mut new.listen_tls, &was.listen_tls, &mut all);
        stay("broker.names", &mut new.names, &was.names, &mut all);
        stay("broker.cert_file", &mut new.tls, &was.tls, &mut all);
        stay("broker.prefix", &mut new.prefix, &was.prefix, &mut all);
        stay("broker.discovery_prefix", &mut new.discovery_prefix, &was.discovery_prefix, &mut all);
        stay("broker.flush", &mut new.flush, &was.flush, &mut all);
        let (new, was) = (&mut self.web, &old.web);
        stay("web.listen", &mut new.listen, &was.listen, &mut all);
        stay("web.listen_tls", &mut new.listen_tls, &was.listen_tls, &mut all);
        stay("web.cert_file", &mut new.tls, &was.tls, &mut all);
        // How often is the tower's; how long and how much is what history was begun with.
        let flush = std::mem::replace(&mut self.history.flush, old.history.flush);
        stay("history", &mut self.history, &old.history, &mut all);
        self.history.flush = flush;
        all
    }
}
