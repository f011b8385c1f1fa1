//! An engine of ours that is started with another Docker engine than the one with its containers.

use pilothouse_core::id::DeploymentId;

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::daemon::Daemon;
use super::image::Base;
use super::{commit, project};

#[test]
fn what_another_docker_engine_does_not_have_is_not_gone() {
    let (own, other) = (Daemon::start(), Daemon::start());
    let base = Base::make_in("elsewhere", own.client());
    let mut stage = Stage::new();
    stage.use_docker(own.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let before = stage.state();
    let containers = base.containers(&stage);

    // A shell that finds another one by itself judges nothing by it.
    stage.use_docker(other.host());
    let told = String::from_utf8(stage.binary().arg("doctor").output().unwrap().stdout).unwrap();
    let host = format!("→ `export DOCKER_HOST={}` before other verbs", own.host());
    assert!(told.contains(&host) && !told.contains(" gone"), "{told}");
    stage.use_docker(own.host());
    let told = String::from_utf8(stage.binary().arg("doctor").output().unwrap().stdout).unwrap();
    assert!(!told.contains("DOCKER_HOST") && !told.contains(" gone"), "{told}");

    stage.stop_engine();
    stage.use_docker(other.host());
    stage.start();
    let state = stage.wait("it is noticed", |state| state.containers.away.is_some());
    let away = state.containers.away.as_ref().unwrap();
    assert!(away.elsewhere, "{away:?}");
    let note = stage.state_dir().join("docker-engine.json");
    for told in [["status"], ["doctor"]].map(|verb| {
        let output = stage.binary().args(verb).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }) {
        let way_on = format!("give those containers up: rm {}", note.display());
        assert!(told.contains(&way_on) && !told.contains(" gone"), "{told}");
        for daemon in [&own, &other] {
            assert!(told.contains(daemon.host().trim_start_matches("unix://")), "{told}");
        }
    }
    // Each goes on under its owner, and nothing is started in its stead.
    stage.shows("v1");
    stage.look();
    let state = stage.state();
    assert_eq!(state.last_deployment, before.last_deployment);
    assert!(state.instances.keys().eq(before.instances.keys()), "{:?}", state.instances.keys());
    assert_eq!(other.entries("containers"), Vec::<String>::new());
    let ids = |all: &[pilothouse_docker::Container]| -> Vec<String> {
        all.iter().map(|one| one.id.clone()).collect()
    };
    assert_eq!(ids(&base.containers(&stage)), ids(&containers));

    // Back where they are, or told that they are given up, the engine goes on.
    stage.stop_engine();
    stage.use_docker(own.host());
    stage.start();
    stage.wait("theirs is back", |state| state.containers.away.is_none());
    assert_eq!(ids(&base.containers(&stage)), ids(&containers));
    stage.stop_engine();
    stage.use_docker(other.host());
    stage.start();
    stage.wait("it is noticed again", |state| state.containers.away.is_some());
    std::fs::remove_file(&note).unwrap();
    stage.wait("the other one is taken", |state| state.containers.away.is_none());
    stage.halt();
}
