//! Instances that somebody stops, and what is in their place afterwards.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn a_successor_that_is_stopped_before_it_serves_leaves_what_it_was_to_follow() {
    assert_snapshot!(check(
        "
        env production main instances=1
        apply
        push main a
        run
        from here
        restart shop-production-r1-0
        run 1
        stop shop-production-r1-0
        call off shop-production-r1-0
        call off shop-production-r1-0.1
        call off shop-production-r1-0.1
        run 300
        show
        lost production
        restart shop-production-r1-0
        run 1
        stop shop-production-r1-0.2
        run 300
        show
        restart shop-production-r1-0
        run 300
        call off shop-production-r1-0.3
        show
        "
    ), @r"
     120.0 shop-production-r1-0 restart asked by kim
     120.0 shop-production-r1-0.1 replaces
     120.1 shop-production-r1-0.1 started
     120.1 shop-production-r1-0.1 is initial
     120.2 edge serves v4
    refused, Conflict: nothing else serves shop/production: its domain answers 503 afterwards; `pilothouse stop shop-production-r1-0 --force` stops it all the same
    refused, Conflict: shop-production-r1-0 serves by now, or is to follow nothing that does; `pilothouse stop shop-production-r1-0` stops it
     121.0 shop-production-r1-0.1 called off by kim
    refused, Conflict: shop-production-r1-0.1 serves by now, or is to follow nothing that does; `pilothouse stop shop-production-r1-0.1` stops it
     121.1 edge serves v5
     121.2 shop-production-r1-0.1 gone: stopped
    = production r1: shop-production-r1-0 Active
    = production lost nothing
     421.0 shop-production-r1-0 restart asked by kim
     421.0 shop-production-r1-0.2 replaces
     421.1 shop-production-r1-0.2 started
     421.2 edge serves v6
     421.2 shop-production-r1-0.2 is initial
     422.0 shop-production-r1-0.2 called off by kim
     422.1 edge serves v7
     422.2 shop-production-r1-0.2 gone: stopped
    = production r1: shop-production-r1-0 Active
     722.0 shop-production-r1-0 restart asked by kim
     722.0 shop-production-r1-0.3 replaces
     722.1 shop-production-r1-0.3 started
     722.1 shop-production-r1-0.3 is initial
     722.2 edge serves v8
     724.1 shop-production-r1-0.3 is healthy
     724.1 shop-production-r1-0.3 proved
     724.1 shop-production-r1-0.3 -> Active
     724.1 shop-production-r1-0 -> Draining
     724.2 edge serves v9
     725.2 shop-production-r1-0 -> Drained
     725.2 shop-production-r1-0 stopping
     725.3 edge serves v10
     725.4 shop-production-r1-0 gone: stopped
    refused, Conflict: shop-production-r1-0.3 serves by now, or is to follow nothing that does; `pilothouse stop shop-production-r1-0.3` stops it
    = production r1: shop-production-r1-0.3 Active
    ");
}

#[test]
fn what_is_stopped_drains_and_stays_stopped() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        stop shop-production-r1-1
        run 300
        show
        stop shop-production-r1-1
        again production
        run 30
        show
        again production
        "
    ), @r#"
     120.0 shop-production-r1-1 stop asked by kim
     120.0 shop-production-r1-1 -> Draining
     120.1 edge serves v5
     121.1 shop-production-r1-1 -> Drained
     121.1 shop-production-r1-1 stopping
     121.2 edge serves v6
     121.3 shop-production-r1-1 gone: stopped
    = production r1: shop-production-r1-0 Active
    refused, NotFound: there is no instance shop-production-r1-1; `pilothouse status` says what runs
     420.0 production start asked by kim
     420.0 shop-production-r1-1.1 replaces
     420.1 shop-production-r1-1.1 started
     420.2 edge serves v7
     420.2 shop-production-r1-1.1 is initial
     422.0 shop-production-r1-1.1 is healthy
     422.0 shop-production-r1-1.1 proved
     422.0 shop-production-r1-1.1 -> Active
     422.1 edge serves v8
    = production r1: shop-production-r1-0 Active, shop-production-r1-1.1 Active
    refused, Conflict: nothing is stopped in shop/production
    "#);
}

#[test]
fn the_last_that_serves_is_stopped_only_where_that_was_said() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        stop shop-production-r1-1
        stop shop-production-r1-0
        run 30
        stop shop-production-r1-0
        stop shop-production-r1-0 force
        run 300
        show
        "
    ), @r#"
     120.0 shop-production-r1-1 stop asked by kim
     120.0 shop-production-r1-1 -> Draining
    refused, Conflict: nothing else serves shop/production: its domain answers 503 afterwards; `pilothouse stop shop-production-r1-0 --force` stops it all the same
     120.1 edge serves v5
     121.1 shop-production-r1-1 -> Drained
     121.1 shop-production-r1-1 stopping
     121.2 edge serves v6
     121.3 shop-production-r1-1 gone: stopped
    refused, Conflict: nothing else serves shop/production: its domain answers 503 afterwards; `pilothouse stop shop-production-r1-0 --force` stops it all the same
     150.0 shop-production-r1-0 stop asked by kim
     150.0 shop-production-r1-0 -> Draining
     150.1 edge serves v7
     151.1 shop-production-r1-0 -> Drained
     151.1 shop-production-r1-0 stopping
     151.2 edge serves v8
     151.3 shop-production-r1-0 gone: stopped
    = production r1:
    "#);
}

#[test]
fn the_next_release_has_all_its_instances() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        stop shop-production-r1-0
        run 30
        from here
        show
        push main b
        hide branch run edge ready made
        run
        show
        "
    ), @r#"
    = production r1: shop-production-r1-1 Active
     157.1 d2 queued: Deploy r2
     157.1 d2 locked, from r1 × 1
     157.1 d2 PLANNED
     157.1 d2 LOCKED
     157.1 d2 -> Staging
     157.2 d2 STAGED
     157.2 d2 -> Starting
     157.2 d2 adds shop-production-r2-0 shop-production-r2-1
     157.3 shop-production-r2-1 started
     157.3 d2 STARTED
     157.3 shop-production-r2-0 started
     157.4 shop-production-r2-0 is initial
     157.4 shop-production-r2-1 is initial
     159.2 shop-production-r2-0 is healthy
     159.2 shop-production-r2-0 proved
     159.3 shop-production-r2-1 is healthy
     159.3 shop-production-r2-1 proved
     159.3 d2 HEALTHY
     159.3 d2 -> Shifting
     159.3 shop-production-r2-0 -> Active
     159.3 shop-production-r2-1 -> Active
     159.3 shop-production-r1-1 -> Draining
     159.4 d2 SHIFTED
     159.4 d2 -> Draining
     160.4 shop-production-r1-1 -> Drained
     160.4 d2 DRAINED
     160.4 d2 -> Verifying
     160.5 d2 -> Baking
     165.5 d2 BAKED
     165.5 d2 -> Retiring
     165.5 shop-production-r1-1 stopping
     165.7 shop-production-r1-1 gone: stopped
     165.7 d2 SUCCEEDED
     165.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn a_deployment_that_fails_leaves_what_was_stopped_stopped() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        stop shop-production-r1-0
        run 30
        push main b sick
        run
        from here
        show
        "
    ), @r#"
    = production r1: shop-production-r1-1 Active
    "#);
}

#[test]
fn stopping_is_refused_in_a_deployment_and_after_a_crash_it_goes_on() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        until d1 Starting
        from here
        stop shop-production-r1-0
        run
        from here
        stop shop-production-r1-0
        crash
        run 60
        show
        "
    ), @r#"
    refused, Busy: d1 is under way in shop/production: wait for its end
     127.3 shop-production-r1-0 stop asked by kim
     127.3 shop-production-r1-0 -> Draining
     127.3 engine started, epoch 2
     127.3 edge connected
     127.4 edge serves v5
     128.4 shop-production-r1-0 -> Drained
     128.4 shop-production-r1-0 stopping
     128.5 edge serves v6
     128.6 shop-production-r1-0 gone: stopped
    = production r1: shop-production-r1-1 Active
    "#);
}

#[test]
fn too_few_are_left_only_where_that_was_said() {
    assert_snapshot!(check(
        "
        env production main instances=3
        apply
        push main a
        run
        hide edge
        from here
        kill shop-production-r1-0
        run 1
        stop shop-production-r1-1
        stop shop-production-r1-1 force
        run 60
        show
        "
    ), @r#"
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-0 gone: its supervisor is gone
     120.0 shop-production-r1-0.1 replaces
     120.1 shop-production-r1-0.1 started
     120.1 shop-production-r1-0.1 is initial
    refused, Conflict: shop/production must have 2 that serve, and has 1 without it; `pilothouse stop shop-production-r1-1 --force` stops it all the same
     121.0 shop-production-r1-1 stop asked by kim
     121.0 shop-production-r1-1 -> Draining
     122.1 shop-production-r1-0.1 is healthy
     122.1 shop-production-r1-0.1 proved
     122.1 shop-production-r1-0.1 -> Active
     123.2 shop-production-r1-1 -> Drained
     123.2 shop-production-r1-1 stopping
     123.4 shop-production-r1-1 gone: stopped
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-2 Active
    "#);
}

#[test]
fn a_shell_is_opened_only_in_what_runs_and_changes_nothing() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        shell shop-production-r1-0
        stop shop-production-r1-0
        shell shop-production-r7-0
        hide edge
        run 1
        fault Stop transient 9
        run 1
        shell shop-production-r1-0
        "
    ), @r#"
     120.0 shop-production-r1-0 stop asked by kim
     120.0 shop-production-r1-0 -> Draining
    refused, NotFound: there is no instance shop-production-r7-0; `pilothouse status` says what runs
     121.1 shop-production-r1-0 -> Drained
     121.1 shop-production-r1-0 stopping
    refused, Conflict: shop-production-r1-0 does not run: there is nothing to open a shell in
    "#);
}

#[test]
fn a_way_back_to_what_was_stopped_starts_it_again_and_keeps_it() {
    assert_snapshot!(check(
        "
        hide #1 #2 branch is_healthy initial edge_serves proved engine
        env production main
        apply
        push main a
        run
        stop shop-production-r1-0 force
        stop shop-production-r1-1 force
        run 10
        push main b
        until d2 Baking
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     139.5 d2 cancel asked by kim
     139.5 d2 rolling back, Starting: cancelled by kim
     139.5 d2 adds shop-production-r1-0.1 shop-production-r1-1.1
     139.6 shop-production-r1-0.1 started
     139.6 shop-production-r1-1.1 started
     141.6 shop-production-r1-0.1 -> Active
     141.6 d2 rolling back, Shifting: cancelled by kim
     141.6 shop-production-r1-1.1 -> Active
     141.6 shop-production-r2-0 -> Draining
     141.6 shop-production-r2-1 -> Draining
     141.8 d2 rolling back, Draining: cancelled by kim
     142.8 shop-production-r2-0 -> Drained
     142.8 shop-production-r2-1 -> Drained
     142.8 d2 rolling back, Stopping: cancelled by kim
     142.8 shop-production-r2-0 stopping
     142.8 shop-production-r2-1 stopping
     143.1 shop-production-r2-0 gone: stopped
     143.1 shop-production-r2-1 gone: stopped
     143.1 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.1 Active
    "#);
}
