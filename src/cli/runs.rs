//! `pilothouse runs`: the job queue and what came out of it.

use std::num::NonZero;

use color_eyre::Result;
use pilothouse_cockpit::age;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{ArtifactDigest, EnvironmentName};
use pilothouse_core::run::{Run, RunPhase, RunResult, Trigger};
use pilothouse_core::state::State;
use pilothouse_core::text::first_line;
use pilothouse_core::time::Timestamp;
use serde::Serialize;

use super::status::phase::run_phase;
use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// The longest reason in a table, in characters; `logs` tells all of it.
const REASON: usize = 400;

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Runs {
    /// Only this project's
    project: Option<String>,
    /// Only the newest
    #[arg(long, value_name = "N", default_value = "20")]
    limit: NonZero<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of `runs --json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    run: u64,
    project: &'a str,
    branch: &'a str,
    environment: Option<&'a str>,
    commit: &'a str,
    subject: &'a str,
    /// `poll`, `hook` or `manual`.
    trigger: &'static str,
    /// `queued`, `running`, `succeeded`, `failed`, `cancelled`, `interrupted` or `superseded`.
    state: &'static str,
    /// What it does now or why it did not succeed; null where there is nothing to say.
    detail: Option<String>,
    /// In milliseconds since the Unix epoch, as the next two.
    queued_at: u64,
    started_at: Option<u64>,
    ended_at: Option<u64>,
    /// The artifact's sha256, where it succeeded.
    artifact: Option<&'a str>,
}

/// Shows them, the newest first.
pub fn run(place: &Place, runs: &Runs) -> Result<()> {
    let (_, snapshot) = ask::run(ask::look(place))?;
    let state = &snapshot.state;
    let only = runs.project.as_deref().map(|text| name::project(state, text)).transpose()?;
    let newest = state.runs.values().rev();
    let newest = newest.filter(|run| only.is_none_or(|(only, _)| run.project == *only));
    let newest = newest.take(runs.limit.get());
    if runs.json {
        return out::json(&newest.map(shown).collect::<Vec<_>>());
    }
    let mut table = Table::new(&[
        "RUN", "PROJECT", "BRANCH", "COMMIT", "WHY", "AGE", "TOOK", "STATE", "SUBJECT",
    ]);
    for run in newest {
        let (tone, word) = outcome(run);
        let state = if run.is_ended() { word.to_owned() } else { run_phase(run) };
        table.toned([
            (Tone::Plain, run.id.to_string()),
            (Tone::Plain, run.project.to_string()),
            (Tone::Plain, run.branch.to_string()),
            (Tone::Plain, run.commit.short().to_owned()),
            (Tone::Plain, trigger(run.trigger).to_owned()),
            (Tone::Plain, out::ago(snapshot.now, run.queued_at)),
            (Tone::Plain, took(run, snapshot.now)),
            (tone, state),
            (Tone::Plain, run.subject.clone()),
        ]);
        // Below the row, where all of it is read.
        table.notes(reason(run).as_slice());
    }
    if table.is_empty() {
        out::line("no run yet; every push makes one, and so does `pilothouse run BRANCH`");
    } else {
        table.print(0)?;
    }
    Ok(())
}

fn shown(run: &Run) -> Shown<'_> {
    Shown {
        run: run.id.0,
        project: run.project.as_str(),
        branch: run.branch.as_str(),
        environment: run.environment.as_ref().map(EnvironmentName::as_str),
        commit: run.commit.as_str(),
        subject: &run.subject,
        trigger: trigger(run.trigger),
        state: outcome(run).1,
        detail: detail(run),
        queued_at: run.queued_at.0,
        started_at: run.started_at.map(|at| at.0),
        ended_at: ended_at(run).map(|at| at.0),
        artifact: run.artifact().map(ArtifactDigest::as_str),
    }
}

fn ended_at(run: &Run) -> Option<Timestamp> {
    match &run.phase {
        RunPhase::Ended { at, .. } => Some(*at),
        RunPhase::Queued
        | RunPhase::CheckingOut
        | RunPhase::Running { .. }
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. } => None,
    }
}

fn took(run: &Run, now: Timestamp) -> String {
    let Some(started) = run.started_at else { return "-".to_owned() };
    age::length(ended_at(run).unwrap_or(now).since(started))
}

/// How a run stands, in one word, and how that is meant.
pub fn outcome(run: &Run) -> (Tone, &'static str) {
    if run.is_being_cancelled() {
        return (Tone::Warn, "cancelling");
    }
    match &run.phase {
        RunPhase::Queued => (Tone::Dim, "queued"),
        RunPhase::CheckingOut
        | RunPhase::Running { .. }
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. } => (Tone::Plain, "running"),
        RunPhase::Ended { result, .. } => match result {
            RunResult::Succeeded { .. } => (Tone::Good, "succeeded"),
            RunResult::Failed { .. } => (Tone::Bad, "failed"),
            RunResult::Cancelled { .. } => (Tone::Warn, "cancelled"),
            RunResult::Interrupted { .. } => (Tone::Bad, "interrupted"),
            RunResult::Superseded { .. } => (Tone::Dim, "superseded"),
        },
    }
}

/// Why a run failed or was interrupted, if it did.
fn reason(run: &Run) -> Option<String> {
    match &run.phase {
        RunPhase::Ended {
            result: RunResult::Failed { why, .. } | RunResult::Interrupted { why },
            ..
        } => Some(first_line(why, REASON)),
        RunPhase::Queued
        | RunPhase::CheckingOut
        | RunPhase::Running { .. }
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. }
        | RunPhase::Ended { .. } => None,
    }
}

/// A word for how a run stands, and why where it failed.
pub fn with_reason(run: &Run, word: &str) -> String {
    reason(run).map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}"))
}

fn detail(run: &Run) -> Option<String> {
    let RunPhase::Ended { result, .. } = &run.phase else { return Some(run_phase(run)) };
    match result {
        RunResult::Succeeded { .. } => None,
        RunResult::Failed { why, .. } | RunResult::Interrupted { why } => Some(why.clone()),
        RunResult::Cancelled { by } => Some(format!("by {by}")),
        RunResult::Superseded { by } => Some(format!("by {by}")),
    }
}

fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Poll => "poll",
        Trigger::Hook => "hook",
        Trigger::Manual => "manual",
        Trigger::Apply => "apply",
    }
}

/// Why the newest run of each branch that feeds an environment failed, where it did.
pub fn failures(state: &State, key: &EnvironmentKey) -> impl Iterator<Item = String> {
    let branches = state.projects.get(&key.project).map(|project| project.branches.values());
    let feeding = branches.into_iter().flatten();
    let feeding = feeding.filter(|branch| branch.environment.as_ref() == Some(&key.name));
    let newest = feeding.filter_map(|branch| state.runs.get(&branch.last_run?));
    newest.filter_map(|run| match outcome(run) {
        (Tone::Bad, word) => Some(format!("{} {}", run.id, with_reason(run, word))),
        (Tone::Plain | Tone::Good | Tone::Warn | Tone::Dim, _) => None,
    })
}
