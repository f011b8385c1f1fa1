//! Removes from disk what the state no longer knows.
//!
//! Driven by the state alone: what is not in it and not young goes. It never removes what a
//! live run, a deployment or an instance could still look for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pilothouse_core::state::State;

use crate::artifact::{ArtifactError, Digest, Limits, Store};
use crate::journal::Disk;
use crate::left;
use crate::places::Places;
use crate::remove;

/// What is younger than this stays, because the state may be about to learn of it.
const YOUNG: Duration = Duration::from_secs(600);
/// Directories of gone instances that are kept for their logs.
const GONE_INSTANCES: usize = 50;

/// Removes what the state no longer knows. Failures are logged and tried again the next time.
///
/// `now` gives what is known at that moment. It is asked once the releases are listed: a release is
/// on disk only after the state knows it, so that what is listed and not known is over. It is asked
/// again for what bears the name of a project, which can come back under it.
pub fn tidy(places: &Places, now: impl Fn() -> Arc<State>) {
    let releases = releases(places);
    let state = &*now();
    let runs: BTreeSet<String> = state.runs.keys().map(|id| id.0.to_string()).collect();
    remove_but(&places.runs(), &runs, 0);
    let instances: BTreeSet<String> = state.instances.keys().map(ToString::to_string).collect();
    remove_but(&places.instances(), &instances, GONE_INSTANCES);
    let mut wanted = BTreeSet::new();
    for (key, environment) in &state.environments {
        wanted.extend(environment.releases.keys().map(|number| places.release(key, *number)));
        wanted.extend(environment.releases.keys().map(|number| places.pinned(key, *number)));
    }
    for release in releases.iter().filter(|release| !wanted.contains(*release)) {
        // Of what a lost record told of, something may run.
        if !left::is_release_in_use(places, release) {
            gone(release);
        }
    }
    // Of what held the releases, only what is empty goes.
    for environment in releases.iter().filter_map(|release| release.parent()) {
        if std::fs::remove_dir(environment).is_ok()
            && let Some(project) = environment.parent()
        {
            let _ = std::fs::remove_dir(project);
        }
    }
    prune_artifacts(places, state);
    let state = &*now();
    remove_projects(places, state);
    for project in state.projects.keys() {
        let own = state.environments.keys().filter(|key| key.project == *project);
        let named = own.map(|key| key.name.to_string()).chain([Places::NOWHERE.to_owned()]);
        remove_but(&places.all_caches(project), &named.collect(), 0);
    }
}

/// Removes what is kept of projects that are no more. Each loses its name first, at once: one that
/// is added again meanwhile begins in a place of its own.
fn remove_projects(places: &Places, state: &State) {
    let projects = state.projects.keys().map(ToString::to_string).collect();
    for path in old_but(&places.projects(), &projects) {
        let hidden = path.file_name().map(|name| {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            path.with_file_name(hidden)
        });
        match hidden.map(|hidden| std::fs::rename(&path, &hidden).map(|()| hidden)) {
            Some(Ok(hidden)) => gone(&hidden),
            _ => gone(&path),
        }
    }
}

/// The directories of all releases that are on disk. One that is only being laid out has a hidden
/// name, and counts once it is so old that whoever laid it out must have died.
fn releases(places: &Places) -> Vec<PathBuf> {
    let entries = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries(places.releases())
        .flat_map(|project| entries(project.path()))
        .flat_map(|environment| entries(environment.path()))
        .filter(|release| {
            !release.file_name().as_encoded_bytes().starts_with(b".") || is_old(release)
        })
        .map(|release| release.path())
        .collect()
}

fn is_old(entry: &std::fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= YOUNG))
}

fn prune_artifacts(places: &Places, state: &State) {
    let keep: BTreeSet<Digest> =
        state.artifacts.keys().filter_map(|digest| digest.as_str().parse().ok()).collect();
    let pruned = Store::open(&places.artifacts(), Limits::default(), Disk::default())
        .map_err(ArtifactError::from)
        .and_then(|store| store.prune(&keep, YOUNG, SystemTime::now()));
    match pruned {
        Ok(pruned) if pruned.bytes > 0 => tracing::info!(bytes = pruned.bytes, "pruned artifacts"),
        Ok(_) => {}
        // The next run or deployment has it done.
        Err(ArtifactError::Busy) => {
            tracing::debug!("artifacts are not pruned while one is written");
        }
        Err(why) => tracing::warn!(%why, "artifacts could not be pruned"),
    }
}

/// Removes old entries of a directory that are not named, but for so many of the newest.
fn remove_but(dir: &Path, named: &BTreeSet<String>, keep: usize) {
    let old = old_but(dir, named);
    let count = old.len().saturating_sub(keep);
    for path in old.into_iter().take(count) {
        gone(&path);
    }
}

/// Old entries of a directory that are not named and in which nothing runs, the oldest first.
fn old_but(dir: &Path, named: &BTreeSet<String>) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let now = SystemTime::now();
    let mut old: Vec<_> = entries
        .flatten()
        .filter(|entry| !entry.file_name().to_str().is_some_and(|name| named.contains(name)))
        .filter_map(|entry| {
            let modified = entry.metadata().ok()?.modified().ok()?;
            let age = now.duration_since(modified).ok()?;
            (age >= YOUNG).then_some((modified, entry.path()))
        })
        .filter(|(_, path)| !left::is_in_use(path))
        .collect();
    old.sort();
    old.into_iter().map(|(_, path)| path).collect()
}

/// Removes a tree, and says so where it cannot be.
fn gone(path: &Path) {
    if let Err(error) = remove::tree(path) {
        tracing::warn!(path = %path.display(), %error, "cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_core::id::ProjectName;
    use pilothouse_core::state::{Poll, Project};

    use super::*;

    #[test]
    fn what_an_environment_kept_for_later_goes_with_it() {
        let temp = tempfile::tempdir().unwrap();
        let places = Places::new(temp.path());
        let project = ProjectName::new("shop");
        let old = SystemTime::now() - 2 * YOUNG;
        for environment in [None, Some("production"), Some("preview-a"), Some("preview-new")] {
            let dir = places.caches(&project, environment);
            std::fs::create_dir_all(&dir).unwrap();
            if environment != Some("preview-new") {
                std::fs::File::open(&dir).unwrap().set_modified(old).unwrap();
            }
        }
        let named = BTreeSet::from(["production".to_owned(), Places::NOWHERE.to_owned()]);
        remove_but(&places.all_caches(&project), &named, 0);
        let left = |environment| places.caches(&project, environment).exists();
        assert!(left(None) && left(Some("production")) && !left(Some("preview-a")));
        assert!(left(Some("preview-new")), "the state may be about to learn of it");
    }

    #[test]
    fn a_project_that_is_back_keeps_what_is_kept_of_it() {
        let temp = tempfile::tempdir().unwrap();
        let places = Places::new(temp.path());
        std::fs::create_dir_all(places.mirror(&ProjectName::new("shop"))).unwrap();
        let old = std::fs::File::open(places.projects().join("shop")).unwrap();
        old.set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
        // It is added again while its runs and releases are removed.
        let asked = std::cell::Cell::new(0);
        tidy(&places, || {
            asked.set(asked.get() + 1);
            let mut state = State::default();
            if asked.get() > 1 {
                let spec = pilothouse_settings::operator::read("shop", "shop.toml", FILE).unwrap();
                let project = Project {
                    spec,
                    branches: std::collections::BTreeMap::new(),
                    poll: Poll::default(),
                    removing: false,
                };
                state.projects.insert("shop".into(), project);
            }
            Arc::new(state)
        });
        assert!(places.projects().join("shop").exists());
    }

    /// The least that a project can be.
    const FILE: &str = "repository = \"/srv/shop\"\n[environment.production]\nbranch = \"main\"\n";

    #[test]
    fn what_is_kept_of_a_project_goes_with_it() {
        let temp = tempfile::tempdir().unwrap();
        let places = Places::new(temp.path());
        for name in ["gone", "new"] {
            std::fs::create_dir_all(places.mirror(&ProjectName::new(name))).unwrap();
        }
        let old = std::fs::File::open(places.projects().join("gone")).unwrap();
        old.set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
        tidy(&places, || Arc::new(State::default()));
        assert!(!places.projects().join("gone").exists());
        assert!(places.projects().join("new").exists(), "the state may be about to learn of it");
    }
}
