//! A run: what it builds, its steps with their states and times, and what came of it.

use pilothouse_api::types::Stream;
use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::id::RunId;
use pilothouse_core::run::{Run, RunPhase, RunResult, StepExit, StepPhase, Trigger};

use super::super::lines::{Line, sentence};
use super::{Sheet, branch, gone};
use crate::age;
use crate::model::Model;
use crate::rows::words;
use crate::theme::{Mark, Scope};
use crate::width;

/// Lines of a report that are shown below its first.
const REPORT: usize = 30;
/// Cells of a step's name, at most and at least.
const NAME: usize = 34;
const LEAST_NAME: usize = 8;
/// Cells of a step's stage, its sign, and how long it took.
const STAGE: usize = 12;
const SIGN: usize = 2;
const TOOK: usize = 8;
/// Cells that how a step ended has before its name makes room for it.
const HOW: usize = 16;

pub(super) fn sheet(model: &Model, id: RunId, step: usize, width: u16) -> Sheet {
    let Some(run) = model.replica.runs.get(&id) else {
        return gone(format!("Run {id}"), "This run is no longer kept. Esc goes back.");
    };
    let mut lines = head(model, run);
    let first = lines.len();
    lines.extend(steps(model, run, width));
    if run.steps.is_empty() && !run.is_ended() {
        lines.extend(branch::verdict(model, &run.project, &run.commit, width));
    }
    lines.extend(outcome(model, run, width));
    lines.extend(last_lines(model, id, width));
    let selected = (!run.steps.is_empty()).then(|| first + step.min(run.steps.len() - 1));
    Sheet { title: format!("Run {id}"), lines, top: 0, selected }
}

fn steps(model: &Model, run: &Run, width: u16) -> Vec<Line> {
    if run.steps.is_empty() {
        let why = if run.is_ended() {
            "It ended before its pipeline was read."
        } else {
            "Its steps are known once the commit is checked out."
        };
        return vec![Line::new(why, Scope::Dim)];
    }
    let (stages, names) = columns(run, usize::from(width));
    let mut stage = "";
    let mut lines = Vec::new();
    for one in &run.steps {
        let said = one.stage == stage || one.stage == one.name;
        let name = if said { String::new() } else { width::clean(&one.stage) };
        stage = &one.stage;
        let (mark, word) = words::step(&one.phase);
        let took = match &one.phase {
            StepPhase::Running { since } => age::running(model.known_at(), *since),
            StepPhase::Ended { since, at, .. } => age::length(at.since(*since)),
            StepPhase::Waiting | StepPhase::Skipped => String::new(),
        };
        let tone = if mark == Mark::Error { Scope::StateError } else { Scope::Dim };
        let line = Line::default().padded(&name, stages, Scope::Dim).mark(mark);
        let line = line.padded(&width::clean(&one.name), names, Scope::Text);
        lines.push(line.and(format!("{took:>6}  "), Scope::Text).and(word, tone));
    }
    lines
}

/// The cells of the stages and of the steps' names. How long a step took and how it ended matter
/// more: where all of it does not fit, the names are cut, and the stages go first.
fn columns(run: &Run, width: usize) -> (usize, usize) {
    let words = run.steps.iter().map(|one| width::of(&words::step(&one.phase).1));
    let ends = SIGN + TOOK + words.max().unwrap_or(0).min(HOW);
    let left = width.saturating_sub(ends);
    if left >= STAGE + LEAST_NAME {
        return (STAGE, (left - STAGE).min(NAME));
    }
    (0, left.clamp(LEAST_NAME, NAME))
}

/// What came of the run, and what to do about it.
fn outcome(model: &Model, run: &Run, width: u16) -> Vec<Line> {
    let (RunPhase::Ended { result, .. } | RunPhase::Cleaning { result }) = &run.phase else {
        return Vec::new();
    };
    let (mark, text) = words::run_result(run, result);
    let mut lines = vec![Line::default()];
    if mark == Mark::Error {
        // A step that did not start wrote nothing.
        let wrote = run.steps.iter().any(|step| match &step.phase {
            StepPhase::Ended { exit, .. } => !matches!(exit, StepExit::NotStarted(_)),
            StepPhase::Running { .. } => true,
            StepPhase::Waiting | StepPhase::Skipped => false,
        });
        let log = if wrote { " l reads the log." } else { "" };
        lines.extend(sentence(&format!("{text}.{log}"), width, Scope::StateError));
        // The rest of a report stands as it was laid out: a caret points at what is above it.
        if let RunResult::Failed { why, .. } = result {
            let rest = why.lines().skip(1).take(REPORT);
            lines.extend(rest.map(|line| Line::new(width::clean(line), Scope::Text)));
        }
    } else if mark != Mark::Done {
        lines.extend(sentence(&format!("{text}."), width, Scope::Text));
    }
    if let Some(artifact) = run.artifact() {
        let facts = model.replica.artifacts.get(artifact);
        let size = facts.map_or_else(
            || " · no longer kept".to_owned(),
            |facts| match facts.kind {
                ArtifactKind::Tree => {
                    format!(" · {} files, {}", facts.files, age::bytes(facts.bytes))
                }
                ArtifactKind::Image => format!(" · image, {}", age::bytes(facts.bytes)),
            },
        );
        lines.push(Line::fact("artifact", format!("{}{size}", artifact.short())));
    }
    lines
}

/// What the failed step wrote in the end. The mark before each line stands where no output is,
/// so that none passes for a line of Pilothouse's own.
fn last_lines(model: &Model, id: RunId, width: u16) -> Vec<Line> {
    let known = model.ui.last_lines.as_ref().filter(|known| known.run == id);
    let lines = known.map_or(&[][..], |known| &known.lines);
    let room = usize::from(width.saturating_sub(2));
    let mut shown = vec![Line::default()];
    shown.extend(lines.iter().map(|line| {
        let (mark, scope) = match line.stream {
            Stream::Out => ("│ ", Scope::Text),
            Stream::Err => ("│ ", Scope::LogErr),
            Stream::Note => ("─ ", Scope::LogStep),
        };
        let text = width::cut(&width::clean(&line.text), room);
        Line::new(mark, Scope::StateError).and(text, scope)
    }));
    if lines.is_empty() { Vec::new() } else { shown }
}

fn head(model: &Model, run: &Run) -> Vec<Line> {
    let (mark, word) = words::run(run);
    let trigger = match run.trigger {
        Trigger::Poll => "a look at the repository",
        Trigger::Hook => "a git hook",
        Trigger::Manual => "a person, who asked to look or to run",
        Trigger::Apply => "an applied file, by which the branch feeds an environment",
    };
    let state = Line::name("state").mark(mark).and(width::cut(&word, 60), Scope::Text);
    let feeds = run
        .environment
        .as_ref()
        .map_or("no environment".to_owned(), |name| width::clean(name.as_str()));
    let mut lines = vec![
        Line::name("commit")
            .and(format!("{} ", width::clean(run.branch.as_str())), Scope::Strong)
            .and(format!("{} ", run.commit.short()), Scope::Dim)
            .and(width::clean(&run.subject), Scope::Text),
        Line::fact("for", feeds),
        Line::fact("started by", format!("{trigger}, {} ago", age::ago(model.now, run.queued_at))),
        state,
    ];
    let project = model.replica.projects.get(&run.project);
    if let Some(what) = project.and_then(|project| project.spec.grants.power()) {
        let warning = format!("steps may have {what}: whoever can push can become root here");
        lines.push(Line::name("granted").mark(Mark::Warn).and(warning, Scope::StateWarn));
    }
    lines.push(Line::default());
    lines
}
