//! One certificate, from the order to the chain; or onwards from where the call before was stopped.

use std::path::Path;

use atalaya_certificate::{Chain, tidy};
use instant_acme::{Error, Identifier, NewOrder, Order, OrderStatus, RetryPolicy};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::draft::Draft;
use crate::failed::Failed;
use crate::hint;
use crate::limits::{LOOK, SIGNED};
use crate::proof::Way;
use crate::prove;
use crate::request::{self, Request};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Host names, wildcards and addresses.
    pub names: &'a [String],
    /// A profile such as `shortlived`; it is asked for where the authority offers it.
    pub profile: Option<&'a str>,
    /// The certificate that it takes the place of. The authority is told, and counts it less.
    pub replaces: Option<&'a Chain>,
    /// Whose key it is for.
    pub request: Request,
}

/// A certificate that was signed.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The chain; its names and its key are those that were asked for.
    pub chain: Chain,
    /// The key as PEM (PKCS#8), if it was made here.
    pub key: Option<Zeroizing<String>>,
    /// Whether the authority offers the profile, or none was asked for.
    pub as_profiled: bool,
    /// Whether a record of the proof may still be in its zone. The next call tries again to remove it.
    pub left_records: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The order is placed, and the draft is on the disk.
    Ordered,
    /// The proofs are laid and seen.
    Laid,
    /// The authority found them.
    Proved,
    /// The request was handed over.
    Requested,
}

impl Client {
    /// Has a certificate signed. What is needed to go on after a stop is kept in the file `draft`; the same certificate is
    /// given again until [`Draft::remove`] says that it is in its place.
    ///
    /// # Errors
    ///
    /// See [`Failed`]. Records and files of the proof are removed either way, or noted in the draft.
    pub async fn issue(
        &mut self,
        wanted: &Wanted<'_>,
        way: &Way,
        draft: &Path,
        told: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Issued, Failed> {
        let mut round = 1;
        loop {
            match self.issue_once(wanted, way, draft, told).await {
                // What was done stands in the draft.
                Err(failed) if failed.goes_on(round) => round += 1,
                other => return other,
            }
        }
    }

    async fn issue_once(
        &mut self,
        wanted: &Wanted<'_>,
        way: &Way,
        draft: &Path,
        told: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Issued, Failed> {
        let names = tidy(wanted.names)?;
        let fresh = self.draft(wanted, names)?;
        let as_profiled = fresh.profile.as_deref() == wanted.profile;
        let theirs = matches!(wanted.request, Request::Theirs(_));
        let (mut order, mut kept) = self.begin(wanted, fresh, theirs, way, draft).await?;
        told(Step::Ordered);
        let signed = self.finish(&mut order, &mut kept, way, draft, told).await;
        if let Err(failed) = &signed {
            self.give_up(failed, &mut kept, draft)?;
        }
        Ok(Issued { chain: signed?, as_profiled, left_records: kept.has_left_records(), key: kept.key })
    }

    fn draft(&self, wanted: &Wanted<'_>, names: Vec<String>) -> Result<Draft, Failed> {
        let (key, request) = match &wanted.request {
            Request::Own => request::make(&names).map(|(key, request)| (Some(key), request))?,
            Request::Theirs(request) => {
                request::check(request, &names)?;
                (None, request.clone())
            }
        };
        let offered = |name: &&str| self.account.profiles().any(|profile| profile.name == *name);
        Ok(Draft {
            directory: self.directory.clone(),
            names,
            profile: wanted.profile.filter(offered).map(ToOwned::to_owned),
            replaces: wanted.replaces.and_then(|chain| chain.ari.clone()),
            order: None,
            request: Draft::encoded(&request),
            key,
            laid: Vec::new(),
        })
    }

    /// The order of the file, if it is for the same certificate and can still become one, or a new one.
    async fn begin(
        &mut self,
        wanted: &Wanted<'_>,
        mut fresh: Draft,
        theirs: bool,
        way: &Way,
        path: &Path,
    ) -> Result<(Order, Draft), Failed> {
        if let Some(mut old) = Draft::read(path)? {
            prove::sweep(way, &mut old, path).await?;
            if old.is_for(&fresh, theirs)
                && let Some(order) = self.resume(old.order.as_deref()).await?
            {
                return Ok((order, old));
            }
            fresh.laid = old.laid;
        }
        let order = self.place(&fresh, wanted.replaces).await?;
        fresh.order = Some(order.url().to_owned());
        fresh.write(path)?;
        Ok((order, fresh))
    }

    async fn resume(&mut self, url: Option<&str>) -> Result<Option<Order>, Failed> {
        let Some(url) = url else { return Ok(None) };
        match self.account.order(url.to_owned()).await {
            Ok(mut order) => Ok((order.state().status != OrderStatus::Invalid).then_some(order)),
            // An authority forgets orders after some days.
            Err(Error::Api(_)) if self.last().status == 404 => Ok(None),
            Err(err) => Err(self.failed(err)),
        }
    }

    async fn place(&mut self, draft: &Draft, replaces: Option<&Chain>) -> Result<Order, Failed> {
        let identifiers: Vec<_> = draft.names.iter().map(|name| identifier(name)).collect();
        let order = || {
            let order = NewOrder::new(&identifiers);
            if let Some(profile) = &draft.profile { order.profile(profile) } else { order }
        };
        if let Some(old) = replaces.and_then(hint::identifier) {
            match self.account.new_order(&order().replaces(old)).await {
                // It is a courtesy: an authority that does not know of it, or knows better, still signs.
                Err(err) if is_about_replacing(&err, self.last().status) => {}
                other => return other.map_err(|err| self.failed(err)),
            }
        }
        self.account.new_order(&order()).await.map_err(|err| self.failed(err))
    }

    async fn finish(
        &mut self,
        order: &mut Order,
        draft: &mut Draft,
        way: &Way,
        path: &Path,
        told: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Chain, Failed> {
        if order.state().status == OrderStatus::Pending {
            self.prove(order, draft, way, path, told).await?;
        }
        told(Step::Proved);
        let request = draft.request()?;
        if order.state().status == OrderStatus::Ready {
            order.finalize_csr(&request).await.map_err(|err| self.failed(err))?;
        }
        told(Step::Requested);
        let pem = order.poll_certificate(&patience(SIGNED)).await.map_err(|err| self.failed(err))?;
        let chain = Chain::parse(&pem).map_err(Failed::Garbled)?;
        if chain.names != draft.names || chain.public != request::public(&request)? {
            return Err(Failed::Garbled("it signed other names or another key than were asked for".into()));
        }
        Ok(chain)
    }

    /// An order that came to nothing is not gone on with.
    fn give_up(&self, failed: &Failed, draft: &mut Draft, path: &Path) -> Result<(), Failed> {
        if !matches!(failed, Failed::NotProved(_) | Failed::Refused(_) | Failed::Garbled(_)) {
            return Ok(());
        }
        draft.order = None;
        if draft.has_left_records() { draft.write(path) } else { Draft::remove(path) }
    }
}

fn identifier(name: &str) -> Identifier {
    match name.parse() {
        Ok(address) => Identifier::Ip(address),
        Err(_) => Identifier::Dns(name.to_owned()),
    }
}

fn is_about_replacing(err: &Error, status: u16) -> bool {
    match err {
        Error::Unsupported(_) => true,
        Error::Api(problem) => {
            let kind = problem.r#type.as_deref().unwrap_or_default();
            status == 409 || kind.ends_with(":alreadyReplaced")
        }
        // The library's, where the order that it gets back does not name what it replaces.
        Error::Other(err) => !err.is::<Failed>(),
        _ => false,
    }
}

pub(crate) fn patience(time: std::time::Duration) -> RetryPolicy {
    RetryPolicy::new().initial_delay(LOOK).backoff(1.5).timeout(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever has many certificates gives each a task.
    #[test]
    fn a_call_can_go_to_another_thread() {
        fn is_send<T: Send>(_: T) {}
        fn check(client: &mut Client, wanted: &Wanted<'_>, way: &Way, chain: &Chain) {
            is_send(client.issue(wanted, way, Path::new("draft"), &|_| {}));
            is_send(client.hint(chain));
        }
        let _ = check;
    }

    #[test]
    fn what_is_replaced_is_a_courtesy() {
        let api = |kind: &str| {
            let text = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}"}}"#);
            Error::Api(serde_json::from_str(&text).unwrap())
        };
        assert!(is_about_replacing(&Error::Unsupported("ARI"), 200));
        assert!(is_about_replacing(&Error::Other("replaces field mismatch".into()), 201));
        assert!(is_about_replacing(&api("alreadyReplaced"), 409) && is_about_replacing(&api("conflict"), 409));
        assert!(!is_about_replacing(&api("rateLimited"), 429));
        assert!(!is_about_replacing(&Error::Other(Box::new(Failed::Unreachable(String::new()))), 0));
    }
}
