//! What the keys speak of: the selected row and what belongs to it.

use pilothouse_core::deployment::{Deployment, EnvironmentKey};
use pilothouse_core::id::{BranchName, InstanceId, ProjectName};
use pilothouse_core::instance::Instance;
use pilothouse_core::run::Run;
use pilothouse_core::state::{Branch, Environment};

use super::Model;
use super::index::{BranchRef, JobRef};
use super::log::LogSource;
use super::ui::{Pane, RowKey, View};

/// What the keys speak of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The project.
    pub project: Option<ProjectName>,
    /// The environment.
    pub environment: Option<EnvironmentKey>,
    /// The branch.
    pub branch: Option<BranchName>,
    /// The run or the deployment.
    pub job: Option<JobRef>,
    /// The instance.
    pub instance: Option<InstanceId>,
}

impl Model {
    /// What the keys speak of: the view on top, otherwise the focused pane's row.
    pub fn subject(&self) -> Subject {
        match self.ui.views.last() {
            Some(View::Run { id, .. }) => self.of_job(JobRef::Run(*id)),
            Some(View::Deployment { id, .. }) => self.of_job(JobRef::Deployment(*id)),
            Some(View::Instance { id, .. }) => self.of_instance(id),
            Some(View::Inspection(close)) => self.of_instance(&close.id),
            Some(View::Cost { .. }) => self.of_branch(),
            Some(View::Branch { row, .. }) => self.of_row(row),
            Some(View::Watched { name, .. }) => {
                self.watched_named(name).map_or_else(Subject::default, |row| of_watched(row.key))
            }
            Some(View::Log(log)) => match &log.source {
                LogSource::Run(id) => self.of_job(JobRef::Run(*id)),
                LogSource::Instance(id) => self.of_instance(id),
            },
            None => match self.row_key(self.ui.focus, self.cursor_row(self.ui.focus)) {
                Some(RowKey::Job(job)) => self.of_job(job),
                Some(RowKey::Instance(id)) => self.of_instance(&id),
                // Nothing is ever done to what is somebody else's.
                Some(RowKey::Other(_)) => Subject::default(),
                Some(RowKey::Watched(key, _)) => of_watched(key),
                Some(RowKey::Branch(_) | RowKey::Cost(_)) | None => self.of_branch(),
            },
        }
    }

    /// The row of the branches that the line over the panes speaks of.
    pub fn selected_branch(&self) -> Option<&BranchRef> {
        let row = self.cursor_row(Pane::Branches);
        let place = self.index.shown.branches.get(row)?;
        self.index.branches.get(*place)
    }

    /// The branch that the journey is told of: the open view's, otherwise the selected one.
    pub fn told_branch(&self) -> Option<&BranchRef> {
        if self.ui.views.is_empty() {
            return self.selected_branch();
        }
        let subject = self.subject();
        let is_of = |row: &&BranchRef| {
            subject.project.as_ref() == Some(&row.project)
                && match (&subject.branch, &subject.environment) {
                    (Some(branch), _) => row.branch.as_ref() == Some(branch),
                    (None, environment) => row.environment == *environment,
                }
        };
        self.index.branches.iter().find(is_of).or_else(|| self.selected_branch())
    }

    /// The facts of a row's branch.
    pub fn branch_facts(&self, row: &BranchRef) -> Option<&Branch> {
        let project = self.replica.projects.get(&row.project)?;
        project.branches.get(row.branch.as_ref()?)
    }

    /// The environment that the containers and targets are shown of; none means all.
    pub fn scope(&self) -> Option<&EnvironmentKey> {
        if self.ui.all_environments {
            return None;
        }
        self.selected_branch()?.environment.as_ref()
    }

    /// An environment's state.
    pub fn environment(&self, key: &EnvironmentKey) -> Option<&Environment> {
        self.replica.environments.get(key)
    }

    /// A run by its job.
    pub fn run_of(&self, job: JobRef) -> Option<&Run> {
        match job {
            JobRef::Run(id) => self.replica.runs.get(&id),
            JobRef::Deployment(_) => None,
        }
    }

    /// A deployment by its job.
    pub fn deployment_of(&self, job: JobRef) -> Option<&Deployment> {
        match job {
            JobRef::Deployment(id) => self.replica.deployments.get(&id),
            JobRef::Run(_) => None,
        }
    }

    /// The instance of a place in the index.
    pub fn instance_at(&self, place: usize) -> Option<&Instance> {
        let (_, id) = self.index.instances.get(place)?;
        self.replica.instances.get(id)
    }

    /// How many rows a pane has.
    pub fn len(&self, pane: Pane) -> usize {
        let shown = &self.index.shown;
        match pane {
            Pane::Branches => shown.branches.len(),
            Pane::Jobs => shown.jobs.len(),
            Pane::Containers => {
                shown.containers.len() + shown.watched(pane).len() + shown.others.len()
            }
            Pane::Targets => shown.targets.len() + shown.watched(pane).len(),
            Pane::Cost => self.costs.lines.len(),
        }
    }

    /// The selected row of a pane.
    pub fn cursor_row(&self, pane: Pane) -> usize {
        self.ui.cursors[pane as usize].row
    }

    /// What a row of a pane speaks of.
    pub fn row_key(&self, pane: Pane, row: usize) -> Option<RowKey> {
        let shown = &self.index.shown;
        let instance = |places: &[usize]| {
            let place = places.get(row)?;
            let (_, id) = self.index.instances.get(*place)?;
            Some(RowKey::Instance(id.clone()))
        };
        let watched = |row: usize| {
            let place = shown.watched(pane).get(row)?;
            Some(RowKey::Watched(place.key.clone(), self.watched_name(place)?))
        };
        match pane {
            Pane::Branches => {
                let place = shown.branches.get(row)?;
                self.index.branches.get(*place).cloned().map(RowKey::Branch)
            }
            Pane::Jobs => shown.jobs.get(row).copied().map(RowKey::Job),
            Pane::Containers => instance(&shown.containers)
                .or_else(|| watched(row.checked_sub(shown.containers.len())?))
                .or_else(|| {
                    let above = shown.containers.len() + shown.watched(pane).len();
                    let place = shown.others.get(row.checked_sub(above)?)?;
                    Some(RowKey::Other(self.other_at(*place)?.name.clone()))
                }),
            Pane::Targets => {
                instance(&shown.targets).or_else(|| watched(row.checked_sub(shown.targets.len())?))
            }
            Pane::Cost => (row < self.costs.lines.len()).then_some(RowKey::Cost(row)),
        }
    }

    fn of_branch(&self) -> Subject {
        let Some(row) = self.selected_branch() else {
            return Subject {
                project: self.replica.projects.keys().next().cloned(),
                ..Subject::default()
            };
        };
        self.of_row(row)
    }

    fn of_row(&self, row: &BranchRef) -> Subject {
        let running = row.environment.as_ref().and_then(|key| self.environment(key)?.running);
        let last_run = self.branch_facts(row).and_then(|branch| branch.last_run);
        Subject {
            project: Some(row.project.clone()),
            environment: row.environment.clone(),
            branch: row.branch.clone(),
            job: running.map(JobRef::Deployment).or(last_run.map(JobRef::Run)),
            instance: None,
        }
    }

    fn of_job(&self, job: JobRef) -> Subject {
        let (run, deployment) = (self.run_of(job), self.deployment_of(job));
        let environment = run.and_then(|run| {
            let name = run.environment.clone()?;
            Some(EnvironmentKey { project: run.project.clone(), name })
        });
        let environment =
            environment.or(deployment.map(|deployment| deployment.environment.clone()));
        Subject {
            project: run
                .map(|run| run.project.clone())
                .or(environment.as_ref().map(|key| key.project.clone())),
            branch: run.map(|run| run.branch.clone()),
            environment,
            job: Some(job),
            instance: None,
        }
    }

    fn of_instance(&self, id: &InstanceId) -> Subject {
        let environment =
            self.replica.instances.get(id).map(|instance| instance.environment.clone());
        Subject {
            project: environment.as_ref().map(|key| key.project.clone()),
            environment,
            branch: None,
            job: None,
            instance: Some(id.clone()),
        }
    }
}

/// Something at AWS belongs to an environment, and nothing is ever done to it.
fn of_watched(key: EnvironmentKey) -> Subject {
    Subject { project: Some(key.project.clone()), environment: Some(key), ..Subject::default() }
}
