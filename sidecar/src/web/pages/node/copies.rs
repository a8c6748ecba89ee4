//! Whether what is backed up exists often enough: copies, media, places.

use atalaya_wire::Sample;

use super::{Look, Section, worst};
use crate::web::pages::table::Cell;

pub(super) fn section(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let heads = [
        "head.state",
        "head.job",
        "head.copies",
        "head.media",
        "head.places",
        "head.oldest",
        "head.read_back",
        "head.missing",
    ];
    let mut table = look.table("section.policy", &heads);
    let mut marks = Vec::new();
    for thing in look.things("policy") {
        let Sample::Policy(view) = &thing.sample else { continue };
        marks.push(thing.mark);
        let of = |sure: Option<u64>, wanted: Option<u64>| match sure.zip(wanted) {
            Some((sure, wanted)) => {
                Cell::text(frame.fill("policy.of", &[("sure", &sure.to_string()), ("wanted", &wanted.to_string())]))
            }
            None => frame.unknown(),
        };
        let lapsed = view.lapsed_count.filter(|count| *count > 0).and_then(|count| usize::try_from(count).ok());
        let lapsed = lapsed.map(|count| frame.count("policy.lapsed", count)).unwrap_or_default();
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, view.verdict.as_deref())),
            Cell::text(view.job.as_deref().unwrap_or(&thing.id)),
            of(view.copies_count, view.copies_wanted_count).note(lapsed),
            of(view.media_count, view.media_wanted_count),
            of(view.places_count, view.places_wanted_count),
            frame.moment(view.oldest_at.as_deref()),
            frame.moment(view.verified_at.as_deref()),
            Cell::text(look.frame.said(view.problem.as_deref())),
        ]);
    }
    look.section("policy", "section.policy", worst(marks.into_iter()), vec![table])
}
