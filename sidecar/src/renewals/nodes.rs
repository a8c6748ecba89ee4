//! What nodes report that has an end: certificates in their files and on their ports.

use atalaya_renew::{ByItself, Ends, Flag, Found, Kind};
use atalaya_wire::Sample;
use atalaya_wire::view::Cert;

use crate::tower::Seen;

/// Everything of that kind that any node has.
pub(super) fn list(seen: &Seen) -> Vec<Found> {
    let mut all = Vec::new();
    for (id, node) in seen.nodes.iter().filter(|(_, node)| node.row.state == "member") {
        let title = if node.row.title.is_empty() { id.as_str() } else { &node.row.title };
        let samples = node.objects.values().filter_map(crate::tower::Latest::sample);
        let certs = samples.filter_map(|sample| if let Sample::Cert(cert) = sample { Some(cert) } else { None });
        all.extend(certs.map(|cert| found(title, &cert)));
    }
    all
}

fn found(node: &str, cert: &Cert) -> Found {
    let source = cert.source.as_deref().or(cert.name.as_deref()).unwrap_or("?");
    let seconds =
        |text: Option<&str>| text.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_second);
    let ends = seconds(cert.expires_at.as_deref()).map_or_else(
        || Ends::Unknown(cert.problem.as_deref().unwrap_or("the node cannot read it").to_owned()),
        Ends::At,
    );
    let mut found = Found::new(Kind::Certificate, format!("{node}: {source}"), ends);
    found.begun = seconds(cert.starts_at.as_deref());
    found.by_itself = ByItself::Unknown;
    found.flags = match cert.state.as_deref() {
        Some("wrong_name") => vec![Flag::WrongName],
        Some("not_yet_valid") => vec![Flag::NotYetValid],
        _ => Vec::new(),
    };
    let said = [cert.subject.as_deref(), cert.issuer.as_deref()];
    found.note = said.into_iter().flatten().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" · ");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_without_a_date_is_unknown_and_never_fine() {
        let cert = Cert { source: "/etc/ssl/a.pem".try_into().ok(), ..Cert::default() };
        let found = found("NAS", &cert);
        assert_eq!(found.name, "NAS: /etc/ssl/a.pem");
        assert!(matches!(found.ends, Ends::Unknown(_)));
        let cert = Cert {
            expires_at: "2027-01-01T00:00:00Z".try_into().ok(),
            starts_at: "2026-10-01T00:00:00Z".try_into().ok(),
            state: "wrong_name".try_into().ok(),
            ..cert
        };
        let found = super::found("NAS", &cert);
        assert_eq!((found.ends, found.flags), (Ends::At(1_798_761_600), vec![Flag::WrongName]));
        assert!(found.begun.is_some());
    }
}
