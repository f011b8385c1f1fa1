//! `kill -9` of the engine at named points on the way from a push to served traffic, with
//! visitors coming all the time.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;

use pilothouse_core::id::DeploymentId;

use super::stage::load::Load;
use super::stage::repository::Repository;
use super::stage::{DOMAIN, Stage, processes, wait_until};

/// Where the engine dies before a commit runs.
#[test]
fn on_the_way_to_a_sealed_artifact() {
    let points = [
        "after-effect/look",
        "before-effect/run-step",
        "after-effect/run-step",
        "after-effect/seal",
    ];
    dies_at(&points);
}

/// Where the engine dies while traffic moves.
#[test]
fn while_traffic_moves() {
    let points = [
        "after-append:8",
        "before-effect/start",
        "after-effect/start",
        "before-effect/publish:3",
        "after-effect/publish:3",
        "after-effect/stop",
    ];
    dies_at(&points);
}

fn dies_at(points: &[&str]) {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v0");
    let steps = stage.path("steps");
    *repository.build.borrow_mut() =
        format!("cat index.html >> '{}'; echo >> '{0}'", steps.display());
    let load = Load::begin(stage.address, DOMAIN);
    for (index, point) in points.iter().enumerate() {
        let version = format!("v{}", index + 1);
        stage.stop_engine();
        repository.commit(&version);
        let mut doomed = stage.serve();
        doomed.env("PILOTHOUSE_FAILPOINT", point);
        stage.start_as(&mut doomed);
        let ended = stage.engine_ends();
        assert_eq!(ended.signal(), Some(6), "the engine never came to {point}");
        load.take().nothing_failed();
        stage.start();
        stage.succeeds(DeploymentId(index as u64 + 1));
        stage.shows(&version);
        let alive = processes::supervisors(&stage.path(""));
        assert_eq!(alive.len(), 2, "at {point}: {alive:#?}");
    }
    let served = load.end_without_failure();
    let mut count = BTreeMap::<String, u32>::new();
    for line in std::fs::read_to_string(&steps).unwrap().lines().filter(|line| !line.is_empty()) {
        *count.entry(line.to_owned()).or_default() += 1;
    }
    assert_eq!(count.len(), points.len(), "a step is missing: {count:#?}");
    assert!(count.values().all(|times| *times == 1), "a step ran twice: {count:#?}");
    assert!(served > 0, "nobody was served");
    stage.end();
}

#[test]
fn whoever_follows_a_log_outlasts_the_engine() {
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let go = stage.path("go");
    *repository.build.borrow_mut() =
        format!("echo begun; while [ ! -e '{}' ]; do sleep 0.05; done; echo over", go.display());
    repository.commit("v0");
    stage.apply(&stage.project(repository.dir()));
    stage.wait("the run began", |state| state.last_run.0 == 1);
    let files = ["out", "err"].map(|name| stage.path(name));
    let [out, err] = files.clone().map(|path| std::fs::File::create(path).unwrap());
    let mut follower =
        stage.binary().args(["logs", "-f", "1"]).stdout(out).stderr(err).spawn().unwrap();
    let [out, err] = files.map(|path| move || std::fs::read_to_string(&path).unwrap());
    wait_until(|| format!("it shows the first line: {}", err()), || out().contains("begun"));
    stage.kill_engine();
    wait_until(|| "it waits".to_owned(), || err().contains("waiting for it to come back"));
    stage.start();
    std::fs::write(go, "").unwrap();
    let ended = follower.wait().unwrap();
    assert!(ended.success(), "{ended}: {}", err());
    assert!(out().contains("over") && out().matches("begun").count() == 1, "{}", out());
    stage.end();
}
