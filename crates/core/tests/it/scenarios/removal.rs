//! Projects that are removed: what ends, what is forgotten, and what a later one of the same name meets.

use insta::assert_snapshot;

use crate::scenario::{Play, check};

#[test]
fn all_of_it_ends_and_its_name_can_be_added_again() {
    assert_snapshot!(check(
        "
        hide #1 branch is_healthy initial proved STAGED PLANNED
        env production main
        apply
        push main a
        run
        push main b
        until #2 Running
        from here
        remove shop
        start main
        remove shop
        run
        show
        apply
        run
        show
        "
    ), @r#"
     120.5 shop is being removed by kim
     120.5 run #2 cancel asked by kim
     120.5 production is being removed
     120.5 shop-production-r1-0 -> Draining
     120.5 shop-production-r1-1 -> Draining
    refused, Conflict: shop is being removed
    refused, Conflict: shop is being removed
     120.6 edge serves v5
     120.6 run #2 step 0 ended: Cancelled
     120.6 run #2 result Cancelled { by: "kim" }
     120.7 run #2 ended Cancelled { by: "kim" }
     121.6 shop-production-r1-0 -> Drained
     121.6 shop-production-r1-0 stopping
     121.7 edge serves v6
     121.8 shop-production-r1-0 gone: stopped
     122.7 shop-production-r1-1 -> Drained
     122.7 shop-production-r1-1 stopping
     122.8 edge serves v7
     122.9 shop-production-r1-1 gone: stopped
     122.9 production removed
     122.9 engine forgot 0 runs, 0 deployments, 1 artifacts
     122.9 engine forgot 2 runs, 1 deployments, 0 artifacts
     122.9 shop is removed
     123.0 edge serves v8
     240.5 shop applied
     240.5 production specified × 2
     240.6 edge serves v9
     240.6 run #3 queued for main
     240.6 run #3 started
     241.1 run #3 checked out
     241.1 run #3 step 0 started
     244.1 run #3 step 0 ended: Code(0)
     244.1 run #3 step 1 started
     247.1 run #3 step 1 ended: Code(0)
     247.1 run #3 sealing
     247.6 run #3 sealed sha-b
     247.6 run #3 result Succeeded { artifact: ("sha-b") }
     247.7 run #3 ended Succeeded { artifact: ("sha-b") }
     247.7 production ready with run #3
     247.7 production r2 made of sha-b
     247.7 d2 queued: Deploy r2
     247.7 d2 locked, from nothing × 0
     247.7 d2 LOCKED
     247.7 d2 -> Staging
     247.8 d2 -> Starting
     247.8 d2 adds shop-production-r2-0 shop-production-r2-1
     247.9 shop-production-r2-0 started
     247.9 d2 STARTED
     247.9 shop-production-r2-1 started
     248.0 edge serves v10
     248.1 edge serves v11
     249.9 d2 HEALTHY
     249.9 d2 -> Shifting
     249.9 shop-production-r2-0 -> Active
     249.9 shop-production-r2-1 -> Active
     250.0 edge serves v12
     250.0 d2 SHIFTED
     250.0 d2 -> Draining
     250.0 d2 DRAINED
     250.0 d2 -> Verifying
     250.1 d2 -> Baking
     255.1 d2 BAKED
     255.1 d2 -> Retiring
     255.1 d2 SUCCEEDED
     255.1 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn what_was_taken_back_in_time_stays() {
    assert_snapshot!(check(
        "
        hide #1 branch is_healthy initial proved STAGED PLANNED
        env production main
        apply
        push main a
        run
        from here
        remove shop
        apply
        run
        show
        "
    ), @r#"
     120.0 shop is being removed by kim
     120.0 production is being removed
     120.0 shop-production-r1-0 -> Draining
     120.0 shop-production-r1-1 -> Draining
     120.0 shop applied
     120.0 production specified × 2
     120.0 shop-production-r1-0 -> Active
     120.0 shop-production-r1-1 -> Active
     120.1 edge serves v5
     120.2 edge serves v6
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn nothing_is_left_but_the_numbers_and_the_edge_serves_nothing() {
    let mut play = Play::new();
    for line in ["env production main", "apply", "push main a", "run", "remove shop", "run"] {
        play.line(line);
    }
    let (state, edge) = (&play.world.state, &play.world.edge);
    assert!(state.projects.is_empty() && state.environments.is_empty());
    assert!(state.runs.is_empty() && state.deployments.is_empty());
    assert!(state.instances.is_empty() && state.artifacts.is_empty());
    let listeners = edge.table.as_ref().map(|table| table.listeners.len());
    assert_eq!(listeners, Some(0), "an address is held for nobody");
    assert_eq!(state.retired.values().next().unwrap().release.0, 1);
    assert_eq!((state.last_run.0, state.last_deployment.0), (1, 1));
    // A repository that moves on is nobody's.
    for line in ["push main b", "run"] {
        play.line(line);
    }
    assert_eq!(play.world.state.last_run.0, 1);
}
