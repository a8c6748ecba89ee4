//! Who asks, and what a URL does not say of the server.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::limits::S3_CREDENTIALS_BYTES_MAX;
use crate::S3Url;

/// Where a bucket's name stands in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// In the path: what every server understands.
    Path,
    /// Before the host's name: what Amazon wants.
    Host,
}

/// Credentials, and how the server is spoken to.
#[derive(Clone, Default)]
pub struct S3Access {
    pub(super) key_id: String,
    pub(super) secret: Zeroizing<String>,
    pub(super) session_token: Option<Zeroizing<String>>,
    pub(super) region: Option<String>,
    pub(super) style: Option<Style>,
    pub(super) ca_file: Option<PathBuf>,
}

impl fmt::Debug for S3Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Access").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl S3Access {
    /// From the variables that Amazon's own tools read; `None` where there are none.
    ///
    /// # Errors
    /// One of them is missing beside the others, or holds what it cannot.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let mut access = Self::default();
        let mut found = false;
        for (variable, key) in [
            ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
            ("AWS_SESSION_TOKEN", "aws_session_token"),
            ("AWS_DEFAULT_REGION", "region"),
            ("AWS_REGION", "region"),
            ("AWS_CA_BUNDLE", "ca_file"),
        ] {
            if let Some(value) = get(variable).filter(|value| !value.is_empty()).map(Zeroizing::new) {
                access.set(key, value.trim()).map_err(|why| format!("{variable} {why}"))?;
                found |= key.starts_with("aws_");
            }
        }
        match found {
            false => Ok(None),
            true if access.key_id.is_empty() => Err("AWS_ACCESS_KEY_ID is missing".to_owned()),
            true if access.secret.is_empty() => Err("AWS_SECRET_ACCESS_KEY is missing".to_owned()),
            true => Ok(Some(access)),
        }
    }

    /// From a file as Amazon's own tools have it: that section that is called `HOST/BUCKET`, or else `HOST`, or else
    /// `default`, each on its own.
    ///
    /// # Errors
    /// A line that is not understood, or no such section.
    pub fn from_text(text: &str, url: &S3Url) -> Result<Self, String> {
        if text.len() > S3_CREDENTIALS_BYTES_MAX {
            return Err("it is too long for credentials; is it the right file?".to_owned());
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
        match best {
            (at, access) if access.key_id.is_empty() => Err(format!("[{}] has no aws_access_key_id", named[at])),
            (at, access) if access.secret.is_empty() => Err(format!("[{}] has no aws_secret_access_key", named[at])),
            (_, access) => Ok(access),
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
            "aws_access_key_id" => value.clone_into(&mut self.key_id),
            "aws_secret_access_key" => self.secret = Zeroizing::new(value.to_owned()),
            "aws_session_token" => self.session_token = Some(Zeroizing::new(value.to_owned())),
            "region" => self.region = Some(value.to_owned()),
            "ca_file" => self.ca_file = Some(value.into()),
            "style" if value == "path" => self.style = Some(Style::Path),
            "style" if value == "host" => self.style = Some(Style::Host),
            "style" => return Err("knows \"path\" and \"host\"".to_owned()),
            _ => {
                let known = "aws_access_key_id, aws_secret_access_key, aws_session_token, region, style, ca_file";
                return Err(format!("has a key that is not known; known are {known}"));
            }
        }
        Ok(())
    }

    /// The region that requests are signed for.
    pub(super) fn region_of(&self, url: &S3Url) -> String {
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
    pub(super) fn style_of(&self, url: &S3Url) -> Style {
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

    fn url(text: &str) -> S3Url {
        match StoreUrl::parse(OsStr::new(text)).unwrap() {
            StoreUrl::S3(url) => url,
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
        let of = |text: &str| S3Access::from_text(FILE, &url(text)).unwrap();
        let amazon = of("s3://s3.eu-central-1.amazonaws.com/nas");
        assert_eq!((&*amazon.key_id, &**amazon.secret), ("AKIA", "wJalr/bPx+="));
        let home = of("s3://nas.lan:9000/first/x");
        assert_eq!((&*home.key_id, home.region.as_deref(), home.style), ("home", Some("garage"), None));
        assert_eq!(home.ca_file, Some("/etc/my roots.pem".into()));
        let second = of("s3+http://nas.lan:9000/second");
        assert_eq!((&*second.key_id, second.region, second.style), ("second", None, Some(Style::Host)));
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
            let why = S3Access::from_text(text, &url("s3://h.x/bucket")).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert!(S3Access::from_text(&"#".repeat(100_000), &url("s3://h.x/bucket")).is_err());
    }

    #[test]
    fn the_environment() {
        let of = |all: &[(&str, &str)]| {
            let all: Vec<(String, String)> = all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            S3Access::from_environment(|name| {
                all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            })
        };
        assert!(of(&[("AWS_REGION", "r")]).unwrap().is_none());
        let both = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "r")];
        let access = of(&both).unwrap().unwrap();
        assert_eq!((&*access.key_id, &**access.secret, access.region.as_deref()), ("a", "b", Some("r")));
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
            let access = S3Access::default();
            assert_eq!((&*access.region_of(&url(text)), access.style_of(&url(text))), (region, style), "{text}");
        }
    }
}
