//! `pilothouse instances`: what runs, by the names that other verbs take.

use color_eyre::Result;
use pilothouse_cockpit::rows::{targets, words};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::text::printable;
use serde::Serialize;

use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Instances {
    /// Only this project's or this environment's
    #[arg(value_name = "PROJECT|[PROJECT/]ENVIRONMENT")]
    only: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of `instances --json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    instance: &'a str,
    project: &'a str,
    environment: &'a str,
    /// Its release's number.
    release: u32,
    /// Where the load balancer reaches it; null where it is not up.
    address: Option<String>,
    /// `starting`, `standby`, `serves`, `draining`, `down` and so on.
    state: &'static str,
    /// What the load balancer says: `initial`, `healthy`, `unhealthy` and so on.
    health: TargetState,
    /// Why, or why it is down; empty where there is nothing to say.
    detail: String,
    restarts: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    since: u64,
}

/// Shows them, by environment.
pub fn run(place: &Place, instances: &Instances) -> Result<()> {
    let (_, snapshot) = ask::run(ask::look(place))?;
    let state = &snapshot.state;
    let only = instances.only.as_deref().map(|text| name::environments(state, text));
    let only = only.transpose()?;
    let is_shown = |key: &EnvironmentKey| only.as_ref().is_none_or(|keys| keys.contains(key));
    let found = state.instances.values().filter(|one| is_shown(&one.environment));
    if instances.json {
        return out::json(&found.map(shown).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["INSTANCE", "STATE", "HEALTH", "ADDRESS", "RESTARTS", "AGE"]);
    // Nothing new is heard of any.
    let is_old = snapshot.degraded.is_some() || !state.edge.connected;
    for one in found {
        let (_, word) = words::instance(one);
        let (tone, health) = match one.own_health() {
            TargetState::Healthy => (Tone::Good, "healthy"),
            TargetState::Unhealthy => (Tone::Bad, "unhealthy"),
            TargetState::Initial => (Tone::Dim, "initial"),
            TargetState::Draining => (Tone::Dim, "draining"),
            TargetState::Unused => (Tone::Dim, "unused"),
            TargetState::Unavailable => (Tone::Dim, "unavailable"),
        };
        table.toned([
            (Tone::Plain, one.id.to_string()),
            (Tone::Plain, word.to_owned()),
            if is_old { (Tone::Dim, format!("was {health}")) } else { (tone, health.to_owned()) },
            (Tone::Plain, one.address().map_or("-".to_owned(), |address| address.to_string())),
            (Tone::Plain, one.restarts.to_string()),
            (Tone::Plain, out::ago(snapshot.now, one.since)),
        ]);
        let is_ill = one.own_health() == TargetState::Unhealthy || one.is_doubtful();
        let why = is_ill.then(|| targets::sentence(one)).filter(|why| !why.is_empty());
        table.notes(why.as_slice());
    }
    let shown = state.environments.iter().filter(|(key, _)| is_shown(key));
    let stopped: Vec<String> = shown
        .filter(|(_, one)| one.missing() > 0)
        .map(|(key, one)| format!("{} stopped by a person: pilothouse start {key}", one.missing()))
        .collect();
    let shown = state.environments.iter().filter(|(key, _)| is_shown(key));
    let lost = shown.filter_map(|(_, one)| words::lost(one, snapshot.now));
    let missing: Vec<String> = stopped.into_iter().chain(lost).collect();
    if !table.is_empty() {
        table.print(0)?;
    } else if missing.is_empty() {
        out::line("nothing runs; `pilothouse deploy ENVIRONMENT` deploys what is ready");
    } else {
        out::line("nothing runs");
    }
    for line in &missing {
        out::line(&printable(line, 400));
    }
    if !state.projects.is_empty() && !state.edge.connected {
        out::line("the load balancer does not answer the engine: health is what was last heard");
    }
    Ok(())
}

fn shown(one: &Instance) -> Shown<'_> {
    Shown {
        instance: one.id.as_str(),
        project: one.environment.project.as_str(),
        environment: one.environment.name.as_str(),
        release: one.release.0,
        address: one.address().map(|address| address.to_string()),
        state: words::instance(one).1,
        health: one.own_health(),
        detail: targets::sentence(one),
        restarts: one.restarts,
        since: one.since.0,
    }
}
