//! The Docker engine dies, and comes back: in mid-build, while instances start, while a release is
//! watched.

use std::os::unix::process::ExitStatusExt as _;

use pilothouse_core::deployment::{Milestone, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::daemon::Daemon;
use super::image::Base;
use super::{SERVE, commit, project};

fn newest(state: &State) -> &Phase {
    &state.deployments.values().next_back().unwrap().phase
}

#[test]
fn an_engine_that_is_killed_and_comes_back_costs_no_build_and_no_deployment() {
    let mut daemon = Daemon::start();
    let base = Base::make_in("outage", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // In mid-build: the build's own container runs.
    let slow = format!("FROM {}\nRUN [\"/bin/busybox\", \"sleep\", \"3\"]\n", base.name());
    repository.write("Dockerfile", &format!("{slow}COPY dist /site\n{SERVE}"));
    repository.commit_all("v1, slowly");
    stage.apply(&project(&stage, &repository, "").replace("50ms", "3s"));
    stage.wait("the image is being built", |state| {
        let run = state.runs.values().next_back();
        run.is_some_and(|run| run.phase == pilothouse_core::run::RunPhase::Running { step: 2 })
            && base.running() == 1
    });
    daemon.kill();
    daemon.run();
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    // What the first try left is gone: these are the two instances.
    stage.wait("nothing else is left", |_| daemon.entries("containers").len() == 2);

    // While instances start.
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.wait("instances are started", |state| {
        state.last_deployment > before && *newest(state) == Phase::Starting
    });
    daemon.kill();
    stage.wait("the outage is noticed", |state| state.containers.away.is_some());
    daemon.run();
    stage.succeeds(before);
    stage.shows("v2");

    // While the release is watched: nobody reaches it meanwhile, and that says nothing of it.
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v3");
    stage.wait("the release is watched", |state| {
        state.last_deployment > before && matches!(newest(state), Phase::Baking { .. })
    });
    daemon.kill();
    // Which of the two is seen first is not decided.
    let state = stage.wait("its targets are unhealthy and the outage is noticed", |state| {
        let is_new = |one: &&Instance| one.release.to_string() == "r3";
        let is_ill = |one: &Instance| one.health.state == TargetState::Unhealthy;
        state.containers.away.is_some() && state.instances.values().filter(is_new).all(is_ill)
    });
    let told = stage.binary().arg("status").output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("! the Docker engine does not answer"), "{told}");
    assert!(!told.contains("to go back"), "{told}");
    let told = stage.binary().arg("doctor").output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let away = "fail  docker        the Docker engine with the containers does not answer: ";
    assert!(told.contains(away), "{told}");
    assert!(matches!(newest(&state), Phase::Baking { .. }), "{:?}", newest(&state));
    daemon.run();
    stage.succeeds(before);
    stage.shows("v3");
    let state = stage.state();
    assert!(state.instances.values().all(|one| one.release.to_string() == "r3"));
    let containers = base.containers(&stage);
    assert_eq!(containers.len(), 2, "{containers:#?}");
    stage.end();
}

#[test]
fn an_outage_in_the_moment_of_the_shift_costs_no_deployment() {
    let mut daemon = Daemon::start();
    let base = Base::make_in("shift", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    // It dies before it publishes: how many tables come before the one that moves the traffic
    // depends on which instances are up together, so that each miss tells where to aim next.
    let mut count = 4;
    let mut was_shifting = false;
    for attempt in 0..8 {
        let before = stage.state().last_deployment;
        stage.stop_engine();
        let version = format!("v{}", attempt + 3);
        commit(&repository, &base, &version);
        let mut doomed = stage.serve();
        doomed.env("PILOTHOUSE_FAILPOINT", format!("before-effect/publish:{count}"));
        stage.start_as(&mut doomed);
        assert_eq!(stage.engine_ends().signal(), Some(6), "it published less often");
        daemon.kill();
        stage.start();
        let state = stage.wait("the outage is noticed", |state| state.containers.away.is_some());
        let has = |milestone| {
            let newest = state.deployments.values().next_back().unwrap();
            newest.milestones.contains_key(&milestone)
        };
        was_shifting = has(Milestone::Healthy) && !has(Milestone::Shifted);
        count = if has(Milestone::Shifted) { count - 1 } else { count + 1 };
        daemon.run();
        stage.succeeds(before);
        stage.shows(&version);
        if was_shifting {
            break;
        }
    }
    assert!(was_shifting, "no outage came in the moment of the shift");
    assert_eq!(base.containers(&stage).len(), 2);
    stage.end();
}
