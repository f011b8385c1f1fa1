//! What stands below a state directory and the state may not know of, because records are lost.
//!
//! Responsible for finding it: what runs, and the numbers that were given. It must not end or
//! remove anything.

mod copied;
mod displaced;
mod edge;

use std::path::{Path, PathBuf};

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::Loss;
use pilothouse_core::id::{
    DeploymentId, EnvironmentName, InstanceId, ProjectName, ReleaseNumber, RunId,
};
use pilothouse_core::routing::Table;
use pilothouse_core::run::RunPhase;
use pilothouse_core::state::{Retired, State};
use pilothouse_supervisor::{Liveness, find};

use crate::journal::Epoch;
use crate::places::{Places, unit_of};

pub(crate) use copied::ENGINE_VARIABLE;
pub use copied::{Original, original};
pub use displaced::{Displaced, displaced, end_displaced};
pub use edge::{LivingEdge, edge};

/// Processes or directories that are told at most.
const MOST: usize = 100;
/// How many numbers are passed over where nobody knows how many records are lost.
const UNKNOWN: u64 = 1000;

/// A supervised program that does not run by what the state says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its unit directory.
    pub unit: PathBuf,
    /// Its supervisor's process; none while that is only starting.
    pub supervisor: Option<i32>,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = self.unit.display();
        match self.supervisor {
            Some(pid) => {
                write!(
                    f,
                    "process {pid} runs for {unit}, which the journal knows as over or not at all"
                )
            }
            None => write!(
                f,
                "a process is starting for {unit}, which the journal knows as over or not at all"
            ),
        }
    }
}

/// The unit directories of all instances and steps.
pub fn units(places: &Places) -> impl Iterator<Item = PathBuf> {
    let instances = below(&places.instances()).map(|instance| unit_of(&instance));
    instances.chain(below(&places.runs()).flat_map(|run| steps_of(&run)))
}

/// Whether a unit's supervisor lives.
pub fn lives(unit: &Path) -> bool {
    matches!(find(unit), Ok(Liveness::Alive(..) | Liveness::Starting))
}

/// Whether something runs that has an instance's or a run's directory.
pub fn is_in_use(dir: &Path) -> bool {
    lives(&unit_of(dir)) || steps_of(dir).any(|step| lives(&step))
}

/// Whether something runs that is of a release, by the release's directory.
pub fn is_release_in_use(places: &Places, release: &Path) -> bool {
    let key = release.parent().and_then(key_of);
    let Some((key, number)) = key.zip(name_of(release).and_then(number_of)) else { return false };
    let prefix = format!("{}-{}-", key.project, key.name);
    let is_of_it = |dir: &PathBuf| {
        let own = name_of(dir).and_then(|name| parts(name.strip_prefix(&prefix)?));
        own.is_some_and(|(release, _)| release == number)
    };
    below(&places.instances()).filter(is_of_it).any(|dir| is_in_use(&dir))
}

/// What runs and does not by what the state says.
pub fn strangers(places: &Places, state: &State) -> Vec<Stranger> {
    let instance = |name: &str| state.instances.get(&InstanceId::new(name));
    let is_known = |name: &str| instance(name).is_some_and(|one| !one.is_gone());
    let instances = below(&places.instances())
        .filter(|dir| !name_of(dir).is_some_and(is_known))
        .map(|dir| unit_of(&dir));
    let run = |name: &str| state.runs.get(&RunId(name.parse().ok()?));
    let is_known =
        |name: &str| run(name).is_some_and(|one| !matches!(one.phase, RunPhase::Ended { .. }));
    let steps = below(&places.runs())
        .filter(|dir| !name_of(dir).is_some_and(is_known))
        .flat_map(|dir| steps_of(&dir));
    let stranger = |unit: PathBuf| {
        let supervisor = match find(&unit) {
            Ok(Liveness::Alive(handle, _)) => Some(handle.supervisor.pid),
            Ok(Liveness::Starting) => None,
            // Nothing of it runs, or nobody can tell.
            Ok(_) | Err(_) => return None,
        };
        Some(Stranger { unit, supervisor })
    };
    instances.chain(steps).filter_map(stranger).take(MOST).collect()
}

/// The last run that has a directory and that the state never heard of. It proves that records are
/// lost: a run is durable before anything is done for it.
pub fn later_run(places: &Places, state: &State) -> Option<RunId> {
    let runs = below(&places.runs()).filter_map(|dir| name_of(&dir)?.parse().ok().map(RunId));
    runs.max().filter(|run| *run > state.last_run)
}

/// Workspaces and homes of runs that are over: a run ends once they are removed, or cannot be.
pub fn leftovers(places: &Places, state: &State) -> Vec<PathBuf> {
    let is_over = |run: &RunId| match state.runs.get(run) {
        Some(known) => matches!(known.phase, RunPhase::Ended { .. }),
        // It was forgotten.
        None => *run <= state.last_run,
    };
    // A link in the place of a run leads to what is not ours.
    let is_real = |dir: &PathBuf| dir.symlink_metadata().is_ok_and(|found| found.is_dir());
    let runs = below(&places.runs()).filter(is_real);
    let runs = runs.filter_map(|dir| name_of(&dir)?.parse().ok().map(RunId));
    let dirs =
        runs.filter(is_over).flat_map(|run| [places.workspace(run), places.container_home(run)]);
    dirs.filter(|dir| dir.symlink_metadata().is_ok()).take(MOST).collect()
}

/// The epoch of the engine that published the saved routing table; 0 where there is none. An edge
/// takes no table of an earlier one.
pub fn table_epoch(places: &Places) -> Epoch {
    let text = std::fs::read(places.edge().join("table.json")).unwrap_or_default();
    Epoch(serde_json::from_slice::<Table>(&text).map_or(0, |table| table.epoch))
}

/// What is passed over because of a loss: numbers that lost records may have given, and those that
/// something on disk has.
pub fn passed_over(places: &Places, state: &State, loss: &Loss) -> Loss {
    // Each record makes one run or one deployment at most.
    let lost = match loss.to.0.saturating_sub(loss.after.0) {
        0 => UNKNOWN,
        lost => lost,
    };
    let last_run = RunId(state.last_run.0.saturating_add(lost));
    Loss {
        last_run: last_run.max(later_run(places, state).unwrap_or_default()),
        last_deployment: DeploymentId(state.last_deployment.0.saturating_add(lost)),
        used: used(places, state),
        ..*loss
    }
}

/// The highest release and generation of each environment that something on disk has.
fn used(places: &Places, state: &State) -> std::collections::BTreeMap<EnvironmentKey, Retired> {
    let mut used = std::collections::BTreeMap::<EnvironmentKey, Retired>::new();
    for dir in below(&places.releases()).flat_map(|project| below(&project)) {
        let Some(key) = key_of(&dir) else { continue };
        let releases = below(&dir).filter_map(|release| number_of(name_of(&release)?));
        let release = releases.max().unwrap_or_default();
        used.insert(key, Retired { release, generation: 0 });
    }
    for key in state.environments.keys() {
        used.entry(key.clone()).or_default();
    }
    let instances: Vec<PathBuf> = below(&places.instances()).collect();
    for (key, used) in &mut used {
        let prefix = format!("{}-{}-", key.project, key.name);
        let own = instances.iter().filter_map(|dir| name_of(dir)?.strip_prefix(&prefix));
        for (release, generation) in own.filter_map(parts) {
            used.release = used.release.max(release);
            used.generation = used.generation.max(generation);
        }
    }
    used.retain(|_, used| *used != Retired::default());
    used
}

/// The release and the generation in `r2-1.4`, or in `r2-1`.
fn parts(text: &str) -> Option<(ReleaseNumber, u32)> {
    let (release, slot) = text.split_once('-')?;
    let generation = slot.split_once('.').map_or(Some(0), |(_, number)| number.parse().ok())?;
    Some((number_of(release)?, generation))
}

/// The number in `r2`, in `r2.image` or in `.r2.4711`, as a release is called that is laid out.
fn number_of(name: &str) -> Option<ReleaseNumber> {
    let name = name.trim_start_matches('.').split('.').next()?;
    name.strip_prefix('r')?.parse().ok().map(ReleaseNumber)
}

fn key_of(dir: &Path) -> Option<EnvironmentKey> {
    let project = ProjectName::new(name_of(dir.parent()?)?);
    Some(EnvironmentKey { project, name: EnvironmentName::new(name_of(dir)?) })
}

fn name_of(dir: &Path) -> Option<&str> {
    dir.file_name()?.to_str()
}

fn steps_of(run: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    below(&run.join("steps"))
}

fn below(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use pilothouse_core::id::Seq;

    use super::*;

    fn made(dirs: &[&str]) -> (tempfile::TempDir, Places) {
        let temp = tempfile::tempdir().unwrap();
        for dir in dirs {
            std::fs::create_dir_all(temp.path().join(dir)).unwrap();
        }
        let places = Places::new(temp.path());
        (temp, places)
    }

    #[test]
    fn numbers_that_something_on_disk_has_are_passed_over() {
        let (_temp, places) = made(&[
            "runs/9/steps/0",
            "runs/no-run",
            "releases/shop/production/r4",
            "releases/shop/production/.r6.new",
            "releases/shop/production/strange",
            "releases/shop/qa/r2",
            "instances/shop-production-r7-1.4/unit",
            "instances/shop-production-r3-0.11",
            "instances/shop-production-x",
        ]);
        let state = State { last_run: RunId(5), ..State::default() };
        let known = Loss { after: Seq(20), to: Seq(22), ..Loss::default() };
        let passed = passed_over(&places, &state, &known);
        let key = |name: &str| EnvironmentKey { project: "shop".into(), name: name.into() };
        let used = |release, generation| Retired { release: ReleaseNumber(release), generation };
        let expected = [(key("production"), used(7, 11)), (key("qa"), used(2, 0))];
        assert_eq!(passed.used, expected.into());
        assert_eq!((passed.after, passed.to), (Seq(20), Seq(22)));
        assert_eq!((passed.last_run, passed.last_deployment), (RunId(9), DeploymentId(2)));
        // Where nobody knows how many are lost, it may have been many.
        let unknown = passed_over(&places, &state, &Loss { to: known.after, ..known.clone() });
        let (run, deployment) = (RunId(5 + UNKNOWN), DeploymentId(UNKNOWN));
        assert_eq!((unknown.last_run, unknown.last_deployment), (run, deployment));
        // Each lost record may have been a run.
        let known = Loss { to: Seq(120), ..known };
        assert_eq!(passed_over(&places, &state, &known).last_run, RunId(105));
    }

    #[test]
    fn what_a_run_that_is_over_left_is_found() {
        let (_temp, places) = made(&[
            "runs/3/workspace/deep",
            "runs/4/steps/0",
            "runs/5/home",
            "runs/5/workspace",
            "runs/9/workspace",
        ]);
        let state = State { last_run: RunId(8), ..State::default() };
        let mut found = leftovers(&places, &state);
        found.sort();
        let own = [places.workspace(RunId(3)), places.container_home(RunId(5))];
        assert_eq!(found, [&own[..], &[places.workspace(RunId(5))]].concat());
    }

    #[test]
    fn a_run_with_a_directory_proves_that_the_journal_is_behind() {
        let (_temp, places) = made(&["runs/3", "runs/12", "runs/x"]);
        let knows = |last| State { last_run: RunId(last), ..State::default() };
        assert_eq!(later_run(&places, &knows(12)), None);
        assert_eq!(later_run(&places, &knows(11)), Some(RunId(12)));
        assert_eq!(table_epoch(&places), Epoch(0));
        std::fs::create_dir_all(places.edge()).unwrap();
        let table = serde_json::to_vec(&Table::default().seal(6, 2)).unwrap();
        std::fs::write(places.edge().join("table.json"), table).unwrap();
        assert_eq!(table_epoch(&places), Epoch(6));
    }
}
