//! Figures by name, as they are gathered: those of one name stand together, and there are so many at most.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Lines of one answer: 10 MiB.
pub(super) const LINES_MAX: usize = 100_000;

/// Names and values of labels.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Figures of one name.
#[derive(Debug)]
struct Family {
    help: String,
    counts: bool,
    lines: Vec<(Labels, f64)>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Families {
    by_name: BTreeMap<String, Family>,
    lines: usize,
    /// What was left out, because there would have been too much.
    pub(super) left_out: Vec<&'static str>,
}

impl Families {
    /// How many lines fit still.
    pub(super) const fn room(&self) -> usize {
        LINES_MAX.saturating_sub(self.lines)
    }

    /// Something that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, labels: Labels, value: f64) {
        self.add(name, help, false, labels, value);
    }

    /// Something that only grows; its name is without `_total`.
    pub(super) fn count(&mut self, name: &str, help: &str, labels: Labels, value: f64) {
        self.add(name, help, true, labels, value);
    }

    fn add(&mut self, name: &str, help: &str, counts: bool, labels: Labels, value: f64) {
        if self.room() == 0 {
            return;
        }
        self.lines += 1;
        match self.by_name.get_mut(name) {
            Some(family) => family.lines.push((labels, value)),
            None => {
                let help = help.trim_end_matches('.').replace('\n', " ");
                self.by_name.insert(name.to_owned(), Family { help, counts, lines: vec![(labels, value)] });
            }
        }
    }
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, family) in &self.by_name {
            let kind = if family.counts { MetricType::Counter } else { MetricType::Gauge };
            let mut all = encoder.encode_descriptor(name, &family.help, None, kind)?;
            for (labels, value) in &family.lines {
                let one = all.encode_family(labels)?;
                if family.counts {
                    ConstCounter::new(*value).encode(one)?
                } else {
                    ConstGauge::new(*value).encode(one)?
                }
            }
        }
        Ok(())
    }
}
