//! Why nothing is ready to be deployed, said so that the person knows what to do next.

use crate::command::{DeployWhat, Rejection, RejectionKind};
use crate::deployment::{Deployment, DeploymentKind, EnvironmentKey, Phase};
use crate::id::{BranchName, RunId};
use crate::run::{Run, RunPhase, RunResult};
use crate::state::{Branch, Environment, Release, State};

use super::made::{Outdated, REMAKES, serves_outdated};

/// A run that somebody has to name to have its commit deployed: it was before, or its branch did not
/// feed the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// Why it is not ready by itself.
    pub why: String,
    /// The run.
    pub run: RunId,
    /// What deploying it does.
    pub does: &'static str,
}

/// The run that has to be named, where nothing is ready for an environment for that reason.
pub fn unasked(state: &State, key: &EnvironmentKey) -> Option<Unasked> {
    let environment = super::find(state, key).ok()?;
    let is_other = environment.ready.is_some() || environment.spec.runtime.watch().is_some();
    if is_other || live(state, environment).is_some() {
        return None;
    }
    let run = newest_run(state, key)?;
    of_run(state, key, environment, run).or_else(|| of_outdated(state, key, environment, run))
}

/// The run that makes what serves anew, where it was made with what the operator's file said before.
fn of_outdated(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    run: &Run,
) -> Option<Unasked> {
    let serves = environment.releases.get(&environment.current?)?;
    if serves.commit != run.commit || run.artifact().is_none() {
        return None;
    }
    let Outdated { why, run: remakes } = serves_outdated(state, key, &environment.spec)?;
    let commit = run.commit.short();
    let why =
        format!("nothing is ready for {key}: it serves {commit}, the newest that passed. {why}");
    Some(Unasked { why, run: remakes?, does: REMAKES })
}

/// Why nothing is ready for an environment.
pub(super) fn why(state: &State, key: &EnvironmentKey) -> Rejection {
    let Some(environment) = state.environments.get(key) else {
        return super::not_found(format!("there is no environment {key}"));
    };
    if let Some(live) = live(state, environment) {
        let how = if live.phase == Phase::Queued { "waits" } else { "is under way" };
        let why = format!(
            "nothing more is ready for {key}: deployment {} of {} by {} {how}",
            live.id, live.release, live.actor
        );
        return Rejection::new(RejectionKind::Busy, why);
    }
    super::conflict(at_rest(state, key, environment))
}

fn at_rest(state: &State, key: &EnvironmentKey, environment: &Environment) -> String {
    match newest_run(state, key) {
        Some(run) if !run.is_ended() => format!(
            "nothing is ready for {key} yet: run {} of {} has not ended",
            run.id,
            run.commit.short()
        ),
        Some(run) => ended(state, key, environment, run),
        None => match owed(state, key) {
            Some(branch) => format!(
                "nothing is ready for {key} yet: {} feeds it, and its run waits for a place in the \
                 job queue",
                crate::text::printable(branch.as_str(), 80)
            ),
            None => format!(
                "nothing is ready for {key}: no run of a branch that feeds it is known; push to one"
            ),
        },
    }
}

/// A branch that feeds the environment and is owed a run, as one that an operator's file gave to it.
fn owed<'a>(state: &'a State, key: &EnvironmentKey) -> Option<&'a BranchName> {
    let branches = &state.projects.get(&key.project)?.branches;
    let is_owed =
        |branch: &Branch| branch.owed.is_some() && branch.environment.as_ref() == Some(&key.name);
    branches.iter().find(|(_, branch)| is_owed(branch)).map(|(name, _)| name)
}

fn ended(state: &State, key: &EnvironmentKey, environment: &Environment, run: &Run) -> String {
    let RunPhase::Ended { result, .. } = &run.phase else { return String::new() };
    let commit = run.commit.short();
    if !matches!(result, RunResult::Succeeded { .. }) {
        let id = run.id;
        return format!(
            "nothing is ready for {key}: the newest run, {id} of {commit}, did not pass; push what \
             mends it, or run {} again",
            run.branch
        );
    }
    let serves = environment.current.and_then(|number| environment.releases.get(&number));
    if serves.is_some_and(|release| release.commit == run.commit) {
        let remake = super::remake(state, key, &environment.spec);
        let remake = remake.map_or_else(String::new, |how| format!(". {how}"));
        return format!(
            "nothing is ready for {key}: it serves {commit}, the newest that passed{remake}"
        );
    }
    let Some(Unasked { why, run, does }) = of_run(state, key, environment, run) else {
        return String::new();
    };
    format!("{why}; `pilothouse deploy {key} --run {}` {does}", run.0)
}

fn of_run(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    run: &Run,
) -> Option<Unasked> {
    run.artifact()?;
    let commit = run.commit.short();
    let is_it = |release: &Release| release.commit == run.commit;
    let serves = environment.current.and_then(|number| environment.releases.get(&number));
    if !run.is_ended() || serves.is_some_and(is_it) {
        return None;
    }
    let tried = last_of(state, key, run).map(|deployment| came_of(state, deployment));
    if tried.is_none() && !environment.releases.values().any(is_it) {
        let why =
            format!("nothing is ready for {key}: {commit} passed while its branch did not feed it");
        return Some(Unasked { why, run: run.id, does: "deploys it all the same" });
    }
    let tried = tried.map_or_else(String::new, |came| format!(": {came}"));
    let why = format!("{commit} was deployed already and does not serve{tried}");
    Some(Unasked { why, run: run.id, does: "deploys it again" })
}

/// What came of a deployment of what does not serve.
fn came_of(state: &State, deployment: &Deployment) -> String {
    let id = deployment.id;
    if !deployment.has_succeeded() {
        return format!("deployment {id} did not succeed");
    }
    let mut newest = state.deployments.values().rev();
    let after = newest.find(|one| one.environment == deployment.environment && one.has_succeeded());
    match after.filter(|after| after.id > id) {
        Some(after) if after.kind == DeploymentKind::Rollback => {
            format!("{id} deployed it, and {} went back to {}", after.id, after.release)
        }
        Some(after) => format!("{id} deployed it, and {} deployed {}", after.id, after.release),
        None => format!("{id} deployed it"),
    }
}

/// Whose commit is ready, where more than one branch feeds the environment: the head that somebody
/// has in mind may be another's.
pub(super) fn whose(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
) -> Option<String> {
    let ready = environment.ready.as_ref().and_then(|ready| state.runs.get(&ready.run))?;
    let branches = &state.projects.get(&key.project)?.branches;
    let mut feeding =
        branches.iter().filter(|(_, branch)| branch.environment.as_ref() == Some(&key.name));
    let (other, _) = feeding.find(|(name, _)| **name != ready.branch)?;
    let shown = |name: &BranchName| crate::text::printable(name.as_str(), 80);
    Some(format!(
        "this is the commit of {}; {} feeds {key} too",
        shown(&ready.branch),
        shown(other)
    ))
}

/// Of which branch a run is that somebody names, where the operator's file lets none of it reach the
/// environment by itself.
pub(super) fn stranger(state: &State, key: &EnvironmentKey, what: &DeployWhat) -> Option<String> {
    let DeployWhat::Run(id) = what else { return None };
    let run = state.runs.get(id)?;
    if run.feeds(state, key) {
        return None;
    }
    let branch = crate::text::printable(run.branch.as_str(), 80);
    Some(format!("run {id} is of {branch}, which does not feed {key}"))
}

/// What is newer than what is ready and cannot be deployed, so that nobody takes one for the other.
pub(super) fn newer(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
) -> Option<String> {
    let ready = environment.ready.as_ref().and_then(|ready| state.runs.get(&ready.run))?;
    let run = newest_run(state, key)?;
    if run.id <= ready.id || run.commit == ready.commit {
        return None;
    }
    let came = if run.is_ended() { "did not pass" } else { "has not ended" };
    let (id, commit) = (run.id, run.commit.short());
    let branch = crate::text::printable(run.branch.as_str(), 80);
    if run.branch != ready.branch {
        return Some(format!("{branch} is at {commit}, whose run {id} {came}"));
    }
    Some(format!("{branch} is at {commit}, whose run {id} {came}: this is the commit before"))
}

/// The newest run of a branch that feeds the environment; what others brought once counts no more.
fn newest_run<'a>(state: &'a State, key: &EnvironmentKey) -> Option<&'a Run> {
    state.runs.values().rev().find(|run| {
        run.is_for(key)
            && run.feeds(state, key)
            && !matches!(run.phase, RunPhase::Ended { result: RunResult::Superseded { .. }, .. })
    })
}

/// The deployment that works on the environment or waits to.
fn live<'a>(state: &'a State, environment: &Environment) -> Option<&'a Deployment> {
    let id = environment.waiting.or(environment.running)?;
    state.deployments.get(&id)
}

/// The newest deployment of what a run made.
fn last_of<'a>(state: &'a State, key: &EnvironmentKey, run: &Run) -> Option<&'a Deployment> {
    state.deployments.values().rev().find(|deployment| {
        deployment.environment == *key
            && deployment.kind == DeploymentKind::Deploy
            && state.environments.get(key).is_some_and(|environment| {
                let release = environment.releases.get(&deployment.release);
                release.is_some_and(|release| release.commit == run.commit)
            })
    })
}
