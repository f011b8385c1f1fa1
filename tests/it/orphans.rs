//! Supervisors that are killed, alone and together with everything else: what they owned is
//! found and ended, and nothing that might have been done is done twice.

use std::path::Path;

use pilothouse_core::id::RunId;
use pilothouse_core::instance::Role;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;
use rustix::process::Signal;

use super::stage::repository::Repository;
use super::stage::{Stage, processes, wait_until};

/// A commit whose build notes that it began, leaves a daemon, and never ends by itself.
fn endless(stage: &Stage, repository: &Repository) {
    let marks = stage.path("marks");
    std::fs::create_dir_all(&marks).unwrap();
    *repository.build.borrow_mut() = format!(
        "cd '{}'\necho began >> began\n\
         setsid sh -c 'echo $$ > daemon; trap : TERM HUP; while :; do sleep 1000; done' &\n\
         sleep 1000",
        marks.display()
    );
    repository.commit("endless");
    repository.build.borrow_mut().clear();
    wait_until(
        || "the endless build has begun".to_owned(),
        || std::fs::read_to_string(marks.join("daemon")).is_ok_and(|text| text.ends_with('\n')),
    );
}

/// What the endless build left.
fn left(stage: &Stage) -> Vec<processes::Running> {
    let marks = stage.path("marks");
    processes::of(&marks)
}

fn result(state: &State, run: u64) -> Option<&RunResult> {
    match &state.runs.get(&RunId(run))?.phase {
        RunPhase::Ended { result, .. } => Some(result),
        _ => None,
    }
}

fn began(marks: &Path) -> usize {
    std::fs::read_to_string(marks.join("began")).unwrap().lines().count()
}

#[test]
fn a_step_whose_supervisor_is_killed_is_interrupted_and_swept() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    endless(&stage, &repository);
    assert!(left(&stage).len() >= 2, "{:#?}", left(&stage));
    processes::signal(processes::one(&stage.path(""), "/runs/2/steps/0"), Signal::KILL);
    let state = stage.wait("the run has ended", |state| result(state, 2).is_some());
    let ended = result(&state, 2).unwrap();
    assert!(matches!(ended, RunResult::Interrupted { .. }), "{ended:?}");
    assert_eq!(left(&stage), []);
    // It runs again when somebody says so, and not before.
    assert_eq!(began(&stage.path("marks")), 1);
    assert_eq!(stage.state().last_run, RunId(2));
    stage.shows("v1");
    repository.commit("v2");
    stage.succeeds(state.last_deployment);
    stage.shows("v2");
    stage.end();
}

#[test]
fn everything_killed_at_once_comes_back_and_leaves_nothing() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    endless(&stage, &repository);
    let before = stage.state();
    let edge = processes::one(&stage.path(""), " edge --dir");
    let step = processes::one(&stage.path(""), "/runs/2/steps/0");
    let supervisors = processes::supervisors(&stage.path(""));
    stage.kill_engine();
    for pid in supervisors.iter().map(|process| process.pid).chain([edge, step]) {
        processes::signal(pid, Signal::KILL);
    }
    stage.start();
    let state = stage.wait("two other instances serve and the run has ended", |state| {
        let serving = state.instances.values().filter(|instance| {
            instance.role == Role::Active
                && instance.is_proved()
                && instance.health.state == TargetState::Healthy
                && !before.instances.contains_key(&instance.id)
        });
        serving.count() == 2
            && state.instances.len() == 2
            && state.edge.active.as_ref() == Some(&state.edge.wanted)
            && result(state, 2).is_some()
    });
    let ended = result(&state, 2).unwrap();
    assert!(matches!(ended, RunResult::Interrupted { .. }), "{ended:?}");
    assert_eq!(left(&stage), []);
    assert_eq!(began(&stage.path("marks")), 1);
    stage.shows("v1");
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    // The engine, the edge, two supervisors and two instances. What the engine calls for a moment is
    // the engine by its arguments until it has begun.
    let lasting = || processes::lasting(&stage.path(""));
    wait_until(|| format!("six are left: {:#?}", lasting()), || lasting().len() == 6);
    stage.end();
}

#[test]
fn what_was_left_open_for_the_engine_reaches_no_process_of_its_own() {
    let mut stage = Stage::new();
    let serve = stage.serve();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.arg("-c").arg("exec 9>\"$0\"; exec \"$@\"").arg(stage.path("lock"));
    shell.arg(serve.get_program()).args(serve.get_args()).current_dir(stage.path(""));
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    stage.start_as(&mut shell);
    stage.wait("the engine answers", |_| true);
    stage.deployed("v0");
    let lock = stage.path("lock");
    let holds = |process: &processes::Running| {
        // One that has ended meanwhile holds nothing.
        let open = std::fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()).any(|at| at == lock)
    };
    let all = processes::of(&stage.path(""));
    assert!(all.len() >= 4, "{all:#?}");
    let holders: Vec<_> = all.iter().filter(|process| holds(process)).collect();
    assert!(holders.is_empty(), "{holders:#?}");
    stage.end();
}
