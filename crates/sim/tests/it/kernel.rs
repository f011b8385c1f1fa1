//! The kernel as its clients see it.

use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::command::{Command, RejectionKind};
use pilothouse_core::run::Trigger;
use pilothouse_engine::publish::{PublishLimits, Publisher};

use crate::kill::{apply, push};
use crate::sim::{settled, simulate};
use crate::world::{Bad, Weather};

fn look() -> Command {
    Command::Look { project: None, trigger: Trigger::Manual }
}

#[test]
fn an_hour_in_which_nothing_happens_takes_no_turns() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        sim.pass(Duration::from_secs(60)).await;
        let (turns, begun) = (sim.judge().turns, sim.world.look().begun);
        sim.pass(Duration::from_secs(3600)).await;
        assert_eq!(sim.judge().turns, turns, "the kernel took turns for nothing");
        assert_eq!(sim.world.look().begun, begun, "effects began for nothing");
    });
}

#[test]
fn an_effect_whose_end_changes_nothing_is_not_started_over_and_over() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        // Watching an instance panics for a while: a fault that leaves no record.
        sim.world.look().weather.plan("tend", [Bad::Panic; 60]);
        let begun = sim.world.look().begun;
        sim.kill_and_start().await;
        sim.pass(Duration::from_secs(20)).await;
        let more = sim.world.look().begun - begun;
        assert!((30..60).contains(&more), "{more} effects in 20 s");
        sim.pass(Duration::from_secs(60)).await;
        sim.until("settled", settled).await;
        sim.at_rest();
    });
}

#[test]
fn a_client_that_never_reads_holds_nobody_up() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        // Asks and goes away, or asks and never looks at the answer.
        let handle = sim.handle();
        let mut waiting = Vec::new();
        for _ in 0..1000 {
            let handle = handle.clone();
            let asked = tokio::spawn(async move { handle.submit("sam", look()).await });
            waiting.push(asked);
        }
        tokio::task::yield_now().await;
        for asked in waiting.iter().step_by(2) {
            asked.abort();
        }
        push(sim, "a", &[]).await;
        sim.at_rest();
    });
}

#[test]
fn what_is_read_is_never_older_than_what_was_acknowledged() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        let handle = sim.handle();
        for n in 0..50 {
            let (_, seq) = sim.ask(look()).await.unwrap().unwrap();
            let state = handle.state().await.unwrap();
            assert!(state.seq >= seq, "{} was read after {seq}", state.seq);
            assert_eq!(state.projects["shop"].poll.asks, n + 1);
            let again = handle.state().await.unwrap();
            assert!(Arc::ptr_eq(&state, &again), "nothing changed, and yet it was copied");
        }
        sim.stop().await;
        assert!(handle.state().await.is_none());
        let stopped = handle.submit("kim", look()).await.unwrap_err();
        assert_eq!(stopped.kind, RejectionKind::Conflict);
        sim.start();
    });
}

#[test]
fn everything_is_stopped_when_a_halt_was_asked_for_and_starts_again_with_the_next_engine() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        let mut handle = sim.handle();
        sim.insist(Command::Halt, |state| state.halting).await;
        tokio::time::timeout(Duration::from_secs(120), handle.halted()).await.unwrap();
        assert!(sim.world.look().processes.is_empty(), "something runs on");
        sim.kill_and_start().await;
        sim.until("it serves again", settled).await;
        assert_eq!(sim.world.look().answers(), ["shop/production/r1"]);
        sim.at_rest();
    });
}

#[test]
fn listeners_hear_every_record_once_and_in_order() {
    simulate(Weather::calm(), async |sim| {
        apply(sim).await;
        push(sim, "a", &[]).await;
        push(sim, "b", &[]).await;
        let judge = sim.judge();
        let heard: Vec<u64> = judge.journal.iter().map(|recorded| recorded.seq.0).collect();
        let all: Vec<u64> = (1..=judge.state.seq.0).collect();
        assert_eq!(heard, all);
    });
}

/// Told the state only when somebody reads it, a publisher has the same one.
#[test]
fn a_publisher_follows_the_records() {
    simulate(Weather::calm(), async |sim| {
        let publisher = Publisher::new(PublishLimits::default(), Arc::default());
        apply(sim).await;
        push(sim, "a", &[]).await;
        let judge = sim.judge();
        for turn in judge.journal.chunks(7) {
            publisher.publish(turn);
        }
        assert_eq!(*publisher.state(), judge.state);
    });
}
