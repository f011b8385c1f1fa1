//! Whatever dies or is cancelled of those who own a container: none is left behind.

use pilothouse_core::command::Command;
use pilothouse_core::id::{DeploymentId, RunId};
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;
use rustix::process::Signal;

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, processes};
use super::daemon::Daemon;
use super::image::Base;
use super::{commit, project};

/// A commit whose only step waits.
fn waits(repository: &Repository, base: &Base, more: &str) {
    let image = base.name();
    repository.write(
        "pilothouse.toml",
        &format!(
            "{more}\n[[stage]]\nname = \"wait\"\nimage = \"{image}\"\n\
             run = \"echo begun; sleep 600\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("waits");
}

fn ended(state: &State) -> Option<&RunResult> {
    match &state.runs.values().next_back()?.phase {
        RunPhase::Ended { result, .. } => Some(result),
        _ => None,
    }
}

#[test]
fn a_step_whose_owner_or_supervisor_is_killed_or_that_is_cancelled_leaves_no_container() {
    let base = Base::make("owners");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    waits(&repository, &base, "artifact = \"out\"");
    stage.apply(&project(&stage, &repository, ""));
    for number in 1..=3 {
        stage.wait("the step runs", |state| {
            let own = base.own(&stage.state_dir());
            state.last_run == RunId(number) && own.iter().any(|one| one.is_running)
        });
        match number {
            1 => processes::signal(processes::one(&stage.path(""), " contain "), Signal::KILL),
            2 => processes::signal(processes::one(&stage.path(""), " supervise "), Signal::KILL),
            _ => {
                stage.submit(Command::CancelRun { id: RunId(number) }).unwrap();
            }
        }
        let state = stage.wait("the run has ended", |state| state.live_runs.is_empty());
        match (number, ended(&state).unwrap()) {
            (1, RunResult::Failed { why, .. }) => assert_eq!(why, "wait was ended by signal 9"),
            (2, RunResult::Interrupted { why }) => {
                assert!(why.contains("supervisor died"), "{why}");
            }
            (3, RunResult::Cancelled { .. }) => {}
            (_, result) => panic!("{number}: {result:?}"),
        }
        stage.wait("no container is left", |_| base.all_of(&stage).is_empty());
        if number < 3 {
            let again = stage.binary().args(["run", "main"]).output().unwrap();
            assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        }
    }
    stage.end();
}

#[test]
fn a_build_that_is_cancelled_or_fails_leaves_no_container() {
    let daemon = Daemon::start();
    let base = Base::make_in("cancelled", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let sleeps = format!("FROM {}\nRUN [\"/bin/busybox\", \"sleep\", \"600\"]\n", base.name());
    repository.write("Dockerfile", &sleeps);
    repository.commit_all("builds for long");
    stage.apply(&project(&stage, &repository, ""));
    stage.wait("the image is being built", |state| {
        let run = state.runs.values().next_back();
        run.is_some_and(|run| run.phase == RunPhase::Running { step: 2 }) && base.running() == 1
    });
    stage.submit(Command::CancelRun { id: RunId(1) }).unwrap();
    let state = stage.wait("the run has ended", |state| state.live_runs.is_empty());
    assert!(matches!(ended(&state), Some(RunResult::Cancelled { .. })), "{:?}", ended(&state));
    stage.wait("the build\u{27}s own container is gone", |_| {
        base.running() == 0 && daemon.entries("containers").is_empty()
    });
    // Neither does one that fails behind a step that does not.
    let fails = "RUN [\"/bin/true\"]\nRUN [\"/bin/busybox\", \"false\"]\n";
    repository.write("Dockerfile", &format!("FROM {}\n{fails}", base.name()));
    repository.commit_all("fails");
    let state = stage
        .wait("the run has ended", |state| state.last_run.0 == 2 && state.live_runs.is_empty());
    assert!(matches!(ended(&state), Some(RunResult::Failed { .. })), "{:?}", ended(&state));
    assert_eq!(daemon.entries("containers"), Vec::<String>::new());
    assert_eq!(base.images(&stage), Vec::<String>::new());
    stage.end();
}

#[test]
fn an_instance_whose_owner_is_killed_serves_on_and_one_without_a_supervisor_is_replaced() {
    let base = Base::make("orphaned");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let ids = || -> Vec<String> { base.containers(&stage).into_iter().map(|one| one.id).collect() };
    let are_well = |state: &State| {
        let is_well = |one: &Instance| {
            one.is_proved() && one.role == Role::Active && one.health.state == TargetState::Healthy
        };
        state.instances.len() == 2 && state.instances.values().all(is_well)
    };
    let first = ids();
    let home = stage.state_dir().join("instances/shop-production-r1-0");
    let owner = || processes::one(&home, " contain ");
    let killed = owner();
    processes::signal(killed, Signal::KILL);
    stage.wait("another process owns it", |state| {
        let owners = processes::of(&home).into_iter().filter(|one| one.line.contains(" contain "));
        are_well(state) && owners.map(|one| one.pid).any(|pid| pid != killed)
    });
    assert_eq!(ids(), first, "the container was started anew");
    processes::signal(processes::one(&home, " supervise "), Signal::KILL);
    stage.wait("its place is filled", |state| {
        are_well(state) && ids().len() == 2 && ids().iter().any(|id| !first.contains(id))
    });
    assert!(ids().contains(&first[1]), "the other one was touched");
    assert_eq!(base.all_of(&stage).len(), 2);
    stage.shows("v1");
    stage.end();
}
