//! A branch that nothing ran of yet: its head, what it feeds, and what is said of its Jenkinsfile.

use pilothouse_api::types::Verdict;
use pilothouse_core::id::{CommitId, ProjectName};

use super::super::lines::{Line, sentence};
use super::{Sheet, gone};
use crate::age;
use crate::model::{BranchRef, Model};
use crate::rows::words;
use crate::theme::{Mark, Scope};
use crate::width;

pub(super) fn sheet(model: &Model, row: &BranchRef, top: usize, room: u16) -> Sheet {
    let name = row.branch.as_ref().map_or_else(String::new, |name| width::clean(name.as_str()));
    let title = format!("Branch {name}");
    let Some(branch) = model.branch_facts(row) else {
        return gone(title, "This branch is no longer there. Esc goes back.");
    };
    let head = &branch.head;
    let feeds = row.environment.as_ref();
    let feeds = match feeds {
        Some(key) => width::clean(key.name.as_str()),
        None => unfed(model, row).unwrap_or_else(|| "no environment".to_owned()),
    };
    let run = branch.last_run.and_then(|id| model.replica.runs.get(&id));
    let (mark, word) = match run {
        Some(run) => words::run(run),
        None if branch.owed.is_some() => (Mark::Pending, "its run is about to begin".to_owned()),
        None => (Mark::None, nothing_ran(model, row, &head.id)),
    };
    let commit = Line::name("commit").and(format!("{} ", head.id.short()), Scope::Dim);
    let mut lines = vec![
        commit.and(width::clean(&head.subject), Scope::Text),
        Line::fact(
            "by",
            format!("{}, {} ago", width::clean(&head.author), age::ago(model.now, head.at)),
        ),
        Line::fact("for", feeds),
        Line::name("state").mark(mark).and(word, Scope::Text),
    ];
    lines.extend(verdict(model, &row.project, &head.id, room));
    Sheet { title, lines, top, selected: None }
}

/// That nothing ran, and the key that changes it: for who may press it, where there is a pipeline.
fn nothing_ran(model: &Model, row: &BranchRef, commit: &CommitId) -> String {
    let has_none = known(model, &row.project, commit)
        .is_some_and(|found| found.as_ref().is_ok_and(|verdict| !verdict.lines.is_empty()));
    let hint = if has_none || model.is_watcher() { "" } else { "; x r runs its pipeline" };
    format!("nothing ran of it yet{hint}")
}

/// What is known of a commit's Jenkinsfile.
fn known<'m>(
    model: &'m Model,
    project: &ProjectName,
    commit: &CommitId,
) -> Option<&'m Result<Verdict, String>> {
    let known = model.ui.verdict.as_ref();
    known.filter(|known| (&known.project, &known.commit) == (project, commit))?.found.as_ref()
}

fn unfed(model: &Model, row: &BranchRef) -> Option<String> {
    let branch = row.branch.as_ref()?;
    Some(words::no_preview(&model.replica, &row.project, branch, model.now)?.0)
}

/// What is said of a commit's Jenkinsfile; nothing where there is none.
pub(super) fn verdict(
    model: &Model,
    project: &ProjectName,
    commit: &CommitId,
    room: u16,
) -> Vec<Line> {
    let said = match known(model, project, commit) {
        Some(Ok(verdict)) => verdict.lines.as_slice(),
        Some(Err(why)) => {
            let why = format!("What it would run is not known: {}", width::clean(why));
            return sentence(&why, room, Scope::Dim);
        }
        None => &[],
    };
    let mut lines = Vec::new();
    for (at, line) in said.iter().enumerate() {
        if at == 0 {
            lines.push(Line::default());
        }
        let scope = if at == 0 { Scope::Strong } else { Scope::Text };
        lines.extend(sentence(&width::clean(line), room, scope));
    }
    lines
}
