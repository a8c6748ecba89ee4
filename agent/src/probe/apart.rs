//! Probes that need much memory for a moment read in a process of their own: `atalaya-agent probe NAME --parts`. What it
//! sees comes back as lines of text, a sample each, and a last one that says how it went.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};

use jiff::Timestamp;

use crate::probe::run::hear;
use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};

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

    /// Hands over what the other process said, and remembers it where nothing failed.
    fn take(
        &mut self,
        text: &str,
        changed_at: Option<Timestamp>,
        at: Moment,
        out: &mut dyn FnMut(ObjectId, Sample),
    ) -> Result<()> {
        self.last = None;
        let mut seen = Vec::new();
        self.parse(text, at, &mut |id, sample| {
            seen.extend(changed_at.map(|_| (id.clone(), sample.clone())));
            out(id, sample);
        })?;
        self.last = changed_at.map(|at| (at, seen));
        Ok(())
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
        let changed_at = self.probe.changed_at(site, at);
        if let Some(samples) = self.again(changed_at) {
            samples.iter().for_each(|(id, sample)| out(id.clone(), sample.clone()));
            return Ok(());
        }
        let program = crate::program::this();
        let config = self.config.to_string_lossy();
        let words = ["probe", self.probe.name(), "--parts", "--config", &config];
        let deadline = self.probe.deadline() + Duration::from_secs(5);
        let (said, late) = hear(&program.to_string_lossy(), &words, &[], deadline)?;
        // One that was late has told what it knew until then.
        let read = self.take(&said.text, changed_at, at, out);
        late.map_or(read, Err)
    }
}

/// The line of a sample; none for what is too large to be told.
#[must_use]
pub fn line(id: &ObjectId, sample: &Sample) -> Option<String> {
    let text = sample.to_text()?;
    Some(format!("sample {} {text}", if id.as_str().is_empty() { "." } else { id.as_str() }))
}

/// The last line of a reading.
#[must_use]
pub fn end(result: &Result<()>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(fault) => format!("{} {}", fault.state(), fault.to_string().replace('\n', " ")),
    }
}

fn parse(text: &str, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
    // A line that was cut short might be taken for another.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
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

    fn lines(samples: &[(ObjectId, Sample)], result: &Result<()>) -> String {
        let lines = samples.iter().filter_map(|(id, sample)| line(id, sample)).chain([end(result)]);
        lines.map(|line| line + "\n").collect()
    }

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
    fn what_failed_is_not_remembered() {
        let probe = crate::probe::Updates::new(&crate::probe::UpdatesConfig::default());
        let mut apart = Apart::of(Box::new(probe), "/nowhere".into());
        let time = Timestamp::from_second(7).ok();
        let at = Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
        let samples = [(ObjectId::only(), Updates::default().into())];
        for (result, kept) in [(Ok(()), true), (Err(Fault::Failed("apt".into())), false), (Ok(()), true)] {
            let mut count = 0;
            let read = apart.take(&lines(&samples, &result), time, at, &mut |_, _| count += 1);
            assert_eq!((read, count, apart.again(time).is_some()), (result, 1, kept));
        }
        assert!(apart.take("", time, at, &mut |_, _| {}).is_err() && apart.again(time).is_none());
    }

    #[test]
    fn one_that_is_killed_has_told_what_it_saw() {
        let samples = [(ObjectId::of("web"), Sample::from(Cert { name: Some(text("web")), ..Cert::default() }))];
        let said = lines(&samples, &Ok(()));
        let script = "printf '%s' \"$1\"; exec sleep 60";
        let cut = said.replace("ok\n", &said[..20]);
        let (heard, late) = hear("sh", &["-c", script, "sh", &cut], &[], Duration::from_millis(300)).unwrap();
        let (seen, result) = read(&heard.text);
        assert_eq!(seen, samples);
        assert!(result.is_err() && late.is_some_and(|late| late.to_string().contains("did not answer")));
    }

    #[test]
    fn a_process_that_says_nonsense_or_ends_early_is_a_failure() {
        for text in ["", "5 x 00\n", "zz\nsample . 99 00\nsample . 12 0\n", "sample ../x 12 00"] {
            let (samples, result) = read(text);
            assert!(samples.is_empty() && matches!(result, Err(Fault::Failed(_))), "{text:?}");
        }
    }
}
