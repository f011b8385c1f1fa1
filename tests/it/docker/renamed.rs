//! Somebody renames a container of ours: it is still ours.

use pilothouse_core::command::Command;
use pilothouse_core::id::{DeploymentId, RunId};
use rustix::process::Signal;

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, processes, wait_until};
use super::image::Base;
use super::{commit, project};

/// Renames a container, as `docker rename` does; its name then.
fn rename(id: &str) -> String {
    let name = format!("kims-{}-{}", std::process::id(), &id[..12]);
    let path = format!("/containers/{id}/rename?name={name}");
    assert_eq!(Base::asks("POST", &path, "").0, 204);
    name
}

/// Kills a container's owner together with its supervisor, so that nobody but the engine is left to
/// remove it.
fn orphan(stage: &Stage, line: &str) {
    let mut own = processes::of(&stage.path(""));
    own.retain(|one| one.line.contains(line));
    own.sort_by_key(|one| !one.line.contains("supervise"));
    assert!(own.len() >= 2, "{own:#?}");
    for one in &own {
        processes::signal(one.pid, Signal::KILL);
    }
}

#[test]
fn a_container_that_was_renamed_is_found_again_shown_and_removed() {
    let base = Base::make("renamed");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let victim = base.containers(&stage).remove(0);
    let id = victim.labels["pilothouse.instance"].clone();
    let name = rename(&victim.id);
    let record = stage.state_dir().join("instances").join(&id).join("unit/container.json");
    let record = || pilothouse_docker::read_record(&record).unwrap().unwrap();
    let owner = record().owner;
    processes::signal(owner, Signal::KILL);
    wait_until(|| "another process owns it".to_owned(), || record().owner != owner);
    assert_eq!(record().id, victim.id);
    assert_eq!(base.containers(&stage).len(), 2);
    stage.shows("v1");
    let seen = stage.binary().args(["inspect", &id]).output().unwrap();
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.contains(&name), "{seen}");
    orphan(&stage, &format!("instances/{id}/"));
    wait_until(|| "it is gone".to_owned(), || base.container(&victim.id).is_none());
    stage.halt();
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
}

#[test]
fn a_steps_container_that_was_renamed_ends_with_the_step() {
    let base = Base::make("renamed-step");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"hang\"\ntimeout = \"60s\"\nrun = \"exec sleep 1000\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("hangs");
    stage.apply(&project(&stage, &repository, ""));
    let renamed = |run: u64| {
        let record = stage.state_dir().join(format!("runs/{run}/record-0.json"));
        let record = || pilothouse_docker::read_record(&record).unwrap().unwrap_or_default();
        wait_until(|| "its owner tells of it".to_owned(), || !record().id.is_empty());
        rename(&record().id);
        record().id
    };
    let is_over = |id: &str| {
        stage.wait("the run is over", |state| state.live_runs.is_empty());
        wait_until(|| "it is gone".to_owned(), || base.container(id).is_none());
    };
    // Whoever owned it dies.
    let id = renamed(1);
    orphan(&stage, "runs/1/");
    is_over(&id);
    // Somebody cancels it.
    let again = stage.binary().args(["run", "main"]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let id = renamed(2);
    stage.submit(Command::CancelRun { id: RunId(2) }).unwrap();
    is_over(&id);
    stage.halt();
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
}
