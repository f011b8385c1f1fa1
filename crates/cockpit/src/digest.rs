//! What happened while the person was away, with times.

use pilothouse_core::deployment::{DeploymentResult, EnvironmentKey, Phase};
use pilothouse_core::plan::goes_first;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;
use pilothouse_core::text::{first_line, printable};
use pilothouse_core::time::Timestamp;

use crate::age;

/// How many sentences are said at most; the newest are kept.
const MOST: usize = 200;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When; none where it is still so.
    pub at: Option<Timestamp>,
    /// What, as a sentence.
    pub text: String,
}

impl Notice {
    /// It with its time of day and how long ago that was.
    pub fn told(&self, now: Timestamp, offset_minutes: i32) -> String {
        let when = self.at.map_or_else(
            || format!("{:<5} {:>4}", "now", ""),
            |at| format!("{} {:>4}", age::clock(at, offset_minutes), age::ago(now, at)),
        );
        format!("{when}  {}", self.text)
    }
}

/// Says what ended since a point in time, the newest first, and what waits for a person.
pub fn digest(state: &State, since: Timestamp) -> Vec<Notice> {
    let mut ended: Vec<(Timestamp, String)> = Vec::new();
    for deployment in state.deployments.values() {
        if let Phase::Ended { result, at } = &deployment.phase
            && *at > since
        {
            let what =
                format!("{} to {}", deployment.release, place(state, &deployment.environment));
            let how = deployment_result(result);
            ended.push((*at, format!("{} {what}: {how}", deployment.id)));
        }
    }
    for run in state.runs.values() {
        if let RunPhase::Ended { result, at } = &run.phase
            && *at > since
        {
            let branch = printable(&run.branch.0, 60);
            // One project goes without saying.
            let of =
                if state.projects.len() > 1 { format!("{}/", run.project) } else { String::new() };
            ended.push((*at, format!("{} {of}{branch}: {}", run.id, run_result(result))));
        }
    }
    for (key, environment) in &state.environments {
        if let Some(lost) = environment.lost.as_ref().filter(|lost| lost.at > since) {
            let why = printable(&lost.why, 160);
            ended.push((lost.at, format!("{}: {} was lost, {why}", place(state, key), lost.id)));
        }
    }
    ended.sort_by(|a, b| b.cmp(a));
    let waits = state.environments.iter().filter_map(|(key, environment)| {
        let ready = environment.ready.as_ref()?;
        let key = place(state, key);
        let text = match goes_first(state, environment) {
            Some(first) => format!("{key}: {} is ready and follows {}", ready.run, first.id),
            None => format!("{key} waits for you: {} is ready", ready.run),
        };
        Some(Notice { at: None, text })
    });
    let ended = ended.into_iter().map(|(at, text)| Notice { at: Some(at), text });
    let mut lines: Vec<Notice> = ended.take(MOST).collect();
    if !lines.is_empty() {
        lines.extend(waits);
    }
    lines
}

/// An environment by the name that people know: a preview's is its branch.
fn place(state: &State, key: &EnvironmentKey) -> String {
    let environment = state.environments.get(key);
    match environment.and_then(|environment| environment.preview_of.as_ref()) {
        Some(branch) => format!("{} preview of {}", key.project, printable(branch.as_str(), 60)),
        None => key.to_string(),
    }
}

fn deployment_result(result: &DeploymentResult) -> String {
    match result {
        DeploymentResult::Succeeded => "came to serve".to_owned(),
        DeploymentResult::Failed { why } => format!("failed, {}", printable(why, 160)),
        DeploymentResult::RolledBack { why } => format!("rolled back, {}", printable(why, 160)),
        DeploymentResult::Attention { why } => format!("needs you, {}", printable(why, 160)),
        DeploymentResult::Cancelled { by } => format!("cancelled by {}", printable(by, 40)),
        DeploymentResult::Superseded { by } => format!("superseded by {by}"),
    }
}

fn run_result(result: &RunResult) -> String {
    match result {
        RunResult::Succeeded { artifact } => format!("passed, artifact {}", artifact.short()),
        RunResult::Failed { why, .. } => format!("failed, {}", first_line(why, 160)),
        RunResult::Cancelled { by } => format!("cancelled by {}", printable(by, 40)),
        RunResult::Interrupted { why } => format!("interrupted, {}", printable(why, 160)),
        RunResult::Superseded { by } => format!("superseded by {by}"),
    }
}
