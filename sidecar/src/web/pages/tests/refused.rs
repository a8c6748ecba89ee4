//! What was refused, on a node's page.

use super::*;

/// For each reason once.
pub(super) fn by_broker() -> Vec<(atalaya_broker::Why, u64)> {
    use atalaya_broker::Why;
    let all = [
        [Why::Stranger, Why::Certificate, Why::Password, Why::ClientId, Why::Taken, Why::Sessions],
        [Why::NotYours, Why::NotByNodes, Why::ReadOnly, Why::System, Why::Will, Why::NotRetained],
        [Why::TooMuch, Why::TooLarge, Why::Malformed, Why::Over, Why::Over, Why::Over],
    ];
    all.into_iter().flatten().map(|why| (why, 7)).collect()
}

#[test]
fn what_was_refused_is_said_in_words() {
    for language in [Language::En, Language::Es] {
        let page = all_pages(&seen(vec![a_node("nas", "NAS")], vec![]), "nas", language).remove(1);
        for (why, _) in by_broker() {
            let frame = frame(language);
            let words = frame.t(node::reason_of_broker(why)).to_owned();
            assert!(!words.starts_with("broker."), "{why:?} has no words");
            let shown = words.replace('\'', "&#39;");
            assert!(page.contains(&words) || page.contains(&shown), "{why:?}: {words}");
        }
    }
}
