//! All rules, as they are looked up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use toml::Spanned;

use super::overrides::Override;
use super::written::File;
use super::{Rule, When, check};
use crate::ids::{NodeId, Object, RuleId};
use crate::limits::RULES_MAX;

/// A rule with what is different for some objects.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    rule: Rule,
    /// It holds only where an override turns it on.
    opt_in: bool,
    overrides: Vec<Override>,
}

/// Rules that were checked, with their overrides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    entries: BTreeMap<RuleId, Entry>,
    by_view: HashMap<String, Vec<RuleId>>,
    parents: BTreeSet<RuleId>,
    /// Views that some rule wants to hear of.
    awaited: BTreeSet<String>,
}

impl Rules {
    /// From files, such as [`super::DEFAULT`] and the user's. A later file's rule replaces one of the same id; a later
    /// file's overrides come before those of earlier ones.
    ///
    /// # Errors
    ///
    /// What is wrong, with the number of the file's line, in one line of text.
    pub fn parse(files: &[&str]) -> Result<Self, String> {
        let mut read = Vec::new();
        for text in files {
            let file: File = toml::from_str(text).map_err(|err| at(text, err.span(), err.message()))?;
            read.push((*text, file));
        }
        let mut rules = Self::default();
        for (text, file) in &read {
            rules.add(text, file)?;
        }
        for (text, file) in read.iter().rev() {
            rules.change(text, file)?;
        }
        rules.finish()?;
        Ok(rules)
    }

    fn add(&mut self, text: &str, file: &File) -> Result<(), String> {
        let mut here = BTreeSet::new();
        for spanned in &file.rule {
            let written = spanned.get_ref();
            let rule = check::rule(written, &file.defaults).map_err(|what| wrong(text, spanned, &what))?;
            if !here.insert(rule.id.clone()) {
                return Err(wrong(text, spanned, &format!("there are two rules {:?}", written.id)));
            }
            let entry = Entry { rule, opt_in: written.opt_in, overrides: Vec::new() };
            self.entries.insert(entry.rule.id.clone(), entry);
        }
        if self.entries.len() > RULES_MAX {
            return Err(format!("there are more than {RULES_MAX} rules"));
        }
        Ok(())
    }

    fn change(&mut self, text: &str, file: &File) -> Result<(), String> {
        for spanned in &file.overrides {
            let written = spanned.get_ref();
            let Some(entry) = self.entries.get_mut(written.rule.as_str()) else {
                return Err(wrong(text, spanned, &format!("there is no rule {:?}", written.rule)));
            };
            if written.on && (!entry.opt_in || written.off) {
                return Err(wrong(text, spanned, "`on` is for rules with `opt_in`, and not together with `off`"));
            }
            let one = Override::new(written, &entry.rule).map_err(|what| wrong(text, spanned, &what))?;
            entry.overrides.push(one);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        for (id, entry) in &self.entries {
            self.by_view.entry(entry.rule.view.clone()).or_default().push(id.clone());
            let changed = entry.overrides.iter().filter_map(|one| one.rule.as_ref());
            if changed.chain([&entry.rule]).any(|rule| matches!(rule.when, When::Absent(_))) {
                self.awaited.insert(entry.rule.view.clone());
            }
            for parent in &entry.rule.depends {
                if !self.entries.contains_key(parent) {
                    return Err(format!("{id} depends on {parent}, which is no rule"));
                }
                self.parents.insert(parent.clone());
            }
        }
        let ids: Vec<&RuleId> = self.entries.keys().collect();
        match ids.into_iter().find(|id| self.reaches(id, id, &mut BTreeSet::new())) {
            Some(id) => Err(format!("{id} depends on itself: two alerts would silence each other")),
            None => Ok(()),
        }
    }

    fn reaches(&self, from: &RuleId, to: &RuleId, seen: &mut BTreeSet<RuleId>) -> bool {
        let depends = self.entries.get(from).map_or(&[][..], |entry| &entry.rule.depends);
        depends.iter().any(|next| next == to || (seen.insert(next.clone()) && self.reaches(next, to, seen)))
    }

    /// The ids of rules about a view.
    pub(crate) fn about(&self, view: &str) -> &[RuleId] {
        self.by_view.get(view).map_or(&[], Vec::as_slice)
    }

    /// The rule as it is for this object; `None` if it is not for it.
    #[must_use]
    pub fn get(&self, id: &RuleId, node: &NodeId, object: &Object) -> Option<&Rule> {
        let entry = self.entries.get(id)?;
        match entry.overrides.iter().find(|one| one.matches(node, object)) {
            Some(one) => one.rule.as_ref(),
            None => (!entry.opt_in).then_some(&entry.rule),
        }
    }

    /// Whether another rule depends on this one.
    pub(crate) fn is_parent(&self, id: &RuleId) -> bool {
        self.parents.contains(id)
    }

    /// Whether some rule wants to hear of this view.
    pub(crate) fn awaits(&self, view: &str) -> bool {
        self.awaited.contains(view)
    }

    /// All rules, without overrides.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.entries.values().map(|entry| &entry.rule)
    }
}

fn wrong<T>(text: &str, spanned: &Spanned<T>, what: &str) -> String {
    at(text, Some(spanned.span()), what)
}

/// A message in one line, with the line that it is about.
fn at(text: &str, span: Option<std::ops::Range<usize>>, what: &str) -> String {
    let what = what.replace('\n', " ");
    match span.and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {what}", before.matches('\n').count() + 1),
        None => what,
    }
}
