//! What is not as it should be, a sentence each: what the newest deployment did not do, and what
//! serves and is not well.

use pilothouse_cockpit::rows::targets;
use pilothouse_core::deployment::{DeploymentResult, EnvironmentKey};
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::plan::rollback_candidate;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::{Environment, State};
use pilothouse_core::text::printable;

use crate::wait::sentence;

/// What the newest deployment left to be known: why it did not do what it was for, or that somebody
/// went back.
pub(super) fn last_word(state: &State, key: &EnvironmentKey) -> Option<String> {
    let newest = state.deployments.values().rev().find(|one| one.environment == *key)?;
    let result = newest.result()?;
    let word = match result {
        DeploymentResult::Failed { .. } => "failed",
        DeploymentResult::RolledBack { .. } => "was rolled back",
        DeploymentResult::Attention { .. } => "needs you",
        DeploymentResult::Succeeded if newest.kind.is_rollback() => {
            let by = printable(&newest.actor, 40);
            return Some(format!("{} was brought back by {by} ({})", newest.release, newest.id));
        }
        DeploymentResult::Cancelled { by } => {
            let by = printable(by, 40);
            let (id, release) = (newest.id, newest.release);
            return Some(format!(
                "{id} → {release} was cancelled by {by} before its traffic had moved"
            ));
        }
        DeploymentResult::Succeeded | DeploymentResult::Superseded { .. } => return None,
    };
    Some(format!("{} {word}: {}", newest.id, printable(&sentence(result), 400)))
}

/// Why what serves is not well, or what a deployment waits for.
pub(super) fn unwell(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
) -> Option<String> {
    if !state.edge.connected {
        return None;
    }
    let running = environment.running.and_then(|id| state.deployments.get(&id));
    let is_new = |one: &Instance| running.is_some_and(|running| running.release == one.release);
    // What only cannot be reached for now is mended by no earlier release.
    let is_ill = |one: &&Instance| {
        (one.role == Role::Active || one.role == Role::Standby && is_new(one))
            && (one.health.state == TargetState::Unhealthy || one.is_doubtful())
            && !state.is_out_of_reach(one)
    };
    let ill: Vec<&Instance> = state.instances_of(key).filter(is_ill).collect();
    let first = ill.first()?;
    let more = match ill.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let why = printable(&targets::sentence(first), 200);
    let back = rollback_candidate(state, key)
        .filter(|_| running.is_none())
        .map_or_else(String::new, |_| format!("; to go back: pilothouse rollback {key}"));
    Some(format!("{}{more}: {why}{back}", first.id))
}
