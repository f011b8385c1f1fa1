//! Places that are taken, shut or full.

use std::net::TcpListener;

use pilothouse_core::deployment::{Deployment, DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::state::State;

use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, PROJECT, Stage, processes};

#[test]
fn a_second_engine_on_one_state_is_refused_and_harms_nothing() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let said = stage.refusal();
    assert!(said.contains(stage.state_dir().to_str().unwrap()), "where? {said}");
    assert!(said.contains("another engine"), "what? {said}");
    assert!(stage.engine_runs());
    let before = stage.state();
    repository.commit("v2");
    stage.succeeds(before.last_deployment);
    assert_eq!(stage.state().epoch, before.epoch);
    stage.shows("v2");
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    stage.end();
}

#[test]
fn an_engine_whose_journal_is_gone_begins_nothing_anew() {
    let mut stage = Stage::with_engine();
    stage.stop_engine();
    let journal = stage.state_dir().join("journal");
    // What told of the records goes, and what tells that there were some stays.
    for entry in std::fs::read_dir(&journal).unwrap().flatten() {
        let path = entry.path();
        let is_snapshot = entry.file_name().as_encoded_bytes().starts_with(b"snapshot-");
        if is_snapshot || path.extension().is_some_and(|extension| extension == "jsonl") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let said = stage.refusal();
    assert!(said.contains("Restore the missing files from a backup"), "{said}");
    std::fs::remove_dir_all(&journal).unwrap();
    is_forgotten(&stage);
}

#[test]
fn a_journal_that_was_moved_away_can_be_moved_back_after_refusals() {
    let mut stage = Stage::with_engine();
    stage.stop_engine();
    let (journal, backup) = (stage.state_dir().join("journal"), stage.path("backup"));
    std::fs::rename(&journal, &backup).unwrap();
    is_forgotten(&stage);
    assert!(!journal.exists(), "what is made there takes in a backup");
    // Somebody makes the directory, and moves the backup into it.
    std::fs::create_dir(&journal).unwrap();
    std::fs::write(journal.join("lock"), "").unwrap();
    std::fs::rename(&backup, journal.join("backup")).unwrap();
    is_forgotten(&stage);
    std::fs::rename(journal.join("backup"), &backup).unwrap();
    std::fs::remove_dir_all(&journal).unwrap();
    std::fs::rename(&backup, &journal).unwrap();
    stage.start();
    stage.end();
}

#[test]
fn no_engine_begins_on_a_copy_while_what_was_copied_lives() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let (state, copy) = (stage.state_dir(), stage.path("copy"));
    let copied = std::process::Command::new("cp").arg("-a").args([&state, &copy]).status().unwrap();
    assert!(copied.success());
    // Nothing that runs now is in the copy.
    repository.commit("v2");
    stage.succeeds(DeploymentId(1));
    stage.shows("v2");
    let before = stage.state().instances;
    // Whether or not an engine works in the original.
    for is_stopped in [false, true] {
        if is_stopped {
            stage.stop_engine();
        }
        for verb in [&["serve"][..], &["doctor"], &["down", "--all", "--yes"]] {
            let (code, said) = ended(&stage, &copy, verb);
            assert!(
                said.contains("is a copy of") && said.contains("down --all`"),
                "{verb:?}: {said}"
            );
            assert_ne!(code, Some(0), "{verb:?}: {said}");
        }
        stage.shows("v2");
    }
    stage.start();
    let after = stage.state().instances;
    let starts = |all: &std::collections::BTreeMap<_, pilothouse_core::instance::Instance>| {
        all.values().map(|one| (one.id.clone(), one.restarts, one.is_proved())).collect::<Vec<_>>()
    };
    assert_eq!(starts(&before), starts(&after));
    stage.end();
}

/// Whoever moves a state directory away, or removes it, and has an engine begin elsewhere on what it
/// held, would end what serves, whose processes nobody could see to any more.
#[test]
fn no_engine_begins_on_what_was_moved_away_from_what_serves() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    let (state, copy) = (stage.state_dir(), stage.path("copy"));
    stage.stop_engine();
    let copied = std::process::Command::new("cp").arg("-a").args([&state, &copy]).status().unwrap();
    assert!(copied.success());
    let away = stage.path("away");
    std::fs::rename(&state, &away).unwrap();
    let told = ["3 of its processes ran, which run on", "3 of its processes run on"];
    let mends = ["end them first", "lead here again"];
    for ((place, told), mends) in [&copy, &away].into_iter().zip(told).zip(mends) {
        for verb in [&["serve"][..], &["doctor"], &["down", "--all", "--yes"]] {
            let (code, said) = ended(&stage, place, verb);
            assert!(said.contains(told), "{verb:?}: {said}");
            assert!(said.contains(mends) && said.contains("`kill "), "{verb:?}: {said}");
            assert_ne!(code, Some(0), "{verb:?}: {said}");
        }
        stage.shows("v1");
    }
    std::fs::rename(&away, &state).unwrap();
    stage.start();
    stage.shows("v1");
    stage.end();
}

/// What came of a verb in another state directory. An engine that begins is not waited for.
fn ended(stage: &Stage, state: &std::path::Path, verb: &[&str]) -> (Option<i32>, String) {
    let (binary, mut begun) = (stage.binary(), std::process::Command::new("timeout"));
    begun.arg("30").arg(binary.get_program()).args(verb);
    begun.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = begun.env("PILOTHOUSE_STATE", state).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_state_directory_that_goes_takes_its_engine_along_and_lets_no_other_in() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    let (state, away) = (stage.state_dir(), stage.path("away"));
    std::fs::rename(&state, &away).unwrap();
    let ended = stage.engine_ends();
    assert_eq!(ended.code(), Some(1));
    // What serves serves on, and nobody begins beside it.
    stage.shows("v1");
    let file = format!(
        "repository = \"/srv/shop.git\"\n[load_balancer]\nlisten = [\"{}\"]\n\
         [environment.production]\nbranch = \"main\"\n",
        stage.address
    );
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    std::fs::write(stage.path("config/projects/shop.toml"), file).unwrap();
    let told = [
        stage.refusal(),
        String::from_utf8(stage.binary().arg("doctor").output().unwrap().stdout).unwrap(),
        {
            let down = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
            assert_eq!(down.status.code(), Some(1));
            String::from_utf8(down.stderr).unwrap()
        },
    ];
    for told in &told {
        assert!(told.contains("was removed, moved away or put back while 3 of its"), "{told}");
        assert!(told.contains("`kill "), "{told}");
    }
    // Whoever reads is sent to them, and nowhere else.
    let [_, doctor, _] = &told;
    assert!(!doctor.contains("another program") && !doctor.contains("→ pilothouse"), "{doctor}");
    assert_eq!(doctor.matches("see to the processes that run on first").count(), 2, "{doctor}");
    assert!(!state.join("journal").exists(), "what is made there takes in what is put back");
    // A copy of it is not what they had locked.
    let copied = std::process::Command::new("cp").arg("-a").args([&away, &state]).status().unwrap();
    assert!(copied.success());
    assert!(stage.refusal().contains("put back while 3 of its"));
    stage.shows("v1");
    std::fs::remove_dir_all(&state).unwrap();
    std::fs::rename(&away, &state).unwrap();
    stage.start();
    stage.shows("v1");
    stage.end();
}

/// Whether the engine and `doctor` say that the records are gone, and name no other way on than
/// back to them or away from all.
fn is_forgotten(stage: &Stage) {
    let doctor = stage.binary().arg("doctor").output().unwrap();
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    let told = doctor.lines().find(|line| line.contains("records")).unwrap();
    assert!(told.starts_with("fail") && told.contains("worked here before"), "{doctor}");
    let said = stage.refusal();
    assert!(said.contains("an engine worked here before"), "{said}");
    assert!(said.contains(stage.state_dir().to_str().unwrap()), "where? {said}");
    assert!(!said.contains("accept-lost-records"), "{said}");
}

#[test]
fn a_port_that_a_stranger_has_is_told_and_taken_when_it_is_free() {
    let stage = Stage::with_engine();
    let stranger = TcpListener::bind(stage.address).unwrap();
    let repository = Repository::new(&stage);
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    let state = stage.wait("the edge's problem is told", |state| !state.edge.unbound.is_empty());
    let unbound = &state.edge.unbound[0];
    assert_eq!(unbound.address, stage.address);
    assert!(unbound.why.contains("in use"), "why? {}", unbound.why);
    // Another project's address is another matter.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let other =
        stage.project(repository.dir()).replace(&stage.address.to_string(), &free.to_string());
    stage.apply_as("other", &other.replace(DOMAIN, "other.localhost"));
    let ended = |state: &State, project: &str| {
        state
            .deployments
            .values()
            .find(|deployment| deployment.environment.project.as_str() == project)
            .and_then(result)
    };
    let state = stage.wait("both deployments end", |state| {
        ended(state, "other").is_some() && ended(state, PROJECT).is_some()
    });
    assert_eq!(ended(&state, "other"), Some(DeploymentResult::Succeeded));
    let Some(DeploymentResult::Failed { why }) = ended(&state, PROJECT) else {
        panic!("{:?}", ended(&state, PROJECT))
    };
    assert!(why.contains(&stage.address.to_string()) && why.contains("in use"), "{why}");
    let told = stage.binary().args(["status", PROJECT]).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let closed = format!("! the load balancer cannot listen on {}: ", stage.address);
    assert!(told.contains(&closed) && told.contains(" failed: "), "{told}");
    drop(stranger);
    stage.wait("the edge has the port", |state| state.edge.unbound.is_empty());
    repository.commit("v2");
    stage.wait("v2 serves", |state| {
        let own = |deployment: &&Deployment| deployment.environment.project.as_str() == PROJECT;
        let newest = state.deployments.values().rev().find(own);
        newest.and_then(result) == Some(DeploymentResult::Succeeded)
    });
    stage.shows("v2");
    stage.end();
}

fn result(deployment: &Deployment) -> Option<DeploymentResult> {
    match &deployment.phase {
        Phase::Ended { result, .. } => Some(result.clone()),
        _ => None,
    }
}

#[test]
fn a_state_directory_that_is_none_is_told() {
    let stage = Stage::new();
    std::fs::write(stage.state_dir(), "a file").unwrap();
    let said = stage.refusal();
    assert!(said.contains(stage.state_dir().to_str().unwrap()), "where? {said}");
    assert!(!said.contains("panicked"), "{said}");
}
