//! An account at an authority: made once, its key in a file that nobody else may read.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::failed::Failed;
use crate::http::Http;
use atalaya_certificate::file::{self, OURS};
use atalaya_certificate::plain;

/// An authority, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The address of its directory: `https://acme-v02.api.letsencrypt.org/directory`.
    pub directory: String,
    /// A mail address, for the account and for the `User-Agent`.
    pub contact: String,
    /// Whether the configuration says that its terms of service are agreed to. An account is made only then.
    pub agree: bool,
    /// An account elsewhere that the authority wants named.
    pub external: Option<External>,
    /// Whose certificates are trusted, if not those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Where the account and its key are kept.
    pub account_file: PathBuf,
}

/// External account binding (RFC 8555, 7.3.4).
#[derive(Clone)]
pub struct External {
    /// The key's identifier.
    pub id: String,
    /// The key as the authority shows it: base 64 for URLs.
    pub key: Zeroizing<String>,
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("External").field("id", &self.id).field("key", &"***").finish()
    }
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    directory: String,
    contact: String,
    account: AccountCredentials,
}

/// The account of the file, or a new one that is put there.
pub(crate) async fn open(authority: &Authority, http: Http) -> Result<Account, Failed> {
    let told = http.told();
    let failed = |err| Failed::of(err, &told.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    let builder = Account::builder_with_http(Box::new(http));
    let contact = format!("mailto:{}", authority.contact);
    let Some(kept) = read(&authority.account_file)? else {
        let (account, made) = make(authority, builder, &contact).await.map_err(|err| err.into_failed(failed))?;
        write(authority, made)?;
        return Ok(account);
    };
    if kept.directory != authority.directory {
        let file = authority.account_file.display();
        let why = format!("the account in {file} is one at {}: move that file away, and one is made", kept.directory);
        return Err(Failed::SetUp(why));
    }
    let moved = kept.contact != authority.contact;
    let account = if moved {
        // The library takes the credentials apart and gives none back: they are read a second time to be written.
        let account = builder.from_credentials(kept.account).await.map_err(failed)?;
        account.update_contacts(&[&contact]).await.map_err(failed)?;
        if let Some(again) = read(&authority.account_file)? {
            write(authority, again.account)?;
        }
        account
    } else {
        builder.from_credentials(kept.account).await.map_err(failed)?
    };
    Ok(account)
}

/// Of ours, or the library's.
enum Either {
    Ours(Failed),
    Theirs(instant_acme::Error),
}

impl Either {
    fn into_failed(self, turn: impl FnOnce(instant_acme::Error) -> Failed) -> Failed {
        match self {
            Self::Ours(failed) => failed,
            Self::Theirs(err) => turn(err),
        }
    }
}

async fn make(
    authority: &Authority,
    builder: instant_acme::AccountBuilder,
    contact: &str,
) -> Result<(Account, AccountCredentials), Either> {
    if !authority.agree {
        let why = format!("say so in the configuration once you have read them; see {}", authority.directory);
        return Err(Either::Ours(Failed::Terms(why)));
    }
    let wanted = NewAccount { contact: &[contact], terms_of_service_agreed: true, only_return_existing: false };
    let external = authority.external.as_ref().map(External::key).transpose().map_err(Either::Ours)?;
    builder.create(&wanted, authority.directory.clone(), external.as_ref()).await.map_err(Either::Theirs)
}

impl External {
    fn key(&self) -> Result<ExternalAccountKey, Failed> {
        let key = BASE64_URL_SAFE_NO_PAD.decode(self.key.trim().trim_end_matches('=')).map(Zeroizing::new);
        let key = key.map_err(|_| Failed::SetUp("the key of the external account is no base 64 for URLs".into()))?;
        Ok(ExternalAccountKey::new(self.id.clone(), &key))
    }
}

fn read(path: &Path) -> Result<Option<Kept>, Failed> {
    let cannot = |why: &str| Failed::SetUp(format!("cannot read {}: {why}", path.display()));
    let Some(bytes) = file::read(path).map_err(|err| cannot(&plain(&err)))? else { return Ok(None) };
    let bytes = Zeroizing::new(bytes);
    serde_json::from_slice(&bytes).map(Some).map_err(|_| cannot("it is no account; put it back from a copy"))
}

fn write(authority: &Authority, account: AccountCredentials) -> Result<(), Failed> {
    let path = &authority.account_file;
    let cannot = |why: String| Failed::SetUp(format!("cannot write {}: {why}", path.display()));
    let kept = Kept { directory: authority.directory.clone(), contact: authority.contact.clone(), account };
    let bytes = Zeroizing::new(serde_json::to_vec(&kept).map_err(|err| cannot(err.to_string()))?);
    file::replace(path, &bytes, OURS).map_err(|err| cannot(plain(&err)))
}
