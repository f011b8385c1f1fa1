//! Whether an action can do anything for what is selected, and why not.
//!
//! The one judgement of it: hints show what has no obstacle, and whoever presses the key all the
//! same is told the obstacle.

use pilothouse_core::command::DeployWhat;
use pilothouse_core::decide::{restartable, stoppable};
use pilothouse_core::deployment::{Deployment, EnvironmentKey, Phase};
use pilothouse_core::instance::InstancePhase;
use pilothouse_core::run::Run;
use pilothouse_core::state::Environment;

use super::{dialog, list, logview, view};
use crate::action::Action;
use crate::model::{Choice, JobRef, Link, Model, Pane};
use crate::text;

/// Why an action can do nothing now; none where it can do something.
pub fn obstacle(model: &Model, action: Action) -> Option<String> {
    if action.changes() && model.is_watcher() {
        return Some(text::WATCHER.to_owned());
    }
    let asks = action.changes() || action == Action::InstanceInspect;
    if asks && model.link != Link::Live {
        return Some(text::NOT_CONNECTED.to_owned());
    }
    match action {
        Action::JobCancel => over(model),
        Action::RunAgain => {
            let subject = model.subject();
            let is_known = subject.project.is_some() && subject.branch.is_some();
            (!is_known).then(|| text::NO_BRANCH.to_owned())
        }
        Action::InstanceInspect => no_instance(model),
        Action::InstanceRestart | Action::InstanceStop => {
            no_instance(model).or_else(|| refused(model, action))
        }
        Action::InstanceShell => no_instance(model).or_else(|| at_rest(model)),
        Action::DeployReady
        | Action::DeployRollback
        | Action::DeployRelease
        | Action::DeployPromote
        | Action::InstanceStart => match model.subject().environment {
            Some(key) => of_environment(model, action, &key),
            None => Some(text::NO_ENVIRONMENT.to_owned()),
        },
        Action::Open => view::opened(model).err().map(str::to_owned),
        Action::LogNext | Action::LogPrevious | Action::LogStepNext => {
            logview::obstacle(model, action)
        }
        Action::LogOpen => view::log_source(model).err().map(str::to_owned),
        Action::FilterOpen => (model.ui.focus == Pane::Cost || !model.ui.views.is_empty())
            .then(|| "There is nothing to filter here.".to_owned()),
        _ => None,
    }
}

fn of_environment(model: &Model, action: Action, key: &EnvironmentKey) -> Option<String> {
    match action {
        Action::DeployReady => dialog::refusal(model, key, &dialog::ready(model)),
        Action::DeployRollback => dialog::refusal(model, key, &DeployWhat::Rollback(None)),
        Action::DeployRelease => list::earlier(model, key)
            .is_empty()
            .then(|| format!("{key} has no other release that once succeeded.")),
        Action::DeployPromote => unpromotable(model, key),
        _ => {
            let stopped = model.environment(key).map_or(0, Environment::missing);
            (stopped == 0).then(|| format!("Nothing was stopped in {key}."))
        }
    }
}

/// Why what an environment serves can be promoted to no other.
fn unpromotable(model: &Model, key: &EnvironmentKey) -> Option<String> {
    let mut why = format!("{} has no other environment to promote to.", key.project);
    for row in list::others(model, key) {
        let Choice::Plan(to, what) = row.choice else { continue };
        why = dialog::refusal(model, &to, &what)?;
    }
    Some(why)
}

/// Why there is nothing to cancel.
fn over(model: &Model) -> Option<String> {
    match model.subject().job {
        None => Some(text::NO_JOB.to_owned()),
        Some(job @ JobRef::Run(id)) => model
            .run_of(job)
            .is_none_or(Run::is_ended)
            .then(|| format!("Run {id} is over; there is nothing to cancel.")),
        Some(job @ JobRef::Deployment(id)) => match model.deployment_of(job) {
            Some(one) if !one.is_ended() => one.past_cancelling().map(|why| {
                let how = if one.phase == Phase::Retiring { "; x b rolls back" } else { "" };
                format!("Deployment {id} {why}{how}.")
            }),
            one => {
                let serves = |one: &&Deployment| {
                    let environment = model.environment(&one.environment);
                    environment.is_some_and(|found| found.current == Some(one.release))
                };
                let how =
                    one.filter(serves).map_or("there is nothing to cancel", |_| "x b rolls back");
                Some(format!("Deployment {id} is over; {how}."))
            }
        },
    }
}

fn no_instance(model: &Model) -> Option<String> {
    let known = model.subject().instance;
    let is_known = known.is_some_and(|id| model.replica.instances.contains_key(&id));
    (!is_known).then(|| text::no_instance(model).to_owned())
}

/// Why the selected instance is not restarted, or not stopped, by anybody now.
fn refused(model: &Model, action: Action) -> Option<String> {
    let id = model.subject().instance?;
    let found = match action {
        Action::InstanceRestart => restartable(&model.replica, &id),
        _ => stoppable(&model.replica, &id),
    };
    Some(dialog::sentence(&found.err()?.why))
}

/// Why there is no shell in the selected instance.
fn at_rest(model: &Model) -> Option<String> {
    let id = model.subject().instance?;
    let instance = model.replica.instances.get(&id)?;
    let runs = matches!(instance.phase, InstancePhase::Running { .. });
    (!runs).then(|| format!("{id} does not run, so there is no shell in it."))
}
