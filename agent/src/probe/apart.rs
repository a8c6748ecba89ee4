//! Probes that need much memory for a moment read in a process of their own: `atalaya-agent probe NAME --parts`. What it
//! sees comes back as lines of text, a sample each, and a last one that says how it went.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};

use jiff::Timestamp;

use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site, run};

/// Stands in the daemon for a probe that reads elsewhere.
pub struct Apart {
    probe: Box<dyn Probe>,
    config: PathBuf,
    /// What it last saw, and when that had changed: where nothing did since, nobody is started to see it again.
    last: Option<(Timestamp, Vec<(ObjectId, Sample)>)>,
    /// What a process that ends after each reading cannot know.
    since: Since<Option<bool>>,
}

impl Apart {
    /// In the place of `probe`, which the configuration in `config` describes.
    #[must_use]
    pub fn of(probe: Box<dyn Probe>, config: PathBuf) -> Self {
        Self { probe, config, last: None, since: Since::default() }
    }

    /// What was last seen, if it is as it was.
    fn again(&self, changed_at: Option<Timestamp>) -> Option<&[(ObjectId, Sample)]> {
        let (at, samples) = self.last.as_ref()?;
        (Some(*at) == changed_at).then_some(samples)
    }

    fn parse(&mut self, text: &str, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        parse(text, &mut |id, mut sample| {
            if let Sample::Service(view) = &mut sample
                && view.up.is_some()
            {
                view.since = Some(when(self.since.of(id.as_str(), view.up, at.wall)));
            }
            out(id, sample);
        })
    }
}

impl Probe for Apart {
    fn name(&self) -> &'static str {
        self.probe.name()
    }

    fn every(&self) -> Duration {
        self.probe.every()
    }

    fn chosen_by(&self) -> &'static str {
        self.probe.chosen_by()
    }

    /// Longer than the other process has: it tells more about what hangs than we could.
    fn deadline(&self) -> Duration {
        self.probe.deadline() + Duration::from_secs(10)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let changed_at = self.probe.changed_at(site);
        if let Some(samples) = self.again(changed_at) {
            samples.iter().for_each(|(id, sample)| out(id.clone(), sample.clone()));
            return Ok(());
        }
        self.last = None;
        let program = crate::program::this();
        let config = self.config.to_string_lossy();
        let words = ["probe", self.probe.name(), "--parts", "--config", &config];
        let said = run(&program.to_string_lossy(), &words, self.probe.deadline() + Duration::from_secs(5))?;
        let mut seen = Vec::new();
        self.parse(&said.text, at, &mut |id, sample| {
            seen.extend(changed_at.map(|_| (id.clone(), sample.clone())));
            out(id, sample);
        })?;
        self.last = changed_at.map(|at| (at, seen));
        Ok(())
    }
}

/// The lines of one reading.
#[must_use]
pub fn lines(samples: &[(ObjectId, Sample)], result: &Result<()>) -> String {
    let mut out = String::new();
    for (id, sample) in samples {
        let Some(text) = sample.to_text() else { continue };
        let _ = writeln!(out, "sample {} {text}", if id.as_str().is_empty() { "." } else { id.as_str() });
    }
    match result {
        Ok(()) => out.push_str("ok\n"),
        Err(fault) => {
            let _ = writeln!(out, "{} {}", fault.state(), fault.to_string().replace('\n', " "));
        }
    }
    out
}

fn parse(text: &str, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "ok" => return Ok(()),
            "absent" => return Err(Fault::Absent(rest.to_owned())),
            "denied" => return Err(Fault::Denied(rest.to_owned())),
            "failed" => return Err(Fault::Failed(rest.to_owned())),
            "sample" => {
                if let Some((id, sample)) = sample(rest) {
                    out(id, sample);
                }
            }
            _ => {}
        }
    }
    Err(Fault::Failed("the process that reads it ended early".into()))
}

fn sample(rest: &str) -> Option<(ObjectId, Sample)> {
    let (id, text) = rest.split_once(' ')?;
    let id = if id == "." { ObjectId::only() } else { ObjectId::parse(id)? };
    Some((id, Sample::from_text(text)?))
}

#[cfg(test)]
mod tests {
    use atalaya_wire::text;
    use atalaya_wire::view::{Cert, Service, Updates};

    use super::*;

    fn read(text: &str) -> (Vec<(ObjectId, Sample)>, Result<()>) {
        let mut samples = Vec::new();
        let result = parse(text, &mut |id, sample| samples.push((id, sample)));
        (samples, result)
    }

    #[test]
    fn readings_go_through_lines() {
        let samples = vec![
            (ObjectId::only(), Sample::from(Updates { pending_count: Some(5), ..Updates::default() })),
            (ObjectId::of("web"), Sample::from(Cert { name: Some(text("ñ\n")), ..Cert::default() })),
        ];
        for result in [Ok(()), Err(Fault::Denied("no\nright".into()))] {
            let (back, how) = read(&lines(&samples, &result));
            assert_eq!(back, samples);
            assert_eq!(how.is_ok(), result.is_ok());
        }
    }

    #[test]
    fn how_long_a_page_is_up_survives_the_process_that_looks() {
        let probe = crate::probe::Pages::new(&crate::probe::ServicesConfig::default());
        let mut apart = Apart::of(Box::new(probe), "/nowhere".into());
        let mut since = |up, minute: i64| {
            let view = Service { up: Some(up), since: Some(text("now")), ..Service::default() };
            let said = lines(&[(ObjectId::of("web"), Sample::from(view))], &Ok(()));
            let wall = jiff::Timestamp::from_second(1_795_168_800 + 60 * minute).unwrap();
            let mut told = None;
            let at = Moment { boot: Duration::ZERO, wall };
            apart.parse(&said, at, &mut |_, sample| told = Some(sample)).unwrap();
            let Some(Sample::Service(view)) = told else { panic!("{told:?}") };
            view.since.unwrap().to_string()
        };
        assert_eq!([since(true, 0), since(true, 5)], ["2026-11-20T10:00:00Z"; 2]);
        assert_eq!(since(false, 7), "2026-11-20T10:07:00Z");
    }

    #[test]
    fn where_nothing_changed_nobody_is_started() {
        let probe = crate::probe::Updates::new(&crate::probe::UpdatesConfig::default());
        let mut apart = Apart::of(Box::new(probe), "/nowhere".into());
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        assert!(apart.again(at(7)).is_none() && apart.again(None).is_none());
        apart.last = at(7).map(|at| (at, vec![(ObjectId::only(), Updates::default().into())]));
        assert_eq!(apart.again(at(7)).map(<[_]>::len), Some(1));
        assert!(apart.again(at(8)).is_none() && apart.again(None).is_none());
    }

    #[test]
    fn a_process_that_says_nonsense_or_ends_early_is_a_failure() {
        for text in ["", "5 x 00\n", "zz\nsample . 99 00\nsample . 12 0\n", "sample ../x 12 00"] {
            let (samples, result) = read(text);
            assert!(samples.is_empty() && matches!(result, Err(Fault::Failed(_))), "{text:?}");
        }
    }
}
