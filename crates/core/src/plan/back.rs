//! Which release an environment goes back to.

use crate::deployment::{Deployment, DeploymentResult, ENGINE, EnvironmentKey, Phase};
use crate::id::ReleaseNumber;
use crate::spec::DeployMode;
use crate::state::{Environment, Fate, Release, State};

use super::Side;

/// The good release that served before the current one, and is of another commit.
///
/// What was rolled away from is not gone back to: nobody wants to come from a release that turned
/// out bad to one that did so before.
pub fn rollback_candidate(state: &State, key: &EnvironmentKey) -> Option<ReleaseNumber> {
    let environment = state.environments.get(key)?;
    let current = serves(state, environment)?;
    let serves = environment.releases.get(&current)?;
    let is_another = |number: &ReleaseNumber| {
        let release = environment.releases.get(number);
        release.is_some_and(|release| release.fate == Fate::Good && differs(release, serves))
    };
    let served = served(state, key);
    let before =
        served.iter().rev().skip_while(|number| **number == current).find(|n| is_another(n));
    // Its deployment may be forgotten, and the release kept.
    let kept =
        || environment.releases.range(..current).rev().map(|(n, _)| n).find(|n| is_another(n));
    before.or_else(kept).copied()
}

/// Why the last try to bring an earlier release back failed, where nothing was tried since: what
/// it needs may be gone for good. And which other one there is.
pub(super) fn failed(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    to: &Side,
) -> Option<String> {
    let mut newest = state.deployments.values().rev().filter(|one| one.environment == *key);
    let last = newest.find(|one| one.is_ended() && one.release == to.release)?;
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &last.phase else {
        return None;
    };
    let serves = serves(state, environment)?;
    let mut good = environment.releases.iter().rev().filter(|(_, one)| one.fate == Fate::Good);
    let other = good.find(|(number, _)| **number != to.release && **number != serves);
    let other = other.map_or_else(String::new, |(other, _)| {
        format!("; another is {other}: `pilothouse rollback {key} {other}`")
    });
    let (release, id, why) = (to.release, last.id, why.trim_end_matches('.'));
    Some(format!("{id} could not bring {release}: {why}{other}"))
}

/// What came of the last deployment of the same artifact as another release, where that did not stay.
pub(super) fn tried(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    to: &Side,
) -> Option<String> {
    let is_same = |one: &Deployment| {
        let release = environment.releases.get(&one.release);
        release.is_some_and(|it| it.artifact == to.artifact && it.commit == to.commit)
    };
    let mut newest = state.deployments.values().rev().filter(|one| one.environment == *key);
    let last = newest.find(|one| one.is_ended() && is_same(one))?;
    let (id, release) = (last.id, last.release);
    let (what, why) = match last.result()? {
        _ if release == to.release => return None,
        DeploymentResult::Failed { why } => ("could not bring", why),
        DeploymentResult::RolledBack { why } => ("went back from", why),
        DeploymentResult::Attention { why } => ("needed a person for", why),
        DeploymentResult::Succeeded
        | DeploymentResult::Cancelled { .. }
        | DeploymentResult::Superseded { .. } => return None,
    };
    Some(format!("{id} {what} the same artifact, as {release}: {}", why.trim_end_matches('.')))
}

/// The release that serves. One whose deployment has nothing left to do but to stop what served
/// before counts: it can no longer be cancelled.
pub(super) fn serves(state: &State, environment: &Environment) -> Option<ReleaseNumber> {
    let running = environment.running.and_then(|id| state.deployments.get(&id));
    let retiring = running.filter(|one| one.phase == Phase::Retiring);
    retiring.map(|one| one.release).or(environment.current)
}

fn differs(one: &Release, other: &Release) -> bool {
    one.commit != other.commit && one.artifact != other.artifact
}

/// What served one after the other, the newest last, without what was rolled away from.
fn served(state: &State, key: &EnvironmentKey) -> Vec<ReleaseNumber> {
    let mut served: Vec<ReleaseNumber> = Vec::new();
    let all = state.deployments.values();
    for deployment in all.filter(|one| one.environment == *key && has_come(one)) {
        if deployment.kind.is_rollback() {
            let place = served.iter().rposition(|number| *number == deployment.release);
            served.truncate(place.unwrap_or(0));
        }
        served.push(deployment.release);
    }
    served
}

fn has_come(deployment: &Deployment) -> bool {
    deployment.has_succeeded() || deployment.phase == Phase::Retiring
}

/// The running deployment whose cancelling brings a release back at once, since that still has its
/// instances: what a rollback to it, or to no release in particular, asks for meanwhile.
///
/// A rollback that runs is no such thing for who names no release: cancelling it would bring back
/// what somebody just went away from.
pub fn turned_back<'a>(
    state: &'a State,
    key: &EnvironmentKey,
    wanted: Option<ReleaseNumber>,
) -> Option<&'a Deployment> {
    let environment = state.environments.get(key)?;
    let ahead = ahead(state, environment)?;
    let is_meant = match wanted {
        Some(number) => ahead.previous == Some(number),
        None => ahead.previous.is_some() && !ahead.kind.is_rollback(),
    };
    is_meant.then_some(ahead)
}

/// Why nothing is rolled back: what runs goes back already, or is what is to be gone back from.
pub(super) fn under_way(
    state: &State,
    environment: &Environment,
    key: &EnvironmentKey,
    wanted: Option<ReleaseNumber>,
) -> Option<String> {
    if let Some(running) = turned_back(state, key, wanted) {
        return Some(still_there(state, running));
    }
    if wanted.is_some() {
        return None;
    }
    let goes_back = || Some(goes_back(state, environment, key, undecided(state, environment)?));
    let comes_back = || Some(comes_back(environment, key, returning(state, environment)?));
    goes_back().or_else(comes_back)
}

/// The rollback that runs and can be cancelled, where nobody says which release to go back to: that
/// can mean to leave it be, or to go further.
fn undecided<'a>(state: &'a State, environment: &Environment) -> Option<&'a Deployment> {
    let ahead = ahead(state, environment)?;
    ahead.kind.is_rollback().then_some(ahead)
}

/// The deployment that waits for a running one to end, and begins then.
pub fn behind<'a>(state: &'a State, running: &Deployment) -> Option<&'a Deployment> {
    let environment = state.environments.get(&running.environment)?;
    let waiting = state.deployments.get(&environment.waiting?)?;
    (environment.running == Some(running.id) && !waiting.is_ended()).then_some(waiting)
}

/// What a person asked for and waits, where what is ready goes on by itself: behind it.
pub fn goes_first<'a>(state: &'a State, environment: &Environment) -> Option<&'a Deployment> {
    let goes_on = environment.ready.is_some() && environment.spec.deploy == DeployMode::Auto;
    let waiting = state.deployments.get(&environment.waiting?)?;
    (goes_on && waiting.actor != ENGINE && !waiting.is_ended()).then_some(waiting)
}

/// The running deployment whose release serves when another one's turn comes, unless it fails. One
/// that has come to its end, whichever it is, brings nothing any more.
pub(super) fn ahead<'a>(state: &'a State, environment: &Environment) -> Option<&'a Deployment> {
    let running = state.deployments.get(&environment.running?)?;
    running.past_cancelling().is_none().then_some(running)
}

/// A rollback would wait for the end of what it is to undo.
fn still_there(state: &State, running: &Deployment) -> String {
    let (id, release) = (running.id, running.release);
    let previous = running.previous.map_or_else(String::new, |previous| previous.to_string());
    let does = match (running.old.is_empty(), running.shifted) {
        (false, shifted) if state.goes_back_to_unwell(running) => {
            let does = if shifted { "goes back to" } else { "leaves" };
            format!("{does} {previous}, of which no instance is well now")
        }
        (false, true) => format!("brings {previous} back at once"),
        // Nothing of it is gone, so that nothing is brought back.
        (false, false) => format!("leaves {previous} serving"),
        (true, true) => format!("starts {previous} again, of which nothing ran"),
        (true, false) => format!("leaves {previous}, of which nothing runs"),
    };
    let back = format!("{id} is replacing {previous} by {release}, and cancelling it {does}");
    match behind(state, running) {
        Some(behind) => format!(
            "{back}; {} waits to deploy {} next, so cancel both: `pilothouse cancel {id} --waiting`",
            behind.id, behind.release
        ),
        None => format!("{back}: `pilothouse cancel {id}`"),
    }
}

/// The running deployment that was cancelled or failed, and that brings back what served before it.
/// Who names no release means that one, and gets it without asking.
fn returning<'a>(state: &'a State, environment: &Environment) -> Option<&'a Deployment> {
    let running = state.deployments.get(&environment.running?)?;
    let returns = matches!(running.phase, Phase::Aborting { .. } | Phase::RollingBack { .. });
    (returns && running.previous.is_some()).then_some(running)
}

/// A deployment is bringing back what served before, and nobody said which release is meant.
fn comes_back(environment: &Environment, key: &EnvironmentKey, running: &Deployment) -> String {
    let (id, release) = (running.id, running.release);
    let previous = running.previous.map_or_else(String::new, |previous| previous.to_string());
    let other = other(environment, key, running);
    format!("{id} is going back from {release} to {previous} already{other}")
}

/// A rollback runs, and nobody said which release is meant.
fn goes_back(
    state: &State,
    environment: &Environment,
    key: &EnvironmentKey,
    running: &Deployment,
) -> String {
    let (id, release) = (running.id, running.release);
    let stays = running.previous.map_or_else(String::new, |previous| {
        let waiting = if behind(state, running).is_some() { " --waiting" } else { "" };
        format!(": `pilothouse cancel {id}{waiting}` stays with {previous}")
    });
    let other = other(environment, key, running);
    format!("{id} is going back to {release} already{stays}{other}")
}

/// How to go to a release that a running deployment neither brings nor takes away.
fn other(environment: &Environment, key: &EnvironmentKey, running: &Deployment) -> String {
    let is_other =
        |number: &ReleaseNumber| *number != running.release && Some(*number) != running.previous;
    let mut good = environment.releases.iter().rev().filter(|(_, one)| one.fate == Fate::Good);
    good.find(|(number, _)| is_other(number)).map_or_else(String::new, |(other, _)| {
        format!("; to go to another, name it, as in `pilothouse rollback {key} {other}`")
    })
}
