//! The engine of containers goes away and comes back.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn an_outage_at_rest_replaces_nothing() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        from here
        containers lost
        run 600
        containers taken
        run
        show
        "
    ), @r#"
     120.0 containers lost: connection refused
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-1 is unhealthy
     720.0 shop-production-r1-0 restarted × 1
     720.0 shop-production-r1-1 restarted × 1
     720.0 containers back
     722.0 shop-production-r1-0 proved
     722.0 shop-production-r1-1 proved
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn an_outage_while_a_release_is_watched_takes_nothing_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        from here
        push main b
        until d2 Baking
        from here
        containers lost
        run
        containers taken
        run
        show
        "
    ), @r#"
     130.5 containers lost: connection refused
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     130.5 shop-production-r2-0 is unhealthy
     130.5 shop-production-r2-1 is unhealthy
     250.5 shop-production-r1-0 restarted × 1
     250.5 shop-production-r1-1 restarted × 1
     250.5 shop-production-r2-0 restarted × 1
     250.5 shop-production-r2-1 restarted × 1
     250.5 containers back
     252.5 shop-production-r1-0 proved
     252.5 shop-production-r2-1 proved
     252.5 shop-production-r1-1 proved
     252.5 shop-production-r2-0 proved
     255.5 d2 BAKED
     255.5 d2 -> Retiring
     255.5 shop-production-r1-0 stopping
     255.5 shop-production-r1-1 stopping
     255.7 shop-production-r1-1 gone: stopped
     255.7 shop-production-r1-0 gone: stopped
     255.7 d2 SUCCEEDED
     255.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn silence_before_an_outage_is_noticed_takes_nothing_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        push main b
        until d2 Baking
        from here
        containers unnoticed
        run 2
        containers lost
        run 10
        containers taken
        run
        show
        "
    ), @"
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     130.5 shop-production-r2-0 is unhealthy
     130.5 shop-production-r2-1 is unhealthy
     132.5 containers lost: connection refused
     142.5 shop-production-r1-0 restarted × 1
     142.5 shop-production-r1-1 restarted × 1
     142.5 shop-production-r2-0 restarted × 1
     142.5 shop-production-r2-1 restarted × 1
     142.5 containers back
     144.5 shop-production-r1-0 proved
     144.5 shop-production-r2-1 proved
     144.5 shop-production-r1-1 proved
     144.5 shop-production-r2-0 proved
     147.5 d2 BAKED
     147.5 d2 -> Retiring
     147.5 shop-production-r1-0 stopping
     147.5 shop-production-r1-1 stopping
     147.7 shop-production-r1-1 gone: stopped
     147.7 shop-production-r1-0 gone: stopped
     147.7 d2 SUCCEEDED
     147.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    ");
}

#[test]
fn silence_without_an_outage_is_rolled_back_a_moment_later() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        push main b
        until d2 Baking
        from here
        containers unnoticed
        run 4
        show
        "
    ), @"
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     130.5 shop-production-r2-0 is unhealthy
     130.5 shop-production-r2-1 is unhealthy
     133.5 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     133.5 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     133.5 shop-production-r1-0 -> Active
     133.5 shop-production-r1-1 -> Active
     133.5 shop-production-r2-0 -> Draining
     133.5 shop-production-r2-1 -> Draining
     133.6 d2 rolling back, Draining: shop-production-r2-0 became unhealthy: 
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active, shop-production-r2-0 Draining, shop-production-r2-1 Draining
    ");
}

#[test]
fn what_an_outage_takes_in_the_moment_of_the_shift_passes_the_gate_again() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        fault Publish transient 3
        containers lost
        run 0
        containers taken
        run
        show
        "
    ), @r#"
     129.3 containers lost: connection refused
     129.3 shop-production-r1-0 is unhealthy
     129.3 shop-production-r1-1 is unhealthy
     129.3 shop-production-r2-0 is unhealthy
     129.3 shop-production-r2-1 is unhealthy
     129.3 shop-production-r1-0 restarted × 1
     129.3 shop-production-r1-1 restarted × 1
     129.3 shop-production-r2-0 restarted × 1
     129.3 d2 -> Starting
     129.3 shop-production-r2-0 -> Standby
     129.3 shop-production-r2-1 -> Standby
     129.3 shop-production-r1-0 -> Active
     129.3 shop-production-r1-1 -> Active
     129.3 shop-production-r2-1 restarted × 1
     129.3 containers back
     129.4 edge refused v7: it may pass
     130.0 edge refused v8: it may pass
     131.1 edge refused v9: it may pass
     133.2 shop-production-r1-0 proved
     133.2 shop-production-r1-1 proved
     133.2 shop-production-r2-0 proved
     133.2 shop-production-r2-1 proved
     133.2 d2 -> Shifting
     133.2 shop-production-r2-0 -> Active
     133.2 shop-production-r2-1 -> Active
     133.2 shop-production-r1-1 -> Draining
     133.2 shop-production-r1-0 -> Draining
     133.4 d2 SHIFTED
     133.4 d2 -> Draining
     134.4 shop-production-r1-0 -> Drained
     134.4 shop-production-r1-1 -> Drained
     134.4 d2 DRAINED
     134.4 d2 -> Verifying
     134.5 d2 -> Baking
     139.5 d2 BAKED
     139.5 d2 -> Retiring
     139.5 shop-production-r1-0 stopping
     139.5 shop-production-r1-1 stopping
     139.7 shop-production-r1-1 gone: stopped
     139.7 shop-production-r1-0 gone: stopped
     139.7 d2 SUCCEEDED
     139.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}

#[test]
fn what_an_outage_takes_and_is_never_healthy_again_is_rolled_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        from here
        push main b
        until d2 Baking
        from here
        containers lost
        run 20
        containers taken
        sicken shop-production-r2-0
        run
        show
        "
    ), @r#"
     130.5 containers lost: connection refused
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     130.5 shop-production-r2-0 is unhealthy
     130.5 shop-production-r2-1 is unhealthy
     150.5 shop-production-r1-0 restarted × 1
     150.5 shop-production-r1-1 restarted × 1
     150.5 shop-production-r2-0 restarted × 1
     150.5 shop-production-r2-1 restarted × 1
     150.5 containers back
     152.5 shop-production-r1-0 proved
     152.5 shop-production-r2-1 proved
     152.5 shop-production-r1-1 proved
     170.5 d2 rolling back, Starting: shop-production-r2-0 ended and was started again
     170.5 d2 rolling back, Shifting: shop-production-r2-0 ended and was started again
     170.5 shop-production-r1-0 -> Active
     170.5 shop-production-r1-1 -> Active
     170.5 shop-production-r2-0 -> Draining
     170.5 shop-production-r2-1 -> Draining
     170.5 shop-production-r2-0 stopping
     170.7 d2 rolling back, Draining: shop-production-r2-0 ended and was started again
     170.8 shop-production-r2-0 gone: stopped
     171.7 shop-production-r2-1 -> Drained
     171.7 d2 rolling back, Stopping: shop-production-r2-0 ended and was started again
     171.7 shop-production-r2-1 stopping
     171.9 shop-production-r2-1 gone: stopped
     171.9 d2 ended RolledBack { why: "shop-production-r2-0 ended and was started again" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn containers_that_outlive_their_engine_go_on_as_they_are() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started engine
        env production main docker
        apply
        push main a
        run
        from here
        push main b
        until d2 Starting
        from here
        containers lost
        run 60
        containers back
        run
        show
        "
    ), @r#"
     127.2 containers lost: connection refused
     127.2 shop-production-r1-0 is unhealthy
     127.2 shop-production-r1-1 is unhealthy
     187.2 containers back
     187.3 d2 STARTED
     187.4 shop-production-r2-1 proved
     189.2 shop-production-r2-0 proved
     189.2 d2 HEALTHY
     189.2 d2 -> Shifting
     189.2 shop-production-r2-0 -> Active
     189.2 shop-production-r2-1 -> Active
     189.2 shop-production-r1-1 -> Draining
     189.2 shop-production-r1-0 -> Draining
     189.3 d2 SHIFTED
     189.3 d2 -> Draining
     190.3 shop-production-r1-0 -> Drained
     190.3 shop-production-r1-1 -> Drained
     190.3 d2 DRAINED
     190.3 d2 -> Verifying
     190.4 d2 -> Baking
     195.4 d2 BAKED
     195.4 d2 -> Retiring
     195.4 shop-production-r1-0 stopping
     195.4 shop-production-r1-1 stopping
     195.6 shop-production-r1-0 gone: stopped
     195.6 shop-production-r1-1 gone: stopped
     195.6 d2 SUCCEEDED
     195.6 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}
