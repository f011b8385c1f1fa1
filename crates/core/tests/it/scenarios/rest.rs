//! What the environments do at rest, and what the world does to them.

use insta::assert_snapshot;

use crate::scenario::{Play, check};

#[test]
fn a_push_is_built_and_deployed() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
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
       3.6 run #1 step 0 ended: Code(0)
       3.6 run #1 step 1 started
       6.6 run #1 step 1 ended: Code(0)
       6.6 run #1 sealing
       7.1 run #1 sealed sha-a
       7.1 run #1 result Succeeded { artifact: ("sha-a") }
       7.2 run #1 ended Succeeded { artifact: ("sha-a") }
       7.2 production ready with run #1
       7.2 production r1 made of sha-a
       7.2 d1 queued: Deploy r1
       7.2 d1 locked, from nothing × 0
       7.2 d1 PLANNED
       7.2 d1 LOCKED
       7.2 d1 -> Staging
       7.3 d1 STAGED
       7.3 d1 -> Starting
       7.3 d1 adds shop-production-r1-0 shop-production-r1-1
       7.4 shop-production-r1-0 started
       7.4 d1 STARTED
       7.4 shop-production-r1-0 is initial
       7.4 shop-production-r1-1 started
       7.5 edge serves v2
       7.6 edge serves v3
       7.6 shop-production-r1-1 is initial
       9.3 shop-production-r1-0 is healthy
       9.3 shop-production-r1-1 is healthy
       9.3 shop-production-r1-0 proved
       9.3 shop-production-r1-1 proved
       9.3 d1 HEALTHY
       9.3 d1 -> Shifting
       9.3 shop-production-r1-0 -> Active
       9.3 shop-production-r1-1 -> Active
       9.4 edge serves v4
       9.4 d1 SHIFTED
       9.4 d1 -> Draining
       9.4 d1 DRAINED
       9.4 d1 -> Verifying
       9.5 d1 -> Baking
      14.5 d1 BAKED
      14.5 d1 -> Retiring
      14.5 d1 SUCCEEDED
      14.5 d1 ended Succeeded
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn a_lost_instance_is_replaced() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        kill shop-production-r1-0
        run 30
        show
        "
    ), @r#"
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-0 gone: its supervisor is gone
     120.0 shop-production-r1-0.1 replaces
     120.1 edge serves v5
     120.1 shop-production-r1-0.1 started
     120.1 shop-production-r1-0.1 is initial
     120.2 edge serves v6
     122.1 shop-production-r1-0.1 is healthy
     122.1 shop-production-r1-0.1 proved
     122.1 shop-production-r1-0.1 -> Active
     122.2 edge serves v7
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn what_cannot_be_replaced_waits_longer_and_longer() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        fault Start permanent 4
        kill shop-production-r1-0
        run 2
        lost production
        run 58
        lost production
        show
        "
    ), @r#"
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-0 gone: its supervisor is gone
     120.0 shop-production-r1-0.1 replaces
     120.1 edge serves v5
     120.1 shop-production-r1-0.1 stopping
     120.2 shop-production-r1-0.1 gone: stopped
     120.6 shop-production-r1-0.2 replaces
     120.7 shop-production-r1-0.2 stopping
     120.8 shop-production-r1-0.2 gone: stopped
     121.7 shop-production-r1-0.3 replaces
     121.8 shop-production-r1-0.3 stopping
     121.9 shop-production-r1-0.3 gone: stopped
    = production lost shop-production-r1-0.3: it will not pass
     123.8 shop-production-r1-0.4 replaces
     123.9 shop-production-r1-0.4 stopping
     124.0 shop-production-r1-0.4 gone: stopped
     127.9 shop-production-r1-0.5 replaces
     128.0 shop-production-r1-0.5 started
     128.1 edge serves v6
     128.1 shop-production-r1-0.5 is initial
     130.0 shop-production-r1-0.5 is healthy
     130.0 shop-production-r1-0.5 proved
     130.0 shop-production-r1-0.5 -> Active
     130.1 edge serves v7
    = production lost nothing
    = production r1: shop-production-r1-0.5 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn fewer_and_more_instances() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        env production main instances=1
        apply
        run
        show
        env production main instances=3
        apply
        run
        show
        "
    ), @r#"
     120.0 shop applied
     120.0 production specified × 1
     120.0 shop-production-r1-1 -> Draining
     120.1 edge serves v5
     121.1 shop-production-r1-1 -> Drained
     121.1 shop-production-r1-1 stopping
     121.2 edge serves v6
     121.3 shop-production-r1-1 gone: stopped
    = production r1: shop-production-r1-0 Active
     240.0 shop applied
     240.0 production specified × 3
     240.0 shop-production-r1-1.1 replaces
     240.0 shop-production-r1-2.2 replaces
     240.1 shop-production-r1-1.1 started
     240.1 shop-production-r1-2.2 started
     240.2 edge serves v7
     240.2 shop-production-r1-1.1 is initial
     240.3 edge serves v8
     240.3 shop-production-r1-2.2 is initial
     242.0 shop-production-r1-1.1 is healthy
     242.0 shop-production-r1-2.2 is healthy
     242.0 shop-production-r1-1.1 proved
     242.0 shop-production-r1-1.1 -> Active
     242.0 shop-production-r1-2.2 proved
     242.0 shop-production-r1-2.2 -> Active
     242.1 edge serves v9
     242.2 edge serves v10
    = production r1: shop-production-r1-0 Active, shop-production-r1-1.1 Active, shop-production-r1-2.2 Active
    "#);
}

#[test]
fn two_environments_cannot_have_one_domain() {
    assert_snapshot!(check(
        "
        env production main domain=shop.test
        apply
        project blog
        env qa main domain=Shop.TEST
        apply
        env qa main domain=a.test
        env production live domain=a.test
        apply
        "
    ), @r#"
       0.0 engine started, epoch 1
       0.0 shop applied
       0.0 production specified × 2
    refused, Conflict: blog/qa wants the domain shop.test, which shop/production has on the same address: give one of them another domain or another listen address
    refused, Conflict: blog/qa and production want the same domain a.test: give one of them another
    "#);
}

#[test]
fn an_environment_that_leaves_the_file_is_taken_down() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Baking
        from here
        drop production
        apply
        run
        show
        "
    ), @r#"
    130.5 shop applied
    130.5 branch main at b
    130.5 production is being removed
    130.5 d2 cancel asked by the removal of its environment
    130.5 d2 rolling back, Starting: cancelled by the removal of its environment
    130.5 d2 rolling back, Shifting: cancelled by the removal of its environment
    130.5 shop-production-r1-0 -> Active
    130.5 shop-production-r1-1 -> Active
    130.5 shop-production-r2-0 -> Draining
    130.5 shop-production-r2-1 -> Draining
    130.5 edge serves v8
    130.6 edge serves v9
    130.6 d2 rolling back, Draining: cancelled by the removal of its environment
    131.6 shop-production-r2-0 -> Drained
    131.6 shop-production-r2-1 -> Drained
    131.6 d2 rolling back, Stopping: cancelled by the removal of its environment
    131.6 shop-production-r2-0 stopping
    131.6 shop-production-r2-1 stopping
    131.7 edge serves v10
    131.8 edge serves v11
    131.9 shop-production-r2-1 gone: stopped
    131.9 shop-production-r2-0 gone: stopped
    131.9 d2 ended RolledBack { why: "cancelled by the removal of its environment" }
    131.9 shop-production-r1-0 -> Draining
    131.9 shop-production-r1-1 -> Draining
    132.0 edge serves v12
    133.0 shop-production-r1-0 -> Drained
    133.0 shop-production-r1-0 stopping
    133.1 edge serves v13
    133.2 shop-production-r1-0 gone: stopped
    134.1 shop-production-r1-1 -> Drained
    134.1 shop-production-r1-1 stopping
    134.2 edge serves v14
    134.3 shop-production-r1-1 gone: stopped
    134.3 production removed
    134.3 engine forgot 0 runs, 0 deployments, 2 artifacts
    134.4 edge serves v15
    "#);
}

#[test]
fn a_restart_starts_the_successor_first() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        restart shop-production-r1-1
        run 30
        show
        "
    ), @r#"
     120.0 shop-production-r1-1 restart asked by kim
     120.0 shop-production-r1-1.1 replaces
     120.1 shop-production-r1-1.1 started
     120.1 shop-production-r1-1.1 is initial
     120.2 edge serves v5
     122.1 shop-production-r1-1.1 is healthy
     122.1 shop-production-r1-1.1 proved
     122.1 shop-production-r1-1.1 -> Active
     122.1 shop-production-r1-1 -> Draining
     122.2 edge serves v6
     123.2 shop-production-r1-1 -> Drained
     123.2 shop-production-r1-1 stopping
     123.3 edge serves v7
     123.4 shop-production-r1-1 gone: stopped
    = production r1: shop-production-r1-0 Active, shop-production-r1-1.1 Active
    "#);
}

#[test]
fn a_restart_by_hand_delays_the_relief_of_none() {
    let mut play = Play::new();
    for line in ["env production main", "apply", "push main a", "run"] {
        play.line(line);
    }
    play.line("restart shop-production-r1-1");
    play.line("run");
    let environment = play.world.state.environments.values().next().unwrap();
    assert_eq!(environment.generation, 1);
    assert_eq!(environment.relieve_at, pilothouse_core::time::Timestamp::default());
}
