//! A build that fills the disk: it says so, and can be ended, which makes room.

use pilothouse_core::id::RunId;
use pilothouse_core::run::{RunPhase, RunResult};

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, wait_until};
use super::disk::{end_one, fill, is_followed, look, small_disk, small_ext4};

#[test]
fn a_build_that_fills_the_disk_says_so() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    let repository = Repository::new(&stage);
    *repository.build.borrow_mut() =
        "head -c 30000000 /dev/zero > fill || true\nhead -c 100000 /dev/zero\nexit 3".to_owned();
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    let why = || match &stage.state().runs.get(&RunId(1))?.phase {
        RunPhase::Ended { result, .. } | RunPhase::Cleaning { result } => Some(result.clone()),
        _ => None,
    };
    // The engine itself cannot write that it has ended before there is room again.
    wait_until(
        || "the build has ended".to_owned(),
        || state_dir.join("runs/1/steps/0/exit.json").exists(),
    );
    // Where the journal's last page had room for it, the run has ended and its workspace is gone.
    let _ = std::fs::remove_file(state_dir.join("runs/1/workspace/fill"));
    wait_until(|| "the run has a result".to_owned(), || why().is_some());
    let Some(RunResult::Failed { why, .. }) = why() else { panic!("{:?}", why()) };
    assert!(why.contains("ended with status 3; its log could not be written: No space"), "{why}");
    // It notices by itself that there is room again.
    wait_until(|| "commands are taken again".to_owned(), || look(&stage).is_ok());
    stage.halt();
    drop(disk);
}

#[test]
fn a_build_that_filled_the_disk_can_be_cancelled_which_makes_room() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    let repository = Repository::new(&stage);
    *repository.build.borrow_mut() =
        "head -c 30000000 /dev/zero > fill || true\n: > full\nsleep 60".to_owned();
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    let workspace = state_dir.join("runs/1/workspace");
    wait_until(|| "it is full".to_owned(), || workspace.join("full").exists());
    // No byte is left, but for what was kept.
    fill(&workspace.join("filler"));
    // More records than the last page of the journal had room for, and each is in the audit log.
    let told = || {
        let output = stage.binary().args(["audit", "--json", "--limit", "1000"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).matches("look").count()
    };
    let before = told();
    for _ in 0..40 {
        look(&stage).unwrap();
    }
    assert!(told() >= before + 40, "{before}");
    let cancel = stage.binary().args(["cancel", "1"]).output().unwrap();
    assert!(cancel.status.success(), "{}", String::from_utf8_lossy(&cancel.stderr));
    stage.wait("it is cancelled", |state| {
        matches!(&state.runs[&RunId(1)].phase, RunPhase::Ended { result, .. }
            if matches!(result, RunResult::Cancelled { .. }))
    });
    wait_until(|| "its files are gone".to_owned(), || !workspace.exists());
    assert!(look(&stage).is_ok());
    stage.halt();
    drop(disk);
}

#[test]
fn an_engine_that_is_killed_on_a_full_disk_starts_there_and_ends_what_fills_it() {
    let stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    starts_and_ends_what_fills_it(stage);
    drop(disk);
}

#[test]
fn an_engine_that_is_killed_starts_where_each_directory_takes_a_block_as_well() {
    let stage = Stage::new();
    let (state_dir, image) = (stage.state_dir(), stage.path("image"));
    let Some(disk) = small_ext4(&state_dir, &image) else { return };
    starts_and_ends_what_fills_it(stage);
    drop(disk);
}

fn starts_and_ends_what_fills_it(mut stage: Stage) {
    let state_dir = stage.state_dir();
    stage.start();
    let repository = stage.deployed("v1");
    let fills = "head -c 200000000 /dev/zero > fill || true\n: > full\nsleep 60";
    repository.build.replace(fills.to_owned());
    repository.commit("v2");
    let workspace = state_dir.join("runs/2/workspace");
    wait_until(|| "it is full".to_owned(), || workspace.join("full").exists());
    fill(&workspace.join("filler"));
    for restarts in 1..3 {
        stage.kill_engine();
        stage.start();
        stage.shows("v1");
        end_one(&stage);
        is_followed(&stage, restarts);
    }
    let cancel = stage.binary().args(["cancel", "2"]).output().unwrap();
    assert!(cancel.status.success(), "{}", String::from_utf8_lossy(&cancel.stderr));
    wait_until(|| "its files are gone".to_owned(), || !workspace.exists());
    wait_until(|| "commands are taken again".to_owned(), || look(&stage).is_ok());
    stage.halt();
}
