//! `Authentication-Results` (RFC 8601): what one's own mail server found about a sender.

/// Comments in comments.
const DEPTH_MAX: usize = 8;

/// One header: each method with its result and its properties.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Results(Vec<Found>);

#[derive(Debug, PartialEq, Eq)]
struct Found {
    method: String,
    result: String,
    /// Such as `header.d` and `noip.com`.
    properties: Vec<(String, String)>,
}

impl Results {
    /// What this header says, if it is by `server`.
    pub(crate) fn of(text: &str, server: &str) -> Option<Self> {
        let mut clauses = clauses(text).into_iter();
        let id = clauses.next()?;
        // A version may follow the name.
        let named = id.first().is_some_and(|id| id.eq_ignore_ascii_case(server)) && !server.is_empty();
        (named && id.len() <= 2).then(|| Self(clauses.filter_map(|words| found(&words)).collect()))
    }

    /// Domains whose signature is good.
    pub(crate) fn signers(&self) -> impl Iterator<Item = &str> {
        let passed = self.0.iter().filter(|one| one.method == "dkim" && one.result == "pass");
        passed.filter_map(|one| one.property("header.d"))
    }

    /// Whether DMARC holds for this sender.
    pub(crate) fn is_aligned(&self, sender: &str) -> bool {
        let passed = self.0.iter().filter(|one| one.method == "dmarc" && one.result == "pass");
        let same = |one: &Found| one.property("header.from").is_none_or(|from| from.eq_ignore_ascii_case(sender));
        passed.into_iter().any(same)
    }
}

impl Found {
    /// `None` also of one that is there twice.
    fn property(&self, name: &str) -> Option<&str> {
        let mut all = self.properties.iter().filter(|(one, _)| one == name);
        let (_, value) = all.next()?;
        all.next().is_none().then_some(value)
    }
}

fn found(words: &[String]) -> Option<Found> {
    let (method, result) = words.first()?.split_once('=')?;
    // `dkim/1=pass`: a version, which is always one.
    let method = method.split('/').next()?.to_ascii_lowercase();
    let properties = words.iter().skip(1).filter_map(|word| word.split_once('='));
    let properties = properties.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Found { method, result: result.to_ascii_lowercase(), properties })
}

/// Words by clauses: comments are dropped, what is quoted is of one piece, and blanks around `=` do not count.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let (mut out, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let (mut depth, mut quoted, mut letters) = (0_usize, false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if depth > 0 || quoted => {
                let next = letters.next();
                if depth == 0 {
                    word.extend(next);
                }
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => word.push(letter),
            '(' if depth < DEPTH_MAX => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ';' => {
                end(&mut words, &mut word);
                out.push(std::mem::take(&mut words));
            }
            letter if letter.is_whitespace() => {
                while letters.next_if(|next| next.is_whitespace()).is_some() {}
                if !word.ends_with('=') && letters.peek() != Some(&'=') {
                    end(&mut words, &mut word);
                }
            }
            letter => word.push(letter),
        }
    }
    end(&mut words, &mut word);
    out.push(words);
    // What is not closed hides what it likes.
    if depth > 0 || quoted { Vec::new() } else { out }
}

fn end(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Vec<String>, bool)> {
        let results = Results::of(text, "mx.example.org")?;
        Some((results.signers().map(str::to_owned).collect(), results.is_aligned("noip.com")))
    }

    #[test]
    fn what_servers_write() {
        for text in [
            " mx.example.org; dkim=pass header.d=noip.com header.s=k1; spf=pass smtp.mailfrom=b@noip.com",
            " mx.example.org 1;\r\n\tdkim=pass (2048-bit key; \"x\") header.d=noip.com",
            " MX.example.org;dkim = pass\r\n header.d = noip.com",
            " mx.example.org; DKIM/1=PASS reason=\"good; dkim=fail\" header.d=\"noip.com\"",
        ] {
            assert_eq!(read(text), Some((vec!["noip.com".to_owned()], false)), "{text}");
        }
        let gmail =
            " mx.example.org; dkim=pass header.i=@noip.com; dmarc=pass (p=REJECT sp=REJECT) header.from=noip.com";
        assert_eq!(read(gmail), Some((vec![], true)));
    }

    #[test]
    fn what_does_not_count() {
        for text in [
            " other.example; dkim=pass header.d=noip.com",
            " mx.example.org.evil; dkim=pass header.d=noip.com",
            " ; dkim=pass header.d=noip.com",
            "",
            " mx.example.org; (dkim=pass header.d=noip.com",
            " mx.example.org extra words; dkim=pass header.d=noip.com",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in [
            " mx.example.org; none",
            " mx.example.org; dkim=fail header.d=noip.com",
            " mx.example.org; dkim=pass (header.d=noip.com)",
            " mx.example.org; dkim=pass header.d=noip.com header.d=evil.example",
            " mx.example.org; spf=pass smtp.mailfrom=x header.d=noip.com; dmarc=fail",
            " mx.example.org; dmarc=pass header.from=evil.example",
            " mx.example.org; dkim=fail reason=\"dkim=pass header.d=noip.com\"",
        ] {
            let (signers, aligned) = read(text).unwrap();
            assert!(signers.iter().all(|one| one != "noip.com") && !aligned, "{text}");
        }
        assert_eq!(read(&format!(" mx.example.org; {} dkim=pass header.d=noip.com", "(".repeat(10_000))), None);
    }
}
