//! `pilothouse branches`: every branch, its head and its newest run.

use color_eyre::Result;
use pilothouse_api::types::Snapshot;
use pilothouse_cockpit::rows::words::WAITS_FOR_PLACE;
use pilothouse_cockpit::rows::{look, words};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{EnvironmentName, ProjectName};
use pilothouse_core::state::{Branch, Environment, Project, State};
use pilothouse_core::text::printable;
use serde::Serialize;

use super::runs::outcome;
use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Branches {
    /// Only this project's
    project: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of `branches --json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    project: &'a str,
    branch: &'a str,
    /// The environment that it feeds; null where it feeds none.
    environment: Option<&'a str>,
    /// Its head, in full.
    commit: &'a str,
    subject: &'a str,
    author: &'a str,
    /// When this head was first seen, in milliseconds since the Unix epoch.
    seen_at: u64,
    /// Its newest run, by number.
    run: Option<u64>,
    /// The commit that this run is of, in full: not the head where that has no run.
    run_commit: Option<&'a str>,
    /// How that run stands: `queued`, `running`, `succeeded`, `failed` and so on.
    state: Option<&'static str>,
    /// Whether the head is to have a run that found the job queue full.
    waits_for_place: bool,
}

/// Shows them, the newest head first.
pub fn run(place: &Place, branches: &Branches) -> Result<()> {
    let (_, snapshot) = ask::run(ask::look(place))?;
    let state = &snapshot.state;
    let only = branches.project.as_deref().map(|text| name::project(state, text)).transpose()?;
    let mut found: Vec<(&ProjectName, &str, &Branch)> = state
        .projects
        .iter()
        .filter(|(name, _)| only.is_none_or(|(only, _)| only == *name))
        .flat_map(|(name, project)| {
            project.branches.iter().map(move |(branch, what)| (name, branch.as_str(), what))
        })
        .collect();
    found.sort_by_key(|(project, name, branch)| (*project, u64::MAX - branch.seen_at.0, *name));
    tell_unread(&snapshot, only.map(|(name, _)| name));
    if branches.json {
        let shown = found.iter().map(|(project, name, branch)| shown(state, project, name, branch));
        return out::json(&shown.collect::<Vec<_>>());
    }
    let mut table = Table::new(&["PROJECT", "BRANCH", "FEEDS", "COMMIT", "AGE", "RUN", "SUBJECT"]);
    for (project, name, branch) in found {
        let run = branch.last_run.and_then(|id| state.runs.get(&id));
        let (tone, run) = run.map_or((Tone::Dim, "-".to_owned()), |run| {
            let (tone, word) = outcome(run);
            let other =
                (run.commit != branch.head.id).then(|| format!(" of {}", run.commit.short()));
            (tone, format!("{}{} {word}", run.id, other.unwrap_or_default()))
        });
        let feeds = branch.environment.as_ref().map_or("-", |name| name.as_str());
        table.toned([
            (Tone::Plain, project.to_string()),
            (Tone::Plain, name.to_owned()),
            (Tone::Plain, feeds.to_owned()),
            (Tone::Plain, branch.head.id.short().to_owned()),
            (Tone::Plain, out::ago(snapshot.now, branch.head.at)),
            (tone, run),
            (Tone::Plain, branch.head.subject.clone()),
        ]);
        let why = words::no_preview(state, project, &name.into(), snapshot.now);
        table.notes(why.map(|(why, _)| why).as_slice());
        if branch.waits_for_place().is_some() {
            table.notes(&[WAITS_FOR_PLACE.to_owned()]);
        }
    }
    let is_unread = |project: &Project| project.poll.error.is_some();
    if table.is_empty() && state.projects.values().any(is_unread) {
        // What is to be known was said already.
    } else if table.is_empty() {
        out::line("no branch yet; `pilothouse look` looks at the repositories now");
    } else {
        table.print(0)?;
    }
    Ok(())
}

/// Says which repository cannot be read, and how many branches nobody sees, beside what is listed.
fn tell_unread(snapshot: &Snapshot, only: Option<&ProjectName>) {
    let all = snapshot.state.projects.iter();
    for (name, project) in all.filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        if let Some(text) = look::unread(name.as_str(), project, snapshot.now) {
            out::error(&text);
        }
        let (count, verb) = match project.poll.unread {
            0 => continue,
            1 => ("1 branch".to_owned(), "is"),
            many => (format!("{many} branches"), "are"),
        };
        out::error(&format!(
            "{count} of {name} {verb} left out: a name that is no UTF-8 cannot be shown or typed; rename it"
        ));
    }
}

fn shown<'a>(
    state: &'a State,
    project: &'a ProjectName,
    name: &'a str,
    branch: &'a Branch,
) -> Shown<'a> {
    let run = branch.last_run.and_then(|id| state.runs.get(&id));
    Shown {
        project: project.as_str(),
        branch: name,
        environment: branch.environment.as_ref().map(EnvironmentName::as_str),
        commit: branch.head.id.as_str(),
        subject: &branch.head.subject,
        author: &branch.head.author,
        seen_at: branch.seen_at.0,
        run: branch.last_run.map(|id| id.0),
        run_commit: run.map(|run| run.commit.as_str()),
        waits_for_place: branch.waits_for_place().is_some(),
        state: run.map(|run| outcome(run).1),
    }
}

/// That an environment waits for a branch that the repository does not have.
pub fn no_branch(state: &State, key: &EnvironmentKey, environment: &Environment) -> Option<String> {
    let project = state.projects.get(&key.project)?;
    let is_named = environment.preview_of.is_none() && environment.spec.runtime.watch().is_none();
    let feeds = |branch: &Branch| branch.environment.as_ref() == Some(&key.name);
    let is_known = project.poll.changed_at.is_some() && !environment.removing;
    (is_named && is_known && !project.branches.values().any(feeds))
        .then(|| "the repository has no branch that feeds it".to_owned())
}

/// The heads whose runs found the job queue full.
pub fn waiting(state: &State, key: &EnvironmentKey) -> impl Iterator<Item = String> {
    let branches = state.projects.get(&key.project).map(|project| &project.branches);
    let own = branches.into_iter().flatten().filter(|(_, branch)| {
        branch.waits_for_place().is_some() && branch.environment.as_ref() == Some(&key.name)
    });
    own.map(|(name, branch)| {
        let (name, commit) = (printable(name.as_str(), 80), branch.head.id.short());
        format!("{name} {commit} {WAITS_FOR_PLACE}")
    })
}
