//! Rules as files: what is shipped is complete, and what is wrong is refused with its line.

use atalaya_alert::{Rules, Severity, rule};

#[test]
fn the_shipped_rules_are_complete() {
    let rules = Rules::parse(&[rule::DEFAULT]).unwrap();
    let mut views = std::collections::BTreeSet::new();
    for rule in rules.iter() {
        views.insert(rule.view.clone());
        for words in [&rule.title, &rule.runbook] {
            assert!(!words.en.is_empty() && !words.es.is_empty() && words.en != words.es, "{}", rule.id);
        }
        assert_eq!(rule.link, format!("/runbooks/{}", rule.id));
        let shown = rule.severity == Severity::Low;
        assert_eq!(rule.to.is_none(), shown, "{}", rule.id);
        assert_eq!(rule.repeat.is_none(), shown, "{}", rule.id);
    }
    let of_wire = atalaya_wire::view::KINDS.iter().map(|kind| kind.name).filter(|name| *name != "meta");
    for view in of_wire.chain(atalaya_alert::own::VIEWS.iter().map(|view| view.name)) {
        assert!(views.contains(view), "no rule is about {view}");
    }
}

/// Requirement D2, by name.
#[test]
fn what_must_be_told_by_default_is() {
    let rules = Rules::parse(&[rule::DEFAULT]).unwrap();
    let has = |id: &str, severity| rules.iter().any(|rule| rule.id.as_str() == id && rule.severity == severity);
    let high = [
        "store-space",
        "repository-space",
        "upkeep-failed",
        "upkeep-frozen",
        "copy-failed",
        "copy-overdue",
        "policy-broken",
        "backup-failed",
        "backup-overdue",
        "dns-mismatch",
        "service-down",
        "fs-space",
        "node-offline",
    ];
    let critical = [
        "store-full",
        "repository-full",
        "upkeep-damaged",
        "backup-failing",
        "backup-damaged",
        "disk-failing",
        "disk-missing",
        "fs-read-only",
        "cert-urgent",
    ];
    high.iter().for_each(|id| assert!(has(id, Severity::High), "{id}"));
    critical.iter().for_each(|id| assert!(has(id, Severity::Critical), "{id}"));
}

const BASE: &str = r#"
[[rule]]
id = "a"
severity = "high"
title = { en = "A", es = "Á" }
view = "fs"
key = "used_percent"
runbook = { en = "x", es = "y" }
"#;

fn wrong(more: &str) -> String {
    let text = format!("{BASE}{more}");
    let err = Rules::parse(&[&text]).unwrap_err();
    assert!(!err.contains('\n'), "{err}");
    err
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    let cases = [
        ("when = [{ above = 9 }]\nwrong = 1", "line 10: unknown field `wrong`"),
        ("when = [{ above = 9, abve = 1 }]", "line 9: unknown field `abve`"),
        ("", "line 2: a rule has either `when` or `absent`"),
        ("when = [{ above = 9 }]\nabsent = \"1h\"", "line 2: a rule has either"),
        ("when = [{ above = 9 }]\nfor = \"5 min\"", "line 2: \"5 min\" is no span of time"),
        ("when = [{ above = 90 }]\nclear = [{ below = 95 }]", "line 2: used_percent can be cleared while"),
        ("when = [{ above = 90, below = 95 }]", "line 2: used_percent: one of above, below"),
        ("when = [{ key = \"used\", above = 90 }]", "line 2: the view fs has no key \"used\""),
        ("when = [{ key = \"state\", above = 90 }]", "line 2: state is text, and is compared with a number"),
        ("when = [{ key = \"writable\", is = true }]", "line 2: the view fs has no key \"writable\""),
        ("when = [{ is = \"full\" }]", "line 2: used_percent is number, and is compared with something else"),
        ("when = [{ grew = 5 }]", "line 2: used_percent: `within` is missing"),
        ("when = [{ above = 9 }]\nrepeat = \"10s\"", "line 2: repeat = \"10s\": at least 5m"),
        ("when = [{ above = 9 }]\nto = \"\"", "line 2: `to` names a channel set"),
        ("when = [{ above = 9 }]\ndepends = [\"b\"]", "a depends on b, which is no rule"),
        ("when = [{ above = 9 }]\n[[override]]\nrule = \"b\"\noff = true", "line 10: there is no rule \"b\""),
        ("when = [{ above = 9 }]\n[[override]]\nrule = \"a\"\non = true", "line 10: `on` is for rules with `opt_in`"),
        ("when = [{ above = 9 }]\n[[override]]\nrule = \"a\"\nof = true", "line 12: unknown field `of`"),
        ("when = [{ grew = 1, within = \"1h\" }, { reaches = 9, within = \"1h\", over = \"1h\" }]", "line 2: one term"),
    ];
    for (more, expected) in cases {
        let err = wrong(more);
        assert!(err.starts_with(expected), "{more}\nsays {err}\nnot  {expected}");
    }
    let twice = format!("{BASE}when = [{{ above = 9 }}]\n{BASE}when = [{{ above = 9 }}]\n");
    assert!(Rules::parse(&[&twice]).unwrap_err().contains("there are two rules"));
}

#[test]
fn a_rule_about_the_tower_itself_is_checked_like_any() {
    let own = BASE.replace("\"fs\"", "\"database\"").replace("used_percent", "free_bytes");
    let with = |when: &str| Rules::parse(&[&format!("{own}when = [{{ {when} }}]\n")]).map(drop);
    assert_eq!(with("below = 5e9"), Ok(()));
    for (when, why) in [
        ("key = \"mount\", is = \"/\"", "line 2: the view database has no key \"mount\""),
        ("key = \"writable\", above = 1", "line 2: writable is true or false, and is compared with a number"),
        ("is = \"full\"", "line 2: free_bytes is number, and is compared with something else"),
    ] {
        let told = with(when).unwrap_err();
        assert!(told.starts_with(why), "{told}");
    }
}

#[test]
fn rules_that_would_silence_each_other_are_refused() {
    let other = BASE.replace("id = \"a\"", "id = \"b\"");
    let text = format!(
        "{BASE}when = [{{ above = 9 }}]\ndepends = [\"b\"]\n{other}when = [{{ above = 9 }}]\ndepends = [\"a\"]\n"
    );
    assert!(Rules::parse(&[&text]).unwrap_err().contains("depends on itself"));
}

#[test]
fn a_later_file_replaces_and_overrides_first() {
    let own = format!("{}when = [{{ above = 1 }}]\n", BASE.replace("id = \"a\"", "id = \"fs-space\""));
    let rules = Rules::parse(&[rule::DEFAULT, &own]).unwrap();
    let rule = rules.get(&"fs-space".into(), &"n".into(), &"fs/a".into()).unwrap();
    assert_eq!((rule.title.en.as_str(), rule.up), ("A", 0));
    let first = "[[override]]\nrule = \"fs-space\"\nobject = \"media*\"\nseverity = \"low\"\n";
    let second = "[[override]]\nrule = \"fs-space\"\nobject = \"media2\"\nseverity = \"critical\"\n";
    let rules = Rules::parse(&[rule::DEFAULT, first, second]).unwrap();
    let severity = |object: &str| rules.get(&"fs-space".into(), &"n".into(), &object.into()).unwrap().severity;
    assert_eq!(["fs/media1", "fs/media2", "fs/a"].map(severity), [Severity::Low, Severity::Critical, Severity::High]);
}
