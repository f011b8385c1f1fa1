//! A full disk stops decisions, never what runs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse_core::command::{Command, RejectionKind};
use pilothouse_core::run::Trigger;

use crate::kill::{apply, push};
use crate::sim::{Sim, settled, simulate};
use crate::world::Weather;

fn full(sim: &Sim, full: bool) {
    sim.disk.full.store(full, Ordering::Relaxed);
}

fn look() -> Command {
    Command::Look { project: None, trigger: Trigger::Manual }
}

#[test]
fn commands_are_refused_and_nothing_begins_until_there_is_room() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        full(sim, true);
        let refused = sim.ask(look()).await.unwrap().unwrap_err();
        assert_eq!(refused.kind, RejectionKind::Degraded);
        assert!(sim.judge().degraded.is_some());
        let (begun, seq) = (sim.world.look().begun, sim.judge().state.seq);
        sim.world.change(|things| things.push("shop", "main", "b", &[]));
        let lost = sim.judge().state.instances.keys().next().unwrap().clone();
        sim.world.change(|things| things.processes.get_mut(&lost).unwrap().alive = false);
        for _ in 0..100 {
            sim.pass(Duration::from_secs(6)).await;
            let refused = sim.ask(look()).await.unwrap().unwrap_err();
            assert_eq!(refused.kind, RejectionKind::Degraded);
            assert_eq!(sim.world.look().answers(), ["shop/production/r1"], "traffic goes on");
        }
        assert_eq!(sim.world.look().begun, begun, "an effect began");
        assert_eq!(sim.judge().state.seq, seq, "something was told that is not durable");
        full(sim, false);
        sim.until("the loss and the push are noticed", |state| {
            state.deployments.len() == 2 && settled(state) && !state.instances.contains_key(&lost)
        })
        .await;
        assert!(sim.judge().degraded.is_none());
        sim.at_rest();
        sim.insist(look(), |_| false).await;
    });
}

#[test]
fn a_client_that_asks_without_end_does_not_put_the_recovery_off() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        full(sim, true);
        assert!(sim.ask(look()).await.unwrap().is_err());
        full(sim, false);
        let mut refused = 0;
        while sim.ask(look()).await.unwrap().is_err() {
            refused += 1;
            assert!(refused < 10, "the disk has room and is never tried");
            sim.pass(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn outcomes_that_come_while_the_disk_is_full_are_kept() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        sim.world.change(|things| things.push("shop", "main", "a", &[]));
        // Full in the middle of whatever goes on, over and over.
        for n in 0..400u64 {
            if n < 60 {
                sim.pass(Duration::from_millis(150 + n * 7)).await;
                full(sim, true);
                sim.pass(Duration::from_millis(700)).await;
                full(sim, false);
            }
            sim.pass(Duration::from_millis(600)).await;
        }
        sim.until("deployed", settled).await;
        assert_eq!(sim.judge().state.deployments.len(), 1);
        assert_eq!(sim.world.look().answers(), ["shop/production/r1"]);
        sim.at_rest();
    });
}

#[test]
fn a_kill_while_the_disk_is_full_loses_only_what_is_seen_again() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        full(sim, true);
        let lost = sim.judge().state.instances.keys().next().unwrap().clone();
        sim.world.change(|things| things.processes.get_mut(&lost).unwrap().alive = false);
        sim.pass(Duration::from_secs(3)).await;
        full(sim, false);
        sim.kill_and_start().await;
        sim.until("replaced", |state| !state.instances.contains_key(&lost) && settled(state)).await;
        sim.at_rest();
    });
}

#[test]
fn health_that_flaps_for_an_hour_without_room_is_not_kept_in_memory() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        sim.world.change(|things| things.edge.flaps = true);
        full(sim, true);
        sim.pass(Duration::from_secs(3600)).await;
        let seq = sim.judge().state.seq;
        sim.world.change(|things| things.edge.flaps = false);
        full(sim, false);
        sim.until("settled", settled).await;
        let more = sim.judge().state.seq.0 - seq.0;
        assert!(more < 4000, "{more} records of an hour without room");
        sim.at_rest();
    });
}
