//! Figures that may be of before.

use super::*;

#[test]
fn figures_of_a_machine_that_may_be_otherwise_by_now_say_of_when_they_are() {
    let shown = |language, presence, interval, later: i64, link| {
        let node = NodeState { presence, interval, ..with_views(a_node("nas", "NAS"), "x", "1", "true") };
        let seen = Seen { link, ..seen(vec![node], vec![]) };
        let now = Now { wall_millis: (NOW + later) * 1000, ..Now::default() };
        let frame = Frame { now, ..frame(language) };
        let page = node::build(frame, &all(&seen), &shipped(), "nas", &Told::default()).unwrap().render().unwrap();
        let words = match language {
            Language::En => ["Now</h2>", "Last known</h2>", "<span>as of "],
            Language::Es => ["Ahora</h2>", "Lo último que se supo</h2>", "<span>a fecha de "],
        };
        let [is_now, was, at] = words.map(|word| page.contains(word));
        assert_eq!((was, at, page.contains("class=\"tiles old\"")), (!is_now, was, was));
        was
    };
    let (here, up) = (Presence::Online, || Link::Up);
    assert!(!shown(Language::En, here, 60, 0, up()) && !shown(Language::Es, here, 3600, 3600, up()));
    assert!(shown(Language::En, Presence::Offline, 60, 0, up()), "away");
    assert!(shown(Language::Es, Presence::Silent, 60, 7200, up()), "silent");
    assert!(shown(Language::En, here, 60, 0, Link::Down("gone".into())), "we hear nobody");
    assert!(shown(Language::En, here, 60, 3600, up()), "it says other things");
}
