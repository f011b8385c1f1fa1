//! Deployments of releases that are bad.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn what_is_never_healthy_gets_no_traffic() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b sick
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
     147.3 d2 attempt failed: shop-production-r2-0: not healthy in time
     147.3 shop-production-r2-0 stopping
     147.3 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     147.3 shop-production-r2-1 stopping
     147.5 shop-production-r2-0 gone: stopped
     147.5 shop-production-r2-1 gone: stopped
     147.5 d2 ended Failed { why: "shop-production-r2-0: not healthy in time" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn what_turns_bad_after_the_shift_is_rolled_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b turns
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
     130.4 shop-production-r1-0 -> Drained
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     131.4 shop-production-r2-0 is unhealthy
     131.4 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     131.4 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     131.4 shop-production-r1-0 -> Active
     131.4 shop-production-r1-1 -> Active
     131.4 shop-production-r2-0 -> Draining
     131.4 shop-production-r2-1 -> Draining
     131.4 shop-production-r2-1 is unhealthy
     131.5 d2 rolling back, Draining: shop-production-r2-0 became unhealthy: 
     132.5 shop-production-r2-0 -> Drained
     132.5 shop-production-r2-1 -> Drained
     132.5 d2 rolling back, Stopping: shop-production-r2-0 became unhealthy: 
     132.5 shop-production-r2-0 stopping
     132.5 shop-production-r2-1 stopping
     132.8 shop-production-r2-1 gone: stopped
     132.8 shop-production-r2-0 gone: stopped
     132.8 d2 ended RolledBack { why: "shop-production-r2-0 became unhealthy: " }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn what_is_started_again_while_it_is_watched_is_rolled_back() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b restarts
        run 25
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
     130.4 shop-production-r1-0 -> Drained
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     131.4 shop-production-r2-0 restarted × 1
     131.4 d2 rolling back, Starting: shop-production-r2-0 ended and was started again
     131.4 d2 rolling back, Shifting: shop-production-r2-0 ended and was started again
     131.4 shop-production-r1-0 -> Active
     131.4 shop-production-r1-1 -> Active
     131.4 shop-production-r2-0 -> Draining
     131.4 shop-production-r2-1 -> Draining
     131.4 shop-production-r2-1 restarted × 1
     131.6 d2 rolling back, Draining: shop-production-r2-0 ended and was started again
     132.6 shop-production-r2-0 -> Drained
     132.6 shop-production-r2-1 -> Drained
     132.6 d2 rolling back, Stopping: shop-production-r2-0 ended and was started again
     132.6 shop-production-r2-0 stopping
     132.6 shop-production-r2-1 stopping
     132.9 shop-production-r2-0 gone: stopped
     132.9 shop-production-r2-1 gone: stopped
     132.9 d2 ended RolledBack { why: "shop-production-r2-0 ended and was started again" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn a_bad_first_release_leaves_nothing() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a turns
        from here
        run
        show
        "
    ), @r#"
       0.0 edge connected
       7.2 production r1 made of sha-a
       7.2 d1 queued: Deploy r1
       7.2 d1 locked, from nothing × 0
       7.2 d1 PLANNED
       7.2 d1 LOCKED
       7.2 d1 -> Staging
       7.3 d1 STAGED
       7.3 d1 -> Starting
       7.3 d1 adds shop-production-r1-0 shop-production-r1-1
       7.4 d1 STARTED
       9.3 d1 HEALTHY
       9.3 d1 -> Shifting
       9.3 shop-production-r1-0 -> Active
       9.3 shop-production-r1-1 -> Active
       9.4 d1 SHIFTED
       9.4 d1 -> Draining
       9.4 d1 DRAINED
       9.4 d1 -> Verifying
       9.5 d1 -> Baking
      11.3 shop-production-r1-0 is unhealthy
      11.3 d1 rolling back, Starting: shop-production-r1-0 became unhealthy: 
      11.3 d1 rolling back, Shifting: shop-production-r1-0 became unhealthy: 
      11.3 shop-production-r1-0 -> Draining
      11.3 shop-production-r1-1 -> Draining
      11.3 shop-production-r1-1 is unhealthy
      11.4 d1 rolling back, Draining: shop-production-r1-0 became unhealthy: 
      12.4 shop-production-r1-0 -> Drained
      12.4 shop-production-r1-1 -> Drained
      12.4 d1 rolling back, Stopping: shop-production-r1-0 became unhealthy: 
      12.4 shop-production-r1-0 stopping
      12.4 shop-production-r1-1 stopping
      12.7 shop-production-r1-0 gone: stopped
      12.7 shop-production-r1-1 gone: stopped
      12.7 d1 ended Failed { why: "shop-production-r1-0 became unhealthy: " }
    = production nothing:
    "#);
}

#[test]
fn without_automatic_rollback_the_new_release_stays() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main stays
        apply
        push main a
        run
        from here
        push main b turns
        run
        show
        deploy production rollback
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
     130.4 shop-production-r1-0 -> Drained
     130.4 shop-production-r1-1 -> Drained
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     131.4 shop-production-r2-0 is unhealthy
     131.4 d2 ended Attention { why: "shop-production-r2-0 became unhealthy: ; automatic rollback is off" }
     131.4 shop-production-r1-0 stopping
     131.4 shop-production-r1-1 stopping
     131.4 shop-production-r2-1 is unhealthy
     131.6 shop-production-r1-0 gone: stopped
     131.6 shop-production-r1-1 gone: stopped
     137.4 shop-production-r2-0.1 replaces
     139.5 shop-production-r2-0.1 -> Active
     139.5 shop-production-r2-0 -> Draining
     140.6 shop-production-r2-0 -> Drained
     140.6 shop-production-r2-0 stopping
     140.8 shop-production-r2-0 gone: stopped
     141.5 shop-production-r2-0.1 is unhealthy
     197.4 shop-production-r2-1.2 replaces
     197.5 shop-production-r2-1.2 started
     199.5 shop-production-r2-1.2 -> Active
     199.5 shop-production-r2-1 -> Draining
     200.6 shop-production-r2-1 -> Drained
     200.6 shop-production-r2-1 stopping
     200.8 shop-production-r2-1 gone: stopped
     201.5 shop-production-r2-1.2 is unhealthy
    = production r2: shop-production-r2-0.1 Active, shop-production-r2-1.2 Active
     240.0 d3 queued: Rollback r1
     240.0 d3 locked, from r2 × 2
     240.0 d3 PLANNED
     240.0 d3 LOCKED
     240.0 d3 -> Staging
     240.1 d3 STAGED
     240.1 d3 -> Starting
     240.1 d3 adds shop-production-r1-0.3 shop-production-r1-1.3
     240.2 shop-production-r1-0.3 started
     240.2 d3 STARTED
     240.2 shop-production-r1-1.3 started
     242.2 d3 HEALTHY
     242.2 d3 -> Shifting
     242.2 shop-production-r1-0.3 -> Active
     242.2 shop-production-r1-1.3 -> Active
     242.2 shop-production-r2-1.2 -> Draining
     242.2 shop-production-r2-0.1 -> Draining
     242.3 d3 SHIFTED
     242.3 d3 -> Draining
     243.3 shop-production-r2-0.1 -> Drained
     243.3 shop-production-r2-1.2 -> Drained
     243.3 d3 DRAINED
     243.3 d3 -> Verifying
     243.4 d3 -> Baking
     248.4 d3 BAKED
     248.4 d3 -> Retiring
     248.4 shop-production-r2-0.1 stopping
     248.4 shop-production-r2-1.2 stopping
     248.6 shop-production-r2-0.1 gone: stopped
     248.6 shop-production-r2-1.2 gone: stopped
     248.6 d3 SUCCEEDED
     248.6 d3 ended Succeeded
    = production r1: shop-production-r1-0.3 Active, shop-production-r1-1.3 Active
    "#);
}

#[test]
fn a_reboot_while_baking() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Baking
        from here
        reboot
        run
        show
        "
    ), @r#"
     130.5 edge connected
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     130.5 shop-production-r2-0 is unhealthy
     130.5 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     130.5 shop-production-r2-1 is unhealthy
     130.5 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     130.5 shop-production-r1-0 -> Active
     130.5 shop-production-r1-1 -> Active
     130.5 shop-production-r2-0 -> Draining
     130.5 shop-production-r2-1 -> Draining
     130.6 d2 attempt failed: shop-production-r1-1: its supervisor is gone
     130.6 shop-production-r1-1 gone: its supervisor is gone
     130.6 d2 attempt failed: shop-production-r1-0: its supervisor is gone
     130.6 shop-production-r1-0 gone: its supervisor is gone
     130.6 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     130.6 d2 adds shop-production-r1-0.1 shop-production-r1-1.1
     130.6 shop-production-r2-0 gone: its supervisor is gone
     130.6 shop-production-r2-1 gone: its supervisor is gone
     132.7 shop-production-r1-0.1 -> Active
     132.7 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     132.7 shop-production-r1-1.1 -> Active
     132.9 d2 rolling back, Draining: shop-production-r2-0 became unhealthy: 
     132.9 d2 rolling back, Stopping: shop-production-r2-0 became unhealthy: 
     132.9 d2 ended RolledBack { why: "shop-production-r2-0 became unhealthy: " }
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.1 Active
    "#);
}
