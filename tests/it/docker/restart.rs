//! The Docker engine is started again, as by an update: what it takes along, and what outlives it.

use pilothouse_core::deployment::Phase;
use pilothouse_core::id::DeploymentId;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;
use rustix::process::Signal;

use super::super::stage::load::Load;
use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage, processes};
use super::daemon::Daemon;
use super::image::Base;
use super::{commit, project};

fn stage_in(daemon: &Daemon) -> Stage {
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    stage
}

fn result(state: &State) -> &RunResult {
    let run = state.runs.values().next_back().unwrap();
    let RunPhase::Ended { result, .. } = &run.phase else { panic!("{:?}", run.phase) };
    result
}

/// A commit whose only step waits, but for the third run.
fn waits(repository: &Repository, base: &Base) {
    let image = base.name();
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"make\"\n\
             run = \"mkdir out; [ $PILOTHOUSE_RUN = 3 ] || sleep 600\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("waits");
}

#[test]
fn a_step_that_the_engine_takes_along_is_interrupted_and_can_be_run_again() {
    let mut daemon = Daemon::start();
    interrupts_steps(&mut daemon, "taken");
}

#[test]
fn a_step_is_interrupted_also_where_the_engines_socket_is_held_for_it() {
    let mut daemon = Daemon::start_held();
    interrupts_steps(&mut daemon, "held");
}

fn interrupts_steps(daemon: &mut Daemon, name: &str) {
    let base = Base::make_in(name, daemon.client());
    let stage = stage_in(daemon);
    let repository = Repository::new(&stage);
    waits(&repository, &base);
    stage.apply(&project(&stage, &repository, "").replace("\"auto\"", "\"manual\""));
    for number in [1, 2] {
        stage.wait("the step runs", |state| state.last_run.0 == number && base.running() == 1);
        // Killed, and then told to go: it ends its containers itself, before it is gone.
        if number == 1 {
            daemon.kill();
        } else {
            daemon.stop();
        }
        daemon.run();
        let state = stage.wait("the run has ended", |state| state.live_runs.is_empty());
        let RunResult::Interrupted { why } = result(&state) else { panic!("{:?}", result(&state)) };
        assert!(why.contains("the Docker engine took its container along"), "{why}");
        assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
        assert_eq!(state.last_run.0, number, "it was run again by itself");
        let again = stage.binary().args(["run", "main"]).output().unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    }
    let state = stage.wait("the last run has ended", |state| {
        state.last_run.0 == 3 && state.live_runs.is_empty()
    });
    assert!(matches!(result(&state), RunResult::Succeeded { .. }), "{:?}", result(&state));
    stage.end();
}

#[test]
fn an_engine_that_is_started_again_costs_no_deployment() {
    costs_no_deployment(&mut Daemon::start(), "again");
}

#[test]
fn an_engine_whose_socket_is_held_for_it_costs_no_deployment() {
    costs_no_deployment(&mut Daemon::start_held(), "waiting");
}

fn costs_no_deployment(daemon: &mut Daemon, name: &str) {
    let base = Base::make_in(name, daemon.client());
    let stage = stage_in(daemon);
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let text = project(&stage, &repository, "");
    stage.apply(&text);
    stage.succeeds(DeploymentId(0));
    // Only the one that is to be met while it is watched is watched for long.
    stage.apply(&text.replace("50ms", "2s"));
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.wait("the release is watched", |state| {
        let newest = &state.deployments.values().next_back().unwrap().phase;
        state.last_deployment > before && matches!(newest, Phase::Baking { .. })
    });
    daemon.stop();
    daemon.run();
    stage.succeeds(before);
    stage.shows("v2");
    assert_eq!(base.containers(&stage).len(), 2);
    // What it took along was started again, and is counted wherever that is told.
    let state = stage.wait("both instances are counted", |state| {
        state.instances.len() == 2 && state.instances.values().all(|one| one.restarts == 1)
    });
    for id in state.instances.keys() {
        let told = stage.binary().args(["inspect", id.as_str(), "--json"]).output().unwrap();
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(told.contains("\"restarts\": 1") || told.contains("\"restarts\":1"), "{told}");
    }
    stage.end();
}

#[test]
fn containers_that_outlive_their_engine_are_not_started_again() {
    let mut daemon = Daemon::start_live();
    let base = Base::make_in("live", daemon.client());
    let stage = stage_in(&daemon);
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let ids = || -> Vec<String> { base.containers(&stage).into_iter().map(|one| one.id).collect() };
    let first = ids();
    // A step runs meanwhile, and goes on.
    let runs = stage.state().last_run;
    let text = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    let wait = "until [ -e go ]; do sleep 0.1; done; mkdir dist";
    repository.write("pilothouse.toml", &text.replace("mkdir dist", wait));
    repository.commit_all("v1, slowly");
    stage.wait("the step runs", |state| state.last_run > runs && base.running() == 3);
    daemon.stop();
    daemon.run();
    stage.wait("it was noticed", |state| state.containers.back_at.is_some());
    daemon.kill();
    stage.wait("it was noticed again", |state| state.containers.away.is_some());
    daemon.run();
    let state = stage.wait("it is back", |state| state.containers.away.is_none());
    let workspace = format!("runs/{}/workspace/go", state.last_run.0);
    std::fs::write(stage.state_dir().join(workspace), "").unwrap();
    assert_eq!(ids(), first);
    let before = stage.state().last_deployment;
    stage.shows("v1");
    let state = stage.wait("the run has ended", |state| state.live_runs.is_empty());
    assert!(matches!(result(&state), RunResult::Succeeded { .. }), "{:?}", result(&state));
    assert!(state.instances.values().all(|one| one.restarts == 0), "{:#?}", state.instances);
    stage.succeeds(before);
    stage.end();
}

#[test]
fn a_container_that_somebody_else_restarts_is_started_anew_and_counted() {
    let base = Base::make("byhand");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let load = Load::begin(stage.address, DOMAIN);
    let victim = base.containers(&stage).remove(0);
    let name = victim.labels["pilothouse.instance"].clone();
    // Its owner hears of it only once it runs again, as on a busy machine.
    let owner = owner(&stage, &name);
    processes::signal(owner, Signal::STOP);
    Base::restart(&victim.id);
    processes::signal(owner, Signal::CONT);
    stage.wait("it was started again and is healthy", |state| {
        state.instances.values().any(|one| {
            one.id.as_str() == name
                && one.restarts == 1
                && one.is_proved()
                && one.health.state == TargetState::Healthy
        })
    });
    load.forgive_what_was_cut();
    let containers = base.containers(&stage);
    assert!(containers.iter().all(|one| one.id != victim.id && one.is_running), "{containers:#?}");
    let log = stage.binary().args(["logs", &name]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("somebody else started the container again"), "{log}");
    assert!(!log.contains("the Docker engine is back"), "{log}");
    load.end_without_failure();
    stage.end();
}

/// The process that owns an instance's container.
pub fn owner(stage: &Stage, instance: &str) -> u32 {
    let all = processes::of(&stage.path(""));
    let mut owners =
        all.iter().filter(|one| one.line.contains(" contain ") && one.line.contains(instance));
    owners.next().unwrap_or_else(|| panic!("no owner of {instance}: {all:#?}")).pid
}
