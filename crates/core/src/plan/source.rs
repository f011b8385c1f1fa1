//! What a release is made of: an artifact, and what the commit says of running it.
//!
//! An artifact is named by its bytes, and two commits can have the same. So what is run, and
//! what people are told of it, comes from the very run or release that is asked for, and never
//! from whoever sealed those bytes first: that may have been a branch that production does not
//! trust, or another project.

use super::{conflict, not_found};
use crate::artifact::ArtifactKind;
use crate::command::{DeployWhat, Rejection};
use crate::deployment::EnvironmentKey;
use crate::id::{ArtifactDigest, CommitId, EnvironmentName, RunId};
use crate::pipeline::Service;
use crate::state::{Environment, Release, State};

/// What a new release is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The artifact.
    pub(crate) artifact: &'a ArtifactDigest,
    /// The commit that it was built from.
    pub(crate) commit: &'a CommitId,
    /// The commit's first line, printable.
    pub(crate) subject: &'a str,
    /// How the commit says that it is run.
    pub(crate) service: &'a Service,
    /// What the artifact is.
    pub(crate) kind: ArtifactKind,
}

/// Finds what a new release is made of; a rollback makes none.
pub(crate) fn source<'a>(
    state: &'a State,
    key: &EnvironmentKey,
    what: &DeployWhat,
) -> Result<Option<Source<'a>>, Rejection> {
    let environment = state.environments.get(key);
    match what {
        DeployWhat::Ready => match environment.and_then(|environment| environment.ready.as_ref()) {
            Some(ready) => of_run(state, key, ready.run).map(Some),
            None => Err(super::unready::why(state, key)),
        },
        DeployWhat::Run(id) => of_run(state, key, *id).map(Some),
        DeployWhat::Promotion(from) => promoted(state, key, from).map(Some),
        DeployWhat::Rollback(_) => Ok(None),
    }
}

fn of_run<'a>(state: &'a State, key: &EnvironmentKey, id: RunId) -> Result<Source<'a>, Rejection> {
    let run = state
        .runs
        .get(&id)
        .filter(|run| run.project == key.project)
        .ok_or_else(|| not_found(format!("there is no run {id} in {}", key.project)))?;
    let artifact =
        run.artifact().ok_or_else(|| conflict(format!("run {id} has sealed no artifact")))?;
    let gone = || {
        not_found(format!(
            "artifact {} of run {id} is no longer kept: deploy a newer run, or run its branch again",
            artifact.short()
        ))
    };
    let kept = state.artifacts.get(artifact).ok_or_else(gone)?;
    // A run of an older journal says nothing of its own, and its bytes' first run speaks for it.
    let service = run.service.as_deref().unwrap_or(&kept.service);
    let (commit, subject) = (&run.commit, &run.subject);
    Ok(Source { artifact, commit, subject, service, kind: kept.kind })
}

fn promoted<'a>(
    state: &'a State,
    key: &EnvironmentKey,
    from: &EnvironmentName,
) -> Result<Source<'a>, Rejection> {
    let from = EnvironmentKey { project: key.project.clone(), name: from.clone() };
    let environment = state
        .environments
        .get(&from)
        .ok_or_else(|| not_found(format!("there is no environment {from}")))?;
    let release = current(environment)
        .ok_or_else(|| conflict(format!("{from} serves no release that could be promoted")))?;
    Ok(Source {
        artifact: &release.artifact,
        commit: &release.commit,
        subject: &release.subject,
        service: &release.service,
        kind: release.kind,
    })
}

fn current(environment: &Environment) -> Option<&Release> {
    environment.releases.get(&environment.current?)
}
