//! What a release was made with, where the operator's file says otherwise by now.
//!
//! Variables and the runtime belong to a release: what was tried is what a rollback brings back.
//! So an edit of them counts from the next release on, and that has to be said.

use std::collections::BTreeSet;

use crate::deployment::EnvironmentKey;
use crate::id::RunId;
use crate::spec::EnvironmentSpec;
use crate::state::{Release, State};

/// What differs between what a release was made with and what the operator's file says: the names
/// of variables, and `runtime`.
pub fn outdated(release: &Release, spec: &EnvironmentSpec) -> Vec<String> {
    let names: BTreeSet<&String> = release.env.keys().chain(spec.env.keys()).collect();
    let differs = |name: &&&String| release.env.get(**name) != spec.env.get(**name);
    let variables = names.iter().filter(differs).map(|name| (*name).clone());
    let runtime = (release.runtime != spec.runtime).then(|| "runtime".to_owned());
    variables.chain(runtime).collect()
}

/// What serves and was made with what a specification said before.
pub(super) struct Outdated {
    /// What it keeps, as a sentence without an end.
    pub(super) why: String,
    /// The run that makes a release with what is said now, where it is kept.
    pub(super) run: Option<RunId>,
}

/// What is done by deploying that run.
pub(super) const REMAKES: &str = "makes a release with it at once";

/// What makes a release of what serves with what a specification says, if that differs from what
/// serves now: a sentence for whoever changed it.
pub fn remake(state: &State, key: &EnvironmentKey, spec: &EnvironmentSpec) -> Option<String> {
    let Outdated { why, run } = serves_outdated(state, key, spec)?;
    let how = run.map_or_else(
        || format!("the next release of {key} has it"),
        |run| format!("`pilothouse deploy {key} --run {}` {REMAKES}", run.0),
    );
    Some(format!("{why}: {how}"))
}

/// See [`Outdated`].
pub(super) fn serves_outdated(
    state: &State,
    key: &EnvironmentKey,
    spec: &EnvironmentSpec,
) -> Option<Outdated> {
    let environment = state.environments.get(key)?;
    let number = environment.current?;
    let release = environment.releases.get(&number)?;
    let changed = outdated(release, spec);
    if changed.is_empty() {
        return None;
    }
    let changed = changed.join(", ");
    let mut of_release = state.runs.values().rev().filter(|run| {
        run.project == key.project
            && run.commit == release.commit
            && run.artifact() == Some(&release.artifact)
    });
    // Another branch at the same commit can have the newer run; a promoted release has no own one.
    let of_release = of_release.clone().find(|run| run.feeds(state, key)).or(of_release.next());
    let why = format!("{number} was made before {changed} changed, and keeps what it had");
    Some(Outdated { why, run: of_release.map(|run| run.id) })
}
