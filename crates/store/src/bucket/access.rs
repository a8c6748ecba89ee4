//! Who asks, and what a URL does not say of the server.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::limits::BUCKET_CREDENTIALS_BYTES_MAX;
use crate::{BucketUrl, Service};

/// Where a bucket's name stands in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// In the path: what every server understands.
    Path,
    /// Before the host's name: what Amazon wants.
    Host,
}

/// What a request is authorised with.
#[derive(Clone, Default)]
pub(super) struct Keys {
    pub(super) key_id: String,
    /// Of S3; or an account's key, in base64.
    pub(super) secret: Zeroizing<String>,
    /// Of a session, beside the key; elsewhere all that there is.
    pub(super) token: Option<Zeroizing<String>>,
    /// A signature that somebody else made, as it stands behind a path.
    pub(super) behind: Option<Zeroizing<String>>,
}

/// Where keys come from.
#[derive(Clone, Default)]
pub(super) enum Source {
    /// They were given, and hold as long as nobody takes them back.
    #[default]
    Given,
    /// The machine's own, from what is at `at`, or where the cloud has it; with a container's token to ask.
    #[cfg(feature = "cloud")]
    Instance { at: Option<String>, container: bool, token: Option<Zeroizing<String>> },
    /// Google's file of a service account.
    #[cfg(feature = "cloud")]
    Account(Zeroizing<String>),
}

/// Credentials, and how the server is spoken to.
#[derive(Clone, Default)]
pub struct BucketAccess {
    pub(super) keys: Keys,
    pub(super) source: Source,
    pub(super) region: Option<String>,
    pub(super) style: Option<Style>,
    pub(super) ca_file: Option<PathBuf>,
    /// Whether the bucket keeps versions, and the oldest counts.
    pub(super) oldest: bool,
}

impl fmt::Debug for BucketAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketAccess").field("key_id", &self.keys.key_id).finish_non_exhaustive()
    }
}

/// What is read of the environment, and as what.
const VARIABLES: [(Service, &str, &str); 8] = [
    (Service::S3, "AWS_ACCESS_KEY_ID", "aws_access_key_id"),
    (Service::S3, "AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
    (Service::S3, "AWS_SESSION_TOKEN", "aws_session_token"),
    (Service::S3, "AWS_DEFAULT_REGION", "region"),
    (Service::S3, "AWS_REGION", "region"),
    (Service::S3, "AWS_CA_BUNDLE", "ca_file"),
    (Service::Azure, "AZURE_STORAGE_KEY", "account_key"),
    (Service::Azure, "AZURE_STORAGE_SAS_TOKEN", "sas"),
];

impl BucketAccess {
    /// From the variables that the services' own tools read; `None` where there are none. `GOOGLE_APPLICATION_CREDENTIALS`
    /// names a file, which [`BucketAccess::from_text`] understands.
    ///
    /// # Errors
    /// One of them is missing beside the others, or holds what it cannot.
    pub fn from_environment(url: &BucketUrl, get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let get = |variable: &str| get(variable).filter(|value| !value.is_empty()).map(Zeroizing::new);
        let mut access = Self::default();
        let mut found = false;
        for (_, variable, key) in VARIABLES.into_iter().filter(|(service, ..)| *service == url.service) {
            if let Some(value) = get(variable) {
                access.set(key, value.trim()).map_err(|why| format!("{variable} {why}"))?;
                found |= !["region", "ca_file"].contains(&key);
            }
        }
        if url.service == Service::Azure
            && let Some(account) = get("AZURE_STORAGE_ACCOUNT").filter(|account| found && **account != url.account)
        {
            return Err(format!("AZURE_STORAGE_ACCOUNT is {:?}, and the URL names {:?}", *account, url.account));
        }
        if !found {
            found = access.take_machine(url.service, &get);
        }
        match (found, access.lacks(url.service)) {
            (false, _) => Ok(None),
            (true, Some(key)) => {
                let named = VARIABLES.iter().find(|(service, _, known)| *service == url.service && *known == key);
                Err(format!("{} is missing", named.map_or(key, |(_, variable, _)| variable)))
            }
            (true, None) => Ok(Some(access)),
        }
    }

    /// What clouds tell whoever runs in them of where keys are; whether there is any of it.
    #[cfg(feature = "cloud")]
    fn take_machine(&mut self, service: Service, get: &dyn Fn(&str) -> Option<Zeroizing<String>>) -> bool {
        let plain = |variable: &str| get(variable).map(|value| value.to_string());
        let own = match service {
            Service::S3 => {
                let near =
                    plain("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|path| format!("http://169.254.170.2{path}"));
                if let Some(at) = near.or_else(|| plain("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
                    let file = plain("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
                    let token = file.and_then(|file| std::fs::read_to_string(file).ok()).map(Zeroizing::new);
                    let token = token.or_else(|| get("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
                    self.source = Source::Instance { at: Some(at), container: true, token };
                    return true;
                }
                plain("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            }
            Service::Azure => plain("AZURE_POD_IDENTITY_AUTHORITY_HOST"),
            Service::Google => plain("GCE_METADATA_HOST").map(|host| format!("http://{host}")),
        };
        let is_there = own.is_some();
        if is_there {
            self.source = Source::Instance { at: own, container: false, token: None };
        }
        is_there
    }

    #[cfg(not(feature = "cloud"))]
    fn take_machine(&mut self, _: Service, _: &dyn Fn(&str) -> Option<Zeroizing<String>>) -> bool {
        false
    }

    /// The key that is missing.
    fn lacks(&self, service: Service) -> Option<&'static str> {
        let keys = &self.keys;
        match service {
            _ if !matches!(self.source, Source::Given) => None,
            Service::S3 if keys.key_id.is_empty() => Some("aws_access_key_id"),
            Service::S3 if keys.secret.is_empty() => Some("aws_secret_access_key"),
            Service::Azure if keys.secret.is_empty() && keys.behind.is_none() => Some("account_key"),
            Service::Google => Some("instance"),
            _ => None,
        }
    }

    /// From a file as Amazon's own tools have it: that section that is called `HOST/BUCKET`, or else `HOST`, or else
    /// `default`, each on its own. Or that of a service account, as Google gives it.
    ///
    /// # Errors
    /// A line that is not understood, or no such section.
    pub fn from_text(text: &str, url: &BucketUrl) -> Result<Self, String> {
        if text.len() > BUCKET_CREDENTIALS_BYTES_MAX {
            return Err("it is too long for credentials; is it the right file?".to_owned());
        }
        #[cfg(feature = "cloud")]
        if url.service == Service::Google && text.trim_start().starts_with('{') {
            return Ok(Self { source: Source::Account(text.to_owned().into()), ..Self::default() });
        }
        let host = url.authority();
        let named = [format!("{host}/{}", url.bucket), host, "default".to_owned()];
        let mut found: [Option<Self>; 3] = [None, None, None];
        // Lines of other sections are checked, too: a mistake there would be found in another night.
        let mut other = Self::default();
        let mut at = None;
        for (number, line) in text.lines().enumerate() {
            let told = |why: &str| format!("line {} {why}", number + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                at = named.iter().position(|name| name == section.trim());
                if let Some(at) = at {
                    found[at] = Some(Self::default());
                }
                continue;
            }
            let (key, value) = line.split_once('=').ok_or_else(|| told("is no \"key = value\""))?;
            let into = at.and_then(|at: usize| found[at].as_mut()).unwrap_or(&mut other);
            into.set(key.trim(), value.trim()).map_err(|why| told(&why))?;
        }
        let best = found
            .into_iter()
            .enumerate()
            .find_map(|(at, one)| Some((at, one?)))
            .ok_or_else(|| format!("it has no section [{}], [{}] or [default]", named[0], named[1]))?;
        let (at, access) = best;
        match access.lacks(url.service) {
            Some("instance") => Err(format!(
                "[{}] has no \"instance = yes\"; name the service account's own file, or write that",
                named[at]
            )),
            Some(key) => Err(format!("[{}] has no {key}", named[at])),
            None => Ok(access),
        }
    }

    /// One value, which may be wrong in a way that follows the name of where it stands.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain && key != "ca_file" {
            return Err("has an empty value, or one with blanks or signs that nobody can type".to_owned());
        }
        match key {
            "aws_access_key_id" | "region" if value.contains(['/', ',', '=']) => {
                return Err("holds a \"/\", \",\" or \"=\", which it cannot".to_owned());
            }
            "aws_access_key_id" => value.clone_into(&mut self.keys.key_id),
            "aws_secret_access_key" => self.keys.secret = Zeroizing::new(value.to_owned()),
            "aws_session_token" => self.keys.token = Some(Zeroizing::new(value.to_owned())),
            "account_key" if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) => {
                return Err("holds what is no base64, and Azure's keys are".to_owned());
            }
            "account_key" => self.keys.secret = Zeroizing::new(value.to_owned()),
            "sas" => self.keys.behind = Some(Zeroizing::new(value.trim_start_matches('?').to_owned())),
            #[cfg(feature = "cloud")]
            "instance" if value == "yes" || value.starts_with("http://") => {
                let at = value.starts_with("http://").then(|| value.trim_end_matches('/').to_owned());
                self.source = Source::Instance { at, container: false, token: None };
            }
            "instance" => return Err("knows \"yes\", and where it is: http://…".to_owned()),
            "region" => self.region = Some(value.to_owned()),
            "ca_file" => self.ca_file = Some(value.into()),
            "versions" if value == "oldest" => self.oldest = true,
            "versions" => return Err("knows \"oldest\"".to_owned()),
            "style" if value == "path" => self.style = Some(Style::Path),
            "style" if value == "host" => self.style = Some(Style::Host),
            "style" => return Err("knows \"path\" and \"host\"".to_owned()),
            _ => {
                let known = "aws_access_key_id, aws_secret_access_key, aws_session_token, account_key, sas, instance, region, style, versions, ca_file";
                return Err(format!("has a key that is not known; known are {known}"));
            }
        }
        Ok(())
    }

    /// The region that requests are signed for.
    pub(super) fn region_of(&self, url: &BucketUrl) -> String {
        if let Some(region) = &self.region {
            return region.clone();
        }
        let known = [".amazonaws.com", ".amazonaws.com.cn", ".backblazeb2.com", ".wasabisys.com"];
        let label =
            known.iter().find_map(|suffix| url.host.strip_suffix(suffix)).and_then(|rest| rest.rsplit('.').next());
        match label.map(|label| label.strip_prefix("s3-").unwrap_or(label)) {
            None | Some("s3") => "us-east-1".to_owned(),
            Some(region) => region.to_owned(),
        }
    }

    /// Where the bucket's name is to stand.
    pub(super) fn style_of(&self, url: &BucketUrl) -> Style {
        let amazon = url.host.ends_with(".amazonaws.com") || url.host.ends_with(".amazonaws.com.cn");
        // With a dot it would fit none of Amazon's certificates.
        let fits = amazon && !url.bucket.contains('.');
        self.style.unwrap_or(if fits { Style::Host } else { Style::Path })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::StoreUrl;

    fn url(text: &str) -> BucketUrl {
        match StoreUrl::parse(OsStr::new(text)).unwrap() {
            StoreUrl::Bucket(url) => url,
            other => panic!("{other:?}"),
        }
    }

    const FILE: &str = "# of two servers
[default]
aws_access_key_id = AKIA
aws_secret_access_key=wJalr/bPx+=

[nas.lan:9000]
aws_access_key_id = home
aws_secret_access_key = h
region = garage
ca_file = /etc/my roots.pem
[nas.lan:9000/second]
aws_access_key_id = second
aws_secret_access_key = s
style = host
";

    #[test]
    fn the_section_that_fits_best_is_taken() {
        let of = |text: &str| BucketAccess::from_text(FILE, &url(text)).unwrap();
        let amazon = of("s3://s3.eu-central-1.amazonaws.com/nas");
        assert_eq!((&*amazon.keys.key_id, &**amazon.keys.secret), ("AKIA", "wJalr/bPx+="));
        let home = of("s3://nas.lan:9000/first/x");
        assert_eq!((&*home.keys.key_id, home.region.as_deref(), home.style), ("home", Some("garage"), None));
        assert_eq!(home.ca_file, Some("/etc/my roots.pem".into()));
        let second = of("s3+http://nas.lan:9000/second");
        assert_eq!((&*second.keys.key_id, second.region, second.style), ("second", None, Some(Style::Host)));
        assert!(!format!("{amazon:?}").contains("wJalr"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        for (text, said) in [
            ("", "no section [h.x/bucket], [h.x] or [default]"),
            ("[default]\n", "[default] has no aws_access_key_id"),
            ("[h.x]\naws_access_key_id=a\n[default]", "[h.x] has no aws_secret_access_key"),
            ("[default]\nkey\n", "line 2 is no"),
            ("[default]\naws_acess_key_id=a\n", "line 2 has a key that is not known"),
            ("[other]\nregion=\n", "line 2 has an empty value"),
            ("[default]\nregion=a/b\n", "line 2 holds"),
            ("[default]\naws_secret_access_key=a b\n", "line 2 has"),
            ("[default]\nstyle=virtual\n", "line 2 knows"),
        ] {
            let why = BucketAccess::from_text(text, &url("s3://h.x/bucket")).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert!(BucketAccess::from_text(&"#".repeat(100_000), &url("s3://h.x/bucket")).is_err());
    }

    #[test]
    fn the_environment() {
        let of = |all: &[(&str, &str)]| {
            let all: Vec<(String, String)> = all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            BucketAccess::from_environment(&url("s3://h.x/bucket"), |name| {
                all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            })
        };
        assert!(of(&[("AWS_REGION", "r")]).unwrap().is_none());
        let both = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "r")];
        let access = of(&both).unwrap().unwrap();
        assert_eq!((&*access.keys.key_id, &**access.keys.secret, access.region.as_deref()), ("a", "b", Some("r")));
        assert!(of(&both[..1]).unwrap_err().contains("AWS_SECRET_ACCESS_KEY is missing"));
        assert!(of(&both[1..]).unwrap_err().contains("AWS_ACCESS_KEY_ID is missing"));
        assert!(of(&[("AWS_ACCESS_KEY_ID", "a b")]).unwrap_err().starts_with("AWS_ACCESS_KEY_ID has"));
    }

    #[test]
    fn regions_and_styles() {
        for (text, region, style) in [
            ("s3://s3.eu-central-1.amazonaws.com/nas", "eu-central-1", Style::Host),
            ("s3://s3.dualstack.eu-west-3.amazonaws.com/nas", "eu-west-3", Style::Host),
            ("s3://s3-eu-west-1.amazonaws.com/nas", "eu-west-1", Style::Host),
            ("s3://s3.amazonaws.com/my.nas", "us-east-1", Style::Path),
            ("s3://s3.us-west-004.backblazeb2.com/nas", "us-west-004", Style::Path),
            ("s3://minio.example.org:9000/nas", "us-east-1", Style::Path),
        ] {
            let access = BucketAccess::default();
            assert_eq!((&*access.region_of(&url(text)), access.style_of(&url(text))), (region, style), "{text}");
        }
    }
}
