//! The line that matters most: from the selected branch's commit to its traffic and its cost.
//!
//! It says only what is known. What failed, what nobody knows and what belongs to an older
//! commit is said as such.

mod release;
mod watched;

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::run::{Run, RunPhase, StepPhase};
use pilothouse_core::state::Environment;

use self::release::release;
pub use self::watched::state as watched_state;
use super::serving::{Serving, serving};
use super::words;
use crate::age;
use crate::model::{BranchRef, Model};
use crate::theme::Mark;
use crate::width;

/// How many stages of a run are told one by one.
const STAGES: usize = 5;

/// The line for one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    /// The branch's name.
    pub branch: String,
    /// The commit's short name.
    pub commit: String,
    /// The commit's first line.
    pub subject: String,
    /// The parts that follow, in order.
    pub legs: Vec<Leg>,
}

/// One part of the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Where it stands; none where it is but a number.
    pub mark: Option<Mark>,
    /// What it says.
    pub long: String,
    /// The same where there is little room.
    pub short: String,
    /// The same where there is hardly any; empty where the sign alone says it.
    pub tiny: String,
    /// What stands at a sign that needs no more words: a letter or two.
    pub letter: String,
    /// Whether it says of some alone that nobody knows them, and of none that it is ill.
    pub is_doubt: bool,
}

impl Leg {
    fn new(mark: Mark, long: impl Into<String>, short: impl Into<String>) -> Self {
        let mut leg =
            Self { mark: Some(mark), long: long.into(), short: short.into(), ..Self::default() };
        if !leg.is_fine() {
            leg.tiny.clone_from(&leg.short);
        }
        leg
    }

    /// Whether nothing about it needs a person's eye.
    pub fn is_fine(&self) -> bool {
        matches!(self.mark, None | Some(Mark::Ok | Mark::Done | Mark::Pending | Mark::None))
    }

    fn tiny(self, tiny: impl Into<String>) -> Self {
        Self { tiny: tiny.into(), ..self }
    }

    fn letter(self, letter: impl Into<String>) -> Self {
        Self { letter: letter.into(), ..self }
    }
}

/// Tells the way of the open view's branch, or of the selected one.
pub fn journey(model: &Model) -> Option<Journey> {
    let row = model.told_branch()?;
    let facts = model.branch_facts(row);
    let mut journey = Journey {
        branch: width::clean(row.branch.as_ref().map_or("no branch", |branch| branch.as_str())),
        ..Journey::default()
    };
    if let Some(facts) = facts {
        facts.head.id.short().clone_into(&mut journey.commit);
        journey.subject = width::clean(&facts.head.subject);
    }
    let run = facts.and_then(|facts| facts.last_run).and_then(|id| model.replica.runs.get(&id));
    let is_head = run.zip(facts).is_some_and(|(run, facts)| run.commit == facts.head.id);
    if facts.is_some_and(|facts| facts.waits_for_place().is_some()) {
        journey.legs.push(Leg::new(Mark::Pending, words::WAITS_FOR_PLACE, "waits"));
    } else if facts.is_some() {
        journey.legs.extend(build(model, run, is_head));
    }
    journey.legs.extend(match &row.environment {
        None => vec![unfed(model, row)],
        Some(key) => match model.environment(key) {
            Some(environment) => traffic(model, row, environment),
            None => vec![Leg::new(Mark::None, "nothing deployed", "nothing")],
        },
    });
    Some(journey)
}

fn build(model: &Model, run: Option<&Run>, is_head: bool) -> Vec<Leg> {
    let Some(run) = run else {
        return vec![Leg::new(Mark::None, "no run yet", "no run")];
    };
    let mut legs = Vec::new();
    if !is_head {
        let text = format!("{} built {}", run.id, run.commit.short());
        legs.push(Leg::new(Mark::Stale, text, run.commit.short()));
    }
    match &run.phase {
        RunPhase::Queued | RunPhase::CheckingOut => {
            let (mark, text) = words::run(run);
            legs.push(Leg::new(mark, format!("{} {text}", run.id), text));
        }
        RunPhase::Running { .. }
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. }
        | RunPhase::Ended { .. } => {
            legs.extend(stages(model, run));
        }
    }
    let told = legs.iter().any(|leg| matches!(leg.mark, Some(Mark::Error | Mark::Unknown)));
    if let RunPhase::Ended { result, .. } = &run.phase
        && (!told || run.steps.is_empty())
    {
        let (mark, text) = words::run_result(run, result);
        if mark != Mark::Done || run.steps.is_empty() {
            // A sign alone would not say what it stands for: no stage has this name.
            let word = text.split(' ').next().unwrap_or_default().to_owned();
            legs.push(Leg::new(mark, width::cut(&text, 40), width::cut(&text, 16)).tiny(word));
        }
    }
    legs
}

/// A run's steps by stage: each stage's worst sign and how long it took.
fn stages(model: &Model, run: &Run) -> Vec<Leg> {
    let stages = run.steps.chunk_by(|one, two| one.stage == two.stage);
    stages
        .take(STAGES)
        .map(|steps| {
            let name =
                width::cut(&width::clean(steps.first().map_or("", |step| step.stage.as_str())), 12);
            let mark = steps
                .iter()
                .map(|step| words::step(&step.phase).0)
                .max_by_key(|mark| rank(*mark))
                .unwrap_or(Mark::None);
            let mut took = 0;
            for step in steps {
                took += match &step.phase {
                    StepPhase::Ended { since, at, .. } => at.since(*since).0,
                    StepPhase::Running { since } => model.known_at().since(*since).0 / 1000 * 1000,
                    StepPhase::Waiting | StepPhase::Skipped => 0,
                };
            }
            let time = age::length(pilothouse_core::time::Millis(took));
            let mark = if mark == Mark::Done { Mark::Ok } else { mark };
            match mark {
                Mark::Pending | Mark::None => Leg::new(mark, name.clone(), name.clone()),
                _ => Leg::new(mark, format!("{name} {time}"), name.clone()),
            }
            .letter(name.chars().take(1).collect::<String>())
            .tiny(name)
        })
        .collect()
}

fn rank(mark: Mark) -> u8 {
    match mark {
        Mark::Error => 6,
        Mark::Unknown => 5,
        Mark::Running | Mark::Warn | Mark::Ready | Mark::Draining | Mark::Stale => 4,
        Mark::Pending => 3,
        Mark::Done | Mark::Ok => 2,
        Mark::None => 1,
    }
}

fn traffic(model: &Model, row: &BranchRef, environment: &Environment) -> Vec<Leg> {
    let Some(key) = &row.environment else {
        return Vec::new();
    };
    if let Some(watched) = model.watched.get(key) {
        let mut legs = watched::legs(model, watched);
        legs.extend(cost_leg(model, key));
        return legs;
    }
    let serving = serving(model, key);
    let mut legs = vec![release(model, row, environment)];
    if environment.current.is_some() || serving.targets > 0 {
        legs.push(instances(&serving));
        legs.push(targets(&serving));
    }
    legs.push(domain(model, key, environment, &serving));
    legs.extend(cost_leg(model, key));
    legs
}

fn cost_leg(model: &Model, key: &EnvironmentKey) -> Option<Leg> {
    let cost = model.costs.lines.iter().find(|line| line.name == key.to_string())?;
    let plain =
        |said: String| Leg { mark: None, long: said.clone(), short: said, ..Leg::default() };
    Some(match (cost.micro_usd, cost.at_least) {
        (Some(micro), _) if cost.is_stale => {
            let said = format!("was {}", age::dollars(micro));
            Leg::new(Mark::Stale, said.clone(), said)
        }
        (Some(micro), _) => plain(age::dollars(micro)),
        (None, Some(least)) if cost.is_stale => {
            let said = format!("was ≥{}", age::dollars(least));
            Leg::new(Mark::Stale, said.clone(), said)
        }
        (None, Some(least)) => {
            let said = format!("≥{}", age::dollars(least));
            Leg::new(Mark::Unknown, said.clone(), said)
        }
        (None, None) => Leg::new(Mark::Unknown, "cost unknown", "$ ?"),
    })
}

/// Why a branch feeds no environment, where that is not as the operator's file says.
fn unfed(model: &Model, row: &BranchRef) -> Leg {
    let branch = row.branch.as_ref();
    let why = branch.and_then(|b| words::no_preview(&model.replica, &row.project, b, model.now));
    match why {
        Some((why, short)) => Leg::new(Mark::Warn, why, short),
        None => Leg::new(Mark::None, "feeds no environment", "no env"),
    }
}

fn instances(serving: &Serving) -> Leg {
    let mark = serving.instances_mark();
    if serving.is_stopped() {
        let count = serving.stopped;
        return Leg::new(mark, format!("{count} stopped"), "stopped").letter("inst").tiny("stop");
    }
    let count = format!("{}/{}", serving.instances, serving.asked());
    let stopped = match serving.stopped {
        0 => String::new(),
        stopped => format!(", {stopped} stopped"),
    };
    Leg::new(mark, format!("{count} instances{stopped}"), format!("{count} inst{stopped}"))
        .letter("inst")
        .tiny(format!("{count}i"))
}

fn targets(serving: &Serving) -> Leg {
    let count = format!("{}/{}", serving.healthy, serving.wanted.max(serving.targets));
    match serving.targets_mark() {
        Mark::Unknown => Leg::new(Mark::Unknown, "targets unknown", "? tgt"),
        mark => Leg::new(mark, format!("{count} targets"), format!("{count} tgt"))
            .letter("tgt")
            .tiny(format!("{count}t")),
    }
}

/// Whether the domain reaches a healthy target: the table is read back, its addresses are listened
/// on, and one answers.
fn domain(
    model: &Model,
    key: &EnvironmentKey,
    environment: &Environment,
    serving: &Serving,
) -> Leg {
    let Some(domain) = &environment.spec.domain else {
        return Leg::new(Mark::None, "no domain", "no domain");
    };
    let edge = &model.replica.edge;
    let project = model.replica.projects.get(&key.project);
    let listen = project.map_or(&[][..], |project| &project.spec.load_balancer.listen);
    let closed = edge.unbound.iter().filter(|one| listen.contains(&one.address)).count();
    let mark = if !edge.connected {
        Mark::Unknown
    } else if environment.current.is_none() && serving.targets == 0 {
        Mark::None
    } else if edge.active.as_ref() != Some(&edge.wanted) {
        Mark::Warn
    } else if serving.healthy == 0 || (closed > 0 && closed == listen.len()) {
        Mark::Error
    } else if closed > 0 {
        Mark::Warn
    } else {
        Mark::Ok
    };
    let domain = width::clean(domain);
    Leg::new(mark, domain.clone(), width::cut(&domain, 14)).letter("dns")
}
