//! The way back from a release that was let in in steps.

use insta::assert_snapshot;

use super::planning::{played, rollback};
use crate::scenario::check;

/// Old ones that still run answer at once where the new ones fail, and do not wait for those that
/// were stopped to make room.
#[test]
fn the_way_back_from_steps_lets_in_what_runs_before_the_rest_is_up() {
    assert_snapshot!(check(
        "
        env production main instances=4 max=150 min=75
        apply
        push main a
        run 120
        push main b
        until d2 Baking
        hide run check target edge milestone
        from here
        cancel d2
        run 300
        show
        "
    ), @r#"
     134.0 d2 cancel asked by kim
     134.0 d2 rolling back, Starting: cancelled by kim
     134.0 shop-production-r1-0 -> Active
     134.0 shop-production-r1-1 -> Active
     134.0 d2 adds shop-production-r1-2.1 shop-production-r1-3.1
     134.1 shop-production-r1-2.1 started
     134.1 shop-production-r1-3.1 started
     134.2 shop-production-r1-2.1 is initial
     134.2 shop-production-r1-3.1 is initial
     136.0 shop-production-r1-3.1 is healthy
     136.0 shop-production-r1-3.1 proved
     136.0 shop-production-r1-3.1 -> Active
     136.1 shop-production-r1-2.1 is healthy
     136.1 shop-production-r1-2.1 proved
     136.1 d2 rolling back, Shifting: cancelled by kim
     136.1 shop-production-r1-2.1 -> Active
     136.1 shop-production-r2-0 -> Draining
     136.1 shop-production-r2-1 -> Draining
     136.1 shop-production-r2-2 -> Draining
     136.1 shop-production-r2-3 -> Draining
     136.2 d2 rolling back, Draining: cancelled by kim
     137.2 shop-production-r2-2 -> Drained
     137.2 shop-production-r2-0 -> Drained
     137.2 shop-production-r2-1 -> Drained
     137.2 shop-production-r2-3 -> Drained
     137.2 d2 rolling back, Stopping: cancelled by kim
     137.2 shop-production-r2-0 stopping
     137.2 shop-production-r2-1 stopping
     137.2 shop-production-r2-2 stopping
     137.2 shop-production-r2-3 stopping
     137.5 shop-production-r2-2 gone: stopped
     137.5 shop-production-r2-0 gone: stopped
     137.5 shop-production-r2-3 gone: stopped
     137.5 shop-production-r2-1 gone: stopped
     137.5 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active, shop-production-r1-2.1 Active, shop-production-r1-3.1 Active
    "#);
}

/// New ones that never served are stopped first on the way back.
#[test]
fn the_way_back_stops_new_ones_that_never_served() {
    assert_snapshot!(check(
        "
        env production main instances=4 max=150 min=75
        apply
        push main a
        run 120
        push main b
        until d2 MakingRoom
        run 1
        hide run check target edge milestone
        from here
        cancel d2
        run 300
        show
        "
    ), @r#"
     131.4 d2 cancel asked by kim
     131.4 d2 rolling back, Starting: cancelled by kim
     131.4 shop-production-r2-2 stopping
     131.4 shop-production-r2-3 stopping
     131.4 d2 adds shop-production-r1-2.1 shop-production-r1-3.1
     131.5 shop-production-r1-2.1 started
     131.5 shop-production-r1-3.1 started
     131.5 shop-production-r1-2.1 is initial
     131.5 shop-production-r1-3.1 is initial
     131.7 shop-production-r2-2 gone: stopped
     131.7 shop-production-r2-3 gone: stopped
     133.5 shop-production-r1-2.1 is healthy
     133.5 shop-production-r1-3.1 is healthy
     133.5 shop-production-r1-2.1 proved
     133.5 shop-production-r1-2.1 -> Active
     133.5 shop-production-r1-3.1 proved
     133.5 d2 rolling back, Shifting: cancelled by kim
     133.5 shop-production-r1-3.1 -> Active
     133.5 shop-production-r2-0 -> Draining
     133.5 shop-production-r2-1 -> Draining
     133.7 d2 rolling back, Draining: cancelled by kim
     134.7 shop-production-r2-0 -> Drained
     134.7 shop-production-r2-1 -> Drained
     134.7 d2 rolling back, Stopping: cancelled by kim
     134.7 shop-production-r2-0 stopping
     134.7 shop-production-r2-1 stopping
     135.0 shop-production-r2-0 gone: stopped
     135.0 shop-production-r2-1 gone: stopped
     135.0 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active, shop-production-r1-2.1 Active, shop-production-r1-3.1 Active
    "#);
}

/// What went back to what is not well either, as where both need what is away, is no way back that
/// serves.
#[test]
fn a_way_back_to_what_is_not_well_needs_a_person() {
    assert_snapshot!(check(
        "
        hide run check target edge milestone
        env production main
        apply
        push main a
        run 120
        push main b turns
        until d2 Baking
        from here
        doubt shop-production-r1-0 unwell
        doubt shop-production-r1-1 unwell
        run 8
        "
    ), @r#"
     130.5 shop-production-r1-0 is unhealthy
     130.5 shop-production-r1-1 is unhealthy
     131.4 shop-production-r2-0 is unhealthy
     131.4 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     131.4 shop-production-r2-1 is unhealthy
     131.4 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     131.4 shop-production-r1-0 -> Active
     131.4 shop-production-r1-1 -> Active
     131.4 shop-production-r2-0 -> Draining
     131.4 shop-production-r2-1 -> Draining
     131.5 d2 rolling back, Draining: shop-production-r2-0 became unhealthy: 
     132.5 shop-production-r2-0 -> Drained
     132.5 shop-production-r2-1 -> Drained
     132.5 d2 rolling back, Stopping: shop-production-r2-0 became unhealthy: 
     132.5 shop-production-r2-0 stopping
     132.5 shop-production-r2-1 stopping
     132.8 shop-production-r2-1 gone: stopped
     132.8 shop-production-r2-0 gone: stopped
     132.8 d2 ended Attention { why: "shop-production-r2-0 became unhealthy: ; went back to r1, and no instance of it was well" }
     132.8 shop-production-r1-0.1 replaces
     132.9 shop-production-r1-0.1 started
     133.0 shop-production-r1-0.1 is initial
     134.8 shop-production-r1-0.1 is healthy
     134.8 shop-production-r1-0.1 proved
     134.8 shop-production-r1-0.1 -> Active
     134.8 shop-production-r1-0 -> Draining
     135.9 shop-production-r1-0 -> Drained
     135.9 shop-production-r1-0 stopping
     136.1 shop-production-r1-0 gone: stopped
    "#);
}

/// One that is well is enough to serve again.
#[test]
fn a_way_back_to_some_that_are_well_is_one() {
    assert_snapshot!(check(
        "
        hide run check target edge milestone
        env production main
        apply
        push main a
        run 120
        push main b turns
        until d2 Baking
        from here
        doubt shop-production-r1-0 unwell
        run 8
        "
    ), @r#"
     130.5 shop-production-r1-0 is unhealthy
     131.4 shop-production-r2-0 is unhealthy
     131.4 d2 rolling back, Starting: shop-production-r2-0 became unhealthy: 
     131.4 shop-production-r1-1 -> Active
     131.4 shop-production-r2-1 is unhealthy
     131.4 d2 rolling back, Shifting: shop-production-r2-0 became unhealthy: 
     131.4 shop-production-r1-0 -> Active
     131.4 shop-production-r2-0 -> Draining
     131.4 shop-production-r2-1 -> Draining
     131.6 d2 rolling back, Draining: shop-production-r2-0 became unhealthy: 
     132.6 shop-production-r2-0 -> Drained
     132.6 shop-production-r2-1 -> Drained
     132.6 d2 rolling back, Stopping: shop-production-r2-0 became unhealthy: 
     132.6 shop-production-r2-0 stopping
     132.6 shop-production-r2-1 stopping
     132.9 shop-production-r2-0 gone: stopped
     132.9 shop-production-r2-1 gone: stopped
     132.9 d2 ended RolledBack { why: "shop-production-r2-0 became unhealthy: " }
     132.9 shop-production-r1-0.1 replaces
     133.0 shop-production-r1-0.1 started
     133.1 shop-production-r1-0.1 is initial
     135.0 shop-production-r1-0.1 is healthy
     135.0 shop-production-r1-0.1 proved
     135.0 shop-production-r1-0.1 -> Active
     135.0 shop-production-r1-0 -> Draining
     136.1 shop-production-r1-0 -> Drained
     136.1 shop-production-r1-0 stopping
     136.3 shop-production-r1-0 gone: stopped
    "#);
}

/// A deployment that moved no traffic tells that what serves on is not well.
#[test]
fn a_deployment_that_fails_beside_what_is_not_well_says_so() {
    assert_snapshot!(check(
        "
        hide run check target edge milestone
        env production main
        apply
        push main a
        run 120
        push main b sick
        until d2 Starting
        hide run check target edge milestone initial started
        from here
        doubt shop-production-r1-0 unwell
        doubt shop-production-r1-1 unwell
        run 21
        "
    ), @r#"
     127.2 shop-production-r1-0 is unhealthy
     127.2 shop-production-r1-1 is unhealthy
     127.3 d2 STARTED
     147.3 d2 attempt failed: shop-production-r2-0: not healthy in time
     147.3 shop-production-r2-0 stopping
     147.3 d2 aborting: Failed { why: "shop-production-r2-0: not healthy in time" }
     147.3 shop-production-r2-1 stopping
     147.5 shop-production-r2-0 gone: stopped
     147.5 shop-production-r2-1 gone: stopped
     147.5 d2 ended Failed { why: "shop-production-r2-0: not healthy in time; r1 stays, and no instance of it was well" }
     147.5 shop-production-r1-0.1 replaces
    "#);
}

/// What a cancelled deployment leads back to is told as serving only while it is well.
#[test]
fn nobody_is_sent_back_to_what_is_not_well() {
    let ill = ["doubt shop-production-r2-0 unwell", "doubt shop-production-r2-1 unwell"];
    for (phase, well, unwell) in [
        ("Starting", "leaves r2 serving", "leaves r2, of which no instance is well now"),
        ("Baking", "brings r2 back at once", "goes back to r2, of which no instance is well now"),
    ] {
        let until = format!("until d3 {phase}");
        let mut play = played(&["push main c", &until]);
        let why = rollback(&play, None).unwrap_err();
        assert!(why.contains(&format!("cancelling it {well}")), "{why}");
        for line in ill {
            play.line(line);
        }
        let why = rollback(&play, None).unwrap_err();
        assert!(why.contains(&format!("cancelling it {unwell}")), "{why}");
    }
}
