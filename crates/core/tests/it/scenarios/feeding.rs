//! Branches that come to feed an environment, and those that feed it no more.

use insta::assert_snapshot;
use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::{DeploymentResult, EnvironmentKey, Phase};
use pilothouse_core::id::{ReleaseNumber, RunId};
use pilothouse_core::plan::plan;
use pilothouse_core::run::Trigger;

use super::planning::played;
use crate::scenario::{Play, check};

#[test]
fn nothing_is_ready_of_a_branch_that_feeds_the_environment_no_more() {
    let mut play = Play::new();
    for line in ["env production main manual", "apply", "push main a", "run"] {
        play.line(line);
    }
    let ready =
        |play: &Play| play.world.state.environments.values().next().unwrap().ready.is_some();
    assert!(ready(&play));
    play.line("env production trunk manual");
    play.line("apply");
    assert!(!ready(&play));
}

#[test]
fn nothing_becomes_ready_of_a_branch_that_feeds_the_environment_no_more() {
    for mode in ["manual", "auto"] {
        let before = format!("env production main{}", if mode == "auto" { "" } else { " manual" });
        let after = before.replace("main", "stable");
        let mut play = Play::new();
        let lines = [&*before, "apply", "push main a", "until #1 Running", &*after, "apply", "run"];
        for line in lines {
            play.line(line);
        }
        let production = play.world.state.environments.values().next().unwrap();
        assert!(production.ready.is_none() && production.releases.is_empty(), "{production:#?}");
        let key = play.world.state.environments.keys().next().unwrap().clone();
        let of = |what| plan(&play.world.state, &key, &what);
        let why = of(DeployWhat::Ready).unwrap_err().why;
        assert!(!why.contains("deployed already"), "{why}");
        let warnings = of(DeployWhat::Run(RunId(1))).unwrap().warnings;
        let told = "run #1 is of main, which does not feed shop/production".to_owned();
        assert!(warnings.contains(&told), "{warnings:?}");
    }
}

#[test]
fn a_branch_is_built_for_an_environment_that_it_feeds_from_now_on() {
    let mut play = played(&["push develop d", "run"]);
    assert_eq!(play.world.state.last_run.0, 2, "nothing is fed by develop");
    for line in ["env qa develop", "env preview feature/* preview", "apply", "run"] {
        play.line(line);
    }
    let key = EnvironmentKey { project: "shop".into(), name: "qa".into() };
    assert_eq!(play.world.state.environments[&key].current, Some(ReleaseNumber(1)));
    // What it feeds already is not built again.
    play.line("apply");
    play.line("run");
    assert_eq!(play.world.state.last_run.0, 3);
}

#[test]
fn previews_that_come_to_a_file_are_made_of_young_branches_and_built() {
    // Four days pass.
    let mut play = played(&["push feature/old o", "run 345600"]);
    for line in ["push feature/new n", "run", "env preview feature/* preview", "apply", "run"] {
        play.line(line);
    }
    let state = &play.world.state;
    let mut previews = state.environments.values().filter(|one| one.preview_of.is_some());
    let preview = previews.next().unwrap();
    assert_eq!(preview.preview_of, Some("feature/new".into()));
    assert_eq!(preview.current, Some(ReleaseNumber(1)));
    assert_eq!(previews.next(), None);
    // Nobody asked for the runs of either file but who applied them.
    let triggers = state.runs.values().map(|run| run.trigger);
    assert_eq!(
        triggers.collect::<Vec<_>>(),
        [Trigger::Poll, Trigger::Poll, Trigger::Apply],
        "{:#?}",
        state.runs
    );
}

#[test]
fn a_branch_that_is_passed_over_is_known_until_it_is_pushed_to() {
    let mut play = played(&["push feature/old o", "run 345600"]);
    for line in ["push feature/new n", "run", "env preview feature/* preview", "apply", "run"] {
        play.line(line);
    }
    let is_passed_over = |play: &Play, branch: &str| {
        let now = play.world.now;
        play.world.state.is_passed_over(&"shop".into(), &branch.into(), now)
    };
    assert!(is_passed_over(&play, "feature/old"));
    assert!(!is_passed_over(&play, "feature/new"));
    assert!(!is_passed_over(&play, "main"));
    for line in ["push feature/old p", "run"] {
        play.line(line);
    }
    assert!(!is_passed_over(&play, "feature/old"));
}

#[test]
fn what_waits_of_a_branch_that_is_taken_away_is_not_deployed() {
    let mut play = Play::new();
    let mut both = vec!["env production main bake=60"];
    both.extend(["apply", "push main a", "run", "push main b", "until d2 Baking"]);
    for line in both {
        play.line(line);
    }
    // Another branch feeds it too for a while, and what it brings waits.
    let environment = &mut play.project.environments[0];
    environment.branches.push("hot".to_owned());
    for line in ["apply", "push hot h", "until d3 Queued"] {
        play.line(line);
    }
    play.project.environments[0].branches.pop();
    for line in ["apply", "run"] {
        play.line(line);
    }
    let state = &play.world.state;
    let d3 = state.deployments.values().next_back().unwrap();
    let Phase::Ended { result: DeploymentResult::Cancelled { .. }, .. } = d3.phase else {
        panic!("{d3:#?}")
    };
    assert_eq!(state.environments.values().next().unwrap().current.unwrap().0, 2);
}

#[test]
fn what_waits_of_a_branch_that_is_deleted_is_not_deployed() {
    let mut play = Play::new();
    let lines = [
        "env production main bake=60",
        "apply",
        "push main a",
        "run",
        "push main b",
        "until d2 Baking",
        "push main c",
        "push other o",
        "until d3 Queued",
        "delete main",
        "run",
    ];
    for line in lines {
        play.line(line);
    }
    let state = &play.world.state;
    let d3 = state.deployments.values().next_back().unwrap();
    let Phase::Ended { result: DeploymentResult::Cancelled { by }, .. } = &d3.phase else {
        panic!("{d3:#?}")
    };
    assert_eq!(by, "the removal of its branch");
    assert_eq!(state.environments.values().next().unwrap().current.unwrap().0, 2);
}

/// Production is fed by main and by warm, whose run #2 is ready.
fn fed_by_two() -> Play {
    let mut play = Play::new();
    for line in ["env production main manual", "apply", "push main a", "run"] {
        play.line(line);
    }
    play.project.environments[0].branches.push("warm".to_owned());
    for line in ["apply", "push warm w", "run"] {
        play.line(line);
    }
    assert_eq!(ready(&play), Some(2));
    play
}

/// The run whose artifact is ready for production.
fn ready(play: &Play) -> Option<u64> {
    let production = play.world.state.environments.values().next().unwrap();
    production.ready.as_ref().map(|ready| ready.run.0)
}

#[test]
fn nothing_is_ready_of_a_branch_that_is_deleted_but_what_another_one_brought() {
    let mut play = fed_by_two();
    play.line("delete warm");
    play.line("run");
    assert_eq!(ready(&play), Some(1));
    // A repository that is emptied is doubted.
    play.line("delete main");
    play.line("run");
    let project = play.world.state.projects.values().next().unwrap();
    assert!(project.poll.error.as_ref().unwrap().starts_with("it has no branch any more"));
    assert_eq!((ready(&play), project.branches.len()), (Some(1), 1));
    play.line("push other o");
    play.line("run");
    let project = play.world.state.projects.values().next().unwrap();
    assert_eq!((ready(&play), &project.poll.error), (None, &None));
}

#[test]
fn what_was_ready_before_is_ready_again_where_another_branch_is_taken_away() {
    let mut play = fed_by_two();
    play.project.environments[0].branches.pop();
    play.line("apply");
    assert_eq!(ready(&play), Some(1));
    play.project.environments[0].branches.clear();
    play.line("apply");
    assert_eq!(ready(&play), None);
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let why = plan(&play.world.state, &key, &DeployWhat::Ready).unwrap_err().why;
    assert!(why.ends_with("no run of a branch that feeds it is known; push to one"), "{why}");
}

#[test]
fn what_a_force_push_took_away_is_neither_built_on_nor_ready_nor_deployed() {
    assert_snapshot!(check(
        "
        hide #1 branch is_healthy initial edge_serves started proved engine instance
        hide stopping Drained Active Draining gone PLANNED LOCKED STAGED BAKED
        env production main manual
        apply
        push main a
        run 20
        from here
        replace main b
        look
        run 1
        push main c
        look
        run 1
        replace main d fails
        look
        run 60
        plan production ready
        deploy production run 1
        run
        show
        "
    ), @r#"
      20.0 shop look asked
      20.1 run #2 queued for main
      20.6 run #2 checked out
      21.0 shop look asked
      21.1 run #3 queued for main
      21.6 run #3 checked out
      22.0 shop look asked
      22.1 run #4 queued for main
      22.2 run #2 step 0 ended: Cancelled
      22.2 run #3 step 0 ended: Cancelled
      22.8 run #4 checked out
      25.8 run #4 step 0 ended: Code(1)
      25.8 run #4 result Failed { step: Some(0), why: "build compile ended with status 1" }
      25.9 run #4 ended Failed { step: Some(0), why: "build compile ended with status 1" }
      82.0 production r1 made of sha-a
      82.0 d1 queued: Deploy r1
      82.0 d1 locked, from nothing × 0
      82.0 d1 -> Staging
      82.1 d1 -> Starting
      82.1 d1 adds shop-production-r1-0 shop-production-r1-1
      82.2 d1 STARTED
      84.2 d1 HEALTHY
      84.2 d1 -> Shifting
      84.3 d1 SHIFTED
      84.3 d1 DRAINED
      84.3 d1 -> Verifying
      84.4 d1 -> Baking
      89.4 d1 -> Retiring
      89.4 d1 SUCCEEDED
      89.4 d1 ended Succeeded
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}
