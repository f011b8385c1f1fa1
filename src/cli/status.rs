//! `pilothouse status`: what runs where, whether it is healthy, and what is going on.

pub mod address;
pub mod phase;
mod row;
mod unwell;
pub mod watched;

use std::collections::BTreeSet;

use color_eyre::Result;
use pilothouse_api::types::{Degraded, Snapshot};
use pilothouse_cockpit::model::Sightings;
use pilothouse_cockpit::rows::{look, words};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{ProjectName, ReleaseNumber};
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::plan::{goes_first, rollback_candidate};
use pilothouse_core::room::Room;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{Run, RunPhase};
use pilothouse_core::state::{Environment, Project, State, Unbound};
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use serde::Serialize;

use self::address::{elsewhere, url};
use self::phase::{phase, run_phase};
use self::unwell::{last_word, unwell};
use super::apply;
use super::branches::{no_branch, waiting};
use super::runs::failures;
use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// The most sentences that are told of one environment: a thousand branches can feed one.
const NOTES: usize = 12;

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Only this project, or this environment of it: `PROJECT`, `[PROJECT/]ENVIRONMENT`
    #[arg(value_name = "PROJECT")]
    only: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `status --json`.
#[derive(Debug, Serialize)]
struct Shown {
    /// The engine's release.
    engine: String,
    /// The engine's clock, in milliseconds since the Unix epoch.
    now: u64,
    /// Whether the edge answers the engine: where it does not, health is what was last heard.
    edge: bool,
    /// Why the engine follows nothing, so that all of this is as it was then; null where it does.
    degraded: Option<Degraded>,
    /// How much room there is for the engine's state, in bytes; null where that is not known.
    room: Option<Room>,
    /// Whether the Docker engine answers, where any instance is a container: where it does not,
    /// nothing is concluded of those.
    docker: bool,
    projects: Vec<ShownProject>,
}

#[derive(Debug, Serialize)]
struct ShownProject {
    name: String,
    repository: String,
    /// Why the repository cannot be looked at; null where it can.
    problem: Option<String>,
    environments: Vec<ShownEnvironment>,
}

#[derive(Debug, Serialize)]
struct ShownEnvironment {
    /// `PROJECT/NAME`.
    environment: String,
    /// The branch that it previews; null where it previews none.
    branch: Option<String>,
    /// The release that serves, such as `r41`; null where none does.
    release: Option<String>,
    /// Releases that have traffic beside it, while a deployment moves it or goes back.
    beside: Vec<String>,
    /// The commit that it was built from, in full.
    commit: Option<String>,
    /// The commit's first line.
    subject: Option<String>,
    /// Instances that serve and are healthy; null where it is only watched, and has none of ours.
    healthy: Option<usize>,
    /// Instances that there are to be: as the operator's file says, without those stopped; null
    /// where it is only watched.
    wanted: Option<u32>,
    /// Instances that somebody stopped; null where it is only watched.
    stopped: Option<u32>,
    /// How it is watched at AWS; null where it is not.
    watched: Option<watched::Shown>,
    /// Where requests reach it.
    url: Option<String>,
    /// What is going on, a sentence each.
    now: Vec<String>,
    /// The deployment that runs, such as `d3`.
    deployment: Option<String>,
    /// The run whose artifact waits for a person, by number.
    ready: Option<u64>,
}

/// Shows it.
pub fn run(place: &Place, status: &Status) -> Result<()> {
    let (snapshot, seen) = ask::run(watched::look(place))?;
    let only = status.only.as_deref().map(|text| only(&snapshot.state, text)).transpose()?;
    let projects = snapshot.state.projects.iter();
    let projects = projects
        .filter(|(name, _)| only.as_ref().is_none_or(|(only, _)| only == *name))
        .map(|(_, project)| {
            let mut shown = shown_project(&snapshot, &seen, project);
            if let Some((_, Some(key))) = &only {
                shown.environments.retain(|one| one.environment == key.to_string());
            }
            shown
        })
        .collect();
    let shown = Shown {
        engine: snapshot.engine.clone(),
        now: snapshot.now.0,
        edge: snapshot.state.edge.connected,
        degraded: snapshot.degraded.clone(),
        room: snapshot.room,
        docker: snapshot.state.containers.away.is_none(),
        projects,
    };
    if status.json {
        return out::json(&shown);
    }
    print(place, &snapshot.state, &shown)
}

/// The project that is asked for, and the environment where one is.
fn only(state: &State, text: &str) -> Result<(ProjectName, Option<EnvironmentKey>)> {
    let names_environment =
        text.contains('/') || state.environments.keys().any(|key| key.name.as_str() == text);
    if names_environment && !state.projects.contains_key(text) {
        let key = name::environment(state, text)?;
        return Ok((key.project.clone(), Some(key)));
    }
    Ok((name::project(state, text)?.0.clone(), None))
}

fn print(place: &Place, state: &State, shown: &Shown) -> Result<()> {
    if shown.projects.is_empty() {
        let files = words::unapplied(&apply::names(place));
        let adds = || "add one with `pilothouse add NAME REPOSITORY`".to_owned();
        out::line(&format!("no project yet; {}", files.unwrap_or_else(adds)));
    }
    for (number, project) in shown.projects.iter().enumerate() {
        if number > 0 {
            out::line("");
        }
        let (name, repository) =
            (printable(&project.name, 100), printable(&project.repository, 200));
        out::line(&format!("{name}  {repository}"));
        let mut table = Table::new(&["ENVIRONMENT", "RELEASE", "INSTANCES", "ADDRESS", "COMMIT"]);
        for environment in &project.environments {
            // Health is what the load balancer says of it.
            table.toned(row::of(environment, shown.degraded.is_some() || !shown.edge));
            // Below the row, where all of it is read however narrow the terminal is.
            table.notes(&first(&environment.now));
        }
        table.print(2)?;
        let spec = state.projects.get(project.name.as_str()).map(|one| &one.spec.load_balancer);
        let listen = spec.map_or(&[][..], |balancer| &balancer.listen);
        for unbound in state.edge.unbound.iter().filter(|one| listen.contains(&one.address)) {
            let Unbound { address, why } = unbound;
            note(&format!("the load balancer cannot listen on {address}: {why}"));
        }
        let known = state.projects.get(project.name.as_str());
        known
            .and_then(|known| {
                let (name, now) = (&project.name, Timestamp(shown.now));
                look::unread(name, known, now).or_else(|| look::first(name, known, now))
            })
            .iter()
            .for_each(|text| note(text));
    }
    for name in apply::invalid(place) {
        note(&format!("{} is not valid, so that nothing of it is applied", printable(&name, 80)));
    }
    let room = shown.room.and_then(words::little_room);
    room.into_iter().chain(words::refused_table(&state.edge)).for_each(|text| note(&text));
    if state.halting {
        note("everything is being stopped");
    }
    if let Some(away) = &state.containers.away {
        let judged = if away.elsewhere {
            "containers are judged by their own Docker engine alone"
        } else {
            "the Docker engine does not answer; containers are judged once it is back"
        };
        note(&format!("{judged}: {}", printable(&away.why, 800)));
    }
    if !state.projects.is_empty() && !shown.edge {
        let why = state.edge.error.as_deref().unwrap_or("it is being started");
        note(&format!(
            "the edge does not answer the engine, so health is what was last heard, and nothing \
             may be served: {}",
            printable(why, 300)
        ));
    }
    Ok(())
}

/// As much of what goes on as a person reads, and how much more there is.
fn first(now: &[String]) -> Vec<String> {
    let mut told = now[..now.len().min(NOTES)].to_vec();
    if now.len() > NOTES {
        told.push(format!("and {} more; --json has all", now.len() - NOTES));
    }
    told
}

fn note(text: &str) {
    out::line(&format!("  {} {text}", out::paint(Tone::Warn, "!")));
}

fn shown_project(snapshot: &Snapshot, seen: &Sightings, project: &Project) -> ShownProject {
    let state = &snapshot.state;
    let own = |key: &&EnvironmentKey| key.project == project.spec.name;
    let mut keys: Vec<&EnvironmentKey> = state.environments.keys().filter(own).collect();
    // As in the operator's file; previews after what they were made from.
    let place = |key: &EnvironmentKey| {
        let environments = project.spec.environments.iter();
        let fits = |name: &str| key.name.as_str().starts_with(name);
        environments.clone().position(|one| one.name == key.name).unwrap_or_else(|| {
            environments.clone().position(|one| fits(one.name.as_str())).unwrap_or(usize::MAX)
        })
    };
    keys.sort_by_key(|key| (place(key), key.name.clone()));
    let shown = |key: &EnvironmentKey| {
        let environment = state.environments.get(key)?;
        Some(shown_environment(snapshot, seen, key, environment))
    };
    ShownProject {
        name: project.spec.name.to_string(),
        repository: project.spec.repository.clone(),
        problem: project.poll.error.clone(),
        environments: keys.into_iter().filter_map(shown).collect(),
    }
}

fn shown_environment(
    snapshot: &Snapshot,
    seen: &Sightings,
    key: &EnvironmentKey,
    environment: &Environment,
) -> ShownEnvironment {
    let state = &snapshot.state;
    let watched = environment.spec.runtime.watch();
    let watched = watched.map(|watch| watched::shown(watch, seen.get(key), snapshot.now));
    let is_ours = watched.is_none();
    let serves = serves(state, key, environment);
    let release = serves.and_then(|number| environment.releases.get(&number));
    let active = || state.instances_of(key).filter(|one| one.role == Role::Active);
    let is_healthy = |one: &&Instance| one.own_health() == TargetState::Healthy;
    let healthy = active().filter(is_healthy).count();
    let beside: BTreeSet<ReleaseNumber> =
        active().map(|one| one.release).filter(|other| Some(*other) != serves).collect();
    ShownEnvironment {
        environment: key.to_string(),
        branch: environment.preview_of.as_ref().map(ToString::to_string),
        release: serves.map(|number| number.to_string()),
        beside: beside.iter().map(ToString::to_string).collect(),
        commit: release.map(|release| release.commit.to_string()),
        subject: release.map(|release| release.subject.clone()),
        healthy: is_ours.then_some(healthy),
        wanted: is_ours.then(|| environment.wanted()),
        stopped: is_ours.then(|| environment.missing()),
        url: state.projects.get(&key.project).and_then(|project| url(project, environment)),
        now: going_on(snapshot, key, environment, watched.as_ref()),
        watched,
        deployment: environment.running.map(|id| id.to_string()),
        ready: environment.ready.as_ref().map(|ready| ready.run.0),
    }
}

/// The release that has the traffic: while a deployment moves it, the newest that has some.
pub fn serves(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
) -> Option<ReleaseNumber> {
    let active = state.instances_of(key).filter(|one| one.role == Role::Active);
    active.map(|one| one.release).max().or(environment.current)
}

fn going_on(
    snapshot: &Snapshot,
    key: &EnvironmentKey,
    environment: &Environment,
    watched: Option<&watched::Shown>,
) -> Vec<String> {
    let state = &snapshot.state;
    let mut now = Vec::new();
    if environment.removing {
        now.push("being removed".to_owned());
    }
    now.extend(state.edge.left_out(key).map(|why| printable(why, 400)));
    now.extend(watched.into_iter().flat_map(|watched| watched.sentences(key)));
    if let Some(deployment) = environment.running.and_then(|id| state.deployments.get(&id)) {
        let passed = snapshot.now.since(deployment.since);
        let what =
            format!("{} → {} {}", deployment.id, deployment.release, phase(&deployment.phase));
        now.push(format!("{what} {passed}"));
        if let Some(error) = &deployment.last_error {
            now.push(printable(error, 400));
        }
    }
    if let Some(id) = environment.waiting {
        let release = state.deployments.get(&id).map(|waiting| waiting.release);
        let what = release.map_or_else(String::new, |release| format!(" → {release}"));
        let ahead = environment.running.map_or_else(String::new, |ahead| format!(" for {ahead}"));
        now.push(format!("{id}{what} waits{ahead}"));
    }
    let runs = state.live_runs.iter().filter_map(|id| state.runs.get(id));
    let own = |run: &&Run| run.is_for(key);
    let (queued, begun): (Vec<&Run>, Vec<&Run>) =
        runs.filter(own).partition(|run| run.phase == RunPhase::Queued);
    now.extend(begun.iter().map(|run| format!("{} {}", run.id, run_phase(run))));
    match queued.as_slice() {
        [] => {}
        [one] => now.push(format!("{} {}", one.id, run_phase(one))),
        [first, .., last] => {
            now.push(format!("{} runs are queued, {} to {}", queued.len(), first.id, last.id));
        }
    }
    now.extend(elsewhere(state, key, environment));
    now.extend(no_branch(state, key, environment));
    now.extend(waiting(state, key));
    now.extend(failures(state, key));
    if let Some(ready) = &environment.ready {
        now.push(match goes_first(state, environment) {
            Some(first) => format!("{} is ready and follows {} by itself", ready.run, first.id),
            None => format!("{} is ready: pilothouse deploy {key}", ready.run),
        });
    }
    now.extend(unwell(state, key, environment));
    now.extend(last_word(state, key));
    let stopped = environment.missing();
    if stopped > 0 {
        // Nothing starts before the deployment ends, which fills the places where it succeeds.
        let running = environment.running.and_then(|id| state.deployments.get(&id));
        // Where all were stopped, the way back starts them too.
        let is_over = running.is_some_and(|one| one.shifted && one.old.is_empty());
        let told = match environment.running {
            Some(id) => {
                let all = running.is_some_and(|one| one.old.is_empty());
                let until = if all { "has moved traffic" } else { "succeeds" };
                format!("{stopped} stopped by a person, until {id} {until}")
            }
            None => format!("{stopped} stopped by a person: pilothouse start {key}"),
        };
        now.extend((!is_over).then_some(told));
    }
    if let Some(lost) = words::lost(environment, snapshot.now) {
        let nothing = !state.instances_of(key).any(|one| one.role == Role::Active);
        let back = rollback_candidate(state, key).filter(|_| nothing && stopped == 0);
        let back =
            back.map_or_else(String::new, |_| format!("; to go back: pilothouse rollback {key}"));
        now.push(format!("{}{back}", printable(&lost, 400)));
    }
    now
}

#[cfg(test)]
mod tests {
    use super::{NOTES, first};

    #[test]
    fn of_many_sentences_the_first_are_told_and_how_many_more_there_are() {
        let all: Vec<String> = (0..NOTES + 3).map(|number| number.to_string()).collect();
        assert_eq!(first(&all[..NOTES]), &all[..NOTES]);
        let told = first(&all);
        assert_eq!(told[..NOTES], all[..NOTES]);
        assert_eq!(told[NOTES..], ["and 3 more; --json has all"]);
    }
}
