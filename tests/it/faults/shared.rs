//! What all releases need is away: none is well, and nothing passes for a way back that serves.

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, ReleaseNumber};
use rustix::process::Signal;

use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage, load, processes, wait_until};

/// What comes before a service that ends as soon as a file is away.
fn needs(needed: &Path) -> &'static str {
    std::fs::write(needed, "").unwrap();
    let at = needed.display();
    let before = format!(
        "[ -e '{at}' ] || exit 7\n(while [ -e '{at}' ]; do sleep 0.02; done; kill -9 $$) > /dev/null &"
    );
    before.leak()
}

/// A service that ends as soon as a file is away, deployed, and a second release that waits.
fn needing(stage: &Stage) -> PathBuf {
    let needed = stage.path("needed");
    let before = needs(&needed);
    second(stage, before, before);
    needed
}

/// A service that is deployed, and a second release that waits, by what comes before each.
fn second(stage: &Stage, first: &'static str, then: &'static str) {
    let repository = Repository::new(stage);
    *repository.grace.borrow_mut() = "1m";
    *repository.before.borrow_mut() = first;
    repository.commit("v1");
    let project = stage.project(repository.dir());
    stage.apply(&project);
    stage.succeeds(DeploymentId(0));
    stage.apply(&project.replace("auto", "manual").replace("bake = \"50ms\"", "bake = \"20s\""));
    *repository.before.borrow_mut() = then;
    repository.commit("v2");
    stage.wait("v2 is built", |state| {
        state.environments.values().any(|environment| environment.ready.is_some())
    });
}

fn deploy(stage: &Stage) -> Child {
    let mut deploy = stage.binary();
    deploy.args(["deploy", "production", "--yes"]);
    deploy.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The verb did not say that anything serves, and the environment comes back by itself.
fn is_honest(stage: &Stage, output: &Output, needed: &Path) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("shop/production has r1, and no instance of it is well"), "{told}");
    assert_eq!(output.status.code(), Some(4), "{told}");
    std::fs::write(needed, "").unwrap();
    let answer = || load::ask(stage.address, DOMAIN, "/");
    wait_until(
        || format!("it mends: {:?}", answer()),
        || answer().is_ok_and(|(status, _)| status == 200),
    );
    stage.shows("v1");
}

#[test]
fn a_way_back_to_what_lacks_the_same_is_none() {
    let stage = Stage::with_engine();
    let needed = needing(&stage);
    let deploy = deploy(&stage);
    stage.wait("it is watched", |state| {
        state.deployments.values().any(|one| matches!(one.phase, Phase::Baking { .. }))
    });
    std::fs::remove_file(&needed).unwrap();
    let output = deploy.wait_with_output().unwrap();
    let state = stage.state();
    let result = state.deployments.values().next_back().unwrap().result().unwrap();
    let DeploymentResult::Attention { why } = result else { panic!("{result:?}") };
    assert!(why.ends_with("went back to r1, and no instance of it was well"), "{why}");
    is_honest(&stage, &output, &needed);
    stage.end();
}

#[test]
fn a_deployment_that_fails_beside_what_lacks_the_same_says_so() {
    let stage = Stage::with_engine();
    let needed = needing(&stage);
    std::fs::remove_file(&needed).unwrap();
    let output = deploy(&stage).wait_with_output().unwrap();
    let state = stage.state();
    let result = state.deployments.values().next_back().unwrap().result().unwrap();
    let DeploymentResult::Failed { why } = result else { panic!("{result:?}") };
    assert!(why.ends_with("r1 stays, and no instance of it was well"), "{why}");
    is_honest(&stage, &output, &needed);
    stage.end();
}

/// What turns ill once it was watched long enough, while the old ones still end, is no success.
#[test]
fn a_release_that_is_ill_as_its_deployment_ends_is_told() {
    let stage = Stage::with_engine();
    // The old ones end when the test says so, and not before what is ill is known as that.
    let (needed, held) = (stage.path("needed"), stage.path("held"));
    let old = format!("trap '' TERM\n{}", needs(&held));
    second(&stage, old.leak(), needs(&needed));
    stage.apply(&stage.project(&stage.path("shop")).replace("auto", "manual"));
    let deploy = deploy(&stage);
    stage.wait("the old ones are stopped", |state| {
        state.deployments.values().any(|one| one.phase == Phase::Retiring)
    });
    std::fs::remove_file(&needed).unwrap();
    stage.wait("the new ones are ill", |state| {
        let new = state.instances.values().filter(|one| one.release == ReleaseNumber(2));
        new.clone().count() > 0 && new.clone().all(|one| !one.is_well())
    });
    std::fs::remove_file(&held).unwrap();
    let output = deploy.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("succeeded, but shop/production has r2, and no instance"), "{told}");
    assert_eq!(output.status.code(), Some(4), "{told}");
    std::fs::write(&needed, "").unwrap();
    stage.end();
}

/// Nobody can tell whether a release serves whose load balancer hangs.
#[test]
fn a_deployment_that_ends_while_the_load_balancer_hangs_is_no_success() {
    let stage = Stage::with_engine();
    let held = stage.path("held");
    let old = format!("trap '' TERM\n{}", needs(&held));
    second(&stage, old.leak(), "");
    stage.apply(&stage.project(&stage.path("shop")).replace("auto", "manual"));
    let deploy = deploy(&stage);
    // They are told to end once the load balancer sends them nothing.
    let told = |slot: u32| format!("instances/shop-production-r1-{slot}/unit/stop.json");
    let is_told = |slot| stage.state_dir().join(told(slot)).exists();
    wait_until(|| "the old ones are told to end".to_owned(), || is_told(0) && is_told(1));
    let edge = processes::one(&stage.path(""), " edge --dir");
    processes::signal(edge, Signal::STOP);
    stage.wait("it is known to hang", |state| !state.edge.connected);
    std::fs::remove_file(&held).unwrap();
    let output = deploy.wait_with_output().unwrap();
    processes::signal(edge, Signal::CONT);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("succeeded, but shop/production has r2, and the load"), "{told}");
    assert_eq!(output.status.code(), Some(4), "{told}");
    stage.wait("it answers again", |state| state.edge.connected);
    stage.shows("v2");
    stage.end();
}

#[test]
fn whoever_cancels_is_told_that_the_release_before_is_ill() {
    let stage = Stage::with_engine();
    let (needed, held) = (stage.path("needed"), stage.path("held"));
    second(&stage, needs(&held), needs(&needed));
    let deploy = deploy(&stage);
    let state = stage.wait("it is watched", |state| {
        state.deployments.values().any(|one| matches!(one.phase, Phase::Baking { .. }))
    });
    std::fs::remove_file(&held).unwrap();
    stage.wait("the old ones are ill", |state| {
        let mut old = state.instances.values().filter(|one| one.release == ReleaseNumber(1));
        old.all(|one| !one.is_well())
    });
    let id = state.last_deployment.to_string();
    let output = stage.binary().args(["cancel", &id]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("no instance of r1 is well now"), "{told}");
    std::fs::write(&held, "").unwrap();
    deploy.wait_with_output().unwrap();
    stage.end();
}
