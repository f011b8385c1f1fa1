//! Opening and moving in what lies over the panes.

use pilothouse_api::inspection::Inspection;
use pilothouse_core::id::InstanceId;

use super::action::moved;
use super::{complain, say};
use crate::action::Action;
use crate::model::{Close, JobRef, Link, LogSource, LogView, Model, Pane, View};
use crate::msg::Request;
use crate::text;

/// How many views may lie over each other.
const DEPTH: usize = 6;

/// Opens what is selected.
pub(super) fn open(model: &mut Model) -> Vec<Request> {
    if let Some(View::Run { id, step }) = model.ui.views.last() {
        let step = u32::try_from(*step).ok();
        return push_log(model, LogSource::Run(*id), step);
    }
    if !matches!(model.ui.views.last(), None | Some(View::Branch { .. })) {
        return open_log(model);
    }
    if model.ui.views.is_empty() && model.ui.focus == Pane::Cost {
        return open_cost(model);
    }
    let subject = model.subject();
    let view = match (subject.instance, subject.job) {
        (Some(id), _) => View::Instance { id, top: 0 },
        (None, Some(JobRef::Run(id))) => View::Run { id, step: current_step(model, id) },
        (None, Some(JobRef::Deployment(id))) => View::Deployment { id, top: 0 },
        (None, None) if model.watched_selected().is_some() => {
            View::Watched { name: model.watched_selected().unwrap_or_default(), top: 0 }
        }
        (None, None) if model.is_others_selected() => return say(model, text::OTHERS),
        (None, None) if model.ui.focus == Pane::Branches => return open_branch(model),
        (None, None) => return say(model, text::NOTHING_SELECTED),
    };
    push(model, view);
    Vec::new()
}

/// Opens a branch that nothing ran of; where it is open already there is nothing behind it yet.
fn open_branch(model: &mut Model) -> Vec<Request> {
    let row = model.selected_branch().filter(|row| model.branch_facts(row).is_some()).cloned();
    match row {
        Some(row) if model.ui.views.is_empty() => push(model, View::Branch { row, top: 0 }),
        Some(_) | None => return say(model, text::NOTHING_RAN),
    }
    Vec::new()
}

fn open_cost(model: &mut Model) -> Vec<Request> {
    let line = model.costs.lines.get(model.cursor_row(Pane::Cost));
    let Some(name) = line.map(|line| line.name.clone()) else {
        return say(model, text::NOTHING_SELECTED);
    };
    push(model, View::Cost { name, top: 0 });
    Vec::new()
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
    let subject = model.subject();
    let source = match (subject.instance, subject.job) {
        (Some(id), _) => LogSource::Instance(id),
        (None, Some(JobRef::Run(id))) => LogSource::Run(id),
        (None, Some(JobRef::Deployment(id))) => {
            let newest =
                model.replica.deployments.get(&id).and_then(|deployment| deployment.new.last());
            match newest {
                Some(instance) => LogSource::Instance(instance.clone()),
                None => return say(model, text::NO_INSTANCE_YET),
            }
        }
        (None, None) if model.is_others_selected() => return complain(model, text::OTHERS),
        (None, None) if model.watched_selected().is_some() => {
            return complain(model, text::WATCHED);
        }
        (None, None) => return complain(model, text::NO_LOG),
    };
    push_log(model, source, None)
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
    let Some(id) = model.subject().instance else {
        let why = text::no_instance(model);
        return complain(model, why);
    };
    if model.link != Link::Live {
        return complain(model, text::NOT_CONNECTED);
    }
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
