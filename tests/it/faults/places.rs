//! Places that are taken, shut or full.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use pilothouse_core::command::RejectionKind;
use pilothouse_core::deployment::{Deployment, DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::run::Trigger;
use pilothouse_core::state::State;

use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, PROJECT, Stage, processes, wait_until};

#[test]
fn a_second_engine_on_one_state_is_refused_and_harms_nothing() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let output = stage.binary().args(["serve"]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
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
    let output = stage.binary().args(["serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(stage.state_dir().to_str().unwrap()), "where? {said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// A small file system of its own, unmounted when it is dropped.
struct Tmpfs<'a>(&'a Path);

impl<'a> Tmpfs<'a> {
    fn mount(place: &'a Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(place).unwrap();
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"])
            .arg(place)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self(place))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_what_serves_serves_on() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let disk = match Tmpfs::mount(&state_dir, "16m") {
        Ok(disk) => disk,
        Err(why) => {
            let told = format!("a full disk cannot be tested: mounting a tmpfs failed: {why}");
            assert!(std::env::var_os("CI").is_none(), "{told}");
            eprintln!("NOT TESTED: {told}");
            return;
        }
    };
    stage.start();
    let repository = stage.deployed("v1");
    let filler = state_dir.join("filler");
    fill(&filler);
    let look = || {
        let look =
            pilothouse_core::command::Command::Look { project: None, trigger: Trigger::Hook };
        stage.submit(look)
    };
    // What fits into the rest of a page is still accepted.
    let refused = std::cell::RefCell::new(None);
    wait_until(
        || "the engine refuses".to_owned(),
        || {
            fill(&filler);
            match look() {
                Ok(_) => false,
                Err(error) => {
                    *refused.borrow_mut() = Some(error);
                    true
                }
            }
        },
    );
    let refused = refused.into_inner().unwrap();
    let pilothouse_api::client::ClientError::Rejected(rejection) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(rejection.kind, RejectionKind::Degraded, "{refused}");
    assert!(rejection.why.contains("No space left"), "{refused}");
    stage.shows("v1");
    // Whatever happens now the engine cannot follow, and nothing passes for how it is.
    let status = || stage.binary().args(["status", "--json"]).output().unwrap();
    let told = serde_json::from_slice::<serde_json::Value>(&status().stdout).unwrap();
    assert!(told["degraded"]["why"].as_str().unwrap().contains("No space left"), "{told}");
    let shown = stage.binary().arg("status").output().unwrap();
    let rows = String::from_utf8_lossy(&shown.stdout);
    assert!(rows.contains("was 2/2 healthy"), "{rows}");
    let beside = String::from_utf8_lossy(&shown.stderr);
    assert!(beside.contains("all it knows is") && beside.contains("free space"), "{beside}");
    let seq = stage.state().seq;
    std::fs::remove_file(&filler).unwrap();
    wait_until(|| "the engine accepts again".to_owned(), || look().is_ok());
    let told = serde_json::from_slice::<serde_json::Value>(&status().stdout).unwrap();
    assert!(told["degraded"].is_null(), "{told}");
    assert!(stage.state().seq > seq);
    repository.commit("v2");
    stage.succeeds(DeploymentId(1));
    stage.shows("v2");
    stage.stop_engine();
    stage.start();
    stage.shows("v2");
    stage.halt();
    drop(disk);
}

/// Writes until nothing fits any more.
fn fill(place: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::options().create(true).append(true).open(place).unwrap();
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
