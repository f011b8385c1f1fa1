//! The command-line form of what is selected.
//!
//! It will be pasted into a shell, and branch names are hostile: what is not plain is quoted.

use pilothouse_core::command::DeployWhat;
use pilothouse_core::plan::Plan;
use pilothouse_core::text::shell_word;

use crate::action::ACTIONS;
use crate::model::{JobRef, Model, Pane, Subject};

/// Every command that the help shows of what is selected.
pub fn all(model: &Model) -> Vec<String> {
    let subject = model.subject();
    let rows = ACTIONS.iter().filter(|row| !row.cli.is_empty());
    let mut all: Vec<String> = rows.map(|row| fill(model, row.cli, &subject)).collect();
    all.push(of_subject(model));
    all
}

/// The command that does what a plan shows.
pub fn of_plan(plan: &Plan) -> String {
    let key = shell_word(&plan.environment.to_string());
    match &plan.what {
        DeployWhat::Ready => format!("pilothouse deploy {key}"),
        DeployWhat::Run(run) => format!("pilothouse deploy {key} --run {}", run.0),
        DeployWhat::Rollback(_) => format!("pilothouse rollback {key} {}", plan.to.release),
        DeployWhat::Promotion(from) => {
            format!("pilothouse deploy {key} --from {}", shell_word(from.as_str()))
        }
    }
}

/// The command that shows the selected thing.
pub(crate) fn of_subject(model: &Model) -> String {
    let subject = model.subject();
    let environment = subject.environment.as_ref().and_then(|key| model.environment(key));
    let is_watched = environment.is_some_and(|one| one.spec.runtime.watch().is_some());
    // A branch may feed it and have runs of its own; what is chosen is the environment all the same.
    let is_of_job = !model.ui.views.is_empty() || matches!(model.ui.focus, Pane::Jobs);
    let template = if is_watched && (subject.job.is_none() || !is_of_job) {
        "pilothouse aws {environment}"
    } else if subject.instance.is_some()
        || matches!(model.ui.focus, Pane::Jobs) && subject.job.is_some()
    {
        "pilothouse logs {log}"
    } else if environment.is_some() {
        "pilothouse status {environment}"
    } else {
        "pilothouse status {project}"
    };
    fill(model, template, &subject)
}

/// Fills a command's `{…}` with what is selected.
pub(crate) fn fill(model: &Model, template: &str, subject: &Subject) -> String {
    let job = match (&subject.instance, subject.job) {
        (Some(id), _) => id.to_string(),
        (None, Some(JobRef::Run(id))) => id.0.to_string(),
        (None, Some(JobRef::Deployment(id))) => id.to_string(),
        (None, None) => "JOB".to_owned(),
    };
    // A deployment has no log of its own; its newest instance has.
    let newest = subject.job.and_then(|job| model.deployment_of(job)?.new.last());
    let log = match (subject.job, newest) {
        (Some(JobRef::Deployment(_)), Some(id)) => id.to_string(),
        (Some(JobRef::Deployment(_)), None) => "INSTANCE".to_owned(),
        (Some(JobRef::Run(_)) | None, _) => job.clone(),
    };
    let or = |text: Option<String>, word: &str| {
        text.map_or_else(|| word.to_owned(), |text| shell_word(&text))
    };
    template
        .replace(
            "{environment}",
            &or(subject.environment.as_ref().map(ToString::to_string), "ENVIRONMENT"),
        )
        .replace(
            "{source}",
            &or(subject.environment.as_ref().map(|key| key.name.to_string()), "ENVIRONMENT"),
        )
        .replace("{project}", &or(subject.project.as_ref().map(ToString::to_string), "PROJECT"))
        .replace("{job}", &shell_word(&job))
        .replace("{log}", &shell_word(&log))
        .replace("{instance}", &or(subject.instance.as_ref().map(ToString::to_string), "INSTANCE"))
        .replace("{branch}", &or(subject.branch.as_ref().map(ToString::to_string), "BRANCH"))
}
