//! Which branches have a preview, where a pattern of the operator's file asks for one.

use crate::deployment::EnvironmentKey;
use crate::id::{BranchName, ProjectName};
use crate::state::{Commit, State};
use crate::time::{Millis, Timestamp};

/// A preview is made unasked only for a branch whose head is younger than this, so that adding an
/// old repository does not build its whole past.
const FRESH: Millis = Millis::minutes(3 * 24 * 60);

/// Whether a head is too old to have a preview made of it unasked.
pub(crate) fn is_stale(head: &Commit, now: Timestamp) -> bool {
    now.since(head.at) > FRESH
}

impl State {
    /// The branch that has the preview that another one would feed, where the two come to the same
    /// name: see [`crate::text::slug`].
    pub fn preview_holder(
        &self,
        project: &ProjectName,
        branch: &BranchName,
    ) -> Option<&BranchName> {
        let name = self.projects.get(project)?.spec.environment_fed_by(branch)?.name;
        let key = EnvironmentKey { project: project.clone(), name };
        let holder = self.environments.get(&key)?.preview_of.as_ref()?;
        (holder != branch).then_some(holder)
    }

    /// Whether a branch has no preview because its head was too old when it was looked at. The next
    /// push makes one; a run alone makes none.
    pub fn is_passed_over(
        &self,
        project: &ProjectName,
        branch: &BranchName,
        now: Timestamp,
    ) -> bool {
        let Some(found) = self.projects.get(project) else { return false };
        let Some(known) = found.branches.get(branch) else { return false };
        known.environment.is_none()
            && is_stale(&known.head, now)
            && found.spec.environment_fed_by(branch).is_some_and(|fed| fed.preview)
            && self.preview_holder(project, branch).is_none()
    }
}
