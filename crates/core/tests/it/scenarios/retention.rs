//! What is kept of what runs made, and for how long it can be deployed.

use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{ArtifactDigest, EnvironmentName, RunId};
use pilothouse_core::plan::plan;

use crate::scenario::Play;

fn play(lines: &[&str]) -> Play {
    let mut play = Play::new();
    extend(&mut play, lines);
    play
}

fn extend(play: &mut Play, lines: &[&str]) {
    for line in lines {
        play.line(line);
    }
}

fn artifacts(play: &Play) -> Vec<&str> {
    play.world.state.artifacts.keys().map(ArtifactDigest::as_str).collect()
}

/// What a plan says that would deploy a run to production.
fn refusal(play: &Play, run: u64) -> Option<String> {
    let name = EnvironmentName::new("production");
    let key = EnvironmentKey { project: "shop".into(), name };
    plan(&play.world.state, &key, &DeployWhat::Run(RunId(run))).err().map(|why| why.why)
}

#[test]
fn an_environment_keeps_as_many_runs_to_deploy_as_releases() {
    let mut play = play(&["env production main keep=2 manual", "apply"]);
    for commit in ["a", "b", "c", "d"] {
        extend(&mut play, &[&format!("push main {commit}"), "run"]);
    }
    assert_eq!(play.world.state.runs.len(), 4, "runs are kept by a number of their own");
    assert_eq!(artifacts(&play), ["sha-c", "sha-d"]);
    assert_eq!(refusal(&play, 3), None);
    let gone =
        "artifact sha-b of run #2 is no longer kept: deploy a newer run, or run its branch again";
    assert_eq!(refusal(&play, 2).as_deref(), Some(gone));
    // What serves stays whatever is built since.
    extend(&mut play, &["deploy production run 3", "run"]);
    for commit in ["e", "f", "g"] {
        extend(&mut play, &[&format!("push main {commit}"), "run"]);
    }
    assert_eq!(artifacts(&play), ["sha-c", "sha-f", "sha-g"]);
}

#[test]
fn an_image_goes_with_the_release_that_is_kept_no_more() {
    let mut play = play(&["env production main keep=1", "apply"]);
    for commit in ["a", "b", "c", "d", "e", "f"] {
        extend(&mut play, &[&format!("push main {commit}"), "run"]);
    }
    let production = play.world.state.environments.values().next().unwrap();
    let released: Vec<_> = production.releases.values().map(|one| one.artifact.as_str()).collect();
    assert!(released.len() < 6, "{released:?}");
    assert_eq!(artifacts(&play), released);
}

#[test]
fn what_a_preview_made_goes_with_it() {
    let mut play = play(&[
        "env production main",
        "env preview feature/* preview",
        "apply",
        "push main a",
        "push feature/x b",
        "push feature/y b",
        "push feature/y c",
        "run",
    ]);
    extend(&mut play, &["push feature/x d", "run"]);
    assert_eq!(artifacts(&play), ["sha-a", "sha-b", "sha-c", "sha-d"]);
    extend(&mut play, &["delete feature/x", "run"]);
    assert_eq!(artifacts(&play), ["sha-a", "sha-c"]);
    assert!(play.world.state.runs.len() > 3, "its runs and their logs are kept");
}

#[test]
fn of_branches_that_feed_nothing_the_newest_runs_can_be_deployed() {
    let mut play = play(&["env production main manual", "apply"]);
    for commit in ["a", "b", "c", "d", "e", "f", "g"] {
        extend(&mut play, &[&format!("push topic {commit}"), "run", "start topic", "run"]);
    }
    assert_eq!(artifacts(&play), ["sha-c", "sha-d", "sha-e", "sha-f", "sha-g"]);
    extend(&mut play, &["delete topic", "push main h", "run"]);
    assert_eq!(artifacts(&play), ["sha-h"]);
}

#[test]
fn the_head_of_a_branch_that_feeds_an_environment_stays_behind_another_that_is_busy() {
    let mut play = play(&["env qa release/* keep=1 manual", "apply", "push release/1 a", "run"]);
    for commit in ["b", "c", "d"] {
        extend(&mut play, &[&format!("push release/2 {commit}"), "run"]);
    }
    // What was ready before the last run ended goes with the next one's end.
    assert_eq!(artifacts(&play), ["sha-a", "sha-c", "sha-d"]);
    extend(&mut play, &["delete release/2", "run"]);
    let ready = play.world.state.environments.values().next().unwrap().ready.as_ref().unwrap();
    assert_eq!(ready.artifact.as_str(), "sha-a");
}
