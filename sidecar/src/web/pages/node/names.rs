//! Names that should lead to the node, who keeps them, and certificates.

use atalaya_wire::Sample;

use super::{Look, Section, worst};
use crate::web::pages::table::Cell;

pub(super) fn names(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut dns = look.table(
        "names.dns",
        &["head.state", "head.name", "head.public", "head.authoritative", "head.resolved", "head.since"],
    );
    let mut marks = Vec::new();
    for thing in look.things("dns") {
        let Sample::Dns(view) = &thing.sample else { continue };
        marks.push(thing.mark);
        let note = if view.cgnat == Some(true) { frame.t("dns.cgnat") } else { "" };
        let pair = |four: &Option<atalaya_wire::Text>, six: &Option<atalaya_wire::Text>| {
            frame.words(four.as_deref()).note(six.as_deref().unwrap_or_default())
        };
        dns.rows.push(vec![
            Cell::state(look.state(thing.mark, view.state.as_deref())).note(look.frame.said(view.problem.as_deref())),
            Cell::text(view.host.as_deref().unwrap_or(&thing.id)).note(note),
            pair(&view.public_ipv4, &view.public_ipv6),
            pair(&view.authoritative_ipv4, &view.authoritative_ipv6),
            pair(&view.resolved_ipv4, &view.resolved_ipv6),
            frame.moment(view.since.as_deref()),
        ]);
    }
    let mut clients = look.table(
        "names.noip",
        &["head.state", "head.name", "head.client", "head.believed", "head.succeeded", "head.tried"],
    );
    for thing in look.things("noip") {
        let Sample::NoIp(view) = &thing.sample else { continue };
        marks.push(thing.mark);
        clients.rows.push(vec![
            Cell::state(look.state(thing.mark, view.state.as_deref())).note(look.frame.said(view.problem.as_deref())),
            Cell::text(view.host.as_deref().unwrap_or(&thing.id)),
            frame.words(view.client.as_deref().map(|client| frame.value(client)).as_deref()),
            frame.words(view.believed_ipv4.as_deref().or(view.believed_ipv6.as_deref())),
            frame.moment(view.succeeded_at.as_deref()),
            frame.moment(view.tried_at.as_deref()),
        ]);
    }
    look.section("names", "section.names", worst(marks.into_iter()), vec![dns, clients])
}

pub(super) fn certificates(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.certificates",
        &["head.state", "head.name", "head.subject", "head.issuer", "head.expires", "#head.left"],
    );
    let mut marks = Vec::new();
    for thing in look.things("cert") {
        let Sample::Cert(cert) = &thing.sample else { continue };
        marks.push(thing.mark);
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, cert.state.as_deref())).note(look.frame.said(cert.problem.as_deref())),
            Cell::text(cert.name.as_deref().unwrap_or(&thing.id)).note(cert.source.as_deref().unwrap_or_default()),
            frame.words(cert.subject.as_deref()),
            frame.words(cert.issuer.as_deref()),
            frame.moment(cert.expires_at.as_deref()),
            frame.number("left_percent", cert.left_percent),
        ]);
    }
    look.section("certificates", "section.certificates", worst(marks.into_iter()), vec![table])
}
