//! Deployments: what leads to them, and their queue.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn production_waits_for_a_person() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main manual
        apply
        push main a
        run 20
        plan production ready
        push main b
        run 20
        deploy production ready planned
        plan production ready
        deploy production ready planned
        run
        show
        "
    ), @r#"
       0.0 shop applied
       0.0 production specified × 2
       0.0 edge connected
    refused, PlanChanged: shop/production is no longer as the plan was made: look at the new plan
      40.0 production r1 made of sha-b
      40.0 d1 queued: Deploy r1
      40.0 d1 locked, from nothing × 0
      40.0 d1 PLANNED
      40.0 d1 LOCKED
      40.0 d1 -> Staging
      40.1 d1 STAGED
      40.1 d1 -> Starting
      40.1 d1 adds shop-production-r1-0 shop-production-r1-1
      40.2 d1 STARTED
      42.2 d1 HEALTHY
      42.2 d1 -> Shifting
      42.2 shop-production-r1-0 -> Active
      42.2 shop-production-r1-1 -> Active
      42.3 d1 SHIFTED
      42.3 d1 -> Draining
      42.3 d1 DRAINED
      42.3 d1 -> Verifying
      42.4 d1 -> Baking
      47.4 d1 BAKED
      47.4 d1 -> Retiring
      47.4 d1 SUCCEEDED
      47.4 d1 ended Succeeded
    = production r1: shop-production-r1-0 Active, shop-production-r1-1 Active
    "#);
}

#[test]
fn the_newest_deployment_waits_and_the_older_is_superseded() {
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
        push main c
        push main c
        start main
        run 10
        deploy production run 2
        deploy production run 1
        run
        show
        "
    ), @r#"
     135.5 d2 BAKED
     135.5 d2 -> Retiring
     135.5 shop-production-r1-0 stopping
     135.5 shop-production-r1-1 stopping
     135.7 shop-production-r1-0 gone: stopped
     135.7 shop-production-r1-1 gone: stopped
     135.7 d2 SUCCEEDED
     135.7 d2 ended Succeeded
     137.6 production r3 made of sha-b
     137.6 d3 queued: Deploy r3
     137.6 d3 locked, from r2 × 2
     137.6 d3 PLANNED
     137.6 d3 LOCKED
     137.6 d3 -> Staging
     137.6 production r4 made of sha-c
     137.6 d4 queued: Deploy r4
     137.7 d3 STAGED
     137.7 d3 -> Starting
     137.7 d3 adds shop-production-r3-0 shop-production-r3-1
     137.8 d3 STARTED
     139.7 d3 HEALTHY
     139.7 d3 -> Shifting
     139.7 shop-production-r3-0 -> Active
     139.7 shop-production-r3-1 -> Active
     139.7 shop-production-r2-1 -> Draining
     139.7 shop-production-r2-0 -> Draining
     139.8 d3 SHIFTED
     139.8 d3 -> Draining
     140.5 production r5 made of sha-b
     140.5 d4 ended Superseded { by: (5) }
     140.5 d5 queued: Deploy r5
     140.5 production r6 made of sha-a
     140.5 d5 ended Superseded { by: (6) }
     140.5 d6 queued: Deploy r6
     140.8 shop-production-r2-0 -> Drained
     140.8 shop-production-r2-1 -> Drained
     140.8 d3 DRAINED
     140.8 d3 -> Verifying
     140.9 d3 -> Baking
     145.9 d3 BAKED
     145.9 d3 -> Retiring
     145.9 shop-production-r2-0 stopping
     145.9 shop-production-r2-1 stopping
     146.1 shop-production-r2-1 gone: stopped
     146.1 shop-production-r2-0 gone: stopped
     146.1 d3 SUCCEEDED
     146.1 d3 ended Succeeded
     146.1 d6 locked, from r3 × 2
     146.1 d6 PLANNED
     146.1 d6 LOCKED
     146.1 d6 -> Staging
     146.2 d6 STAGED
     146.2 d6 -> Starting
     146.2 d6 adds shop-production-r6-0 shop-production-r6-1
     146.3 d6 STARTED
     148.3 d6 HEALTHY
     148.3 d6 -> Shifting
     148.3 shop-production-r6-0 -> Active
     148.3 shop-production-r6-1 -> Active
     148.3 shop-production-r3-1 -> Draining
     148.3 shop-production-r3-0 -> Draining
     148.4 d6 SHIFTED
     148.4 d6 -> Draining
     149.4 shop-production-r3-0 -> Drained
     149.4 shop-production-r3-1 -> Drained
     149.4 d6 DRAINED
     149.4 d6 -> Verifying
     149.5 d6 -> Baking
     154.5 d6 BAKED
     154.5 d6 -> Retiring
     154.5 shop-production-r3-0 stopping
     154.5 shop-production-r3-1 stopping
     154.7 shop-production-r3-0 gone: stopped
     154.7 shop-production-r3-1 gone: stopped
     154.7 d6 SUCCEEDED
     154.7 d6 ended Succeeded
    = production r6: shop-production-r6-0 Active, shop-production-r6-1 Active
    "#);
}

#[test]
fn a_preview_comes_and_goes_with_its_branch() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env preview feature/* preview
        apply
        push trunk t
        hide trunk
        push feature/a a
        run 40
        show
        delete feature/a
        run
        show
        push feature/a b
        run
        show
        "
    ), @r#"
       0.0 shop applied
       0.0 edge connected
       0.1 preview-feature-a-cfed5b15 specified × 2
       7.2 preview-feature-a-cfed5b15 r1 made of sha-a
       7.2 d1 queued: Deploy r1
       7.2 d1 locked, from nothing × 0
       7.2 d1 PLANNED
       7.2 d1 LOCKED
       7.2 d1 -> Staging
       7.3 d1 STAGED
       7.3 d1 -> Starting
       7.3 d1 adds shop-preview-feature-a-cfed5b15-r1-0 shop-preview-feature-a-cfed5b15-r1-1
       7.4 d1 STARTED
       9.4 d1 HEALTHY
       9.4 d1 -> Shifting
       9.4 shop-preview-feature-a-cfed5b15-r1-0 -> Active
       9.4 shop-preview-feature-a-cfed5b15-r1-1 -> Active
       9.5 d1 SHIFTED
       9.5 d1 -> Draining
       9.5 d1 DRAINED
       9.5 d1 -> Verifying
       9.6 d1 -> Baking
      14.6 d1 BAKED
      14.6 d1 -> Retiring
      14.6 d1 SUCCEEDED
      14.6 d1 ended Succeeded
    = preview-feature-a-cfed5b15 r1: shop-preview-feature-a-cfed5b15-r1-0 Active, shop-preview-feature-a-cfed5b15-r1-1 Active
      40.0 preview-feature-a-cfed5b15 is being removed
      40.0 shop-preview-feature-a-cfed5b15-r1-0 -> Draining
      40.0 shop-preview-feature-a-cfed5b15-r1-1 -> Draining
      41.1 shop-preview-feature-a-cfed5b15-r1-0 -> Drained
      41.1 shop-preview-feature-a-cfed5b15-r1-0 stopping
      41.3 shop-preview-feature-a-cfed5b15-r1-0 gone: stopped
      42.2 shop-preview-feature-a-cfed5b15-r1-1 -> Drained
      42.2 shop-preview-feature-a-cfed5b15-r1-1 stopping
      42.4 shop-preview-feature-a-cfed5b15-r1-1 gone: stopped
      42.4 preview-feature-a-cfed5b15 removed
     160.0 preview-feature-a-cfed5b15 specified × 2
     167.1 preview-feature-a-cfed5b15 r2 made of sha-b
     167.1 d2 queued: Deploy r2
     167.1 d2 locked, from nothing × 0
     167.1 d2 PLANNED
     167.1 d2 LOCKED
     167.1 d2 -> Staging
     167.2 d2 STAGED
     167.2 d2 -> Starting
     167.2 d2 adds shop-preview-feature-a-cfed5b15-r2-0 shop-preview-feature-a-cfed5b15-r2-1
     167.3 d2 STARTED
     169.3 d2 HEALTHY
     169.3 d2 -> Shifting
     169.3 shop-preview-feature-a-cfed5b15-r2-0 -> Active
     169.3 shop-preview-feature-a-cfed5b15-r2-1 -> Active
     169.4 d2 SHIFTED
     169.4 d2 -> Draining
     169.4 d2 DRAINED
     169.4 d2 -> Verifying
     169.5 d2 -> Baking
     174.5 d2 BAKED
     174.5 d2 -> Retiring
     174.5 d2 SUCCEEDED
     174.5 d2 ended Succeeded
    = preview-feature-a-cfed5b15 r2: shop-preview-feature-a-cfed5b15-r2-0 Active, shop-preview-feature-a-cfed5b15-r2-1 Active
    "#);
}

#[test]
fn a_rollback_by_command() {
    assert_snapshot!(check(
        "
        hide #1 #2 #3 #4 branch is_healthy initial edge_serves 0_started 1_started proved engine
        env production main
        apply
        push main a
        run
        from here
        push main b
        run
        from here
        deploy production rollback
        run
        show
        "
    ), @r#"
     240.0 d3 queued: Rollback r1
     240.0 d3 locked, from r2 × 2
     240.0 d3 PLANNED
     240.0 d3 LOCKED
     240.0 d3 -> Staging
     240.1 d3 STAGED
     240.1 d3 -> Starting
     240.1 d3 adds shop-production-r1-0.1 shop-production-r1-1.1
     240.2 d3 STARTED
     242.2 d3 HEALTHY
     242.2 d3 -> Shifting
     242.2 shop-production-r1-0.1 -> Active
     242.2 shop-production-r1-1.1 -> Active
     242.2 shop-production-r2-1 -> Draining
     242.2 shop-production-r2-0 -> Draining
     242.3 d3 SHIFTED
     242.3 d3 -> Draining
     243.3 shop-production-r2-0 -> Drained
     243.3 shop-production-r2-1 -> Drained
     243.3 d3 DRAINED
     243.3 d3 -> Verifying
     243.4 d3 -> Baking
     248.4 d3 BAKED
     248.4 d3 -> Retiring
     248.4 shop-production-r2-0 stopping
     248.4 shop-production-r2-1 stopping
     248.6 shop-production-r2-0 gone: stopped
     248.6 shop-production-r2-1 gone: stopped
     248.6 d3 SUCCEEDED
     248.6 d3 ended Succeeded
    = production r1: shop-production-r1-0.1 Active, shop-production-r1-1.1 Active
    "#);
}

#[test]
fn a_release_is_not_called_good_while_its_last_check_failed() {
    assert_snapshot!(check(
        "
        hide #1 #2 branch initial edge_serves started proved engine r1
        env production main
        apply
        push main a
        run
        from here
        push main b
        until d2 Baking
        doubt shop-production-r2-1 yes
        run 20
        show
        doubt shop-production-r2-1 no
        run 5
        show
        "
    ), @r#"
     127.1 production r2 made of sha-b
     127.1 d2 queued: Deploy r2
     127.1 d2 PLANNED
     127.1 d2 LOCKED
     127.1 d2 -> Staging
     127.2 d2 STAGED
     127.2 d2 -> Starting
     127.2 d2 adds shop-production-r2-0 shop-production-r2-1
     127.3 d2 STARTED
     129.3 shop-production-r2-0 is healthy
     129.3 shop-production-r2-1 is healthy
     129.3 d2 HEALTHY
     129.3 d2 -> Shifting
     129.3 shop-production-r2-0 -> Active
     129.3 shop-production-r2-1 -> Active
     129.4 d2 SHIFTED
     129.4 d2 -> Draining
     130.4 d2 DRAINED
     130.4 d2 -> Verifying
     130.5 d2 -> Baking
     130.5 shop-production-r2-1 is healthy
    = production r1: shop-production-r1-0 Drained, shop-production-r1-1 Drained, shop-production-r2-0 Active, shop-production-r2-1 Active
     150.5 shop-production-r2-1 is healthy
     150.5 d2 BAKED
     150.5 d2 -> Retiring
     150.7 d2 SUCCEEDED
     150.7 d2 ended Succeeded
    = production r2: shop-production-r2-0 Active, shop-production-r2-1 Active
    "#);
}
