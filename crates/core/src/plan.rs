//! What a deployment would change, said before anybody confirms it.
//!
//! A plan is computed from the state alone, by the cockpit on its replica and again by the
//! engine when the command arrives; the hash tells whether both saw the same.

mod back;
mod made;
pub(crate) mod source;
mod unready;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::command::{DeployWhat, Rejection, RejectionKind};
use crate::cost::{NanoUsd, environment_cost};
use crate::deployment::{Deployment, DeploymentKind, EnvironmentKey};
use crate::id::{ArtifactDigest, CommitId, ReleaseNumber};
use crate::pipeline::Service;
use crate::spec::{DeployMode, Runtime};
use crate::state::{Environment, Fate, State};

use back::{ahead, serves, under_way};
pub use back::{behind, goes_first, rollback_candidate, turned_back};
pub use made::{outdated, remake};
pub use unready::{Unasked, unasked};

/// What a deployment would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where.
    pub environment: EnvironmentKey,
    /// What was asked for.
    pub what: DeployWhat,
    /// What kind of deployment it would be.
    pub kind: DeploymentKind,
    /// The release that serves when this deployment begins: the current one, or, where one is
    /// running that this one waits for, that one's.
    pub from: Option<Side>,
    /// What would serve.
    pub to: Side,
    /// Whether the release exists already, as in a rollback.
    pub exists: bool,
    /// What would be done, in order, a sentence each.
    pub steps: Vec<String>,
    /// How to undo it.
    pub undo: String,
    /// What the person should know before confirming.
    pub warnings: Vec<String>,
    /// The sha256 of all that the plan was made from.
    pub hash: String,
}

/// One side of a plan: a release and what it was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The release's number; for a new one, the number that it would get now.
    pub release: ReleaseNumber,
    /// Its artifact.
    pub artifact: ArtifactDigest,
    /// The commit.
    pub commit: CommitId,
    /// The commit's first line, printable.
    pub subject: String,
}

impl Plan {
    /// Whether it brings an earlier release back that is newer than what serves.
    pub fn is_forward(&self) -> bool {
        let is_newer = |from: &Side| from.release < self.to.release;
        self.kind.is_rollback() && self.from.as_ref().is_some_and(is_newer)
    }
}

/// Says what a deployment would change, or why there can be none.
pub fn plan(state: &State, key: &EnvironmentKey, what: &DeployWhat) -> Result<Plan, Rejection> {
    let environment = find(state, key)?;
    if environment.spec.runtime.watch().is_some() {
        return Err(conflict(format!("{key} is only watched at AWS: nothing is deployed to it")));
    }
    let (kind, to, exists) = match what {
        DeployWhat::Rollback(number) => {
            if let Some(why) = under_way(state, environment, key, *number) {
                return Err(conflict(why));
            }
            (DeploymentKind::Rollback, earlier(state, environment, key, *number)?, true)
        }
        DeployWhat::Ready | DeployWhat::Run(_) => {
            (DeploymentKind::Deploy, new_side(state, key, what)?, false)
        }
        DeployWhat::Promotion(from) => {
            let kind = DeploymentKind::Promotion { from: from.clone() };
            (kind, new_side(state, key, what)?, false)
        }
    };
    if environment.spec.instances == 0 {
        return Err(conflict(format!("{key} is to have no instances: nothing could serve")));
    }
    if serves(state, environment) == Some(to.release) {
        return Err(conflict(format!("{key} serves {} already", to.release)));
    }
    let ahead = ahead(state, environment);
    if let Some(ahead) = ahead.filter(|ahead| ahead.release == to.release) {
        return Err(conflict(format!("{} is deploying {} already", ahead.id, to.release)));
    }
    let from = ahead.map(|ahead| ahead.release).or_else(|| serves(state, environment));
    let from = from.and_then(|number| side(environment, number));
    if let Some(why) = beyond_budget(state, key, environment) {
        return Err(conflict(why));
    }
    let mut warnings = warnings(state, key, environment, from.as_ref(), &to);
    let service = match environment.releases.get(&to.release) {
        Some(release) => Some(&release.service),
        None => source::source(state, key, what)?.map(|source| source.service),
    };
    warnings.extend(service.and_then(|service| hasty(environment, service)));
    let off = service.and_then(|service| switched_off(state, environment, &to, service));
    warnings.extend(unready::stranger(state, key, what));
    warnings.extend(back::failed(state, key, environment, &to));
    warnings.extend(back::tried(state, key, environment, &to));
    if *what == DeployWhat::Ready {
        warnings.extend(unready::whose(state, key, environment));
        warnings.extend(unready::newer(state, key, environment));
    }
    let hash = hash(key, &kind, from.as_ref(), &to, environment);
    Ok(Plan {
        environment: key.clone(),
        what: what.clone(),
        steps: steps(key, environment, from.as_ref(), &to, (running(state, key), off)),
        undo: undo(environment, from.as_ref(), &to, ahead),
        warnings,
        kind,
        from,
        to,
        exists,
        hash,
    })
}

/// Why the budget does not allow an environment that runs as it is to, if it does not. What has no
/// price is within no budget.
fn beyond_budget(state: &State, key: &EnvironmentKey, environment: &Environment) -> Option<String> {
    let budget = NanoUsd::from_micro(environment.spec.budget_micro_usd_per_hour?);
    let per_hour = environment_cost(state, key)?.per_hour;
    per_hour
        .is_beyond(budget)
        .then(|| format!("{key} would cost {per_hour}, and its budget is {}", budget.hourly()))
}

/// The number that an environment's next release gets: one that it never had, not even before it
/// was removed and came again.
pub fn next_release_of(state: &State, key: &EnvironmentKey) -> ReleaseNumber {
    let kept = state.environments.get(key).and_then(|e| e.releases.keys().next_back().copied());
    let retired = state.retired.get(key).map(|retired| retired.release);
    kept.max(retired).unwrap_or_default().next()
}

fn find<'a>(state: &'a State, key: &EnvironmentKey) -> Result<&'a Environment, Rejection> {
    let environment = state
        .environments
        .get(key)
        .ok_or_else(|| not_found(format!("there is no environment {key}")))?;
    if environment.removing {
        return Err(conflict(format!("{key} is being removed")));
    }
    if state.halting {
        return Err(conflict("the engine is stopping everything".to_owned()));
    }
    Ok(environment)
}

fn earlier(
    state: &State,
    environment: &Environment,
    key: &EnvironmentKey,
    number: Option<ReleaseNumber>,
) -> Result<Side, Rejection> {
    let number = match number {
        Some(number) => number,
        None => rollback_candidate(state, key).ok_or_else(|| conflict(no_earlier(state, key)))?,
    };
    side(environment, number).ok_or_else(|| {
        not_found(format!("{key} has no release {number}; it may be beyond the kept ones"))
    })
}

/// Nothing served before; what is about to can be withdrawn.
fn no_earlier(state: &State, key: &EnvironmentKey) -> String {
    let first = state.environments.get(key).and_then(|environment| ahead(state, environment));
    let withdraws = first.filter(|first| first.previous.is_none());
    let withdraws = withdraws.map_or_else(String::new, |first| {
        let id = first.id;
        format!("; `pilothouse cancel {id}` withdraws {}", first.release)
    });
    format!("{key} has no earlier release that once succeeded{withdraws}")
}

fn side(environment: &Environment, number: ReleaseNumber) -> Option<Side> {
    let release = environment.releases.get(&number)?;
    Some(Side {
        release: number,
        artifact: release.artifact.clone(),
        commit: release.commit.clone(),
        subject: release.subject.clone(),
    })
}

fn new_side(state: &State, key: &EnvironmentKey, what: &DeployWhat) -> Result<Side, Rejection> {
    let source = source::source(state, key, what)?
        .ok_or_else(|| conflict("a rollback makes no release".to_owned()))?;
    let runtime = state.environments.get(key).map(|environment| &environment.spec.runtime);
    if let Some(why) = runtime.and_then(|r| r.mismatch(source.kind, source.service)) {
        return Err(conflict(why.to_owned()));
    }
    Ok(Side {
        release: next_release_of(state, key),
        artifact: source.artifact.clone(),
        commit: source.commit.clone(),
        subject: source.subject.to_owned(),
    })
}

/// How many instances take room when a deployment begins: what only comes up to follow another is
/// called off then, and one that runs leaves as many as there are to be.
fn running(state: &State, key: &EnvironmentKey) -> usize {
    let environment = state.environments.get(key);
    if let Some(busy) = environment.filter(|environment| environment.running.is_some()) {
        return busy.spec.instances as usize;
    }
    state.instances_of(key).filter(|one| state.followed(&one.id).is_none()).count()
}

fn steps(
    key: &EnvironmentKey,
    environment: &Environment,
    from: Option<&Side>,
    to: &Side,
    (running, off): (usize, Option<String>),
) -> Vec<String> {
    let spec = &environment.spec;
    let count = spec.instances;
    let (what, proof) = match &spec.runtime {
        Runtime::Local => ("on this machine", "wait until each owns its socket and is healthy"),
        Runtime::Docker(_) => {
            ("in containers on this machine", "wait until each is reached and healthy")
        }
        Runtime::AwsWatch(_) => ("nowhere", "only watch"),
    };
    let most = spec.strategy.most(count);
    let in_steps = from.filter(|_| running + count as usize > most);
    let beside = in_steps.map_or_else(String::new, |from| {
        format!(", in steps: at most {most} with those of {}", from.release)
    });
    let mut steps = vec![
        format!("start {count} × {} of {} {what}{beside}", to.release, to.commit.short()),
        off.map_or_else(|| proof.to_owned(), |off| format!("{proof}; {off}")),
    ];
    let domain = spec.domain.as_deref().unwrap_or("no domain");
    match from {
        Some(from) if running == 0 => {
            let (new, bake) = (to.release, spec.strategy.bake);
            steps.push(format!(
                "open {domain}, which answers 503 until then: no {} runs",
                from.release
            ));
            steps.push(format!("watch {new} for {bake}"));
        }
        Some(from) if in_steps.is_some() => {
            let (old, new) = (from.release, to.release);
            let (drain, bake) = (spec.strategy.drain, spec.strategy.bake);
            steps.push(format!("move {domain} from {old} to {new} step by step"));
            steps.push(format!(
                "drain {old} for up to {drain} and stop what the next step needs the room of"
            ));
            steps.push(format!("watch {new} for {bake}, then stop what is left of {old}"));
        }
        Some(from) => {
            steps.push(format!("move {domain} from {} to {}", from.release, to.release));
            steps.push(format!(
                "drain {} for up to {}, watch {} for {}, then stop {}",
                from.release, spec.strategy.drain, to.release, spec.strategy.bake, from.release
            ));
        }
        None => steps.push(format!("open {domain} for the first release of {key}")),
    }
    steps
}

fn undo(
    environment: &Environment,
    from: Option<&Side>,
    to: &Side,
    ahead: Option<&Deployment>,
) -> String {
    let Some(from) = from else {
        return "there is no earlier release: a failure withdraws the rule".to_owned();
    };
    let otherwise = match (ahead, environment.current) {
        (Some(ahead), Some(current)) => format!(" ({current} if {} fails)", ahead.id),
        _ => String::new(),
    };
    // A rollback that names no release passes over what is the same: see `rollback_candidate`.
    let is_same = from.commit == to.commit || from.artifact == to.artifact;
    let same = if is_same { ", by its number since it is the same," } else { "" };
    format!("roll back to {}{otherwise}{same} at any time; nothing is rebuilt", from.release)
}

fn warnings(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    from: Option<&Side>,
    to: &Side,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(id) = environment.running {
        warnings.push(format!("deployment {id} is running: this one waits for its end"));
    }
    if let Some(id) = environment.waiting {
        warnings.push(format!("deployment {id} waits: this one supersedes it"));
    }
    if let Some(from) = from.filter(|from| from.artifact == to.artifact) {
        let release = from.release;
        warnings.push(format!("{release} has the same artifact: only configuration can differ"));
    }
    if environment.releases.get(&to.release).is_some_and(|release| release.fate == Fate::Bad) {
        warnings.push(format!("{} failed before", to.release));
    }
    let made = environment.releases.get(&to.release);
    let changed = made.map_or_else(Vec::new, |made| outdated(made, &environment.spec));
    if !changed.is_empty() {
        let (release, changed) = (to.release, changed.join(", "));
        warnings
            .push(format!("{release} was made before {changed} changed, and keeps what it had"));
    }
    let successors = state.instances_of(key).filter(|one| state.followed(&one.id).is_some());
    warnings.extend(successors.map(|one| {
        format!("{} only comes up: it is called off, and another follows if this fails", one.id)
    }));
    if !state.edge.connected {
        warnings.push("the edge does not answer: traffic cannot move until it does".to_owned());
    }
    let listen = state.projects.get(&key.project).map(|p| &p.spec.load_balancer.listen);
    warnings.extend(listen.and_then(|listen| state.edge.unreached(listen)));
    warnings.extend(state.edge.left_out(key).map(str::to_owned));
    if environment.spec.deploy == DeployMode::Manual && from.is_none() {
        warnings.push("nothing has served here since this environment was added".to_owned());
    }
    warnings
}

/// What the watch over a new release would overlook, if it is too short for its checks.
fn hasty(environment: &Environment, service: &Service) -> Option<String> {
    let (bake, notice) = (environment.spec.strategy.bake, service.health.time_to_notice());
    (bake < notice).then(|| {
        format!("bake is {bake}, and health checks take up to {notice} to notice a bad release")
    })
}

/// Which check does not count, where the artifact is an image that brings one. What an image that is
/// only named brings is known once it is pulled, and its instances' logs say it.
fn switched_off(
    state: &State,
    environment: &Environment,
    to: &Side,
    service: &Service,
) -> Option<String> {
    let is_container = matches!(environment.spec.runtime, Runtime::Docker(_));
    let has_check = state.artifacts.get(&to.artifact).is_some_and(|artifact| artifact.has_check);
    (is_container && has_check && !service.health.by_image).then(|| {
        format!("the image's HEALTHCHECK is switched off, {} is asked", service.health.path)
    })
}

fn hash(
    key: &EnvironmentKey,
    kind: &DeploymentKind,
    from: Option<&Side>,
    to: &Side,
    environment: &Environment,
) -> String {
    let seen = (key, kind, from, to, &environment.spec, environment.running, environment.waiting);
    // These types hold no map with keys that are not strings, so writing them cannot fail; an
    // empty text would only make the hash not match.
    let text = serde_json::to_vec(&seen).unwrap_or_default();
    Sha256::digest(&text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn not_found(why: String) -> Rejection {
    Rejection::new(RejectionKind::NotFound, why)
}

fn conflict(why: String) -> Rejection {
    Rejection::new(RejectionKind::Conflict, why)
}
