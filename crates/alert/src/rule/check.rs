//! From what was written to what is valid.

use atalaya_wire::view::KINDS;

use super::written::{self, BySeverity, Defaults};
use super::{Age, Rule, RuleId, Severity, Step, Term, Test, When, seconds};
use crate::own;

/// The engine's own view of a node.
pub(crate) const NODE: &str = "node";

/// Every rule, whatever it waits for, recovers no sooner than this, so that one reading decides nothing by itself.
const DOWN_SECONDS_DEFAULT: u64 = 60;

pub(super) fn rule(written: &written::Rule, defaults: &Defaults) -> Result<Rule, String> {
    if written.id.is_empty() || !written.id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_') {
        return Err(format!("{:?} is no id: it has letters, digits, - and _", written.id));
    }
    let (view, key) = (written.view.as_str(), written.key.as_str());
    shape(view, key)?;
    let terms = |written: &[written::Term]| -> Result<Vec<Term>, String> {
        written.iter().map(|one| term(one, view, key)).collect()
    };
    let common = of(written.severity, defaults);
    let repeat = written.repeat.as_deref().or(common.repeat.as_deref()).unwrap_or("never");
    let depends = written.depends.as_ref().unwrap_or(&defaults.depends).iter();
    let steps = written.escalate.as_ref().unwrap_or(&common.escalate).iter();
    let rule = Rule {
        id: RuleId::from(written.id.as_str()),
        severity: written.severity,
        title: written.title.clone(),
        view: written.view.clone(),
        key: written.key.clone(),
        only: terms(&written.only)?,
        when: when(terms(&written.when)?, written.absent.as_deref())?,
        clear: terms(&written.clear)?,
        up: written.up.as_deref().map_or(Ok(0), seconds)?,
        down: written.down.as_deref().map_or(Ok(DOWN_SECONDS_DEFAULT), seconds)?,
        group: written.group,
        depends: depends.filter(|id| **id != written.id).map(|id| RuleId::from(id.as_str())).collect(),
        repeat: again(repeat)?,
        to: to(written.to.as_deref().or(common.to.as_deref()).unwrap_or("default"))?,
        escalate: steps.map(step).collect::<Result<_, _>>()?,
        runbook: written.runbook.clone(),
        link: written.link.clone().unwrap_or_else(|| format!("/runbooks/{}", written.id)),
        source: written.source.clone(),
    };
    whole(&rule)?;
    Ok(rule)
}

fn of(severity: Severity, defaults: &Defaults) -> BySeverity {
    let common = match severity {
        Severity::Critical => &defaults.critical,
        Severity::High => &defaults.high,
        Severity::Medium => &defaults.medium,
        Severity::Low => &defaults.low,
    };
    common.clone().unwrap_or_default()
}

/// What must hold of all parts together, also after an override.
pub(super) fn whole(rule: &Rule) -> Result<(), String> {
    let When::All(when) = &rule.when else {
        return if rule.clear.is_empty() {
            Ok(())
        } else {
            Err("`absent` ends with the next sample: no `clear`".into())
        };
    };
    let histories = when.iter().chain(&rule.clear).filter_map(Term::window).count();
    if histories > 1 {
        return Err("one term of a rule may look at what was".into());
    }
    for term in when {
        for other in rule.clear.iter().filter(|other| other.key == term.key) {
            match (&term.test, &other.test) {
                (Test::Above(on), Test::Below(off)) if off > on => return Err(both(&term.key)),
                (Test::Below(on), Test::Above(off)) if off < on => return Err(both(&term.key)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn both(key: &str) -> String {
    format!("{key} can be cleared while `when` still holds: the limit of `clear` is on the wrong side")
}

pub(super) fn when(terms: Vec<Term>, absent: Option<&str>) -> Result<When, String> {
    match (terms.is_empty(), absent) {
        (false, None) => Ok(When::All(terms)),
        (true, Some(span)) => Ok(When::Absent(seconds(span)?)),
        _ => Err("a rule has either `when` or `absent`".into()),
    }
}

pub(super) fn again(text: &str) -> Result<Option<u64>, String> {
    if text == "never" {
        return Ok(None);
    }
    match seconds(text)? {
        span if span < 300 => Err(format!("repeat = {text:?}: at least 5m, or \"never\"")),
        span => Ok(Some(span)),
    }
}

pub(super) fn to(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Err("`to` names a channel set, or is \"none\"".into()),
        "none" => Ok(None),
        set => Ok(Some(set.to_owned())),
    }
}

fn step(written: &written::Step) -> Result<Step, String> {
    let set = to(&written.to)?.ok_or("an escalation has somebody to tell")?;
    Ok(Step { after: seconds(&written.after)?, to: set })
}

/// A key's shape: of a view of the wire, of the tower's own, or of the engine's.
fn shape(view: &str, key: &str) -> Result<&'static str, String> {
    if view == NODE {
        return if key == "state" { Ok("text") } else { Err(format!("the view node has no key {key:?}, only state")) };
    }
    let of_wire = KINDS.iter().find(|kind| kind.name == view);
    let found = match (of_wire, own::view(view)) {
        (Some(kind), _) => kind.fields.iter().find(|field| field.key == key).map(|field| field.shape),
        (None, Some(own)) => own.keys.iter().find(|one| one.key == key).map(|one| one.shape),
        (None, None) => return Err(format!("there is no view {view:?}")),
    };
    found.ok_or_else(|| format!("the view {view} has no key {key:?}"))
}

pub(super) fn term(written: &written::Term, view: &str, default: &str) -> Result<Term, String> {
    let key = written.key.as_deref().unwrap_or(default);
    let shape = shape(view, key)?;
    let span = |text: &Option<String>, name: &str| {
        text.as_deref().ok_or_else(|| format!("{key}: `{name}` is missing")).and_then(seconds)
    };
    let (within, over) = (|| span(&written.within, "within"), || span(&written.over, "over"));
    let number = |limit: f64| {
        let good = shape.ends_with("number") && limit.is_finite();
        if good { Ok(limit) } else { Err(format!("{key} is {shape}, and is compared with a number")) }
    };
    let mut tests = Vec::new();
    if let Some(limit) = written.above {
        tests.push(Test::Above(number(limit)?));
    }
    if let Some(limit) = written.below {
        tests.push(Test::Below(number(limit)?));
    }
    if let Some(one) = &written.is {
        tests.push(Test::OneOf(vec![one.clone()]));
    }
    if let Some(list) = &written.one_of {
        tests.push(Test::OneOf(list.clone()));
    }
    if let Some(list) = &written.not_one_of {
        tests.push(Test::NotOneOf(list.clone()));
    }
    if let Some(by) = written.grew {
        tests.push(Test::Grew { by: number(by)?, within: within()? });
    }
    if let Some(value) = written.reaches {
        tests.push(Test::Reaches { value: number(value)?, within: within()?, over: over()? });
    }
    if let Some(age) = age(written, view)? {
        tests.push(Test::Older(age));
    }
    let test = tests.pop().filter(|_| tests.is_empty());
    let test =
        test.ok_or_else(|| format!("{key}: one of above, below, is, one_of, not_one_of, grew, reaches, older"))?;
    literals(&test, key, shape)?;
    Ok(Term { key: key.to_owned(), test })
}

/// A literal of another type would never match, in silence.
fn literals(test: &Test, key: &str, shape: &str) -> Result<(), String> {
    let (Test::OneOf(list) | Test::NotOneOf(list)) = test else { return Ok(()) };
    let fits = |literal: &super::Literal| match literal {
        super::Literal::Flag(_) => shape == "true or false",
        super::Literal::Number(_) => shape.ends_with("number"),
        super::Literal::Text(_) => shape == "text",
    };
    let good = !list.is_empty() && list.iter().all(fits);
    if good { Ok(()) } else { Err(format!("{key} is {shape}, and is compared with something else")) }
}

fn age(written: &written::Term, view: &str) -> Result<Option<Age>, String> {
    let plus = written.plus.as_deref().map_or(Ok(0), seconds)?;
    match (&written.older, &written.older_than_key) {
        (None, None) => Ok(None),
        (Some(span), None) => Ok(Some(Age { seconds: seconds(span)?.saturating_add(plus), key: None })),
        (None, Some(key)) => {
            shape(view, key)?;
            Ok(Some(Age { seconds: plus, key: Some(key.clone()) }))
        }
        (Some(_), Some(_)) => Err("`older` or `older_than_key`, not both".into()),
    }
}
