//! Who asks for a bucket, for those who run the program: a file, or the environment.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use atalaya_store::{BucketAccess, BucketUrl, Service};
use zeroize::Zeroizing;

use super::exit::{Failure, Result};
use super::output::complain;

/// Names a file, and is what Google's own tools read.
const GOOGLES: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// A few lines for each server.
const CREDENTIALS_BYTES_MAX: u64 = 64 << 10;

/// What a bucket needs beside its URL.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of s3://, az:// and gs:// repositories")]
pub(crate) struct Bucket {
    /// Credentials, a section for each server, or Google's own file; without, those in AWS_ACCESS_KEY_ID, AZURE_STORAGE_KEY and the like
    #[arg(long, global = true, env = "ATALAYA_BUCKET_CREDENTIALS_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) bucket_credentials_file: Option<PathBuf>,
}

impl Bucket {
    /// For the store at `url`.
    pub(crate) fn access(&self, url: &BucketUrl, quiet: bool) -> Result<BucketAccess> {
        if let Some(file) = &self.bucket_credentials_file {
            return from_file(file, url, quiet);
        }
        let variable = |name: &str| std::env::var(name).ok();
        if let Some(file) = variable(GOOGLES).filter(|file| !file.is_empty() && url.service == Service::Google) {
            return from_file(Path::new(&file), url, quiet);
        }
        let found = BucketAccess::from_environment(url, variable).map_err(|why| {
            Failure::usage(format!("cannot use the credentials of the environment: {why}; set it right"))
        })?;
        found.ok_or_else(|| {
            let variables = match url.service {
                Service::S3 => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                Service::Azure => "AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN",
                Service::Google => GOOGLES,
            };
            Failure::usage(format!(
                "cannot open repository {url}: there are no credentials; give --bucket-credentials-file FILE, or set {variables}"
            ))
        })
    }

    /// The same as options, for another command line.
    #[cfg(feature = "daemon")]
    pub(crate) fn words(&self) -> Option<(&'static str, PathBuf)> {
        let file = self.bucket_credentials_file.as_ref()?;
        Some(("bucket-credentials-file", std::path::absolute(file).unwrap_or_else(|_| file.clone())))
    }
}

fn from_file(path: &Path, url: &BucketUrl, quiet: bool) -> Result<BucketAccess> {
    let shown = path.display();
    let fail = |why: &str| {
        Failure::usage(format!(
            "cannot read the credentials in {shown}: {why}; docs/stores.md says how they are written"
        ))
    };
    let file = File::open(path).map_err(|err| fail(&err.to_string()))?;
    let meta = file.metadata().map_err(|err| fail(&err.to_string()))?;
    if meta.is_file() && meta.mode() & 0o077 != 0 && !quiet {
        complain(format_args!("warning: {shown} can be read by other users; run: chmod 600 {shown}"));
    }
    // With its capacity fixed, reading leaves no copies in memory that were freed unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(CREDENTIALS_BYTES_MAX as usize + 64));
    file.take(CREDENTIALS_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|err| fail(&err.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is no text"))?;
    BucketAccess::from_text(text, url).map_err(|why| fail(&why))
}
