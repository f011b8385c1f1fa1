//! What is under way, in a few words.

use pilothouse_core::deployment::Phase;
use pilothouse_core::run::{Run, RunPhase, StepState};
use pilothouse_core::text::printable;

/// What a deployment is doing, in a few words.
pub fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Queued => "waits",
        Phase::Staging => "lays the release out",
        Phase::Starting => "starts instances",
        Phase::Shifting => "moves traffic",
        Phase::Draining => "drains the old release",
        Phase::MakingRoom => "makes room",
        Phase::Verifying => "verifies",
        Phase::Baking { .. } => "watches the new release",
        Phase::Retiring => "stops the old release",
        Phase::Aborting { .. } => "aborts",
        Phase::RollingBack { .. } => "rolls back",
        Phase::Ended { .. } => "is over",
    }
}

/// What a run is doing, in a few words.
pub fn run_phase(run: &Run) -> String {
    if run.is_being_cancelled() {
        return "is being cancelled".to_owned();
    }
    match &run.phase {
        RunPhase::Queued => "queued".to_owned(),
        RunPhase::CheckingOut => "checks out".to_owned(),
        RunPhase::Running { step } => {
            let index = usize::try_from(*step).unwrap_or(usize::MAX);
            let name = run.steps.get(index).map_or("a step".to_owned(), StepState::title);
            let name = printable(&name, 80);
            format!("runs {name} ({}/{})", step + 1, run.steps.len())
        }
        RunPhase::Sealing => "seals its output".to_owned(),
        RunPhase::Cleaning { .. } => "cleans up".to_owned(),
        RunPhase::Ended { .. } => "is over".to_owned(),
    }
}
