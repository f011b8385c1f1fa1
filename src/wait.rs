//! Waits for a deployment's end, tells each milestone, and judges how it ended.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use color_eyre::Result;
use pilothouse_api::client::Client;
use pilothouse_cockpit::rows::words;
use pilothouse_core::deployment::{Deployment, DeploymentResult, EnvironmentKey, Milestone, Phase};
use pilothouse_core::id::{DeploymentId, Seq};
use pilothouse_core::state::State;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;

use crate::cli::status::address::url;
use crate::cli::status::serves;
use crate::exit::{Failure, failed};
use crate::follow::Copy;
use crate::out::{self, Tone};

/// How many instances' logs are pointed to.
const LOGS: usize = 3;

/// How a deployment's way is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// A line at each milestone.
    Lines,
    /// The deployment as JSON once it is over.
    Json,
}

/// Waits until a deployment is over. Only a success is no error.
pub async fn deployment(
    client: &Client,
    id: DeploymentId,
    key: &EnvironmentKey,
    accepted: Seq,
    within: Duration,
    telling: Telling,
) -> Result<()> {
    let told = tokio::time::timeout(within, tell(client, id, key, accepted, telling));
    tokio::select! {
        told = told => told.unwrap_or_else(|_| {
            let why = format!("{id} is not over after {within:?}; it goes on, see `pilothouse status`");
            Err(failed(Failure::Timeout, why))
        }),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            let why = format!("{id} goes on; `pilothouse cancel {id}` cancels it");
            Err(failed(Failure::Interrupted, why))
        }
    }
}

async fn tell(
    client: &Client,
    id: DeploymentId,
    key: &EnvironmentKey,
    accepted: Seq,
    telling: Telling,
) -> Result<()> {
    let mut copy = Copy::of(client).await?;
    let mut teller = Teller::default();
    loop {
        let state = copy.state();
        match state.deployments.get(&id) {
            Some(deployment) => {
                if telling == Telling::Lines {
                    teller.tell(state, deployment);
                    teller.held(state, deployment);
                }
                if let Phase::Ended { result, at } = &deployment.phase {
                    let end = End::of(state, deployment, result);
                    match telling {
                        Telling::Lines => end.tell(&mut teller, deployment, result, *at),
                        Telling::Json => out::json(deployment)?,
                    }
                    return end.judge(deployment);
                }
            }
            None if state.seq >= accepted && is_removed(state, key) => {
                return Err(failed(Failure::Failed, format!("{id} is over: {key} was removed")));
            }
            None if state.seq >= accepted => {
                let why = format!("{id} is over, and how it ended is no longer kept");
                return Err(failed(Failure::Failed, why));
            }
            None => {}
        }
        copy.change().await?;
    }
}

/// Prints what has not been told yet.
#[derive(Default)]
struct Teller {
    milestones: BTreeSet<Milestone>,
    attempts: u32,
    way_back: Option<&'static str>,
    said: String,
    held: Option<String>,
}

impl Teller {
    fn tell(&mut self, state: &State, deployment: &Deployment) {
        for (milestone, at) in &deployment.milestones {
            // The end has a line of its own.
            if *milestone != Milestone::Succeeded && self.milestones.insert(*milestone) {
                say(deployment, *at, milestone.name(), &meaning(deployment, *milestone));
            }
        }
        if deployment.attempts > self.attempts
            && let Some(error) = &deployment.last_error
        {
            error.clone_into(&mut self.said);
            // What will not pass counts as all the tries that were left, and was tried once.
            let is_final = deployment.attempts >= state.limits.attempts;
            let label =
                if is_final { "failed".to_owned() } else { format!("try {}", deployment.attempts) };
            out::line(&format!("          {label}: {}", printable(error, 300)));
        }
        self.attempts = deployment.attempts;
        let (name, why) = match &deployment.phase {
            Phase::Aborting { result } => ("ABORTING", sentence(result)),
            Phase::RollingBack { why, .. } => ("ROLLING_BACK", why.clone()),
            Phase::Queued
            | Phase::Staging
            | Phase::Starting
            | Phase::Shifting
            | Phase::Draining
            | Phase::MakingRoom
            | Phase::Verifying
            | Phase::Baking { .. }
            | Phase::Retiring
            | Phase::Ended { .. } => return,
        };
        if self.way_back != Some(name) {
            self.way_back = Some(name);
            say(deployment, deployment.since, name, self.once(&why));
        }
    }

    /// Says what a deployment waits for that is no business of its own, once.
    fn held(&mut self, state: &State, deployment: &Deployment) {
        let why = words::refused_table(&state.edge).filter(|_| !deployment.is_ended());
        if why.is_some() && self.held != why {
            out::line(&format!("          waits: {}", why.as_deref().unwrap_or_default()));
        }
        self.held = why.or(self.held.take());
    }

    /// A reason, unless it is the one that was told last.
    fn once<'a>(&mut self, why: &'a str) -> &'a str {
        if self.said == why {
            return "for that reason";
        }
        why.clone_into(&mut self.said);
        why
    }
}

fn say(deployment: &Deployment, at: Timestamp, name: &str, text: &str) {
    say_in(Tone::Plain, deployment, at, name, text);
}

fn say_in(tone: Tone, deployment: &Deployment, at: Timestamp, name: &str, text: &str) {
    let passed = at.since(deployment.queued_at).0;
    let passed = format!("{}.{}s", passed / 1000, passed % 1000 / 100);
    let name = out::paint(tone, &format!("{name:<12}"));
    out::line(&format!("{passed:>8}  {name}  {}", printable(text, 300)));
}

/// What it means that a deployment reached a milestone.
pub fn meaning(deployment: &Deployment, milestone: Milestone) -> Cow<'static, str> {
    if let Some(cut) = words::cut(deployment).filter(|_| milestone == Milestone::Drained) {
        return format!("the old release has nothing in flight any more: {cut}").into();
    }
    let said = match milestone {
        Milestone::Drained | Milestone::Succeeded if deployment.previous.is_none() => {
            "there was no old release"
        }
        Milestone::Queued => "the engine accepted it",
        Milestone::Planned => "what it will change is fixed",
        Milestone::Locked => "the environment is its own",
        Milestone::Staged => "the release is verified and laid out",
        Milestone::Started => "the first new instance was started",
        Milestone::Healthy => "the first new instances proved healthy",
        Milestone::Shifted => "traffic moves to the new release",
        Milestone::Drained => "the old release has nothing in flight",
        Milestone::Baked => "the new release was watched long enough",
        Milestone::Succeeded => "the old release is gone",
    };
    said.into()
}

/// The sentence that a result carries.
pub fn sentence(result: &DeploymentResult) -> String {
    match result {
        DeploymentResult::Succeeded => "it answers through the load balancer".to_owned(),
        DeploymentResult::Failed { why }
        | DeploymentResult::RolledBack { why }
        | DeploymentResult::Attention { why } => why.clone(),
        DeploymentResult::Cancelled { by } => format!("cancelled by {by}"),
        DeploymentResult::Superseded { by } => format!("{by} took its place in the queue"),
    }
}

/// Whether an environment is gone or goes: nothing of it is there to be looked at.
fn is_removed(state: &State, key: &EnvironmentKey) -> bool {
    state.environments.get(key).is_none_or(|environment| environment.removing)
}

/// How a deployment ended.
struct End {
    name: &'static str,
    tone: Tone,
    /// None where it succeeded.
    failure: Option<Failure>,
    /// What the environment serves now, a sentence.
    serves: String,
    /// Whether the environment is removed, and its instances' logs with it.
    is_removed: bool,
    /// Where requests reach it.
    address: Option<String>,
}

impl End {
    fn of(state: &State, deployment: &Deployment, result: &DeploymentResult) -> Self {
        let key = &deployment.environment;
        let environment = state.environments.get(key);
        let serving = environment.and_then(|environment| serves(state, key, environment));
        let (is_unserved, is_unseen) = (state.is_unserved(key), state.is_unseen(key));
        let (name, tone, failure) = match result {
            // What turned ill once it was watched long enough is nothing that serves, nor is what no
            // load balancer is known to send requests to.
            DeploymentResult::Succeeded if is_unserved || is_unseen => {
                ("SUCCEEDED", Tone::Warn, Some(Failure::Uncertain))
            }
            DeploymentResult::Succeeded => ("SUCCEEDED", Tone::Good, None),
            // Nothing was there to go back to.
            DeploymentResult::Failed { .. } if serving.is_none() => {
                ("FAILED", Tone::Bad, Some(Failure::Failed))
            }
            DeploymentResult::Failed { .. } => ("FAILED", Tone::Bad, Some(Failure::RolledBack)),
            DeploymentResult::RolledBack { .. } => {
                ("ROLLED_BACK", Tone::Bad, Some(Failure::RolledBack))
            }
            DeploymentResult::Attention { .. } => {
                ("ATTENTION", Tone::Bad, Some(Failure::Uncertain))
            }
            DeploymentResult::Cancelled { .. } => {
                ("CANCELLED", Tone::Warn, Some(Failure::RolledBack))
            }
            DeploymentResult::Superseded { .. } => ("SUPERSEDED", Tone::Warn, Some(Failure::Busy)),
        };
        let is_removed = is_removed(state, key);
        let failure = failure.map(|failure| match failure {
            // No earlier release serves on where none serves for long.
            _ if is_removed => Failure::Failed,
            // One that has the traffic and is not well is no earlier release that serves.
            Failure::RolledBack if is_unserved || is_unseen => Failure::Uncertain,
            failure => failure,
        });
        let project = state.projects.get(&key.project);
        let serves = match serving {
            _ if is_removed => format!("{key} was removed"),
            Some(release) if environment.is_some_and(|one| one.wanted() == 0) => {
                format!("nothing of {release} runs, as it was stopped: `pilothouse start {key}`")
            }
            Some(release) if is_unserved => format!(
                "{key} has {release}, and no instance of it is well: `pilothouse instances {key}` \
                 says why"
            ),
            Some(release) if is_unseen => format!(
                "{key} has {release}, and the load balancer does not answer the engine, so that nothing \
                 may be served: `pilothouse doctor` says what mends that"
            ),
            Some(release) => format!("{key} serves {release}"),
            None => format!("{key} serves nothing"),
        };
        let address = project.zip(environment).and_then(|(project, one)| url(project, one));
        Self { name, tone, failure, serves, is_removed, address }
    }

    fn tell(
        &self,
        teller: &mut Teller,
        deployment: &Deployment,
        result: &DeploymentResult,
        at: Timestamp,
    ) {
        let text = if *result == DeploymentResult::Succeeded && self.failure.is_some() {
            self.serves.clone()
        } else if self.failure.is_some() {
            teller.once(&sentence(result)).to_owned()
        } else {
            let address = self.address.as_ref().map_or(String::new(), |url| format!(" at {url}"));
            format!("{}{address}", self.serves)
        };
        say_in(self.tone, deployment, at, self.name, &text);
        let is_told = deployment.milestones.contains_key(&Milestone::Drained);
        if let Some(cut) = words::cut(deployment).filter(|_| !is_told) {
            out::line(&format!("          {cut}"));
        }
    }

    /// Makes an error of everything but a success.
    fn judge(&self, deployment: &Deployment) -> Result<()> {
        let Some(failure) = self.failure else { return Ok(()) };
        let new = deployment.new.iter().take(LOGS);
        let logs: Vec<String> = new.map(|instance| format!("pilothouse logs {instance}")).collect();
        let logs = match logs.as_slice() {
            _ if self.is_removed => String::new(),
            [] => String::new(),
            all => format!("; its instances' output: {}", all.join(", ")),
        };
        let did = if deployment.has_succeeded() { "succeeded, but" } else { "did not succeed:" };
        Err(failed(failure, format!("{} {did} {}{logs}", deployment.id, self.serves)))
    }
}
