//! `pilothouse deployments`: what was deployed where, and how it ended.

use std::num::NonZero;

use color_eyre::Result;
use pilothouse_cockpit::age;
use pilothouse_cockpit::rows::words;
use pilothouse_core::deployment::{Deployment, DeploymentKind, DeploymentResult, Milestone, Phase};
use pilothouse_core::time::Timestamp;
use serde::Serialize;

use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::wait::{meaning, sentence};
use crate::{ask, name};

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Deployments {
    /// Only this project's or this environment's
    #[arg(value_name = "PROJECT|[PROJECT/]ENVIRONMENT")]
    only: Option<String>,
    /// Only the newest
    #[arg(long, value_name = "N", default_value = "20")]
    limit: NonZero<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of `deployments --json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    deployment: u64,
    project: &'a str,
    environment: &'a str,
    release: u32,
    /// The release that served before; null where none did.
    previous: Option<u32>,
    /// `deploy`, `rollback` or `promotion`.
    kind: &'static str,
    actor: &'a str,
    /// `queued`, `running`, `succeeded`, `failed`, `rolled_back`, `attention`, `cancelled` or
    /// `superseded`.
    state: &'static str,
    /// What it does now, or how it ended.
    detail: String,
    /// In milliseconds since the Unix epoch, as the next.
    queued_at: u64,
    ended_at: Option<u64>,
    /// How many requests were cut that did not end while instances drained.
    cut: u64,
}

/// Shows them, the newest first.
pub fn run(place: &Place, deployments: &Deployments) -> Result<()> {
    let (_, snapshot) = ask::run(ask::look(place))?;
    let state = &snapshot.state;
    let only = deployments.only.as_deref().map(|text| name::environments(state, text));
    let only = only.transpose()?;
    let newest = state.deployments.values().rev();
    let newest =
        newest.filter(|one| only.as_ref().is_none_or(|keys| keys.contains(&one.environment)));
    let newest = newest.take(deployments.limit.get());
    if deployments.json {
        return out::json(&newest.map(shown).collect::<Vec<_>>());
    }
    let mut table =
        Table::new(&["DEPLOYMENT", "ENVIRONMENT", "RELEASE", "BY", "AGE", "TOOK", "STATE"]);
    for one in newest {
        let (tone, word) = outcome(one);
        table.toned([
            (Tone::Plain, one.id.to_string()),
            (Tone::Plain, one.environment.to_string()),
            (Tone::Plain, one.release.to_string()),
            (Tone::Plain, one.actor.clone()),
            (Tone::Plain, out::ago(snapshot.now, one.queued_at)),
            (Tone::Plain, age::length(ended_at(one).unwrap_or(snapshot.now).since(one.queued_at))),
            (tone, word.to_owned()),
        ]);
        // Below the row, where all of it is read; that it succeeded says all but what it cut.
        let detail = if tone == Tone::Good { words::cut(one) } else { Some(detail(one)) };
        table.notes(detail.as_slice());
    }
    if table.is_empty() {
        out::line("no deployment yet; `pilothouse deploy ENVIRONMENT` makes one");
    } else {
        table.print(0)?;
    }
    Ok(())
}

fn shown(one: &Deployment) -> Shown<'_> {
    Shown {
        deployment: one.id.0,
        project: one.environment.project.as_str(),
        environment: one.environment.name.as_str(),
        release: one.release.0,
        previous: one.previous.map(|release| release.0),
        kind: match one.kind {
            DeploymentKind::Deploy => "deploy",
            DeploymentKind::Rollback => "rollback",
            DeploymentKind::Promotion { .. } => "promotion",
        },
        actor: &one.actor,
        state: outcome(one).1,
        detail: detail(one),
        queued_at: one.queued_at.0,
        ended_at: ended_at(one).map(|at| at.0),
        cut: one.cut,
    }
}

fn ended_at(one: &Deployment) -> Option<Timestamp> {
    if let Phase::Ended { at, .. } = &one.phase { Some(*at) } else { None }
}

/// How a deployment stands, in one word, and how that is meant.
fn outcome(one: &Deployment) -> (Tone, &'static str) {
    match one.result() {
        None if one.phase == Phase::Queued => (Tone::Dim, "queued"),
        None => (Tone::Plain, "running"),
        Some(DeploymentResult::Succeeded) => (Tone::Good, "succeeded"),
        Some(DeploymentResult::Failed { .. }) => (Tone::Bad, "failed"),
        Some(DeploymentResult::RolledBack { .. }) => (Tone::Bad, "rolled_back"),
        Some(DeploymentResult::Attention { .. }) => (Tone::Bad, "attention"),
        Some(DeploymentResult::Cancelled { .. }) => (Tone::Warn, "cancelled"),
        Some(DeploymentResult::Superseded { .. }) => (Tone::Dim, "superseded"),
    }
}

fn detail(one: &Deployment) -> String {
    if let Some(result) = one.result() {
        let cut = words::cut(one).map_or_else(String::new, |cut| format!("; {cut}"));
        return sentence(result) + &cut;
    }
    match &one.phase {
        Phase::RollingBack { why, .. } => return format!("goes back: {why}"),
        Phase::Aborting { result } => return format!("is given up: {}", sentence(result)),
        _ => {}
    }
    let last = one.milestones.keys().max().copied().unwrap_or(Milestone::Queued);
    meaning(one, last).into_owned()
}
