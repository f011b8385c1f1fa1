//! The way back from a release that was let in in steps.

use insta::assert_snapshot;

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
