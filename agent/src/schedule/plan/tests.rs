use super::*;

/// A plan on a virtual clock.
struct World {
    plan: Plan,
    now: Timestamp,
}

fn job(name: &str, calendar: &str) -> Job {
    Job {
        name: name.into(),
        calendar: Calendar::parse(calendar, &TimeZone::UTC).unwrap(),
        delay: Duration::ZERO,
        window: None,
        retries: 2,
        rpo: Duration::from_secs(36 * 3600),
    }
}

impl World {
    fn new(jobs: Vec<Job>) -> Self {
        let jobs = jobs.into_iter().map(|job| (job, History::default())).collect();
        let mut world = Self { plan: Plan::new(jobs, at("2026-01-01T00:00:00Z")), now: at("2026-11-21T12:00:00Z") };
        assert_eq!(world.step(Event::Tick), []);
        world
    }

    fn step(&mut self, event: Event) -> Vec<Action> {
        let mut actions = self.plan.step(event, self.now, &TimeZone::UTC);
        actions.retain(|action| *action != Action::Save);
        actions
    }

    /// What begins when the clock is put to `time`.
    fn tick(&mut self, time: &str) -> Vec<Action> {
        self.now = at(time);
        self.step(Event::Tick)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_job_begins_at_its_time_and_once() {
    let mut world = World::new(vec![job("a", "daily 02:00")]);
    assert_eq!(world.tick("2026-11-22T01:59:59Z"), []);
    assert_eq!(world.tick("2026-11-22T02:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
    assert_eq!(world.tick("2026-11-22T02:00:01Z"), []);
    assert_eq!(world.step(Event::Ended(Outcome::Ok)), []);
    assert_eq!(world.tick("2026-11-22T02:30:00Z"), []);
    assert_eq!(world.tick("2026-11-23T02:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
}

#[test]
fn what_was_missed_is_caught_up_once() {
    let mut world = World::new(vec![job("a", "daily 02:00")]);
    assert_eq!(world.tick("2026-11-25T09:00:00Z"), [Action::Begin(0, Cause::CatchUp)]);
    world.step(Event::Ended(Outcome::Ok));
    assert_eq!(world.tick("2026-11-25T09:01:00Z"), []);
    assert_eq!(world.tick("2026-11-26T02:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
}

#[test]
fn one_runs_at_a_time_and_the_longest_waiting_first() {
    let mut world = World::new(vec![job("a", "daily 02:00"), job("b", "daily 01:00"), job("c", "daily 02:00")]);
    assert_eq!(world.tick("2026-11-22T02:05:00Z"), [Action::Begin(1, Cause::CatchUp)]);
    assert_eq!(world.plan.state(0, world.now, &TimeZone::UTC), State::Waiting("another job is running".into()));
    assert_eq!(world.step(Event::Ended(Outcome::Warnings)), [Action::Begin(0, Cause::Calendar)]);
    assert_eq!(world.step(Event::Ended(Outcome::Ok)), [Action::Begin(2, Cause::Calendar)]);
    assert_eq!(world.step(Event::Ended(Outcome::Ok)), []);
}

#[test]
fn a_failed_run_is_retried_ever_later_and_not_for_ever() {
    let mut world = World::new(vec![job("a", "daily 02:00")]);
    world.tick("2026-11-22T02:00:00Z");
    assert_eq!(world.step(Event::Ended(Outcome::Failed)), []);
    assert_eq!(world.plan.state(0, world.now, &TimeZone::UTC), State::Retrying);
    assert_eq!(world.tick("2026-11-22T02:05:00Z"), [Action::Begin(0, Cause::Retry)]);
    world.step(Event::Ended(Outcome::Failed));
    assert_eq!(world.tick("2026-11-22T02:19:59Z"), []);
    assert_eq!(world.tick("2026-11-22T02:20:00Z"), [Action::Begin(0, Cause::Retry)]);
    world.step(Event::Ended(Outcome::Failed));
    assert_eq!(world.tick("2026-11-22T23:00:00Z"), []);
    assert_eq!(world.tick("2026-11-23T02:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
    world.step(Event::Ended(Outcome::Ok));
    let (_, history) = world.plan.histories().next().unwrap();
    assert_eq!((history.failures, history.retry), (0, None));
}

#[test]
fn asking_twice_is_asking_once_and_waits_for_nobody_but_another_job() {
    let mut late = job("a", "manual");
    late.window = Some("01:00-02:00".parse().unwrap());
    let mut world = World::new(vec![late]);
    world.step(Event::Busy(Some("the machine is hot".into())));
    assert_eq!(world.step(Event::Asked(0)), [Action::Begin(0, Cause::Asked)]);
    assert_eq!(world.step(Event::Asked(0)), []);
    assert_eq!(world.step(Event::Ended(Outcome::Ok)), []);
    assert_eq!(world.step(Event::Asked(7)), []);
}

#[test]
fn a_busy_machine_or_a_closed_window_makes_it_wait_until_it_is_overdue() {
    let mut windowed = job("a", "daily 02:00");
    windowed.window = Some("02:00-04:00".parse().unwrap());
    let mut world = World::new(vec![windowed]);
    world.step(Event::Busy(Some("the machine is hot".into())));
    assert_eq!(world.tick("2026-11-22T02:00:00Z"), []);
    assert_eq!(world.plan.state(0, world.now, &TimeZone::UTC), State::Waiting("the machine is hot".into()));
    world.now = at("2026-11-22T04:30:00Z");
    assert_eq!(world.step(Event::Busy(None)), []);
    assert_eq!(world.plan.state(0, world.now, &TimeZone::UTC), State::Waiting("outside its window".into()));
    assert_eq!(world.tick("2026-11-23T00:00:01Z"), [Action::Begin(0, Cause::CatchUp)]);
}

#[test]
fn a_clock_before_the_build_date_starts_nothing() {
    let mut plan = Plan::new(vec![(job("a", "every 1h"), History::default())], at("2026-01-01T00:00:00Z"));
    assert_eq!(plan.step(Event::Tick, at("1970-01-01T00:00:05Z"), &TimeZone::UTC), []);
    assert_eq!(plan.state(0, at("1970-01-01T00:00:05Z"), &TimeZone::UTC), State::Waiting("the clock is wrong".into()));
    assert_eq!(plan.step(Event::Tick, at("2026-11-21T12:00:00Z"), &TimeZone::UTC), [Action::Save]);
    assert!(
        plan.step(Event::Tick, at("2026-11-21T13:00:00Z"), &TimeZone::UTC).contains(&Action::Begin(0, Cause::Calendar))
    );
}

#[test]
fn a_clock_that_jumps_costs_one_run_at_most() {
    let mut world = World::new(vec![job("a", "every 6h")]);
    world.step(Event::Asked(0));
    world.step(Event::Ended(Outcome::Ok));
    // Set back by ten years within the build date: the next run is six hours from now, not in ten years.
    assert_eq!(world.tick("2026-02-01T00:00:00Z"), []);
    assert_eq!(world.tick("2026-02-01T06:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
    world.step(Event::Ended(Outcome::Ok));
    assert_eq!(world.tick("2027-02-01T06:00:00Z"), [Action::Begin(0, Cause::CatchUp)]);
    world.step(Event::Ended(Outcome::Ok));
    assert_eq!(world.tick("2027-02-01T06:00:01Z"), []);
}

#[test]
fn a_delay_moves_a_job_for_good() {
    let mut delayed = job("a", "daily 02:00");
    delayed.delay = Duration::from_secs(420);
    let mut world = World::new(vec![delayed]);
    assert_eq!(world.tick("2026-11-22T02:06:59Z"), []);
    assert_eq!(world.tick("2026-11-22T02:07:00Z"), [Action::Begin(0, Cause::Calendar)]);
    world.step(Event::Ended(Outcome::Ok));
    assert_eq!(world.tick("2026-11-22T02:08:00Z"), []);
}

#[test]
fn a_run_that_never_ended_is_begun_again_at_the_next_start() {
    let history = History {
        began: Some(at("2027-01-05T02:00:00Z")),
        known: Some(at("2027-01-01T00:00:00Z")),
        ..History::default()
    };
    let mut plan = Plan::new(vec![(job("a", "monthly 5 02:00"), history.clone())], at("2026-11-01T00:00:00Z"));
    let zone = TimeZone::UTC;
    assert!(plan.step(Event::Tick, at("2027-01-05T09:00:00Z"), &zone).contains(&Action::Begin(0, Cause::Retry)));
    let ended = History { ended: Some(at("2027-01-05T02:10:00Z")), ..history };
    let mut plan = Plan::new(vec![(job("a", "monthly 5 02:00"), ended)], at("2026-11-01T00:00:00Z"));
    assert!(!plan.step(Event::Tick, at("2027-01-05T09:00:00Z"), &zone).contains(&Action::Begin(0, Cause::Retry)));
}

#[test]
fn a_backup_made_in_the_future_says_nothing_of_how_old_backups_are() {
    let future = Some(at("2036-01-01T00:00:00Z"));
    let known = Some(at("2027-01-01T00:00:00Z"));
    let history = History { succeeded: future, ended: future, full: future, known, ..History::default() };
    let mut plan = Plan::new(vec![(job("a", "daily 02:00"), history)], at("2026-11-01T00:00:00Z"));
    plan.step(Event::Tick, at("2027-02-01T00:00:00Z"), &TimeZone::UTC);
    assert!(plan.overdue(0, at("2027-02-01T00:00:00Z")));
    assert!(plan.wants_full(0, Some(Duration::from_secs(86_400)), at("2027-02-01T00:00:00Z")));
}

#[test]
fn every_night_has_its_own_retries() {
    let mut world = World::new(vec![job("a", "daily 02:00")]);
    for day in 22..25 {
        assert_eq!(world.tick(&format!("2026-11-{day}T02:00:00Z")), [Action::Begin(0, Cause::Calendar)]);
        world.step(Event::Ended(Outcome::Failed));
        for time in ["02:05", "02:20"] {
            assert_eq!(world.tick(&format!("2026-11-{day}T{time}:00Z")), [Action::Begin(0, Cause::Retry)], "{day}");
            world.step(Event::Ended(Outcome::Failed));
        }
        assert_eq!(world.tick(&format!("2026-11-{day}T23:00:00Z")), []);
    }
    assert_eq!(world.plan.histories().next().unwrap().1.failures, 9);
}

#[test]
fn a_run_that_is_put_off_is_shown_as_stopped_and_goes_on_at_the_next_start() {
    let mut world = World::new(vec![job("a", "daily 02:00")]);
    assert_eq!(world.tick("2026-11-22T02:00:00Z"), [Action::Begin(0, Cause::Calendar)]);
    let kept = world.plan.histories().next().unwrap().1.clone();
    world.plan.put_off();
    assert_eq!(world.plan.state(0, world.now, &TimeZone::UTC), State::Idle);
    assert_eq!(world.plan.histories().next().unwrap().1.outcome, Some(Outcome::Stopped));
    // What was written when it began counts.
    world.plan = Plan::new(vec![(job("a", "daily 02:00"), kept)], at("2026-01-01T00:00:00Z"));
    assert_eq!(world.tick("2026-11-22T02:05:00Z"), [Action::Begin(0, Cause::Retry)]);
}
