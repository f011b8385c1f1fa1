//! What the world does to the engine, and how it comes back.

use insta::assert_snapshot;
use pilothouse_core::effect::{Input, Observation};
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;

use crate::scenario::{Play, check};

#[test]
fn halt_and_start_again() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        halt
        run 30
        show
        crash
        run
        show
        "
    ), @r#"
     120.0 engine asked to halt by kim
     120.0 shop-production-r1-0 stopping
     120.0 shop-production-r1-1 stopping
     120.1 edge serves v5
     120.2 shop-production-r1-0 gone: stopped
     120.2 shop-production-r1-1 gone: stopped
    = production r1: 
     150.0 engine started, epoch 2
     150.0 shop-production-r1-0.1 replaces
     150.0 shop-production-r1-1.2 replaces
     150.0 edge connected
     150.1 shop-production-r1-0.1 started
     150.1 edge serves v6
     150.1 shop-production-r1-1.2 started
     150.2 edge serves v7
     150.2 shop-production-r1-0.1 is initial
     150.3 edge serves v8
     150.3 shop-production-r1-1.2 is initial
     152.0 shop-production-r1-1.2 is healthy
     152.0 shop-production-r1-1.2 proved
     152.0 shop-production-r1-1.2 -> Active
     152.1 shop-production-r1-0.1 is healthy
     152.1 shop-production-r1-0.1 proved
     152.1 shop-production-r1-0.1 -> Active
     152.1 edge serves v9
     152.2 edge serves v10
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.2 Active
    "#);
}

#[test]
fn a_reboot_loses_every_instance() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        reboot
        run
        show
        "
    ), @r#"
     120.0 engine started, epoch 2
     120.0 edge connected
     120.0 shop-production-r1-0 is unhealthy
     120.0 shop-production-r1-1 is unhealthy
     120.1 shop-production-r1-1 gone: its supervisor is gone
     120.1 shop-production-r1-1.1 replaces
     120.1 edge serves v5
     120.1 shop-production-r1-0 gone: its supervisor is gone
     120.1 shop-production-r1-0.2 replaces
     120.2 shop-production-r1-1.1 started
     120.2 edge serves v6
     120.2 shop-production-r1-0.2 started
     120.3 edge serves v7
     120.3 shop-production-r1-0.2 is initial
     120.3 shop-production-r1-1.1 is initial
     120.4 edge serves v8
     122.2 shop-production-r1-0.2 is healthy
     122.2 shop-production-r1-1.1 is healthy
     122.2 shop-production-r1-0.2 proved
     122.2 shop-production-r1-0.2 -> Active
     122.2 shop-production-r1-1.1 proved
     122.2 shop-production-r1-1.1 -> Active
     122.3 edge serves v9
     122.4 edge serves v10
    = production r1: shop-production-r1-0.2 Active, shop-production-r1-1.1 Active
    "#);
}

#[test]
fn a_repository_that_cannot_be_reached_is_asked_less_often() {
    assert_snapshot!(check(
        "
        env production main
        fault Look transient 6
        apply
        run 300
        "
    ), @r#"
     0.0 engine started, epoch 1
     0.0 shop applied
     0.0 production specified × 2
     0.0 edge connected
     0.1 edge serves v1
     0.1 shop look failed: it may pass
     5.1 shop look failed: it may pass
    10.1 shop look failed: it may pass
    15.1 shop look failed: it may pass
    20.1 shop look failed: it may pass
    28.1 shop look failed: it may pass
    "#);
}

#[test]
fn the_edge_is_down_while_traffic_should_move() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        edge down
        run 60
        cancel d2
        run 30
        edge up
        run
        show
        "
    ), @r#"
     129.3 edge disconnected: connection refused
     189.3 d2 cancel asked by kim
     189.3 d2 aborting: Cancelled { by: "kim" }
     189.3 shop-production-r1-0 -> Active
     189.3 shop-production-r1-1 -> Active
     189.3 shop-production-r2-0 -> Draining
     189.3 shop-production-r2-1 -> Draining
     219.3 edge connected
     219.4 edge serves v8
     219.4 shop-production-r2-0 -> Drained
     219.4 shop-production-r2-0 stopping
     219.5 edge serves v9
     219.5 shop-production-r2-1 -> Drained
     219.5 shop-production-r2-1 stopping
     219.6 edge serves v10
     219.7 shop-production-r2-0 gone: stopped
     219.7 shop-production-r2-1 gone: stopped
     219.7 d2 ended Cancelled { by: "kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn an_instance_that_is_down_tells_why_until_it_runs_again() {
    const WHY: &str = "it ended with status 137";
    let mut play = Play::new();
    for line in ["env production main", "apply", "push main a", "run"] {
        play.line(line);
    }
    let id = InstanceId::new("shop-production-r1-0");
    let of = |play: &Play| -> Instance { play.world.state.instances[&id].clone() };
    let ended = || {
        Input::Observation(Observation::InstanceEnded {
            id: id.clone(),
            why: WHY.to_owned(),
            by_itself: false,
        })
    };
    let runs = |restarts: u32, proof: &str| {
        let (id, proof) = (id.clone(), proof.to_owned());
        Input::Observation(Observation::InstanceRestarted {
            id,
            restarts,
            proof,
            address: None,
            is_own: false,
        })
    };
    let before = play.world.journal.len();
    play.world.turn(&ended());
    play.world.turn(&ended());
    assert_eq!(play.world.journal.len(), before + 1, "it is told once");
    let one = of(&play);
    assert_eq!((&*one.health.detail, one.own_health()), (WHY, TargetState::Unhealthy));
    assert_eq!((one.is_over(), one.address()), (true, None));
    play.world.turn(&runs(2, "another"));
    let one = of(&play);
    assert_eq!((one.is_over(), one.restarts, one.is_proved()), (false, 2, false));
}

/// What nobody watched is not taken for watched: a release is watched anew once the edge answers.
#[test]
fn a_release_is_watched_anew_once_the_edge_answers_again() {
    assert_snapshot!(check(
        "
        hide run check target instance branch engine
        env production main
        apply
        push main a
        run 120
        push main b
        until d2 Baking
        from here
        edge down
        run 20
        edge up
        run 30
        "
    ), @r#"
     130.5 edge disconnected: connection refused
     150.5 edge connected
     150.6 edge serves v9
     155.5 d2 BAKED
     155.5 d2 -> Retiring
     155.5 shop-production-r1-0 stopping
     155.5 shop-production-r1-1 stopping
     155.6 edge serves v10
     155.7 shop-production-r1-0 gone: stopped
     155.7 shop-production-r1-1 gone: stopped
     155.7 d2 SUCCEEDED
     155.7 d2 ended Succeeded
    "#);
}
