//! Words of the engine itself. What rules say stands with the rules.

use crate::action::Kind;
use crate::rule::{Severity, Words};

/// A language.
pub(super) struct Language {
    pub(super) nodes: &'static str,
    pub(super) and: &'static str,
    pub(super) more: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    /// Between whole and fraction.
    pub(super) point: &'static str,
    pub(super) full: &'static str,
    kinds: [&'static str; 6],
    severities: [&'static str; 4],
    spanish: bool,
}

pub(super) const ENGLISH: Language = Language {
    nodes: "nodes",
    and: "and",
    more: "more",
    yes: "yes",
    no: "no",
    point: ".",
    full: "More than {most} alerts are open; {waiting} more are not followed until there is room. Look at the network and at rules that fire everywhere.",
    kinds: ["Alert", "Still firing", "Nobody answered", "Silence ended, still firing", "Resolved", "Full"],
    severities: ["low", "medium", "high", "critical"],
    spanish: false,
};

pub(super) const SPANISH: Language = Language {
    nodes: "equipos",
    and: "y",
    more: "más",
    yes: "sí",
    no: "no",
    point: ",",
    full: "Hay más de {most} alertas abiertas; otras {waiting} no se siguen hasta que haya sitio. Revise la red y las reglas que saltan en todas partes.",
    kinds: ["Alerta", "Sigue activa", "Nadie ha respondido", "Fin del silencio, sigue activa", "Resuelta", "Lleno"],
    severities: ["bajo", "medio", "alto", "crítico"],
    spanish: true,
};

impl Language {
    pub(super) fn of<'a>(&self, words: &'a Words) -> &'a str {
        if self.spanish { &words.es } else { &words.en }
    }

    pub(super) const fn kind(&self, kind: Kind) -> &'static str {
        let [fired, still, escalated, silence, resolved, full] = self.kinds;
        match kind {
            Kind::Fired => fired,
            Kind::StillFiring => still,
            Kind::Escalated => escalated,
            Kind::SilenceEnded => silence,
            Kind::Resolved => resolved,
            Kind::Full => full,
        }
    }

    pub(super) const fn severity(&self, severity: Severity) -> &'static str {
        let [low, medium, high, critical] = self.severities;
        match severity {
            Severity::Low => low,
            Severity::Medium => medium,
            Severity::High => high,
            Severity::Critical => critical,
        }
    }
}
