//! `pilothouse branches`: every branch, its head and its newest run.

use color_eyre::Result;
use pilothouse_core::id::{EnvironmentName, ProjectName};
use pilothouse_core::state::{Branch, State};
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
    /// How that run stands: `queued`, `running`, `succeeded`, `failed` and so on.
    state: Option<&'static str>,
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
    if branches.json {
        let shown = found.iter().map(|(project, name, branch)| shown(state, project, name, branch));
        return out::json(&shown.collect::<Vec<_>>());
    }
    let mut table = Table::new(&["PROJECT", "BRANCH", "FEEDS", "COMMIT", "AGE", "RUN", "SUBJECT"]);
    for (project, name, branch) in found {
        let run = branch.last_run.and_then(|id| state.runs.get(&id));
        let (tone, run) = run.map_or((Tone::Dim, "-".to_owned()), |run| {
            let (tone, word) = outcome(run);
            (tone, format!("{} {word}", run.id))
        });
        let feeds = branch.environment.as_ref().map_or("-", |name| name.as_str());
        table.toned([
            (Tone::Plain, project.to_string()),
            (Tone::Plain, name.to_owned()),
            (Tone::Plain, feeds.to_owned()),
            (Tone::Plain, branch.head.id.short().to_owned()),
            (Tone::Plain, out::ago(snapshot.now, branch.seen_at)),
            (tone, run),
            (Tone::Plain, branch.head.subject.clone()),
        ]);
        let holder =
            branch.environment.is_none().then(|| state.preview_holder(project, &name.into()));
        let note =
            holder.flatten().map(|holder| format!("{holder} has its preview's name; rename one"));
        table.notes(note.as_slice());
    }
    if table.is_empty() {
        out::line("no branch yet; `pilothouse look` looks at the repositories now");
    } else {
        table.print(0);
    }
    Ok(())
}

fn shown<'a>(
    state: &State,
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
        state: run.map(|run| outcome(run).1),
    }
}
