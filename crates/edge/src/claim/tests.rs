//! Which target a claim ends up with, and what its counters say.

use std::num::NonZeroUsize;

use pilothouse_core::routing::{Role, Table, TableSource, Target};

use super::*;
use crate::settings::{Limits, Settings};

fn edge() -> Arc<Edge> {
    Arc::new(Edge::new(Settings {
        state_dir: "unused".into(),
        control_socket: "unused".into(),
        workers: NonZeroUsize::MIN,
        limits: Limits::default(),
    }))
}

fn target(key: u64) -> Arc<LiveTarget> {
    let target = Target {
        id: key.to_string(),
        address: ([127, 0, 0, 1], 1).into(),
        release: String::new(),
        role: Role::Active,
        proof: String::new(),
        ill: false,
        health: None,
    };
    Arc::new(LiveTarget::new(key, "shop", &target, Arc::default(), 0))
}

fn in_flight(target: &LiveTarget) -> u64 {
    target.in_flight.load(Ordering::SeqCst)
}

#[test]
fn a_table_replaced_while_choosing_means_choosing_again() {
    let (edge, old, new) = (edge(), target(1), target(2));
    let mut is_replaced = false;
    let (claim, ()) = Claim::take(&edge, |_| {
        if is_replaced {
            return (Some(Arc::clone(&new)), ());
        }
        is_replaced = true;
        let table = Table::default().seal(1, 1);
        edge.activate(Active::new(table, TableSource::Published, Vec::new()));
        (Some(Arc::clone(&old)), ())
    });
    assert_eq!(claim.as_ref().map(|claim| claim.target.key), Some(2));
    assert_eq!((in_flight(&old), in_flight(&new)), (0, 1));
    assert_eq!(old.counters.requests.load(Ordering::Relaxed), 0);
    drop(claim);
    assert_eq!(in_flight(&new), 0);
}

#[test]
fn the_last_end_on_a_leaving_target_is_news() {
    let (edge, target) = (edge(), target(1));
    let take = || Claim::take(&edge, |_| (Some(Arc::clone(&target)), ())).0;
    let before = edge.change_count();
    drop(take());
    assert_eq!(edge.change_count(), before, "it does not leave");
    let (first, second) = (take(), take());
    target.leaving.store(true, Ordering::SeqCst);
    drop(first);
    assert_eq!(edge.change_count(), before, "not the last");
    drop(second);
    assert_eq!(edge.change_count(), before + 1);
}
