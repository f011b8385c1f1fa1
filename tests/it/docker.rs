//! Containers of a real Docker engine: steps, images, instances, and what becomes of them when
//! something dies. The image is made of one static program; no registry is asked.

mod borders;
mod cache;
mod causes;
mod clash;
mod count;
mod crash;
mod daemon;
mod demo;
mod displaced;
mod doctor;
mod elsewhere;
mod faults;
mod given;
pub mod image;
mod notes;
mod outage;
mod owners;
mod pane;
mod power;
mod prune;
mod renamed;
mod restart;
mod row;
mod service;
mod tag;

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;

use self::image::Base;
use super::stage::load::Load;
use super::stage::repository::Repository;
use super::stage::{DOMAIN, Stage, wait_until};

/// The operator's file: production in containers, on projects that no step of the host is run for.
fn project(stage: &Stage, repository: &Repository, more: &str) -> String {
    let text = stage.project(repository.dir()).replace("trusted = true", "trusted = false");
    format!("{text}runtime = \"docker\"\n{more}")
}

/// A commit whose image serves a version.
fn commit(repository: &Repository, base: &Base, version: &str) {
    let image = base.name();
    repository.write("index.html", &format!("<p>{version}</p>\n"));
    repository.write("Dockerfile", &format!("FROM {image}\nCOPY dist /site\n{SERVE}"));
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = {{ dockerfile = \"Dockerfile\" }}\n\
             [[stage]]\nname = \"build\"\nrun = \"mkdir dist && cp index.html dist/ && id -u\"\n\
             [[stage]]\nname = \"test\"\nrun = \"grep -q '<p>v' dist/index.html\"\n\
             [service]\nport = 8000\nstop = {{ grace = \"500ms\" }}\n{HEALTH}"
        ),
    );
    repository.commit_all(version);
}

const SERVE: &str =
    "CMD [\"/bin/busybox\", \"httpd\", \"-f\", \"-p\", \"8000\", \"-h\", \"/site\"]\n";
const HEALTH: &str = "health = { path = \"/index.html\", interval = \"100ms\", timeout = \"2s\", \
                      start_deadline = \"30s\" }\n";

#[test]
fn an_image_is_built_rolled_broken_and_rolled_back_on_two_containers() {
    let base = Base::make("roll");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    let load = Load::begin(stage.address, DOMAIN);
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.succeeds(before);
    stage.shows("v2");
    // A test that fails lets nothing out.
    let runs = stage.state().last_run;
    commit(&repository, &base, "broken");
    let state = stage
        .wait("the run has ended", |state| state.last_run > runs && state.live_runs.is_empty());
    let run = state.runs.values().next_back().unwrap();
    let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
        panic!("{:?}", run.phase)
    };
    assert_eq!(why, "test ended with status 1");
    let before = state.last_deployment;
    let back = stage.binary().args(["rollback", "shop/production", "--yes"]).output().unwrap();
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    stage.succeeds(before);
    stage.shows("v1");
    load.end_without_failure();
    let containers = base.containers(&stage);
    assert_eq!(containers.len(), 2, "{containers:#?}");
    assert!(containers.iter().all(|one| one.labels["pilothouse.release"] == "r1"));
    stage.end();
}

#[test]
fn a_killed_container_comes_back_and_an_engine_finds_its_containers_again() {
    let base = Base::make("kill");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let load = Load::begin(stage.address, DOMAIN);
    let victim = base.containers(&stage).remove(0);
    base.kill(&victim.id);
    let id = victim.labels["pilothouse.instance"].clone();
    stage.wait("it was started again and is healthy", |state| {
        state.instances.values().any(|one| {
            one.id.as_str() == id
                && one.restarts == 1
                && one.is_proved()
                && one.health.state == TargetState::Healthy
        })
    });
    load.forgive_what_was_cut();
    // An engine that dies in mid-deployment finishes it.
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.wait("instances are started", |state| {
        let newest = state.deployments.values().next_back();
        state.last_deployment > before && newest.is_some_and(|d| d.phase == Phase::Starting)
    });
    stage.kill_engine();
    stage.start();
    stage.succeeds(before);
    stage.shows("v2");
    load.end_without_failure();
    assert_eq!(base.containers(&stage).len(), 2);
    stage.end();
}

#[test]
fn a_container_that_is_unhealthy_or_removed_is_replaced() {
    let base = Base::make("ill");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let is_well = |one: &Instance| {
        one.is_proved() && one.role == Role::Active && one.health.state == TargetState::Healthy
    };
    let two_are_well =
        |state: &State| state.instances.len() == 2 && state.instances.values().all(is_well);
    // It hangs: its process is stopped, and answers no check any more.
    let victim = base.containers(&stage).remove(0);
    base.hang(&victim.id);
    let id = victim.labels["pilothouse.instance"].clone();
    stage.wait("another one took its place", |state| {
        two_are_well(state) && state.instances.values().all(|one| one.id.as_str() != id)
    });
    // Somebody removes one by hand.
    let victim = base.containers(&stage).remove(0);
    let id = victim.labels["pilothouse.instance"].clone();
    base.remove(&victim.id);
    stage.wait("there are two again", |state| {
        let is_again = |one: &Instance| one.id.as_str() != id || one.restarts > 0;
        two_are_well(state) && state.instances.values().all(is_again)
    });
    stage.shows("v1");
    stage.end();
}

#[test]
fn a_step_owns_what_it_makes_and_leaves_no_container() {
    let base = Base::make("step");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"show\"\nrun = \"#!/bin/cat\\nis shown and not run\"\n\
             [[stage]]\nname = \"make\"\ncache = [\"/cache\"]\nmemory = \"64MiB\"\n\
             run = \"mkdir out; id -u >out/uid; cat /cache/seen || true; echo seen >/cache/seen\"\n\
             [[stage]]\nname = \"hang\"\ntimeout = \"2s\"\n\
             run = \"trap '' TERM; (setsid sleep 1000 &) ; sleep 1000\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("hangs");
    stage.apply(&project(&stage, &repository, ""));
    let state =
        stage.wait("the run has ended", |state| state.last_run.0 > 0 && state.live_runs.is_empty());
    let run = state.runs.values().next_back().unwrap();
    let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
        panic!("{:?}", run.phase)
    };
    assert_eq!(why, "hang took longer than its timeout");
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
    // The second run sees what the first one left for it.
    let again = stage.binary().args(["run", "main"]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    stage.wait("the second run's last step runs", |state| {
        let run = state.runs.values().next_back();
        run.is_some_and(|run| run.id.0 == 2 && matches!(run.phase, RunPhase::Running { step: 2 }))
    });
    // The engine dies while a step runs; the step goes on, and its timeout with it.
    stage.kill_engine();
    stage.start();
    stage.wait("the second run has ended", |state| state.live_runs.is_empty());
    let log_of = |step: &str| {
        let log = stage.binary().args(["logs", "2", "--step", step]).output().unwrap();
        String::from_utf8_lossy(&log.stdout).into_owned()
    };
    let log = log_of("make");
    assert!(log.contains("seen"), "{log}");
    // A script's first line says what reads it, in a container too.
    let log = log_of("show");
    assert!(log.contains("#!/bin/cat") && log.contains("is shown and not run"), "{log}");
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
    stage.end();
}

#[test]
fn what_the_operator_does_not_grant_is_refused() {
    let base = Base::make("grant");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    let runs = [
        ("privileged = true", "a privileged container"),
        ("docker_socket = true", "the Docker socket"),
        ("volumes = [\"/etc:/host\"]", "the volume /etc"),
        ("network = \"backend\"", "the network backend"),
        ("network = \"host\"", "the network host"),
    ];
    for (number, (ask, wanted)) in (1_u64..).zip(runs) {
        repository.write(
            "pilothouse.toml",
            &format!(
                "image = \"{image}\"\nartifact = \"out\"\n\
                 [[stage]]\nname = \"make\"\n{ask}\nrun = \"mkdir out\"\n\
                 [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
            ),
        );
        repository.commit_all(wanted);
        if number == 1 {
            stage.apply(&project(&stage, &repository, ""));
        }
        let state = stage.wait("the run has ended", |state| {
            state.last_run.0 == number && state.live_runs.is_empty()
        });
        let run = state.runs.values().next_back().unwrap();
        let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
            panic!("{:?}", run.phase)
        };
        assert!(why.contains(wanted) && why.contains("does not grant"), "{why}");
    }
    stage.end();
}

#[test]
fn a_container_that_is_never_healthy_is_stopped_by_the_gate() {
    let base = Base::make("gate");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let before = stage.state().last_deployment;
    // It exits at once, each time.
    repository
        .write("Dockerfile", &format!("FROM {}\nCMD [\"/bin/busybox\", \"false\"]\n", base.name()));
    repository.commit_all("exits");
    let deployment = stage.ended(before);
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        panic!("{:?}", deployment.phase)
    };
    assert!(why.contains("the last time it ended with status 1"), "{why}");
    stage.shows("v1");
    wait_until(|| "only v1's are left".to_owned(), || base.containers(&stage).len() == 2);
    stage.end();
}
