//! The job queue: full, and with named environments before previews.

use insta::assert_snapshot;

use crate::scenario::check;

#[test]
fn a_push_that_meets_a_full_queue_waits_for_a_place_in_it() {
    assert_snapshot!(check(
        "
        hide preview edge
        limits 1 2
        env production main manual
        env preview feature/* preview manual
        apply
        push feature/a a1 hangs
        until #1 Running
        push feature/b b1
        push feature/c c1
        push feature/d d1
        run 6
        push main m1
        push feature/e e1
        run 6
        crash
        start feature/d
        cancel #1
        run
        "
    ), @r#"
       0.0 engine started, epoch 1
       0.0 engine started, epoch 2
       0.0 shop applied
       0.0 production specified × 2
       0.1 branch feature/a at a1
       0.1 run #1 queued for feature/a
       0.1 run #1 started
       0.6 run #1 checked out
       0.6 run #1 step 0 started
       5.1 branch feature/b at b1
       5.1 branch feature/c at c1
       5.1 branch feature/d at d1
       5.1 run #2 queued for feature/b
       5.1 run #3 queued for feature/c
      10.1 branch feature/e at e1
      10.1 branch main at m1
      12.6 engine started, epoch 3
    refused, Full: 2 runs wait already; cancel some or wait
      12.6 run #1 cancel asked by kim
      12.7 run #1 step 0 ended: Cancelled
      12.7 run #1 result Cancelled { by: "kim" }
      12.8 run #1 ended Cancelled { by: "kim" }
      12.8 run #2 started
      12.8 run #4 queued for main
      13.3 run #2 checked out
      13.3 run #2 step 0 started
      16.3 run #2 step 0 ended: Code(0)
      16.3 run #2 step 1 started
      19.3 run #2 step 1 ended: Code(0)
      19.3 run #2 sealing
      19.8 run #2 sealed sha-b1
      19.8 run #2 result Succeeded { artifact: ("sha-b1") }
      19.9 run #2 ended Succeeded { artifact: ("sha-b1") }
      19.9 run #4 started
      19.9 run #5 queued for feature/d
      20.4 run #4 checked out
      20.4 run #4 step 0 started
      23.4 run #4 step 0 ended: Code(0)
      23.4 run #4 step 1 started
      26.4 run #4 step 1 ended: Code(0)
      26.4 run #4 sealing
      26.9 run #4 sealed sha-m1
      26.9 run #4 result Succeeded { artifact: ("sha-m1") }
      27.0 run #4 ended Succeeded { artifact: ("sha-m1") }
      27.0 production ready with run #4
      27.0 run #3 started
      27.0 run #6 queued for feature/e
      27.5 run #3 checked out
      27.5 run #3 step 0 started
      30.5 run #3 step 0 ended: Code(0)
      30.5 run #3 step 1 started
      33.5 run #3 step 1 ended: Code(0)
      33.5 run #3 sealing
      34.0 run #3 sealed sha-c1
      34.0 run #3 result Succeeded { artifact: ("sha-c1") }
      34.1 run #3 ended Succeeded { artifact: ("sha-c1") }
      34.1 run #5 started
      34.6 run #5 checked out
      34.6 run #5 step 0 started
      37.6 run #5 step 0 ended: Code(0)
      37.6 run #5 step 1 started
      40.6 run #5 step 1 ended: Code(0)
      40.6 run #5 sealing
      41.1 run #5 sealed sha-d1
      41.1 run #5 result Succeeded { artifact: ("sha-d1") }
      41.2 run #5 ended Succeeded { artifact: ("sha-d1") }
      41.2 run #6 started
      41.7 run #6 checked out
      41.7 run #6 step 0 started
      44.7 run #6 step 0 ended: Code(0)
      44.7 run #6 step 1 started
      47.7 run #6 step 1 ended: Code(0)
      47.7 run #6 sealing
      48.2 run #6 sealed sha-e1
      48.2 run #6 result Succeeded { artifact: ("sha-e1") }
      48.3 run #6 ended Succeeded { artifact: ("sha-e1") }
    "#);
}

#[test]
fn a_newer_commit_takes_its_predecessors_place_in_a_full_queue() {
    assert_snapshot!(check(
        "
        hide production edge
        limits 1 1
        env production main manual
        apply
        push main a hangs
        until #1 Running
        push main b
        run 6
        push main c
        run 6
        start main
        cancel #1
        run
        "
    ), @r#"
     0.0 engine started, epoch 1
     0.0 engine started, epoch 2
     0.0 shop applied
     0.1 branch main at a
     0.1 run #1 queued for main
     0.1 run #1 started
     0.6 run #1 checked out
     0.6 run #1 step 0 started
     5.1 branch main at b
     5.1 run #2 queued for main
    10.1 branch main at c
    10.1 run #2 ended Superseded { by: (3) }
    10.1 run #3 queued for main
    12.6 run #3 ended Superseded { by: (4) }
    12.6 run #4 queued for main
    12.6 run #1 cancel asked by kim
    12.7 run #1 step 0 ended: Cancelled
    12.7 run #1 result Cancelled { by: "kim" }
    12.8 run #1 ended Cancelled { by: "kim" }
    12.8 run #4 started
    13.3 run #4 checked out
    13.3 run #4 step 0 started
    16.3 run #4 step 0 ended: Code(0)
    16.3 run #4 step 1 started
    19.3 run #4 step 1 ended: Code(0)
    19.3 run #4 sealing
    19.8 run #4 sealed sha-c
    19.8 run #4 result Succeeded { artifact: ("sha-c") }
    19.9 run #4 ended Succeeded { artifact: ("sha-c") }
    "#);
}
