//! Folds what happened to runs.

use crate::event::RunEvent;
use crate::id::RunId;
use crate::run::{Run, RunPhase, StepPhase};
use crate::state::State;
use crate::time::Timestamp;

pub(super) fn run(state: &mut State, event: &RunEvent, at: Timestamp) {
    match event {
        RunEvent::Queued { run } => {
            state.last_run = state.last_run.max(run.id);
            state.live_runs.insert(run.id);
            state.runs.insert(run.id, (**run).clone());
            super::project::newest_run(state, run.id);
        }
        RunEvent::Sealed { artifact } => {
            state.artifacts.entry(artifact.digest.clone()).or_insert_with(|| (**artifact).clone());
            // The bytes may have been sealed before, by a commit that runs them in another way.
            change(state, artifact.run, |run| {
                run.service = Some(Box::new(artifact.service.clone()));
            });
        }
        RunEvent::Ended { id, result } => {
            state.live_runs.remove(id);
            change(state, *id, |run| {
                skip_rest(run);
                run.pipeline = None;
                run.phase = RunPhase::Ended { result: result.clone(), at };
            });
        }
        RunEvent::Started { id } => change(state, *id, |run| {
            run.started_at = Some(at);
            run.phase = RunPhase::CheckingOut;
        }),
        RunEvent::CheckedOut { id, pipeline, steps } => change(state, *id, |run| {
            run.pipeline = Some(pipeline.clone());
            run.steps.clone_from(steps);
        }),
        RunEvent::StepStarted { id, step } => change(state, *id, |run| {
            run.phase = RunPhase::Running { step: *step };
            set_step(run, *step, StepPhase::Running { since: at });
        }),
        RunEvent::StepEnded { id, step, exit } => change(state, *id, |run| {
            let since = match run.steps.get(*step as usize).map(|s| &s.phase) {
                Some(StepPhase::Running { since }) => *since,
                _ => at,
            };
            set_step(run, *step, StepPhase::Ended { since, at, exit: exit.clone() });
        }),
        RunEvent::SealStarted { id } => {
            change(state, *id, |run| run.phase = RunPhase::Sealing);
        }
        RunEvent::CancelAsked { id, by } => {
            change(state, *id, |run| run.cancelled_by = Some(by.clone()));
        }
        RunEvent::ResultFixed { id, result } => change(state, *id, |run| {
            run.phase = RunPhase::Cleaning { result: result.clone() };
        }),
    }
}

fn change(state: &mut State, id: RunId, with: impl FnOnce(&mut Run)) {
    if let Some(run) = state.runs.get_mut(&id) {
        with(run);
    }
}

fn set_step(run: &mut Run, step: u32, phase: StepPhase) {
    if let Some(state) = run.steps.get_mut(step as usize) {
        state.phase = phase;
    }
}

fn skip_rest(run: &mut Run) {
    for step in &mut run.steps {
        if matches!(step.phase, StepPhase::Waiting) {
            step.phase = StepPhase::Skipped;
        }
    }
}
