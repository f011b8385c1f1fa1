//! What serves while nothing of a deployment does yet.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn what_is_lost_while_new_ones_only_come_up_gets_a_successor() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch initial edge_serves engine
        env production main
        apply
        push main a
        run
        push main b sick
        until d2 Starting
        from here
        kill shop-production-r1-0
        kill shop-production-r1-1
        run 12
        show
        run 60
        show
        "
    ), @r#"
     127.2 shop-production-r1-0 is unhealthy
     127.2 shop-production-r1-1 is unhealthy
     127.2 shop-production-r1-0 gone: its supervisor is gone
     127.2 shop-production-r1-0.1 replaces
     127.2 shop-production-r1-1 gone: its supervisor is gone
     127.2 shop-production-r1-1.2 replaces
     127.3 shop-production-r2-1 started
     127.3 d2 STARTED
     127.3 shop-production-r1-1.2 started
     127.3 shop-production-r2-0 started
     127.3 shop-production-r1-0.1 started
     129.3 shop-production-r1-0.1 is healthy
     129.3 shop-production-r1-1.2 is healthy
     129.3 shop-production-r1-0.1 proved
     129.3 shop-production-r1-0.1 -> Active
     129.3 shop-production-r1-1.2 proved
     129.3 shop-production-r1-1.2 -> Active
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.2 Active, shop-production-r2-0 Standby, shop-production-r2-1 Standby
     147.3 d2 attempt failed: shop-production-r2-0: not healthy in time
     147.3 shop-production-r2-0 stopping
     147.3 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     147.3 shop-production-r2-1 stopping
     147.5 shop-production-r2-0 gone: stopped
     147.5 shop-production-r2-1 gone: stopped
     147.5 d2 ended Failed { why: "shop-production-r2-0: not healthy in time" }
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.2 Active
    "#);
}

#[test]
fn what_only_comes_up_gives_its_room_to_new_ones_once_these_serve() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch initial edge_serves engine
        env production main max=250
        apply
        push main a
        run
        push main b
        until d2 Starting
        from here
        kill shop-production-r1-0
        run 60
        show
        "
    ), @r#"
     127.2 shop-production-r1-0 is unhealthy
     127.2 shop-production-r1-0 gone: its supervisor is gone
     127.2 shop-production-r1-0.1 replaces
     127.3 shop-production-r1-0.1 started
     127.3 shop-production-r2-0 started
     127.3 d2 STARTED
     127.3 shop-production-r2-1 started
     129.3 shop-production-r1-0.1 is healthy
     129.3 shop-production-r2-0 is healthy
     129.3 shop-production-r2-1 is healthy
     129.3 shop-production-r2-1 proved
     129.3 shop-production-r2-0 proved
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r2-1 -> Active
     129.3 shop-production-r1-1 -> Draining
     129.3 shop-production-r1-0.1 stopping
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     129.5 shop-production-r1-0.1 gone: stopped
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     135.5 d2 BAKED
     135.5 d2 -> Retiring
     135.5 shop-production-r1-1 stopping
     135.7 shop-production-r1-1 gone: stopped
     135.7 d2 SUCCEEDED
     135.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn where_the_deployment_leaves_no_room_what_is_lost_waits() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch initial edge_serves engine
        env production main max=100 min=50
        apply
        push main a
        run
        push main b sick
        until d2 Starting
        from here
        kill shop-production-r1-1
        run 12
        show
        run 60
        show
        "
    ), @r#"
     127.2 shop-production-r1-1 is unhealthy
     127.2 shop-production-r1-1 gone: its supervisor is gone
     127.3 shop-production-r2-0 started
     127.3 d2 STARTED
    = production r1: shop-production-r1-0 Active, shop-production-r2-0 Standby
     147.3 d2 attempt failed: shop-production-r2-0: not healthy in time
     147.3 shop-production-r2-0 stopping
     147.3 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     147.5 shop-production-r2-0 gone: stopped
     147.5 d2 ended Failed { why: "shop-production-r2-0: not healthy in time" }
     147.5 shop-production-r1-1.1 replaces
     147.6 shop-production-r1-1.1 started
     149.6 shop-production-r1-1.1 is healthy
     149.6 shop-production-r1-1.1 proved
     149.6 shop-production-r1-1.1 -> Active
    = production r1: shop-production-r1-0 Active, shop-production-r1-1.1 Active
    "#);
}

#[test]
fn in_steps_no_more_run_than_may_and_what_is_not_well_leaves_first() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch initial edge_serves engine
        env production main max=150
        apply
        push main a
        run
        push main b
        until d2 Starting
        from here
        kill shop-production-r1-1
        run 3
        show
        run 60
        show
        "
    ), @r#"
     127.2 shop-production-r1-1 is unhealthy
     127.2 shop-production-r1-1 gone: its supervisor is gone
     127.2 shop-production-r1-1.1 replaces
     127.3 shop-production-r1-1.1 started
     127.3 shop-production-r2-0 started
     127.3 d2 STARTED
     129.2 shop-production-r1-1.1 is healthy
     129.2 shop-production-r1-1.1 proved
     129.2 shop-production-r1-1.1 -> Active
     129.3 shop-production-r2-0 is healthy
     129.3 shop-production-r2-0 proved
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r1-1.1 -> Draining
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
    = production r1: shop-production-r1-0 Active, shop-production-r1-1.1 Draining, shop-production-r2-0 Active
     130.4 shop-production-r1-1.1 -> Drained
     130.4 d2 -> MakingRoom
     130.4 shop-production-r1-1.1 stopping
     130.6 shop-production-r1-1.1 gone: stopped
     130.6 d2 -> Starting, batch 1
     130.6 d2 adds shop-production-r2-1
     130.7 shop-production-r2-1 started
     132.7 shop-production-r2-1 is healthy
     132.7 shop-production-r2-1 proved
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
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch initial edge_serves engine
        env production main max=150
        apply
        push main a
        run
        push main b
        until d2 Starting
        from here
        doubt shop-production-r1-0 unwell
        run 4
        show
        "
    ), @r#"
     127.2 shop-production-r1-0 is unhealthy
     127.3 shop-production-r2-0 started
     127.3 d2 STARTED
     129.3 shop-production-r2-0 is healthy
     129.3 shop-production-r2-0 proved
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r1-0 -> Draining
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 shop-production-r1-0 -> Drained
     130.4 d2 -> MakingRoom
     130.4 shop-production-r1-0 stopping
     130.6 shop-production-r1-0 gone: stopped
     130.6 d2 -> Starting, batch 1
     130.6 d2 adds shop-production-r2-1
     130.7 shop-production-r2-1 started
    = production r1: shop-production-r1-1 Active, shop-production-r2-0 Active, shop-production-r2-1 Standby
    "#);
}
