//! How traffic moves, and what can come between.

use insta::assert_snapshot;

use crate::scenario::{Play, check};

#[test]
fn four_move_in_batches() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main instances=4 max=150
        apply
        push main a
        run
        from here
        push main b
        run
        show
        "
    ), @r#"
     127.1 production r2 made of sha-b
     127.1 d2 queued: Deploy r2
     127.1 d2 locked, from r1 × 4
     127.1 d2 PLANNED
     127.1 d2 LOCKED
     127.1 d2 -> Staging
     127.2 d2 STAGED
     127.2 d2 -> Starting
     127.2 d2 adds shop-production-r2-0 shop-production-r2-1
     127.3 d2 STARTED
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r2-1 -> Active
     129.3 shop-production-r1-3 -> Draining
     129.3 shop-production-r1-2 -> Draining
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 shop-production-r1-2 -> Drained
     130.4 shop-production-r1-3 -> Drained
     130.4 d2 -> MakingRoom
     130.4 shop-production-r1-2 stopping
     130.4 shop-production-r1-3 stopping
     130.7 shop-production-r1-2 gone: stopped
     130.7 shop-production-r1-3 gone: stopped
     130.7 d2 -> Starting, batch 1
     130.7 d2 adds shop-production-r2-2 shop-production-r2-3
     130.8 shop-production-r2-2 started
     130.8 shop-production-r2-3 started
     132.8 d2 -> Shifting, batch 1
     132.8 shop-production-r2-2 -> Active
     132.8 shop-production-r2-3 -> Active
     132.8 shop-production-r1-1 -> Draining
     132.8 shop-production-r1-0 -> Draining
     132.9 d2 SHIFTED
     132.9 d2 -> Draining, batch 1
     133.9 shop-production-r1-0 -> Drained
     133.9 shop-production-r1-1 -> Drained
     133.9 d2 DRAINED
     133.9 d2 -> Verifying, batch 1
     134.0 d2 -> Baking
     139.0 d2 BAKED
     139.0 d2 -> Retiring, batch 1
     139.0 shop-production-r1-0 stopping
     139.0 shop-production-r1-1 stopping
     139.2 shop-production-r1-0 gone: stopped
     139.2 shop-production-r1-1 gone: stopped
     139.2 d2 SUCCEEDED
     139.2 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active, shop-production-r2-2 Active, shop-production-r2-3 Active
    "#);
}

#[test]
fn without_room_old_ones_make_room() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main instances=2 max=100
        apply
        push main a
        run
        from here
        push main b
        run
        show
        "
    ), @r#"
     127.1 production r2 made of sha-b
     127.1 d2 queued: Deploy r2
     127.1 d2 locked, from r1 × 2
     127.1 d2 PLANNED
     127.1 d2 LOCKED
     127.1 d2 -> Staging
     127.2 d2 STAGED
     127.2 d2 -> Starting
     127.2 d2 adds shop-production-r2-0
     127.3 d2 STARTED
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r1-1 -> Draining
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 -> MakingRoom
     130.4 shop-production-r1-1 stopping
     130.6 shop-production-r1-1 gone: stopped
     130.6 d2 -> Starting, batch 1
     130.6 d2 adds shop-production-r2-1
     132.7 d2 -> Shifting, batch 1
     132.7 shop-production-r2-1 -> Active
     132.7 shop-production-r1-0 -> Draining
     132.8 d2 SHIFTED
     132.8 d2 -> Draining, batch 1
     133.8 shop-production-r1-0 -> Drained
     133.8 d2 DRAINED
     133.8 d2 -> Verifying, batch 1
     133.9 d2 -> Baking
     138.9 d2 BAKED
     138.9 d2 -> Retiring, batch 1
     138.9 shop-production-r1-0 stopping
     139.1 shop-production-r1-0 gone: stopped
     139.1 d2 SUCCEEDED
     139.1 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn a_table_that_may_serve_is_read_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        fault Publish unknown 2
        run
        show
        "
    ), @r#"
     129.4 d2 attempt failed: nobody knows
     129.4 edge refused v7: nobody knows
     130.0 d2 attempt failed: nobody knows
     130.0 edge refused v8: nobody knows
     131.1 d2 SHIFTED
     131.1 d2 -> Draining
     132.1 shop-production-r1-0 -> Drained
     132.1 shop-production-r1-1 -> Drained
     132.1 d2 DRAINED
     132.1 d2 -> Verifying
     132.2 d2 -> Baking
     137.2 d2 BAKED
     137.2 d2 -> Retiring
     137.2 shop-production-r1-0 stopping
     137.2 shop-production-r1-1 stopping
     137.4 shop-production-r1-0 gone: stopped
     137.4 shop-production-r1-1 gone: stopped
     137.4 d2 SUCCEEDED
     137.4 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn a_table_that_is_refused_again_and_again_aborts() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        fault Publish transient 8
        run
        show
        "
    ), @r#"
     129.4 d2 attempt failed: it may pass
     129.4 edge refused v7: it may pass
     130.0 d2 attempt failed: it may pass
     130.0 edge refused v8: it may pass
     131.1 d2 attempt failed: it may pass
     131.1 edge refused v9: it may pass
     133.2 d2 attempt failed: it may pass
     133.2 edge refused v10: it may pass
     137.3 d2 attempt failed: it may pass
     137.3 edge refused v11: it may pass
     145.4 d2 attempt failed: it may pass
     145.4 edge refused v12: it may pass
     161.5 d2 attempt failed: it may pass
     161.5 edge refused v13: it may pass
     193.6 d2 attempt failed: it may pass
     193.6 edge refused v14: it may pass
     193.6 d2 aborting: Failed { why: "it may pass" }
     193.6 shop-production-r1-0 -> Active
     193.6 shop-production-r1-1 -> Active
     193.6 shop-production-r2-0 -> Draining
     193.6 shop-production-r2-1 -> Draining
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active, shop-production-r2-0 Draining, shop-production-r2-1 Draining
    "#);
}

#[test]
fn a_crash_while_traffic_moves() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        crash
        run
        show
        "
    ), @r#"
     129.3 edge connected
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 shop-production-r1-1 -> Drained
     130.4 shop-production-r1-0 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     135.5 d2 BAKED
     135.5 d2 -> Retiring
     135.5 shop-production-r1-0 stopping
     135.5 shop-production-r1-1 stopping
     135.7 shop-production-r1-0 gone: stopped
     135.7 shop-production-r1-1 gone: stopped
     135.7 d2 SUCCEEDED
     135.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn requests_that_never_end_are_cut_at_the_deadline() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a busy
        run
        from here
        push main b
        run
        show
        "
    ), @r#"
     127.1 production r2 made of sha-b
     127.1 d2 queued: Deploy r2
     127.1 d2 locked, from r1 × 2
     127.1 d2 PLANNED
     127.1 d2 LOCKED
     127.1 d2 -> Staging
     127.2 d2 STAGED
     127.2 d2 -> Starting
     127.2 d2 adds shop-production-r2-0 shop-production-r2-1
     127.3 d2 STARTED
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r2-1 -> Active
     129.3 shop-production-r1-1 -> Draining
     129.3 shop-production-r1-0 -> Draining
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     139.4 shop-production-r1-0 -> Drained
     139.4 d2 cut 1
     139.4 shop-production-r1-1 -> Drained
     139.4 d2 cut 1
     139.4 d2 DRAINED
     139.4 d2 -> Verifying
     139.5 d2 -> Baking
     144.5 d2 BAKED
     144.5 d2 -> Retiring
     144.5 shop-production-r1-0 stopping
     144.5 shop-production-r1-1 stopping
     144.7 shop-production-r1-0 gone: stopped
     144.7 shop-production-r1-1 gone: stopped
     144.7 d2 SUCCEEDED
     144.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn what_passed_with_its_phase_is_told_no_more() {
    let mut play = Play::new();
    for line in [
        "env production main",
        "apply",
        "fault Stage transient 1",
        "push main a",
        "until d1 Starting",
    ] {
        play.line(line);
    }
    let failed = play.world.journal.iter().filter(|one| format!("{one:?}").contains("may pass"));
    assert_eq!(failed.count(), 1);
    let deployment = play.world.state.deployments.values().next().unwrap();
    assert_eq!((deployment.attempts, deployment.last_error.as_deref()), (0, None));
}
