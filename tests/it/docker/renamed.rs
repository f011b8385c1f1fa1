//! Somebody renames a container of ours: it is still ours.

use pilothouse_core::id::DeploymentId;
use rustix::process::Signal;

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, processes, wait_until};
use super::image::Base;
use super::{commit, project};

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
    let name = format!("kims-{}", std::process::id());
    let path = format!("/containers/{}/rename?name={name}", victim.id);
    assert_eq!(Base::asks("POST", &path, "").0, 204);
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
    // Its owner dies with its supervisor, and nobody but the engine is left to remove it.
    let line = format!("instances/{id}/");
    let mut own = processes::of(&stage.path(""));
    own.retain(|one| one.line.contains(&line));
    own.sort_by_key(|one| !one.line.contains("supervise"));
    assert!(own.len() >= 2, "{own:#?}");
    for one in &own {
        processes::signal(one.pid, Signal::KILL);
    }
    wait_until(|| "it is gone".to_owned(), || base.container(&victim.id).is_none());
    stage.halt();
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
}
