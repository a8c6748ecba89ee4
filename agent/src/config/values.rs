//! Values that stand in the configuration as text.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use zeroize::Zeroizing;

/// A length of time such as `90s`, `15m`, `6h`, `7d`.
///
/// # Errors
///
/// What may stand there.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write 90s, 15m, 6h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = number.trim().parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * unit))
}

/// A size such as `100M`, checked; the program that gets it reads it again.
///
/// # Errors
///
/// What may stand there.
pub fn size(text: &str) -> Result<(), String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    if digits.parse::<u64>().is_ok() && ["", "K", "M", "G", "T"].contains(&unit) {
        return Ok(());
    }
    Err(format!("{text:?} is no size; write 100M or 2G"))
}

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

impl Url {
    /// Whether what is sent there stays on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls { "mqtts" } else { "mqtt" }, self.host, self.port)
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no broker; write mqtt://host:1883 or mqtts://host:8883");
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(wrong()),
        };
        if rest.contains('@') {
            return Err("a broker's address holds no password; use username and password_file".into());
        }
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.contains(']') => {
                (host, port.parse().map_err(|_| wrong())?)
            }
            _ => (rest, if tls { 8883 } else { 1883 }),
        };
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() || host.contains('/') {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, tls })
    }
}

/// The configuration as it was written, for telling lines of it. Not shown.
#[derive(Clone)]
pub struct Written(pub String);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Something that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(PathBuf);

impl Secret {
    /// One that lies in a file.
    pub(crate) const fn in_file(path: PathBuf) -> Self {
        Self(path)
    }

    /// The first line of it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn read(&self) -> Result<Zeroizing<String>, String> {
        let text = std::fs::read_to_string(&self.0).map(Zeroizing::new);
        let text = text.map_err(|err| format!("cannot read the password in {}: {err}", self.0.display()))?;
        Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
