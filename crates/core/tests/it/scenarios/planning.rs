//! What a plan says while something else is under way.

use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::{DeploymentResult, EnvironmentKey, Phase};
use pilothouse_core::id::{ReleaseNumber, RunId};
use pilothouse_core::plan::{Plan, plan, unasked};
use pilothouse_core::run::Trigger;
use pilothouse_core::state::State;

use crate::scenario::Play;

/// A production that serves its second commit, and what is played then.
pub(super) fn played(lines: &[&str]) -> Play {
    let mut play = Play::new();
    let before = ["env production main", "apply", "push main a", "run", "push main b", "run"];
    for line in before.iter().chain(lines) {
        play.line(line);
    }
    play
}

pub(super) fn rollback(play: &Play, release: impl Into<Option<u32>>) -> Result<Plan, String> {
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let what = DeployWhat::Rollback(release.into().map(ReleaseNumber));
    plan(&play.world.state, &key, &what).map_err(|why| why.to_string())
}

fn back_to(play: &Play) -> u32 {
    rollback(play, None).unwrap().to.release.0
}

#[test]
fn it_begins_from_what_the_running_deployment_brings() {
    let play = played(&["push main c", "until d3 Baking"]);
    let told = rollback(&play, 1).unwrap();
    assert_eq!(told.from.unwrap().release, ReleaseNumber(3));
    assert!(told.undo.starts_with("roll back to r3 (r2 if d3 fails)"), "{}", told.undo);
    assert!(told.steps.iter().any(|step| step.ends_with("from r3 to r1")), "{:?}", told.steps);
    let why = rollback(&play, 3).unwrap_err();
    assert!(why.contains("d3 is deploying r3 already"), "{why}");
}

#[test]
fn it_begins_from_what_serves_where_the_running_deployment_goes_back() {
    let mut play = played(&["push main c", "until d3 Baking", "cancel d3"]);
    play.line("until d3 RollingBack");
    let told = rollback(&play, 1).unwrap();
    assert_eq!(told.from.unwrap().release, ReleaseNumber(2));
    assert!(told.undo.starts_with("roll back to r2 at any time"), "{}", told.undo);
    // Who names none is not taken beyond what comes back already.
    let why = rollback(&play, None).unwrap_err();
    let told = "d3 is going back from r3 to r2 already; to go to another, name it, as in \
                `pilothouse rollback shop/production r1`";
    assert_eq!(why, told);
}

#[test]
fn it_goes_back_to_what_serves_where_the_running_deployment_can_fail_no_more() {
    let told = rollback(&played(&["push main c", "until d3 Retiring"]), 1).unwrap();
    assert_eq!(told.from.unwrap().release, ReleaseNumber(3));
    assert!(told.undo.starts_with("roll back to r3 at any time"), "{}", told.undo);
}

#[test]
fn it_says_where_a_newer_commit_than_what_is_ready_did_not_pass() {
    let mut play = Play::new();
    let lines = ["env production main manual", "apply", "push main a", "run", "push main b fails"];
    for line in lines {
        play.line(line);
    }
    let newer = |play: &Play| {
        let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
        let warnings = plan(&play.world.state, &key, &DeployWhat::Ready).unwrap().warnings;
        warnings.into_iter().find(|warning| warning.contains("the commit before"))
    };
    assert_eq!(newer(&play), None);
    play.line("until #2 Running");
    let told = "main is at b, whose run #2 has not ended: this is the commit before";
    assert_eq!(newer(&play).as_deref(), Some(told));
    play.line("run");
    let told = "main is at b, whose run #2 did not pass: this is the commit before";
    assert_eq!(newer(&play).as_deref(), Some(told));
    play.line("push main c");
    play.line("run");
    assert_eq!(newer(&play), None);
}

#[test]
fn it_says_that_the_check_of_an_image_is_switched_off_where_it_is() {
    let mut play = Play::new();
    for line in ["env production main docker manual", "apply", "push main a", "run"] {
        play.line(line);
    }
    let second = |state: &State| {
        let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
        plan(state, &key, &DeployWhat::Ready).unwrap().steps[1].clone()
    };
    let state = &mut play.world.state;
    assert_eq!(second(state), "wait until each is reached and healthy");
    state.artifacts.values_mut().for_each(|artifact| artifact.has_check = true);
    let told = "wait until each is reached and healthy; the image's HEALTHCHECK is switched off, \
                / is asked";
    assert_eq!(second(state), told);
    for run in state.runs.values_mut() {
        run.service.as_mut().unwrap().health.by_image = true;
    }
    assert_eq!(second(state), "wait until each is reached and healthy");
}

#[test]
fn what_is_not_gone_is_not_brought_back() {
    let play = played(&["push main c", "until d3 Starting"]);
    let told =
        "d3 is replacing r2 by r3, and cancelling it leaves r2 serving: `pilothouse cancel d3`";
    assert_eq!(rollback(&play, None).unwrap_err(), told);
}

#[test]
fn a_branch_that_was_just_given_to_an_environment_is_owed_its_run() {
    let mut play = played(&[]);
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let state = &mut play.world.state;
    state.runs.clear();
    let told = |state: &State| plan(state, &key, &DeployWhat::Ready).unwrap_err().why;
    assert!(told(state).ends_with("no run of a branch that feeds it is known; push to one"));
    let branches = &mut state.projects.values_mut().next().unwrap().branches;
    for branch in branches.values_mut() {
        branch.owed = Some(Trigger::Apply);
    }
    let waits = "nothing is ready for shop/production yet: main feeds it, and its run waits for a \
                 place in the job queue";
    assert_eq!(told(state), waits);
}

#[test]
fn a_rollback_of_what_is_being_deployed_is_its_cancelling() {
    let mut play = played(&["push main c", "until d3 Baking"]);
    let told = "d3 is replacing r2 by r3, and cancelling it brings r2 back at once: `pilothouse cancel \
                d3`";
    for wanted in [None, Some(2)] {
        assert_eq!(rollback(&play, wanted).unwrap_err(), told);
    }
    play.line("run");
    assert_eq!(back_to(&play), 2);
    // Who asks twice to go back does not come forward again.
    for line in ["env production main bake=60", "apply", "deploy production rollback"] {
        play.line(line);
    }
    play.line("until d4 Baking");
    let told = "d4 is going back to r2 already: `pilothouse cancel d4` stays with r3; to go to another, \
                name it, as in `pilothouse rollback shop/production r1`";
    assert_eq!(rollback(&play, None).unwrap_err(), told);
    // Who names it means it, and waits for nothing.
    let told = "d4 is replacing r3 by r2, and cancelling it brings r3 back at once: `pilothouse cancel \
                d4`";
    assert_eq!(rollback(&play, 3).unwrap_err(), told);
    assert_eq!(rollback(&play, 1).unwrap().to.release.0, 1);
    // Going on with what was left brings no newer release either.
    play.line("push main d");
    play.line("until d5 Queued");
    let why = rollback(&play, None).unwrap_err();
    assert!(why.contains(": `pilothouse cancel d4 --waiting` stays with r3; to go"), "{why}");
}

#[test]
fn where_no_other_release_is_good_none_is_named() {
    let play = played(&["deploy production rollback", "until d3 Baking"]);
    let told = "d3 is going back to r1 already: `pilothouse cancel d3` stays with r2";
    assert_eq!(rollback(&play, None).unwrap_err(), told);
}

#[test]
fn what_can_no_longer_be_cancelled_is_gone_back_from() {
    let mut play = played(&["push main c", "until d3 Retiring"]);
    for wanted in [None, Some(2)] {
        let told = rollback(&play, wanted).unwrap();
        assert_eq!((told.from.unwrap().release.0, told.to.release.0), (3, 2));
    }
    let why = rollback(&play, 3).unwrap_err();
    assert_eq!(why, "shop/production serves r3 already");
    play.line("deploy production rollback");
    play.line("run");
    assert_eq!(play.world.state.environments.values().next().unwrap().current.unwrap().0, 2);
    let told = rollback(&play, 3).unwrap();
    assert!(told.is_forward(), "{told:?}");
    assert!(!rollback(&play, 1).unwrap().is_forward());
}

#[test]
fn a_rollback_goes_to_what_served_before_and_not_to_what_was_left() {
    let mut play = played(&["push main c", "run", "deploy production rollback 1", "run"]);
    assert!(rollback(&play, None).is_err(), "r2 and r3 were rolled away from");
    play.line("push main d");
    play.line("run");
    assert_eq!(back_to(&play), 1);
}

#[test]
fn a_rollback_goes_to_no_release_of_the_same_commit() {
    let play = played(&["deploy production run 2", "run"]);
    assert_eq!(play.world.state.environments.values().next().unwrap().current.unwrap().0, 3);
    assert_eq!(back_to(&play), 1);
    let again = rollback(&play, 2).unwrap();
    assert!(
        again.undo.contains("roll back to r3, by its number since it is the same,"),
        "{}",
        again.undo
    );
    assert!(!again.warnings.is_empty(), "it is the same artifact");
}

#[test]
fn it_says_whose_commit_is_ready_where_several_branches_feed_the_environment() {
    let mut play = Play::new();
    let lines = ["env production * manual", "apply", "push main a", "run", "push release b", "run"];
    for line in lines {
        play.line(line);
    }
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let told = |play: &Play| plan(&play.world.state, &key, &DeployWhat::Ready).unwrap().warnings;
    let whose = "this is the commit of release; main feeds shop/production too".to_owned();
    assert!(told(&play).contains(&whose), "{:?}", told(&play));
    play.line("push main c fails");
    play.line("run");
    let newer = "main is at c, whose run #3 did not pass".to_owned();
    assert!(told(&play).contains(&newer), "{:?}", told(&play));
    play.line("delete main");
    play.line("run");
    assert!(!told(&play).contains(&whose), "{:?}", told(&play));
}

#[test]
fn it_says_what_came_of_the_newest_commit_that_does_not_serve() {
    let mut play = Play::new();
    let lines =
        ["env production main manual", "apply", "push main a", "run", "deploy production ready"];
    let then = ["run", "push main b", "run", "deploy production ready", "run"];
    for line in lines.into_iter().chain(then) {
        play.line(line);
    }
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let told = |play: &Play| plan(&play.world.state, &key, &DeployWhat::Ready).unwrap_err().why;
    assert!(told(&play).contains("it serves b, the newest that passed"), "{}", told(&play));
    play.line("deploy production rollback");
    play.line("run");
    let back = "b was deployed already and does not serve: d2 deployed it, and d3 went back to r1; \
                `pilothouse deploy shop/production --run 2` deploys it again";
    assert_eq!(told(&play), back);
    for line in ["deploy production run 2", "until d4 Starting", "cancel d4", "run"] {
        play.line(line);
    }
    assert!(told(&play).contains("serve: deployment d4 did not succeed;"), "{}", told(&play));
}

#[test]
fn a_rollback_of_what_is_being_deployed_lets_nothing_newer_follow() {
    let long = ["env production main bake=60", "apply", "push main c", "until d3 Baking"];
    let mut play = played(&long);
    play.line("push main d");
    play.line("until d4 Queued");
    let told = "d3 is replacing r2 by r3, and cancelling it brings r2 back at once; d4 waits to deploy r4 \
                next, so cancel both: `pilothouse cancel d3 --waiting`";
    assert_eq!(rollback(&play, None).unwrap_err(), told);
    play.line("cancel d3+");
    play.line("run");
    let production = play.world.state.environments.values().next().unwrap();
    assert_eq!(production.current.unwrap().0, 2);
    let d4 = play.world.state.deployments.values().next_back().unwrap();
    assert!(matches!(d4.phase, Phase::Ended { result: DeploymentResult::Cancelled { .. }, .. }));
}

#[test]
fn who_thinks_better_of_a_deployment_says_nothing_against_its_release() {
    let play = played(&["deploy production rollback", "until d3 Baking", "cancel d3", "run"]);
    assert_eq!(back_to(&play), 1);
    let warnings = rollback(&play, 1).unwrap().warnings;
    assert!(!warnings.iter().any(|warning| warning.contains("failed before")), "{warnings:?}");
}

#[test]
fn it_says_why_an_earlier_release_could_not_be_brought_back() {
    let mut play = played(&["push main c", "run"]);
    let told = |play: &Play, number| {
        let warnings = rollback(play, number).unwrap().warnings;
        warnings.into_iter().find(|warning| warning.contains("could not bring"))
    };
    assert_eq!(told(&play, None), None);
    for line in ["fault Stage permanent", "deploy production rollback", "run"] {
        play.line(line);
    }
    let why = "d4 could not bring r2: it will not pass; another is r1: `pilothouse rollback \
               shop/production r1`";
    assert_eq!(told(&play, None).as_deref(), Some(why));
    assert_eq!(told(&play, Some(1)), None);
    // Once it came all the same, that is over.
    for line in ["deploy production rollback", "run"] {
        play.line(line);
    }
    assert_eq!(told(&play, Some(3)), None);
    play.line("deploy production rollback 3");
    play.line("run");
    assert_eq!(told(&play, Some(2)), None);
}

#[test]
fn what_a_rollback_left_is_kept_while_it_is_the_undo() {
    let mut play = Play::new();
    for line in ["env production main keep=2", "env qa release", "apply"] {
        play.line(line);
    }
    for commit in ["a", "b", "c", "d"] {
        play.line(&format!("push main {commit}"));
        play.line("run");
    }
    for _ in 0..2 {
        play.line("deploy production rollback");
        play.line("run");
    }
    let told = rollback(&play, None).unwrap();
    assert!(told.undo.starts_with("roll back to r2 at any time"), "{}", told.undo);
    for line in ["deploy production rollback", "run", "env production main keep=1", "apply"] {
        play.line(line);
    }
    for line in ["push release e", "run"] {
        play.line(line);
    }
    assert_eq!(rollback(&play, 2).unwrap().to.release.0, 2, "the last plan's undo");
}

#[test]
fn it_says_what_a_release_was_made_without() {
    let mut play = played(&[]);
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let told = |play: &Play| plan(&play.world.state, &key, &DeployWhat::Ready).unwrap_err().why;
    assert!(told(&play).ends_with("it serves b, the newest that passed"), "{}", told(&play));
    play.line("env production main COLOR=red");
    play.line("apply");
    let made = "r2 was made before COLOR changed, and keeps what it had: `pilothouse deploy \
                shop/production --run 2` makes a release with it at once";
    assert!(told(&play).ends_with(made), "{}", told(&play));
    // Who shows keys makes a sentence of its own of it.
    let by_run = unasked(&play.world.state, &key).unwrap();
    assert_eq!((by_run.run.0, by_run.does), (2, "makes a release with it at once"));
    assert!(by_run.why.ends_with("r2 was made before COLOR changed, and keeps what it had"));
    play.line("deploy production run 2");
    play.line("run");
    assert!(told(&play).ends_with("it serves b, the newest that passed"), "{}", told(&play));
    let warnings = rollback(&play, 1).unwrap().warnings;
    let before = "r1 was made before COLOR changed, and keeps what it had".to_owned();
    assert!(warnings.contains(&before), "{warnings:?}");
}

#[test]
fn it_names_a_run_of_a_branch_that_feeds_the_environment_to_make_a_release_anew() {
    let play = played(&[
        "env preview feature/* preview",
        "apply",
        "push feature/x b",
        "run",
        "env production main COLOR=red",
        "apply",
    ]);
    assert_eq!(play.world.state.last_run.0, 3);
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let why = plan(&play.world.state, &key, &DeployWhat::Ready).unwrap_err().why;
    assert!(why.contains("`pilothouse deploy shop/production --run 2`"), "{why}");
}

/// Whoever deploys again what did not stay is told so.
#[test]
fn what_did_not_stay_is_told_before_it_is_tried_again() {
    for (trouble, told) in [
        (
            "turns",
            "d3 went back from the same artifact, as r3: shop-production-r3-0 became unhealthy: ",
        ),
        (
            "sick",
            "d3 could not bring the same artifact, as r3: shop-production-r3-0: not healthy in time",
        ),
    ] {
        let play = played(&[&format!("push main c {trouble}"), "run"]);
        let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
        let again = |run| plan(&play.world.state, &key, &DeployWhat::Run(RunId(run))).unwrap();
        let warnings = again(3).warnings;
        assert_eq!(warnings.last().map(String::as_str), Some(told), "{warnings:?}");
        let other = again(1).warnings;
        assert!(!other.iter().any(|said| said.contains("the same artifact")), "{other:?}");
    }
}
