//! What only comes up, or came no more, where something else is wanted meanwhile.

use insta::assert_snapshot;

use crate::scenario::check;

/// A deployment does not wait for a successor that only comes up, and does not go in steps because
/// of it.
#[test]
fn a_deployment_calls_off_what_only_comes_up() {
    assert_snapshot!(check(
        "
        env production main manual instances=2
        apply
        push main a
        run 120
        deploy production ready
        run 300
        push main b
        run 120
        hide run check target edge
        from here
        restart shop-production-r1-0
        run 1
        deploy production ready
        run 300
        show
        "
    ), @r"
     540.0 shop-production-r1-0 restart asked by kim
     540.0 shop-production-r1-0.1 replaces
     540.1 shop-production-r1-0.1 started
     540.1 shop-production-r1-0.1 is initial
     541.0 production r2 made of sha-b
     541.0 d2 queued: Deploy r2
     541.0 shop-production-r1-0.1 called off by deployment d2
     541.2 shop-production-r1-0.1 gone: stopped
     541.2 d2 locked, from r1 × 2
     541.2 d2 PLANNED
     541.2 d2 LOCKED
     541.2 d2 -> Staging
     541.3 d2 STAGED
     541.3 d2 -> Starting
     541.3 d2 adds shop-production-r2-0 shop-production-r2-1
     541.4 shop-production-r2-0 started
     541.4 d2 STARTED
     541.4 shop-production-r2-0 is initial
     541.4 shop-production-r2-1 started
     541.6 shop-production-r2-1 is initial
     543.3 shop-production-r2-0 is healthy
     543.3 shop-production-r2-0 proved
     543.4 shop-production-r2-1 is healthy
     543.4 shop-production-r2-1 proved
     543.4 d2 HEALTHY
     543.4 d2 -> Shifting
     543.4 shop-production-r2-0 -> Active
     543.4 shop-production-r2-1 -> Active
     543.4 shop-production-r1-1 -> Draining
     543.4 shop-production-r1-0 -> Draining
     543.5 d2 SHIFTED
     543.5 d2 -> Draining
     544.5 shop-production-r1-0 -> Drained
     544.5 shop-production-r1-1 -> Drained
     544.5 d2 DRAINED
     544.5 d2 -> Verifying
     544.6 d2 -> Baking
     549.6 d2 BAKED
     549.6 d2 -> Retiring
     549.6 shop-production-r1-0 stopping
     549.6 shop-production-r1-1 stopping
     549.8 shop-production-r1-0 gone: stopped
     549.8 shop-production-r1-1 gone: stopped
     549.8 d2 SUCCEEDED
     549.8 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    ");
}

#[test]
fn what_was_lost_is_no_news_where_somebody_stopped_its_place() {
    assert_snapshot!(check(
        "
        env production main instances=2
        apply
        push main a
        run
        hide run check target edge
        from here
        kill shop-production-r1-0
        run 1
        lost production
        stop shop-production-r1-0.1
        lost production
        run 300
        lost production
        show
        "
    ), @r"
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-0 gone: its supervisor is gone
     120.0 shop-production-r1-0.1 replaces
     120.1 shop-production-r1-0.1 started
     120.1 shop-production-r1-0.1 is initial
    = production lost shop-production-r1-0: its supervisor is gone
     121.0 shop-production-r1-0.1 stop asked by kim
     121.0 shop-production-r1-0.1 stopping
    = production lost nothing
     121.2 shop-production-r1-0.1 gone: stopped
    = production lost nothing
    = production r1: shop-production-r1-1 Active
    ");
}

/// What somebody asked for goes on where the deployment that came between goes back.
#[test]
fn a_restart_that_a_deployment_came_between_goes_on_after_it_failed() {
    assert_snapshot!(check(
        "
        env production main manual instances=2
        apply
        push main a
        run 120
        deploy production ready
        run 300
        push main b sick
        run 120
        hide run check target edge milestone
        from here
        restart shop-production-r1-0
        run 1
        deploy production ready
        run 300
        show
        "
    ), @r#"
     540.0 shop-production-r1-0 restart asked by kim
     540.0 shop-production-r1-0.1 replaces
     540.1 shop-production-r1-0.1 started
     540.1 shop-production-r1-0.1 is initial
     541.0 production r2 made of sha-b
     541.0 d2 queued: Deploy r2
     541.0 shop-production-r1-0.1 called off by deployment d2
     541.2 shop-production-r1-0.1 gone: stopped
     541.2 d2 locked, from r1 × 2
     541.2 d2 PLANNED
     541.2 d2 LOCKED
     541.2 d2 -> Staging
     541.3 d2 STAGED
     541.3 d2 -> Starting
     541.3 d2 adds shop-production-r2-0 shop-production-r2-1
     541.4 shop-production-r2-0 started
     541.4 d2 STARTED
     541.4 shop-production-r2-0 is initial
     541.4 shop-production-r2-1 started
     541.6 shop-production-r2-1 is initial
     561.4 d2 attempt failed: shop-production-r2-0: not healthy in time
     561.4 shop-production-r2-0 stopping
     561.4 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     561.4 shop-production-r2-1 stopping
     561.6 shop-production-r2-0 gone: stopped
     561.6 shop-production-r2-1 gone: stopped
     561.6 d2 ended Failed { why: "shop-production-r2-0: not healthy in time" }
     561.6 shop-production-r1-0.2 replaces
     561.7 shop-production-r1-0.2 started
     561.8 shop-production-r1-0.2 is initial
     563.6 shop-production-r1-0.2 is healthy
     563.6 shop-production-r1-0.2 proved
     563.6 shop-production-r1-0.2 -> Active
     563.6 shop-production-r1-0 -> Draining
     564.7 shop-production-r1-0 -> Drained
     564.7 shop-production-r1-0 stopping
     564.9 shop-production-r1-0 gone: stopped
    = production r1: shop-production-r1-0.2 Active, shop-production-r1-1 Active
    "#);
}

/// What somebody started again before a deployment serves as soon as it is proved.
#[test]
fn what_came_up_before_a_deployment_serves_while_it_waits_at_the_gate() {
    assert_snapshot!(check(
        "
        env production main manual instances=2
        apply
        push main a
        run 120
        deploy production ready
        run 300
        push main b sick
        run 120
        stop shop-production-r1-0 force
        run 60
        hide run check target edge milestone
        from here
        again production
        run 1
        deploy production ready
        until d2 Aborting
        show
        "
    ), @r#"
     600.0 production start asked by kim
     600.0 shop-production-r1-0.1 replaces
     600.1 shop-production-r1-0.1 started
     600.1 shop-production-r1-0.1 is initial
     601.0 production r2 made of sha-b
     601.0 d2 queued: Deploy r2
     601.0 d2 locked, from r1 × 2
     601.0 d2 PLANNED
     601.0 d2 LOCKED
     601.0 d2 -> Staging
     601.1 d2 STAGED
     601.1 d2 -> Starting
     601.1 d2 adds shop-production-r2-0 shop-production-r2-1
     601.2 shop-production-r2-0 started
     601.2 d2 STARTED
     601.2 shop-production-r2-1 started
     601.3 shop-production-r2-0 is initial
     601.3 shop-production-r2-1 is initial
     602.0 shop-production-r1-0.1 is healthy
     602.0 shop-production-r1-0.1 proved
     602.0 shop-production-r1-0.1 -> Active
     621.2 d2 attempt failed: shop-production-r2-0: not healthy in time
     621.2 shop-production-r2-0 stopping
     621.2 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     621.2 shop-production-r2-1 stopping
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1 Active, shop-production-r2-0 None, shop-production-r2-1 None
    "#);
}
