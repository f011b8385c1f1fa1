//! Instances, supervisors and the edge that are killed or do not listen.

use std::process::Stdio;

use pilothouse_core::deployment::Phase;
use pilothouse_core::id::DeploymentId;
use pilothouse_core::instance::{Instance, InstancePhase, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;
use rustix::process::Signal;

use super::super::stage::load::{self, Load};
use super::super::stage::{DOMAIN, Stage, processes, production, wait_until};

/// Two instances serve, proved and healthy, and the edge is read back.
fn all_is_well(state: &State) -> bool {
    let key = production();
    let serving = state.instances_of(&key).filter(|instance| {
        instance.role == Role::Active
            && instance.is_proved()
            && instance.health.state == TargetState::Healthy
    });
    let is_read_back = state.edge.active.as_ref() == Some(&state.edge.wanted);
    serving.count() == 2 && state.instances.len() == 2 && state.edge.connected && is_read_back
}

#[test]
fn an_instance_that_ignores_the_stop_signal_is_ended_in_time() {
    let stage = Stage::with_engine();
    let repository = super::super::stage::repository::Repository::new(&stage);
    *repository.before.borrow_mut() = "trap '' TERM";
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    let first = stage.succeeds(DeploymentId(0));
    let deaf = processes::of(&stage.state_dir().join("releases"));
    assert!(deaf.len() >= 2, "{deaf:#?}");
    *repository.before.borrow_mut() = "";
    repository.commit("v2");
    stage.succeeds(first.id);
    stage.shows("v2");
    let left = processes::of(&stage.state_dir().join("releases"));
    assert!(left.iter().all(|process| !deaf.contains(process)), "{left:#?}");
    stage.end();
}

#[test]
fn a_killed_supervisor_is_replaced_and_leaves_no_orphan() {
    let stage = Stage::with_engine();
    stage.deployed("v1");
    let load = Load::begin(stage.address, DOMAIN);
    let before = stage.wait("all is well", all_is_well);
    let victim = before.instances.keys().next().unwrap().clone();
    let supervisor = processes::one(&stage.path(""), &format!("instances/{victim}/unit"));
    let instances = || {
        let all = processes::of(&stage.state_dir().join("releases"));
        all.into_iter().filter(|process| process.line.contains("demo-service")).count()
    };
    assert_eq!(instances(), 2);
    processes::signal(supervisor, Signal::KILL);
    stage.wait("the instance is replaced", |state| {
        !state.instances.contains_key(&victim) && all_is_well(state)
    });
    wait_until(|| format!("two instances run, not {}", instances()), || instances() == 2);
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    // The one request that a dying process had taken can be lost; the edge asks the other.
    load.end_without_failure();
    stage.shows("v1");
    stage.end();
}

#[test]
fn an_edge_killed_in_mid_deployment_comes_back_and_the_deployment_succeeds() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let before = stage.state().last_deployment;
    repository.commit("v2");
    stage.wait("the deployment starts instances", |state| {
        let newest = state.deployments.values().next_back().unwrap();
        newest.id > before && matches!(newest.phase, Phase::Starting | Phase::Shifting)
    });
    processes::signal(processes::one(&stage.path(""), " edge --dir"), Signal::KILL);
    stage.succeeds(before);
    stage.wait("all is well", all_is_well);
    wait_until(|| "it serves".to_owned(), || load::ask(stage.address, DOMAIN, "/").is_ok());
    stage.shows("v2");
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    stage.end();
}

/// What a program puts in the place of its instance's files keeps nobody waiting, and nobody else from
/// being deployed.
#[test]
fn instances_that_meddle_with_their_files_are_followed_all_the_same() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let before = stage.wait("all is well", all_is_well);
    for id in before.instances.keys() {
        let home = stage.state_dir().join("instances").join(id.as_str());
        for name in ["address", "unit/exit.json", "unit/stop.json.tmp", "unit/log", "unit/lock"] {
            let path = home.join(name);
            let _ = std::fs::remove_file(&path);
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }
    }
    repository.commit("v2");
    stage.succeeds(before.last_deployment);
    stage.shows("v2");
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    stage.end();
}

/// Ends all processes of a stage at once, as a loss of power does.
fn lose_power(stage: &mut Stage) {
    stage.kill_engine();
    let dir = stage.path("");
    wait_until(
        || format!("nothing runs: {:#?}", processes::of(&dir)),
        || {
            let mut left = processes::of(&dir);
            // Supervisors go first, so that none starts an instance again.
            left.sort_by_key(|process| !process.line.contains("supervise"));
            for process in &left {
                processes::signal(process.pid, Signal::KILL);
            }
            left.is_empty()
        },
    );
}

#[test]
fn files_of_instances_that_a_loss_of_power_damaged_hold_up_nothing() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    for (number, is_same) in [(1, false), (2, true)] {
        let before = stage.wait("all is well", all_is_well);
        lose_power(&mut stage);
        let mut ids = before.instances.keys();
        let (first, second) = (ids.next().unwrap(), ids.next().unwrap());
        let unit = |id| stage.state_dir().join(format!("instances/{id}/unit"));
        let spec = unit(first).join("spec.json");
        let length = std::fs::metadata(&spec).unwrap().len();
        std::fs::write(&spec, vec![0; usize::try_from(length).unwrap()]).unwrap();
        let other = if is_same { first } else { second };
        let status = unit(other).join("status.json");
        assert!(status.exists());
        std::fs::write(&status, "").unwrap();
        stage.start();
        stage.wait("two others serve", |state| {
            !state.instances.keys().any(|id| before.instances.contains_key(id))
                && all_is_well(state)
        });
        stage.shows(&format!("v{number}"));
        repository.commit(&format!("v{}", number + 1));
        stage.succeeds(DeploymentId(number));
        stage.shows(&format!("v{}", number + 1));
    }
    let down = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
    assert!(down.status.success(), "{down:?}");
    assert!(stage.engine_ends().success());
    stage.end();
}

/// Empties these files of all instances that there are.
fn damage(stage: &Stage, files: &[&str]) {
    let instances = std::fs::read_dir(stage.state_dir().join("instances")).unwrap();
    for instance in instances.map(|entry| entry.unwrap().path()) {
        for file in files.iter().map(|file| instance.join(file)).filter(|file| file.exists()) {
            std::fs::write(file, "").unwrap();
        }
    }
}

#[test]
fn files_of_instances_that_are_damaged_while_they_serve_hold_up_nothing() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    stage.wait("all is well", all_is_well);
    damage(&stage, &["unit/status.json"]);
    repository.commit("v2");
    stage.succeeds(DeploymentId(1));
    stage.shows("v2");
    // An engine that begins has to read what the one before it had read.
    stage.stop_engine();
    damage(&stage, &["unit/status.json", "unit/spec.json", "address"]);
    stage.start();
    repository.commit("v3");
    stage.succeeds(DeploymentId(2));
    stage.shows("v3");
    let down = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
    assert!(down.status.success(), "{down:?}");
    assert!(stage.engine_ends().success());
    stage.end();
}

#[test]
fn an_engine_that_is_killed_while_all_is_to_end_has_not_ended_it() {
    let mut stage = Stage::with_engine();
    let repository = super::super::stage::repository::Repository::new(&stage);
    *repository.before.borrow_mut() = "trap '' TERM";
    *repository.grace.borrow_mut() = "8s";
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    stage.succeeds(DeploymentId(0));
    let mut down = stage.binary();
    down.args(["down", "--all", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let down = down.spawn().unwrap();
    stage.wait("all is being stopped", |state| {
        let is_stopping = |one: &Instance| matches!(one.phase, InstancePhase::Stopping { .. });
        state.halting && state.instances.values().all(is_stopping)
    });
    stage.kill_engine();
    let output = down.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in
        ["ended before everything had stopped", "and 1 more lives", "`pilothouse down --all` stops"]
    {
        assert!(said.contains(part), "no {part}: {said}");
    }
    assert!(!said.contains("kill"), "{said}");
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    let again = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(0), "{said}");
    let dir = stage.path("");
    wait_until(|| format!("{:#?}", processes::of(&dir)), || processes::of(&dir).is_empty());
}
