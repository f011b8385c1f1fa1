//! What storms found, as short as it can be told.

use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::time::Millis;
use pilothouse_core::wanted::wanted;

use super::Storm;

/// The load balancer that cannot be told has the table of before, in which one that was started
/// again serves: though its own check fails, its requests come to their end before it is stopped.
#[test]
fn what_leaves_and_turns_ill_before_it_is_proved_again_is_drained() {
    let mut storm = Storm::new(3);
    storm.push(1, 4, None);
    storm.world.run_for(Millis::seconds(10));
    let id = InstanceId::new("blog-qa-r1-0");
    storm.world.edge.down = true;
    let now = storm.world.now;
    storm.world.processes.get_mut(id.as_str()).unwrap().restarts_at = Some(now);
    for _ in 0..20 {
        storm.world.step();
        if storm.world.state.instances[&id].role == Role::Draining {
            break;
        }
    }
    assert_eq!(storm.world.state.instances[&id].role, Role::Draining, "{}", storm.world.tail(60));
    storm.check(0, false);
    storm.world.run_for(Millis::seconds(5));
    storm.heal();
    storm.at_rest();
}

/// A watch that is over and waits for what may be concluded of an ill one is no time to wake for:
/// it would hide the one that comes, and be woken for again and again.
#[test]
fn an_ill_one_is_judged_though_the_watch_is_over() {
    let mut storm = Storm::new(0);
    storm.push(1, 1, None);
    storm.world.run_for(Millis::seconds(12));
    storm.check(0, false);
    storm.world.run_for(Millis(2700));
    let (now, wake_at) = (storm.world.now, wanted(&storm.world.state, storm.world.now).wake_at);
    assert!(wake_at.is_none_or(|at| at > now), "{wake_at:?} is not after {now:?}");
    storm.world.run_for(Millis::seconds(6));
    assert!(storm.world.state.live_deployments.is_empty(), "{}", storm.world.tail(20));
}

/// One whose own check fails after it proved itself is not let in beside those that are well, and
/// takes no place of one that serves.
#[test]
fn what_is_ill_before_traffic_moves_moves_none() {
    let mut storm = Storm::new(0);
    storm.push(1, 1, None);
    storm.world.run_for(Millis::seconds(30));
    storm.push(1, 1, None);
    let new = InstanceId::new("blog-development-r2-0");
    let is_proved =
        |storm: &Storm| storm.world.state.instances.get(&new).is_some_and(Instance::is_proved);
    for _ in 0..200 {
        if is_proved(&storm) {
            break;
        }
        storm.world.step();
    }
    let place = storm.world.state.instances.keys().position(|id| *id == new).unwrap();
    storm.check(place.try_into().unwrap(), false);
    for _ in 0..200 {
        let active = storm.world.state.instances.values().filter(|one| one.role == Role::Active);
        let old = active.filter(|one| one.release.0 == 1).count();
        assert_eq!(old, 2, "{}", storm.world.tail(20));
        storm.world.step();
    }
    storm.heal();
    storm.at_rest();
}
