//! An edge that does not hear when everything is to end.

use std::fs::File;
use std::net::TcpListener;

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use super::super::stage::{Stage, processes, wait_until};

/// Ends everything by the verb: its exit code and all that it said.
fn down(stage: &Stage) -> (Option<i32>, String) {
    let output = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// All has stopped, as is said.
fn stops(mut stage: Stage) {
    let (code, said) = down(&stage);
    assert_eq!(code, Some(0), "{said}\n{}", stage.engine_log());
    let wanted = "the engine, all runs and instances and the load balancer have stopped\n";
    assert!(said.ends_with(wanted), "{said}");
    let left = processes::of(&stage.path(""));
    let left: Vec<_> = left.iter().filter(|one| one.pid != stage.engine_pid()).collect();
    assert!(left.is_empty(), "{left:#?}");
    TcpListener::bind(stage.address).unwrap();
    assert!(stage.engine_ends().success(), "{}", stage.engine_log());
    let told = "the engine, all instances and the edge have stopped";
    assert!(stage.engine_log().contains(told), "{}", stage.engine_log());
    stage.end();
}

#[test]
fn one_whose_socket_is_gone_ends_with_everything() {
    let stage = Stage::with_engine();
    stage.deployed("v1");
    std::fs::remove_file(stage.state_dir().join("run/edge.sock")).unwrap();
    stops(stage);
}

#[test]
fn one_that_was_stopped_ends_with_everything() {
    let stage = Stage::with_engine();
    stage.deployed("v1");
    let edge = processes::one(&stage.path(""), " edge --dir");
    processes::signal(edge, Signal::STOP);
    wait_until(|| "the edge is stopped".to_owned(), || processes::is_stopped(edge));
    // Nobody says that what it serves is well now.
    let status = || {
        let told = stage.binary().arg("status").output().unwrap();
        String::from_utf8(told.stdout).unwrap()
    };
    assert!(status().contains(" 2/2 healthy"), "{}", status());
    wait_until(status, || status().contains(" was 2/2 healthy"));
    stops(stage);
}

#[test]
fn one_that_a_dead_engine_left_ends_also_where_its_socket_is_gone() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    stage.kill_engine();
    let left = || processes::of(&stage.path(""));
    for supervisor in processes::supervisors(&stage.path("")) {
        processes::signal(supervisor.pid, Signal::KILL);
    }
    wait_until(|| format!("the edge alone is left: {:#?}", left()), || left().len() == 1);
    std::fs::remove_file(stage.state_dir().join("run/edge.sock")).unwrap();
    let (code, said) = down(&stage);
    assert_eq!(code, Some(0), "{said}");
    assert!(left().is_empty(), "{:#?}", left());
}

#[test]
fn nobody_says_that_one_has_stopped_which_nobody_can_end() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    stage.kill_engine();
    processes::signal(processes::one(&stage.path(""), " edge --dir"), Signal::KILL);
    let lock = stage.state_dir().join("edge/edge.lock");
    let holder = File::open(&lock).unwrap();
    wait_until(
        || "the edge's lock is free".to_owned(),
        || flock(&holder, FlockOperation::NonBlockingLockExclusive).is_ok(),
    );
    stage.start();
    let (code, said) = down(&stage);
    let wanted = format!("the load balancer has not: some process has {} locked", lock.display());
    assert!(code == Some(1) && said.contains(&wanted), "{code:?}: {said}");
    assert!(!stage.engine_ends().success());
    assert!(stage.engine_log().contains(&wanted), "{}", stage.engine_log());
    drop(holder);
    stage.end();
}
