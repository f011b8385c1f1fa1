//! Opening and moving in what lies over the panes.

use pilothouse_api::inspection::Inspection;
use pilothouse_core::id::InstanceId;

use super::action::moved;
use super::{complain, obstacle, say};
use crate::action::Action;
use crate::model::{Close, JobRef, LogSource, LogView, Model, Pane, View};
use crate::msg::Request;
use crate::text;

/// How many views may lie over each other.
const DEPTH: usize = 6;

/// Opens what is selected.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    match opened(model) {
        Ok(View::Log(log)) => push_log(model, log.source, log.step),
        Ok(view) => {
            push(model, view);
            Vec::new()
        }
        Err(why) => say(model, why),
    }
}

/// What opens of what is selected, or why nothing does.
pub(super) fn opened(model: &Model) -> Result<View, &'static str> {
    let on_top = model.ui.views.last();
    if let Some(View::Run { id, step }) = on_top {
        let step = u32::try_from(*step).ok();
        return Ok(View::Log(Box::new(LogView::new(LogSource::Run(*id), step))));
    }
    if !matches!(on_top, None | Some(View::Branch { .. })) {
        return Ok(View::Log(Box::new(LogView::new(log_source(model)?, None))));
    }
    if on_top.is_none() && model.ui.focus == Pane::Cost {
        let line = model.costs.lines.get(model.cursor_row(Pane::Cost));
        let name = line.map(|line| line.name.clone()).ok_or(text::NOTHING_SELECTED)?;
        return Ok(View::Cost { name, top: 0 });
    }
    let subject = model.subject();
    match (subject.instance, subject.job) {
        (Some(id), _) => Ok(View::Instance { id, top: 0 }),
        (None, Some(JobRef::Run(id))) => Ok(View::Run { id, step: current_step(model, id) }),
        (None, Some(JobRef::Deployment(id))) => Ok(View::Deployment { id, top: 0 }),
        (None, None) => match model.watched_selected() {
            Some(name) => Ok(View::Watched { name, top: 0 }),
            None if model.is_others_selected() => Err(text::OTHERS),
            None if model.ui.focus == Pane::Branches => branch(model),
            None => Err(text::NOTHING_SELECTED),
        },
    }
}

/// A branch that nothing ran of; where it is open already there is nothing behind it yet.
fn branch(model: &Model) -> Result<View, &'static str> {
    let row = model.selected_branch().filter(|row| model.branch_facts(row).is_some());
    match row {
        Some(row) if model.ui.views.is_empty() => Ok(View::Branch { row: row.clone(), top: 0 }),
        Some(_) | None if model.is_watcher() => Err(text::NOTHING_RAN),
        Some(_) | None => Err(text::NOTHING_RAN_BUT_CAN),
    }
}

fn current_step(model: &Model, id: pilothouse_core::id::RunId) -> usize {
    use pilothouse_core::run::{RunPhase, RunResult};
    let Some(run) = model.replica.runs.get(&id) else {
        return 0;
    };
    let step = match &run.phase {
        RunPhase::Running { step } => Some(*step),
        RunPhase::Ended { result: RunResult::Failed { step, .. }, .. } => *step,
        RunPhase::Queued
        | RunPhase::CheckingOut
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. }
        | RunPhase::Ended { .. } => None,
    };
    step.and_then(|step| usize::try_from(step).ok()).unwrap_or(0)
}

/// Opens the log of what is selected.
pub(super) fn open_log(model: &mut Model) -> Vec<Request> {
    if let Some(View::Log(log)) = model.ui.views.last_mut() {
        if log.failed.take().is_none() {
            return Vec::new();
        }
        **log = LogView::new(log.source.clone(), log.step);
        return vec![Request::OpenLog { source: log.source.clone(), step: log.step, after: None }];
    }
    match log_source(model) {
        Ok(source) => push_log(model, source, None),
        Err(why) => complain(model, why),
    }
}

/// Whose log is read of what is selected, or why there is none.
pub(super) fn log_source(model: &Model) -> Result<LogSource, &'static str> {
    let subject = model.subject();
    match (subject.instance, subject.job) {
        (Some(id), _) => Ok(LogSource::Instance(id)),
        (None, Some(JobRef::Run(id))) => Ok(LogSource::Run(id)),
        (None, Some(JobRef::Deployment(id))) => {
            let deployment = model.replica.deployments.get(&id);
            let newest = deployment.and_then(|deployment| deployment.new.last());
            newest.cloned().map(LogSource::Instance).ok_or(text::NO_INSTANCE_YET)
        }
        (None, None) if model.is_others_selected() => Err(text::OTHERS),
        (None, None) if model.watched_selected().is_some() => Err(text::WATCHED),
        (None, None) => Err(text::NO_LOG),
    }
}

fn push_log(model: &mut Model, source: LogSource, step: Option<u32>) -> Vec<Request> {
    push(model, View::Log(Box::new(LogView::new(source.clone(), step))));
    vec![Request::OpenLog { source, step, after: None }]
}

fn push(model: &mut Model, view: View) {
    if model.ui.views.len() == DEPTH {
        model.ui.views.remove(0);
    }
    model.ui.views.push(view);
}

/// Has the selected instance looked at closely, or once more.
pub(super) fn inspect(model: &mut Model) -> Vec<Request> {
    if let Some(why) = obstacle(model, Action::InstanceInspect) {
        return complain(model, why);
    }
    let Some(id) = model.subject().instance else { return Vec::new() };
    // What was found before stays in sight until the answer is there.
    if !matches!(model.ui.views.last(), Some(View::Inspection(_))) {
        let close = Close { id: id.clone(), found: None, at: model.now, top: 0 };
        push(model, View::Inspection(Box::new(close)));
    }
    vec![Request::Inspect(id)]
}

/// Shows what was found, where that is still looked at.
pub(super) fn inspected(
    model: &mut Model,
    id: &InstanceId,
    found: &Result<Inspection, String>,
) -> Vec<Request> {
    let now = model.now;
    for view in &mut model.ui.views {
        if let View::Inspection(close) = view
            && close.id == *id
        {
            close.found = Some(found.clone());
            close.at = now;
        }
    }
    Vec::new()
}

/// Moves in the view on top.
pub(super) fn travel(model: &mut Model, action: Action) {
    let steps = match model.ui.views.last() {
        Some(View::Run { id, .. }) => model.replica.runs.get(id).map_or(0, |run| run.steps.len()),
        Some(
            View::Deployment { .. }
            | View::Instance { .. }
            | View::Cost { .. }
            | View::Watched { .. }
            | View::Inspection(_)
            | View::Branch { .. }
            | View::Log(_),
        )
        | None => 0,
    };
    let lines = crate::view::detail_length(model);
    match model.ui.views.last_mut() {
        Some(View::Run { step, .. }) => *step = moved(*step, steps, 8, action),
        Some(
            View::Deployment { top, .. }
            | View::Instance { top, .. }
            | View::Cost { top, .. }
            | View::Watched { top, .. }
            | View::Branch { top, .. },
        ) => {
            *top = moved(*top, lines, 8, action);
        }
        Some(View::Inspection(close)) => close.top = moved(close.top, lines, 8, action),
        Some(View::Log(_)) | None => {}
    }
}
