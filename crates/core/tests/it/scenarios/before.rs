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
fn what_serves_by_a_successor_is_let_out_by_a_deployment_that_comes_through() {
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
     129.3 shop-production-r1-0.1 proved
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     135.5 d2 BAKED
     135.5 d2 -> Retiring
     135.5 shop-production-r1-0.1 stopping
     135.5 shop-production-r1-1 stopping
     135.7 shop-production-r1-0.1 gone: stopped
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
