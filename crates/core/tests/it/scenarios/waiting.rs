//! What a person asked for and waits, and what is ready by itself behind it.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn what_a_person_asked_for_and_waits_is_superseded_by_a_person_alone() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves started proved engine instance
        hide stopping Drained Active Draining gone PLANNED LOCKED STAGED -> BAKED
        env production main
        apply
        push main a
        run
        push main b
        run
        push main c
        until d3 Starting
        push main d
        from here
        deploy production rollback 1
        run
        show
        "
    ), @r#"
     247.2 d4 queued: Rollback r1
     247.3 d3 STARTED
     249.3 d3 HEALTHY
     249.4 d3 SHIFTED
     250.4 d3 DRAINED
     255.7 d3 SUCCEEDED
     255.7 d3 ended Succeeded
     255.7 d4 locked, from r3 × 2
     255.7 production r4 made of sha-d
     255.7 d5 queued: Deploy r4
     255.8 d4 adds shop-production-r1-0.1 shop-production-r1-1.1
     255.9 d4 STARTED
     257.9 d4 HEALTHY
     258.0 d4 SHIFTED
     259.0 d4 DRAINED
     264.3 d4 SUCCEEDED
     264.3 d4 ended Succeeded
     264.3 d5 locked, from r1 × 2
     264.4 d5 adds shop-production-r4-0 shop-production-r4-1
     264.5 d5 STARTED
     266.5 d5 HEALTHY
     266.6 d5 SHIFTED
     267.6 d5 DRAINED
     272.9 d5 SUCCEEDED
     272.9 d5 ended Succeeded
    = production r4: shop-production-r4-0 Active, shop-production-r4-1 Active
    "#);
}

#[test]
fn going_back_by_cancelling_holds_back_what_is_ready_behind_what_waits() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves started proved engine instance
        hide stopping Drained Active Draining gone PLANNED LOCKED STAGED -> BAKED
        env production main
        apply
        push main a
        run
        push main b
        run
        push main c
        until d3 Starting
        push main d
        look
        deploy production rollback 1
        run 8
        from here
        cancel d3+
        run
        show
        "
    ), @r#"
     255.2 production r4 made of sha-d
     255.2 d4 ended Superseded { by: (5) }
     255.2 d5 queued: Deploy r4
     255.2 d5 cancel asked by kim
     255.2 d3 cancel asked by kim
     255.2 d3 rolling back, Starting: cancelled by kim
     255.2 d3 rolling back, Shifting: cancelled by kim
     255.2 d5 ended Cancelled { by: "kim" }
     256.3 d3 rolling back, Stopping: cancelled by kim
     256.6 d3 ended RolledBack { why: "cancelled by kim" }
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}
