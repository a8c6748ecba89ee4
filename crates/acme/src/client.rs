//! An account at work. One call at a time: what the authority said last belongs to the call that asked.

use std::sync::{Arc, Mutex, PoisonError};

use atalaya_certificate::Chain;
use atalaya_renew::limits::short;
use atalaya_renew::when::Window;
use instant_acme::{Account, Error};

use crate::account::{self, Authority};
use crate::failed::Failed;
use crate::hint::{self, Hint};
use crate::http::{Http, Told};

/// Asks one authority as one account.
pub struct Client {
    pub(crate) account: Account,
    pub(crate) directory: String,
    told: Arc<Mutex<Told>>,
}

impl Client {
    /// Opens the account, or makes it. The directory is asked for each time: it changes, rarely.
    ///
    /// # Errors
    ///
    /// See [`Failed`].
    pub async fn open(authority: &Authority) -> Result<Self, Failed> {
        let mut round = 1;
        loop {
            match Self::open_once(authority).await {
                Err(failed) if failed.goes_on(round) => round += 1,
                other => return other,
            }
        }
    }

    async fn open_once(authority: &Authority) -> Result<Self, Failed> {
        let http = Http::new(&authority.directory, authority.ca_file.clone(), &authority.contact)?;
        let told = http.told();
        let account = account::open(authority, http).await?;
        Ok(Self { account, directory: authority.directory.clone(), told })
    }

    /// The account's address at the authority.
    #[must_use]
    pub fn account(&self) -> &str {
        self.account.id()
    }

    /// The profiles that the authority offers, such as `tlsserver` and `shortlived`; sorted.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        let mut out: Vec<String> = self.account.profiles().map(|profile| short(profile.name)).collect();
        out.sort();
        out
    }

    /// When the authority would have a certificate renewed; `None` where it says nothing about that.
    ///
    /// # Errors
    ///
    /// See [`Failed`]. The caller goes by the certificate's lifetime then.
    pub async fn hint(&mut self, chain: &Chain) -> Result<Option<Hint>, Failed> {
        let Some(identifier) = hint::identifier(chain) else { return Ok(None) };
        let (info, again) = match self.account.renewal_info(&identifier).await {
            Err(Error::Unsupported(_)) => return Ok(None),
            Err(err) => return Err(self.failed(err)),
            Ok(found) => found,
        };
        let (start, end) = (info.suggested_window.start.unix_timestamp(), info.suggested_window.end.unix_timestamp());
        // RFC 9773, 4.2: a window that ends before it begins is as none.
        if end <= start {
            return Err(Failed::Garbled("the suggested window ends before it begins".into()));
        }
        let again = u32::try_from(again.as_secs()).unwrap_or(u32::MAX);
        let explanation = info.explanation_url.map(|text| short(&text)).filter(|text| text.starts_with("https://"));
        Ok(Some(Hint { window: Window { start, end }, explanation, again }))
    }

    /// What the library says, with what it dropped.
    pub(crate) fn failed(&self, err: Error) -> Failed {
        Failed::of(err, &self.last())
    }

    pub(crate) fn last(&self) -> Told {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
