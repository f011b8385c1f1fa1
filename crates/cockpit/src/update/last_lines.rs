//! Keeps the last lines of a failed step beside its run while that is open.

use pilothouse_api::types::LogPage;
use pilothouse_core::id::RunId;
use pilothouse_core::run::{Run, RunPhase, RunResult, StepExit, StepPhase};

use crate::model::{LastLines, Model, View};
use crate::msg::Request;

/// Asks for the last lines of the step that the open run failed in, once.
pub(super) fn ask(model: &mut Model) -> Option<Request> {
    let Some(View::Run { id, .. }) = model.ui.views.last() else {
        return None;
    };
    let (run, step) = (*id, model.replica.runs.get(id).and_then(failed_step)?);
    let known = model.ui.last_lines.as_ref();
    if known.is_some_and(|known| (known.run, known.step) == (run, step)) {
        return None;
    }
    model.ui.last_lines = Some(LastLines { run, step, lines: Vec::new() });
    Some(Request::ReadLastLines { run, step })
}

/// The step that a run failed in, if that wrote anything.
fn failed_step(run: &Run) -> Option<u32> {
    let (RunPhase::Ended { result, .. } | RunPhase::Cleaning { result }) = &run.phase else {
        return None;
    };
    let RunResult::Failed { step: Some(step), .. } = result else {
        return None;
    };
    let phase = &run.steps.get(usize::try_from(*step).ok()?)?.phase;
    match phase {
        StepPhase::Ended { exit: StepExit::NotStarted(_), .. }
        | StepPhase::Waiting
        | StepPhase::Skipped => None,
        StepPhase::Ended { .. } | StepPhase::Running { .. } => Some(*step),
    }
}

/// Keeps what came. Where nothing could be read, the key that opens the log tells why.
pub(super) fn came(model: &mut Model, run: RunId, step: u32, page: Option<LogPage>) {
    let Some(known) = model.ui.last_lines.as_mut() else {
        return;
    };
    if (known.run, known.step) == (run, step) {
        known.lines = page.map_or_else(Vec::new, |page| page.lines);
    }
}
