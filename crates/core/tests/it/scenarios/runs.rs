//! Runs: from a push to a sealed artifact.

use insta::assert_snapshot;

use pilothouse_core::id::BranchName;
use pilothouse_core::text::slug;

use crate::scenario::{Play, check};

#[test]
fn a_broken_build_goes_no_further() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a fails
        run
        show
        "
    ), @r#"
       0.0 engine started, epoch 1
       0.0 shop applied
       0.0 production specified × 2
       0.0 edge connected
       0.1 edge serves v1
       0.1 branch main at a
       0.1 run #1 queued for main
       0.1 run #1 started
       0.6 run #1 checked out
       0.6 run #1 step 0 started
       3.6 run #1 step 0 ended: Code(1)
       3.6 run #1 result Failed { step: Some(0), why: "build compile ended with status 1" }
       3.7 run #1 ended Failed { step: Some(0), why: "build compile ended with status 1" }
    = production nothing:
    "#);
}

#[test]
fn the_newest_push_waits_and_the_older_is_superseded() {
    assert_snapshot!(check(
        "
        hide production
        env production main manual
        env qa qa manual
        apply
        push main a hangs
        push qa z hangs
        until #2 Running
        push main b
        run 6
        push main c
        run 6
        cancel #1
        run 20
        "
    ), @r#"
     0.0 engine started, epoch 1
     0.0 shop applied
     0.0 qa specified × 2
     0.0 edge connected
     0.1 edge serves v1
     0.1 branch main at a
     0.1 branch qa at z
     0.1 run #1 queued for main
     0.1 run #2 queued for qa
     0.1 run #1 started
     0.1 run #2 started
     0.6 run #2 checked out
     0.6 run #2 step 0 started
     0.6 run #1 checked out
     0.6 run #1 step 0 started
     5.1 branch main at b
     5.1 run #3 queued for main
    10.1 branch main at c
    10.1 run #3 ended Superseded { by: (4) }
    10.1 run #4 queued for main
    12.6 run #1 cancel asked by kim
    12.7 run #1 step 0 ended: Cancelled
    12.7 run #1 result Cancelled { by: "kim" }
    12.8 run #1 ended Cancelled { by: "kim" }
    12.8 run #4 started
    13.3 run #4 checked out
    13.3 run #4 step 0 started
    16.3 run #4 step 0 ended: Code(0)
    16.3 run #4 step 1 started
    19.3 run #4 step 1 ended: Code(0)
    19.3 run #4 sealing
    19.8 run #4 sealed sha-c
    19.8 run #4 result Succeeded { artifact: ("sha-c") }
    19.9 run #4 ended Succeeded { artifact: ("sha-c") }
    "#);
}

#[test]
fn a_run_is_cancelled_at_every_phase() {
    assert_snapshot!(check(
        "
        hide production
        env production main manual
        apply
        push main a hangs
        until #1 Running
        cancel #1
        run 5
        push main b
        until #2 Sealing
        cancel #2
        run 5
        push main c
        until #3 CheckingOut
        cancel #3
        run
        cancel #3
        "
    ), @r#"
       0.0 engine started, epoch 1
       0.0 shop applied
       0.0 edge connected
       0.1 edge serves v1
       0.1 branch main at a
       0.1 run #1 queued for main
       0.1 run #1 started
       0.6 run #1 checked out
       0.6 run #1 step 0 started
       0.6 run #1 cancel asked by kim
       0.7 run #1 step 0 ended: Cancelled
       0.7 run #1 result Cancelled { by: "kim" }
       0.8 run #1 ended Cancelled { by: "kim" }
       5.6 branch main at b
       5.6 run #2 queued for main
       5.6 run #2 started
       6.1 run #2 checked out
       6.1 run #2 step 0 started
       9.1 run #2 step 0 ended: Code(0)
       9.1 run #2 step 1 started
      12.1 run #2 step 1 ended: Code(0)
      12.1 run #2 sealing
      12.1 run #2 cancel asked by kim
      12.1 run #2 result Cancelled { by: "kim" }
      12.2 run #2 ended Cancelled { by: "kim" }
      17.1 branch main at c
      17.1 run #3 queued for main
      17.1 run #3 started
      17.1 run #3 cancel asked by kim
      17.1 run #3 result Cancelled { by: "kim" }
      17.2 run #3 ended Cancelled { by: "kim" }
    refused, Conflict: run #3 is over: there is nothing to cancel
    "#);
}

#[test]
fn a_promotion_builds_nothing() {
    assert_snapshot!(check(
        "
        env production main manual
        env qa qa
        apply
        push qa a
        run
        from here
        deploy production promote qa
        run
        show
        "
    ), @r#"
     120.0 production r1 made of sha-a
     120.0 d2 queued: Promotion { from: ("qa") } r1
     120.0 d2 locked, from nothing × 0
     120.0 d2 PLANNED
     120.0 d2 LOCKED
     120.0 d2 -> Staging
     120.1 d2 STAGED
     120.1 d2 -> Starting
     120.1 d2 adds shop-production-r1-0 shop-production-r1-1
     120.2 shop-production-r1-0 started
     120.2 d2 STARTED
     120.2 shop-production-r1-0 is initial
     120.2 shop-production-r1-1 started
     120.3 edge serves v5
     120.3 shop-production-r1-1 is initial
     120.4 edge serves v6
     122.2 shop-production-r1-0 is healthy
     122.2 shop-production-r1-1 is healthy
     122.2 shop-production-r1-0 proved
     122.2 shop-production-r1-1 proved
     122.2 d2 HEALTHY
     122.2 d2 -> Shifting
     122.2 shop-production-r1-0 -> Active
     122.2 shop-production-r1-1 -> Active
     122.3 edge serves v7
     122.3 d2 SHIFTED
     122.3 d2 -> Draining
     122.3 d2 DRAINED
     122.3 d2 -> Verifying
     122.4 d2 -> Baking
     127.4 d2 BAKED
     127.4 d2 -> Retiring
     127.4 d2 SUCCEEDED
     127.4 d2 ended Succeeded
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    = qa r1: shop-qa-r1-0 Active, shop-qa-r1-1 Active
    "#);
}

#[test]
fn what_runs_is_the_own_commits_though_another_sealed_the_same_bytes() {
    let mut play = Play::new();
    for line in [
        "env preview feature/*",
        "env production main manual",
        "apply",
        "push feature/evil a=evil",
        "run",
        "push main a=good",
        "run",
        "deploy production ready",
        "run",
        "push main a=better",
        "run",
        "deploy production ready",
        "run",
    ] {
        play.line(line);
    }
    let state = &play.world.state;
    let made = state.environments.iter().flat_map(|(key, environment)| {
        environment.releases.iter().map(move |(number, release)| {
            let argv = format!("{:?}", release.service.run);
            format!("{} {number} {} {} {argv}", key.name, release.artifact, release.commit)
        })
    });
    assert_eq!(
        made.collect::<Vec<_>>(),
        [
            r#"preview r1 sha-a a=evil Argv(["./serve", "shop", "a=evil"])"#,
            r#"production r1 sha-a a=good Argv(["./serve", "shop", "a=good"])"#,
            r#"production r2 sha-a a=better Argv(["./serve", "shop", "a=better"])"#,
        ]
    );
    assert!(play.world.violations.is_empty(), "{:#?}", play.world.violations);
}

#[test]
fn a_branch_cannot_take_the_preview_of_another_whose_slug_it_has() {
    // Found by trying: both come to the same slug.
    let (first, second) = ("feature/payments-for-all-x838148", "feature/payments-for-all-x1045202");
    assert_eq!(slug(first), slug(second));
    let play = || {
        let mut play = Play::new();
        for line in [
            "env preview feature/* preview",
            "apply",
            &format!("push {first} a"),
            "run",
            &format!("push {second} b"),
            "run",
            "apply",
            "run",
        ] {
            play.line(line);
        }
        play
    };
    let held = play();
    let state = &held.world.state;
    let branches = &state.projects.values().next().unwrap().branches;
    assert_eq!(branches[second].environment, None);
    assert!(branches[first].environment.is_some());
    let holder = state.preview_holder(&"shop".into(), &second.into());
    assert_eq!(holder.map(BranchName::as_str), Some(first));
    assert_eq!(state.preview_holder(&"shop".into(), &first.into()), None);
    let preview = state.environments.values().next().unwrap();
    let serves = &preview.releases[&preview.current.unwrap()];
    assert_eq!((state.environments.len(), serves.commit.as_str()), (1, "a"));
    // Once the first is gone, the name is free, whether the second is pushed to or not, and however
    // far the end of the first preview is by then.
    for (pushed, commit) in [(false, "b"), (true, "c")] {
        for seconds in 0..12 {
            let mut play = play();
            play.line(&format!("delete {first}"));
            play.line(&format!("run {seconds}"));
            if pushed {
                play.line(&format!("push {second} {commit}"));
                play.line("look");
            }
            play.line("run 240");
            let preview = play.world.state.environments.values().next().unwrap();
            assert_eq!(preview.preview_of.as_ref().map(BranchName::as_str), Some(second));
            let serves = &preview.releases[&preview.current.unwrap()];
            assert_eq!(serves.commit.as_str(), commit);
            assert!(play.world.violations.is_empty(), "{:#?}", play.world.violations);
        }
    }
}

#[test]
fn the_run_of_a_branch_that_goes_is_cancelled() {
    assert_snapshot!(check(
        "
        env preview feature/* preview
        apply
        push trunk t
        hide trunk
        push feature/b b
        run 2
        from here
        delete feature/b
        run 20
        "
    ), @r#"
    3.6 run #1 step 0 ended: Code(0)
    3.6 run #1 step 1 started
    5.1 branch feature/b deleted
    5.1 run #1 cancel asked by the removal of its branch
    5.1 preview-feature-b-cfed55fc is being removed
    5.1 preview-feature-b-cfed55fc removed
    5.2 edge serves v3
    5.2 run #1 step 1 ended: Cancelled
    5.2 run #1 result Cancelled { by: "the removal of its branch" }
    5.3 run #1 ended Cancelled { by: "the removal of its branch" }
    "#);
}

#[test]
fn stopping_everything_ends_what_is_being_built() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        push feature b
        run 2
        from here
        halt
        apply
        run 20
        show
        "
    ), @r#"
       2.0 engine asked to halt by kim
       2.0 run #1 cancel asked by pilothouse down --all
    refused, Busy: the engine is stopping everything; ask again once it runs anew
       2.1 run #1 step 0 ended: Cancelled
       2.1 run #1 result Cancelled { by: "pilothouse down --all" }
       2.2 run #1 ended Cancelled { by: "pilothouse down --all" }
    = production nothing:
    "#);
}
