//! Whose a mail claims to be: by its sender's address, by the name beside it, or by a subject that only one sends.

use crate::judge::letter::Letter;
use crate::judge::{Provider, subject};

const ALL: [Provider; 3] = [Provider::NoIp, Provider::GoDaddy, Provider::Cloudflare];

impl Provider {
    /// Whether it sends from this domain. No-IP does from one alone; the others from several below theirs.
    pub(crate) fn sends_from(self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        match self {
            Self::NoIp => domain == "noip.com",
            Self::GoDaddy => is_below(&domain, "godaddy.com"),
            Self::Cloudflare => is_below(&domain, "cloudflare.com"),
        }
    }

    /// Its name, as far as it stays when letters are made to look like it.
    const fn bare(self) -> &'static str {
        match self {
            Self::NoIp => "noip",
            Self::GoDaddy => "godaddy",
            Self::Cloudflare => "cloudflare",
        }
    }
}

fn is_below(domain: &str, of: &str) -> bool {
    domain == of || domain.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'))
}

/// `None`: nobody's who matters here.
pub(crate) fn of(letter: &Letter<'_>) -> Option<Provider> {
    for (name, address) in letter.froms() {
        let texts = [bare(name), bare(address)];
        if let Some(found) = ALL.into_iter().find(|one| texts.iter().any(|text| text.contains(one.bare()))) {
            return Some(found);
        }
    }
    subject::noip(&letter.subject()).is_some().then_some(Provider::NoIp)
}

/// Letters and digits that look alike made one, and nothing but letters: `N0-1P`, `Νo-IP` with a Greek letter, `noïp`.
fn bare(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter_map(plain).collect()
}

fn plain(letter: char) -> Option<char> {
    Some(match letter {
        'a'..='z' => letter,
        '0' | 'ο' | 'о' | 'ó' | 'ò' | 'ö' | 'ô' | 'õ' | 'ø' | 'օ' => 'o',
        '1' | '!' | '|' | 'і' | 'ι' | 'í' | 'ì' | 'ï' | 'î' | 'ı' | 'ł' => 'i',
        'а' | 'α' | 'á' | 'à' | 'ä' | 'â' | 'ã' | 'å' | '4' | '@' => 'a',
        'е' | 'ε' | 'é' | 'è' | 'ë' | 'ê' | '3' => 'e',
        'р' | 'ρ' => 'p',
        'п' | 'ν' | 'ñ' | 'ń' | 'η' => 'n',
        'с' | 'ç' => 'c',
        'ԁ' => 'd',
        'у' | 'ý' | 'ÿ' => 'y',
        'υ' | 'ú' | 'ù' | 'ü' | 'û' => 'u',
        'ӏ' => 'l',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_alike() {
        for text in ["No-IP", "N0-IP Support", "nо-ір", "no ip", "noip.com.evil.example", "support@n0-1p.com"] {
            assert!(bare(text).contains("noip"), "{text}: {}", bare(text));
        }
        for text in ["Ana", "nip", "info@example.org", ""] {
            assert!(!bare(text).contains("noip"), "{text}");
        }
    }

    #[test]
    fn whose_domain_it_is() {
        assert!(Provider::NoIp.sends_from("NOIP.com") && !Provider::NoIp.sends_from("mail.noip.com"));
        assert!(Provider::Cloudflare.sends_from("notify.cloudflare.com"));
        for other in ["xgodaddy.com", "godaddy.com.evil.example", "godaddy.co", ""] {
            assert!(!Provider::GoDaddy.sends_from(other), "{other}");
        }
    }
}
