//! Deployments that a person cancels.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn cancel_while_staging() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Staging
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     127.1 d2 cancel asked by kim
     127.1 d2 aborting: Cancelled { by: "kim" }
     127.1 d2 ended Cancelled { by: "kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_starting() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Starting
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     127.2 d2 cancel asked by kim
     127.2 d2 aborting: Cancelled { by: "kim" }
     127.2 shop-production-r2-0 stopping
     127.2 shop-production-r2-1 stopping
     127.3 shop-production-r2-1 gone: stopped
     127.3 shop-production-r2-0 gone: stopped
     127.3 d2 ended Cancelled { by: "kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_shifting() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Shifting
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     129.3 d2 cancel asked by kim
     129.3 d2 aborting: Cancelled { by: "kim" }
     129.3 shop-production-r1-0 -> Active
     129.3 shop-production-r1-1 -> Active
     129.3 shop-production-r2-0 -> Draining
     129.3 shop-production-r2-1 -> Draining
     130.5 shop-production-r2-0 -> Drained
     130.5 shop-production-r2-0 stopping
     130.7 shop-production-r2-0 gone: stopped
     131.6 shop-production-r2-1 -> Drained
     131.6 shop-production-r2-1 stopping
     131.8 shop-production-r2-1 gone: stopped
     131.8 d2 ended Cancelled { by: "kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_draining() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Draining
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     129.4 d2 cancel asked by kim
     129.4 d2 rolling back, Starting: cancelled by kim
     129.4 d2 rolling back, Shifting: cancelled by kim
     129.4 shop-production-r1-0 -> Active
     129.4 shop-production-r1-1 -> Active
     129.4 shop-production-r2-0 -> Draining
     129.4 shop-production-r2-1 -> Draining
     129.5 d2 rolling back, Draining: cancelled by kim
     130.5 shop-production-r2-0 -> Drained
     130.5 shop-production-r2-1 -> Drained
     130.5 d2 rolling back, Stopping: cancelled by kim
     130.5 shop-production-r2-0 stopping
     130.5 shop-production-r2-1 stopping
     130.8 shop-production-r2-0 gone: stopped
     130.8 shop-production-r2-1 gone: stopped
     130.8 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_verifying() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Verifying
        from here
        cancel d2
        run
        show
        "
    ), @r#"
     130.4 d2 cancel asked by kim
     130.4 d2 rolling back, Starting: cancelled by kim
     130.4 d2 rolling back, Shifting: cancelled by kim
     130.4 shop-production-r1-0 -> Active
     130.4 shop-production-r1-1 -> Active
     130.4 shop-production-r2-0 -> Draining
     130.4 shop-production-r2-1 -> Draining
     130.6 d2 rolling back, Draining: cancelled by kim
     131.6 shop-production-r2-0 -> Drained
     131.6 shop-production-r2-1 -> Drained
     131.6 d2 rolling back, Stopping: cancelled by kim
     131.6 shop-production-r2-0 stopping
     131.6 shop-production-r2-1 stopping
     131.9 shop-production-r2-0 gone: stopped
     131.9 shop-production-r2-1 gone: stopped
     131.9 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_baking() {
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
        cancel d2
        run
        show
        "
    ), @r#"
     130.5 d2 cancel asked by kim
     130.5 d2 rolling back, Starting: cancelled by kim
     130.5 d2 rolling back, Shifting: cancelled by kim
     130.5 shop-production-r1-0 -> Active
     130.5 shop-production-r1-1 -> Active
     130.5 shop-production-r2-0 -> Draining
     130.5 shop-production-r2-1 -> Draining
     130.6 d2 rolling back, Draining: cancelled by kim
     131.6 shop-production-r2-0 -> Drained
     131.6 shop-production-r2-1 -> Drained
     131.6 d2 rolling back, Stopping: cancelled by kim
     131.6 shop-production-r2-0 stopping
     131.6 shop-production-r2-1 stopping
     131.9 shop-production-r2-1 gone: stopped
     131.9 shop-production-r2-0 gone: stopped
     131.9 d2 ended RolledBack { why: "cancelled by kim" }
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn cancel_while_retiring_is_refused() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b clings
        until d2 Retiring
        from here
        cancel d2
        run
        show
        "
    ), @r#"
    refused, Conflict: deployment d2 has succeeded but for stopping the old release; `pilothouse rollback shop/production` goes back from it
     135.7 shop-production-r1-0 gone: stopped
     135.7 shop-production-r1-1 gone: stopped
     135.7 d2 SUCCEEDED
     135.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}
