//! Whether a branch's head is what serves, and what stands between them where it is not.
//!
//! A commit and a release are never told as one where the release was not made of the commit.

use pilothouse_core::deployment::{Deployment, DeploymentKind, DeploymentResult};
use pilothouse_core::id::ReleaseNumber;
use pilothouse_core::plan::{goes_first, next_release_of};
use pilothouse_core::state::Environment;

use super::serving::{Serving, serving};
use crate::model::{BranchRef, Model};
use crate::theme::Mark;
use crate::width;

/// How many deployments are looked at for an environment's last.
const LOOKED: usize = 1000;

/// A release that serves though it was not made of the branch's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The release.
    pub release: ReleaseNumber,
    /// The commit that it was made of, short; empty where it is no longer known.
    pub commit: String,
    /// What serves of it.
    pub serving: Serving,
    /// Why the head does not serve, in few words; empty where nothing more is known.
    pub why: String,
}

impl Behind {
    /// The release and its own commit.
    pub fn serves(&self) -> String {
        if !self.serving.serves() {
            return format!("{} {}", self.release, self.serving.verb());
        }
        if self.commit.is_empty() {
            return format!("{} serves an older commit", self.release);
        }
        format!("{} serves {}", self.release, self.commit)
    }

    /// All of it.
    pub fn long(&self) -> String {
        let colon = if self.why.is_empty() { "" } else { ": " };
        format!("{} · head not deployed{colon}{}", self.serves(), self.why)
    }

    /// The same where there is little room, what is decisive first.
    pub fn short(&self) -> String {
        if self.why.is_empty() {
            return format!("{} · head not deployed", self.release);
        }
        format!("{} · {}, head not deployed", self.release, self.why)
    }

    /// The same where there is hardly any.
    pub fn shortest(&self) -> String {
        if self.why.is_empty() {
            return format!("{} not head", self.release);
        }
        format!("{} · {}", self.release, self.why)
    }
}

/// Says what serves instead of a branch's head; none where the head serves or nothing does.
pub fn behind(model: &Model, row: &BranchRef, environment: &Environment) -> Option<Behind> {
    let head = &model.branch_facts(row)?.head.id;
    let current = environment.current?;
    let commit = environment.releases.get(&current).map(|release| &release.commit);
    if commit == Some(head) {
        return None;
    }
    let last = last_deployment(model, row);
    let is_head = |deployment: &&Deployment| {
        let release = environment.releases.get(&deployment.release);
        release.is_some_and(|release| release.commit == *head)
    };
    let why = match last {
        Some(last) if is_head(&last) => ended(last).unwrap_or_default(),
        Some(last) if last.kind == DeploymentKind::Rollback && last.release == current => {
            format!("{} by {}", last.id, width::clean(&last.actor))
        }
        Some(_) | None => String::new(),
    };
    let commit = commit.map_or("", |commit| commit.short()).to_owned();
    let serving = serving(model, row.environment.as_ref()?);
    Some(Behind { release: current, commit, serving, why })
}

/// How the last deployment of an environment ended in which nothing serves, where it did not
/// succeed: `d12 failed`, and whether anybody wanted that.
pub fn failed(model: &Model, row: &BranchRef, environment: &Environment) -> Option<(Mark, String)> {
    if environment.current.is_some() {
        return None;
    }
    let last = last_deployment(model, row)?;
    let mark = match last.result()? {
        DeploymentResult::Cancelled { .. } | DeploymentResult::Superseded { .. } => Mark::Warn,
        _ => Mark::Error,
    };
    Some((mark, ended(last)?))
}

/// Says that a release was made of another commit than the branch's head: the commit's name.
pub fn other_commit(
    model: &Model,
    row: &BranchRef,
    environment: &Environment,
    release: ReleaseNumber,
) -> Option<String> {
    let head = &model.branch_facts(row)?.head.id;
    let commit = &environment.releases.get(&release)?.commit;
    (commit != head).then(|| commit.short().to_owned())
}

/// The commit of what is ready, where it is not the branch's head.
pub fn ready_of_other(model: &Model, row: &BranchRef) -> Option<String> {
    let ready = model.environment(row.environment.as_ref()?)?.ready.as_ref()?;
    let commit = &model.replica.runs.get(&ready.run)?.commit;
    (*commit != model.branch_facts(row)?.head.id).then(|| commit.short().to_owned())
}

/// What is ready for the environment that a branch feeds, told of the branch that it was built of.
///
/// Others that feed the same environment have nothing ready; where that branch feeds it no more,
/// they say whose it is.
pub fn ready(model: &Model, row: &BranchRef) -> Option<String> {
    let key = row.environment.as_ref()?;
    let environment = model.environment(key)?;
    let ready = environment.ready.as_ref()?;
    let next = next_release_of(&model.replica, key);
    let is = match goes_first(&model.replica, environment) {
        Some(first) => format!("after {}", first.id),
        None => "ready".to_owned(),
    };
    let of = model.replica.runs.get(&ready.run).map(|run| &run.branch);
    let Some(other) = of.filter(|of| row.branch.as_ref().is_some_and(|branch| branch != *of))
    else {
        return Some(format!("{next} {is}"));
    };
    let branches = model.replica.projects.get(&key.project).map(|project| &project.branches);
    let known = branches.and_then(|branches| branches.get(other));
    let has_row = known.is_some_and(|known| known.environment.as_ref() == Some(&key.name));
    (!has_row).then(|| format!("{next} of {} {is}", width::cut(&width::clean(other.as_str()), 20)))
}

fn last_deployment<'a>(model: &'a Model, row: &BranchRef) -> Option<&'a Deployment> {
    let key = row.environment.as_ref()?;
    let all = model.replica.deployments.values().rev().take(LOOKED);
    all.into_iter().find(|deployment| deployment.environment == *key && deployment.is_ended())
}

/// How a deployment ended, where it did not succeed.
fn ended(deployment: &Deployment) -> Option<String> {
    let how = match deployment.result()? {
        DeploymentResult::Succeeded => return None,
        DeploymentResult::Failed { .. } => "failed",
        DeploymentResult::RolledBack { .. } => "rolled back",
        DeploymentResult::Attention { .. } => "needs you",
        DeploymentResult::Cancelled { .. } => "cancelled",
        DeploymentResult::Superseded { .. } => "superseded",
    };
    Some(format!("{} {how}", deployment.id))
}
