//! What people want: done at once, answered once it is on the disk, with a line of the audit in the same transaction.

use atalaya_alert::{Event, Refused};
use atalaya_wire::NodeId;
use serde_json::{Value, json};

use super::ask::NodeWish;
use super::{Ask, Tower, Wish};
use crate::clock::Now;
use crate::db::{self, Effect, Row};
use crate::error::{Error, Kind, Result};

impl Tower {
    /// Does it, or says why not.
    pub(super) fn wish(&mut self, ask: Ask, now: Now) {
        let Ask { wish, who, answer } = ask;
        let name = wish.name();
        let (target, detail) = about(&wish);
        match self.grant(wish, &who.name, now) {
            Err(why) => {
                let _ = answer.send(Err(why));
            }
            Ok(value) => {
                self.row(Row::Audit(who.did(now.seconds(), name, target, detail)), now);
                self.open.effect(Effect::Answer(answer, value), now.since_start);
            }
        }
    }

    fn grant(&mut self, wish: Wish, who: &str, now: Now) -> Result<Value> {
        let who = who.to_owned();
        match wish {
            Wish::Acknowledge { what, note } => {
                let event = Event::Acknowledge { what: what.clone(), who, note };
                self.engine_or_why(&event, now).inspect(|_| self.took_note(&what, now))
            }
            Wish::Quiet(quiet) => self.engine_or_why(&Event::Quiet(quiet), now),
            Wish::EndQuiet(id) => self.engine_or_why(&Event::EndQuiet(id), now),
            Wish::Window { window, is_new } => self.set_window(*window, is_new, now),
            Wish::RemoveWindow(id) => self.remove_window(&id, now),
            Wish::Note { incident, text, stage } => {
                self.engine_or_why(&Event::Note { incident, who, text, stage }, now)
            }
            Wish::Owner { incident, owner, due, ticket } => {
                self.row(Row::IncidentOwner { id: incident.0, owner, due, ticket }, now);
                Ok(Value::Null)
            }
            Wish::Node(wish) => self.change_node(wish, now),
            Wish::Retire { node, forget } => {
                let id = known(&node)?;
                let gone = self.retire(&id, forget, now).ok_or_else(|| no_node(&node))?;
                Ok(json!({ "node": node, "number": gone }))
            }
            Wish::Command { node, command, payload, number, .. } => {
                let id = known(&node)?;
                if !self.lines.contains_key(&id) {
                    return Err(no_node(&node));
                }
                if let Some(number) = number {
                    self.row(Row::Meta { key: "last_command", value: number.to_string() }, now);
                }
                let topic = format!("{}/{node}/cmd/{command}", self.terms.prefix);
                self.open.effect(Effect::Publish { topic, payload, retain: false }, now.since_start);
                Ok(Value::Null)
            }
        }
    }

    fn engine_or_why(&mut self, event: &Event, now: Now) -> Result<Value> {
        let why = |kind, text: &str| Err(Error::new(kind, text));
        match self.engine(event, now) {
            None => Ok(Value::Null),
            Some(Refused::Unknown) => why(Kind::Missing, "there is no such alert, incident or silence any more"),
            Some(Refused::Over) => why(Kind::Refused, "it would have ended already; give a later end"),
            Some(Refused::Quiets) => why(Kind::Full, "there are as many silences as there can be; end some first"),
            Some(Refused::Nodes | Refused::Objects) => {
                why(Kind::Full, "there are more nodes or objects than are watched")
            }
        }
    }

    fn change_node(&mut self, wish: NodeWish, now: Now) -> Result<Value> {
        let id = known(&wish.node)?;
        let row = self.board.read().nodes.get(&wish.node).map(|state| state.row.clone());
        let mut row = match row {
            Some(row) => row,
            None if wish.must_exist => return Err(no_node(&wish.node)),
            None => self.add(&id, "member", now).ok_or_else(|| Error::new(Kind::Full, "there are too many nodes"))?,
        };
        row.state = "member";
        if let Some(parent) = &wish.parent {
            row.parent = self.parent(&row, parent, now)?;
        }
        for (to, from) in [(&mut row.title, wish.title), (&mut row.customer, wish.customer), (&mut row.site, wish.site)]
        {
            if let Some(text) = from {
                *to = text;
            }
        }
        let number = row.id;
        if let Some(state) = self.board.write().nodes.get_mut(&wish.node) {
            state.row = row.clone();
        }
        self.row(Row::Node(row), now);
        if let Some((cert, secret)) = wish.keys {
            self.row(Row::NodeCert { node: number, cert, secret }, now);
        }
        if let Some(hash) = wish.code {
            self.row(Row::OnceUsed { hash, at: now.seconds() }, now);
        }
        self.board.tell(|| "fleet".into());
        Ok(json!({ "node": wish.node, "number": number }))
    }

    /// What is between a node and us; never the node itself, whatever is between.
    fn parent(&mut self, row: &db::Node, parent: &str, now: Now) -> Result<Option<u16>> {
        let found = {
            let seen = self.board.read();
            let number = |name: &str| seen.nodes.get(name).map(|state| state.row.id);
            if parent.is_empty() {
                None
            } else {
                let first = number(parent).ok_or_else(|| no_node(parent))?;
                let mut at = Some(first);
                while let Some(id) = at {
                    if id == row.id {
                        let why = format!("{parent} is behind {} itself", row.name);
                        return Err(Error::new(Kind::Refused, why));
                    }
                    at = seen.nodes.values().find(|state| state.row.id == id).and_then(|state| state.row.parent);
                }
                Some(first)
            }
        };
        if let Ok(id) = row.name.parse() {
            self.behind(&id, Some(parent).filter(|parent| !parent.is_empty()), now);
        }
        Ok(found)
    }
}

fn known(node: &str) -> Result<NodeId> {
    node.parse().map_err(|why| Error::new(Kind::Refused, format!("{node:?} is no node: {why}")))
}

fn no_node(node: &str) -> Error {
    Error::new(Kind::Missing, format!("there is no node {node:?}"))
}

/// For the audit: what it is about, and more of it.
fn about(wish: &Wish) -> (String, String) {
    match wish {
        Wish::Acknowledge { what: atalaya_alert::Target::Alert(key), note } => (key.to_string(), note.clone()),
        Wish::Acknowledge { what: atalaya_alert::Target::Incident(id), note } => {
            (format!("incident {id}"), note.clone())
        }
        Wish::Quiet(quiet) => {
            let matcher = serde_json::to_string(&quiet.matcher).unwrap_or_default();
            (quiet.id.to_string(), format!("{matcher} until {}: {}", quiet.until.0, quiet.why))
        }
        Wish::EndQuiet(id) | Wish::RemoveWindow(id) => (id.to_string(), String::new()),
        Wish::Window { window, .. } => {
            let matcher = serde_json::to_string(&window.matcher).unwrap_or_default();
            (window.id.to_string(), format!("{matcher} {}: {}", window.plan, window.why))
        }
        Wish::Note { incident, text, stage } => {
            let stage = stage.map(|stage| super::alerts::word(&stage)).unwrap_or_default();
            (format!("incident {incident}"), format!("{stage} {text}").trim().to_owned())
        }
        Wish::Owner { incident, owner, due, ticket } => {
            let due = due.map(|due| due.map(|due| due.to_string()));
            let all = [("owner", owner), ("due", &due), ("ticket", ticket)];
            let said = all.into_iter().filter_map(|(name, value)| {
                value.as_ref().map(|value| format!("{name} {}", value.as_deref().unwrap_or("none")))
            });
            (format!("incident {incident}"), said.collect::<Vec<_>>().join(", "))
        }
        Wish::Node(node) => {
            let detail = format!(
                "title {:?}, customer {:?}, site {:?}, parent {:?}",
                node.title, node.customer, node.site, node.parent
            );
            (node.node.clone(), detail)
        }
        Wish::Retire { node, forget } => (node.clone(), if *forget { "history erased".into() } else { String::new() }),
        Wish::Command { node, detail, .. } => (node.clone(), detail.clone()),
    }
}
