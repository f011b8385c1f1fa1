//! Keeps what is said of a commit beside its branch or run, while that is open and nothing of it ran.

use pilothouse_api::types::Verdict;
use pilothouse_core::id::{CommitId, ProjectName};
use pilothouse_core::run::RunPhase;

use crate::model::{Judged, Link, Model, View};
use crate::msg::Request;

/// Asks what is said of the commit that is looked at, once for each commit: one that moved on is asked for anew.
pub(super) fn ask(model: &mut Model) -> Option<Request> {
    let Some((project, commit)) = looked_at(model) else {
        model.ui.verdict = None;
        return None;
    };
    let known = model.ui.verdict.as_ref();
    let is_known =
        known.is_some_and(|known| (&known.project, &known.commit) == (&project, &commit));
    if is_known || model.link != Link::Live {
        return None;
    }
    let judged = Judged { project: project.clone(), commit: commit.clone(), found: None };
    model.ui.verdict = Some(judged);
    Some(Request::Judge { project, commit })
}

/// The commit of the view on top, where its pipeline was not read yet.
fn looked_at(model: &Model) -> Option<(ProjectName, CommitId)> {
    match model.ui.views.last()? {
        View::Branch { row, .. } => {
            Some((row.project.clone(), model.branch_facts(row)?.head.id.clone()))
        }
        View::Run { id, .. } => {
            let run = model.replica.runs.get(id)?;
            let is_unread = matches!(run.phase, RunPhase::Queued | RunPhase::CheckingOut);
            is_unread.then(|| (run.project.clone(), run.commit.clone()))
        }
        View::Deployment { .. }
        | View::Instance { .. }
        | View::Cost { .. }
        | View::Watched { .. }
        | View::Inspection(_)
        | View::Log(_) => None,
    }
}

/// Keeps what came, where it is still looked at.
pub(super) fn came(
    model: &mut Model,
    project: &ProjectName,
    commit: &CommitId,
    found: Result<Verdict, String>,
) {
    if let Some(known) = model.ui.verdict.as_mut()
        && (&known.project, &known.commit) == (project, commit)
    {
        known.found = Some(found);
    }
}
