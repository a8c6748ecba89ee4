//! One rule, other thresholds for some objects.

use super::written;
use super::{Rule, Term, check, glob, seconds};
use crate::ids::{NodeId, Object};

/// What counts instead of a rule, where it matches.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Override {
    node: String,
    object: String,
    /// `None` where the rule is off.
    pub(super) rule: Option<Rule>,
}

impl Override {
    pub(super) fn matches(&self, node: &NodeId, object: &Object) -> bool {
        glob(&self.node, node.as_str()) && (glob(&self.object, object.id()) || glob(&self.object, object.as_str()))
    }

    /// Of a rule that was checked before.
    pub(super) fn new(written: &written::Override, base: &Rule) -> Result<Self, String> {
        let place = |pattern: &Option<String>| pattern.clone().unwrap_or_else(|| "*".to_owned());
        let rule = if written.off { None } else { Some(changed(written, base)?) };
        Ok(Self { node: place(&written.node), object: place(&written.object), rule })
    }
}

fn changed(written: &written::Override, base: &Rule) -> Result<Rule, String> {
    let mut rule = base.clone();
    let terms = |list: &[written::Term]| -> Result<Vec<Term>, String> {
        list.iter().map(|one| check::term(one, &base.view, &base.key)).collect()
    };
    if written.when.is_some() || written.absent.is_some() {
        let list = written.when.as_deref().unwrap_or_default();
        rule.when = check::when(terms(list)?, written.absent.as_deref())?;
        // The base's recovery belongs to the base's threshold.
        rule.clear = Vec::new();
    }
    if let Some(list) = &written.clear {
        rule.clear = terms(list)?;
    }
    if let Some(span) = &written.up {
        rule.up = seconds(span)?;
    }
    if let Some(span) = &written.down {
        rule.down = seconds(span)?;
    }
    if let Some(span) = &written.repeat {
        rule.repeat = check::again(span)?;
    }
    if let Some(set) = &written.to {
        rule.to = check::to(set)?;
    }
    rule.severity = written.severity.unwrap_or(rule.severity);
    check::whole(&rule)?;
    Ok(rule)
}
