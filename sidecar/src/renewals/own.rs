//! What the sidecar has itself that ends: tokens that it gave to programs, and the certificates that its pages and its broker
//! show.

use atalaya_renew::{ByItself, Ends, Flag, Found, Kind};
use x509_parser::parse_x509_certificate;

use crate::certificates::Presented;
use crate::people::TokenView;
use crate::pki;

/// The source of what is told here.
pub(super) const SOURCE: &str = "sidecar";

/// All of it at `now`, in seconds since 1970.
pub(super) fn list(tokens: &[TokenView], presented: &[Presented], now: i64) -> Vec<Found> {
    tokens.iter().filter_map(token).chain(presented.iter().map(|one| certificate(one, now))).collect()
}

/// One without an end is nobody's business here.
fn token(view: &TokenView) -> Option<Found> {
    let mut found = Found::new(Kind::Token, format!("API token {}", view.row.name), Ends::At(view.row.ends?));
    found.begun = Some(view.row.made);
    found.by_itself = ByItself::Nothing;
    found.note = format!("scopes {}; make another with \"atalaya-sidecar token add\"", view.row.scopes);
    Some(found)
}

fn certificate(one: &Presented, now: i64) -> Found {
    let name = format!("sidecar: {}", one.place);
    let Ok((_, parsed)) = parse_x509_certificate(&one.der) else {
        return Found::new(Kind::Certificate, name, Ends::Unknown("what is shown cannot be read".into()));
    };
    let (begun, ends) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let mut found = Found::new(Kind::Certificate, name, Ends::At(ends));
    found.begun = Some(begun);
    if begun > now {
        found.flags.push(Flag::NotYetValid);
    }
    if one.is_own {
        found.by_itself = ByItself::Renewed;
        found.next.at = Some(pki::due(begun, ends));
        found.next.late = Some(begun + (ends - begun) / 6 * 5);
        found.note = "signed by the sidecar's own authority".into();
    } else {
        found.by_itself = ByItself::Nothing;
        found.note = "its files are read again every hour".into();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::TokenRow;

    #[test]
    fn tokens_that_end_and_what_is_shown_are_listed() {
        let token = |ends| TokenView {
            row: TokenRow {
                name: "home".into(),
                hash: [0; 32],
                scopes: "read".into(),
                customers: None,
                made: 1_000,
                ends,
            },
            seen: None,
        };
        let params = rcgen::CertificateParams::new(vec!["nas.lan".to_owned()]).unwrap();
        let made = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let shown = |is_own| Presented { place: "pages", der: made.der().to_vec(), is_own };
        let bad = Presented { place: "broker", der: vec![0; 8], is_own: true };
        let found = list(&[token(Some(9_000)), token(None)], &[shown(true), shown(false), bad], 1_790_000_000);
        let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["API token home", "sidecar: pages", "sidecar: pages", "sidecar: broker"]);
        assert_eq!((&found[0].ends, found[0].begun), (&Ends::At(9_000), Some(1_000)));
        assert!(found[1].next.at.is_some() && found[1].by_itself == ByItself::Renewed);
        assert_eq!((found[2].next.at, found[2].by_itself), (None, ByItself::Nothing));
        assert!(matches!(found[3].ends, Ends::Unknown(_)));
    }
}
