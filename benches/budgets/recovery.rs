//! A long journal: attaching to an engine that has it, and starting from it.

mod events;

use std::path::Path;
use std::time::{Duration, Instant};

use pilothouse_core::apply::fold;
use pilothouse_core::event::Recorded;
use pilothouse_core::state::State;
use pilothouse_engine::journal::{Disk, Epoch, Format, Journal, Limits, Losses, Options, Seq};
use pilothouse_engine::kernel::Ledger;

use crate::Outcome;
use crate::cockpit::Cockpit;
use crate::repository::Pipeline;
use crate::table::{Row, list, median, text};
use crate::world::World;

/// Records of the journal that a cockpit attaches to.
const ATTACHED: u64 = 100_000;
/// Records of the journal that is recovered.
const RECOVERED: u64 = 1_000_000;
/// Records between two snapshots, as the engine writes them.
const SNAPSHOT_EVERY: usize = 5000;
/// The payloads that this engine writes.
const FORMAT: Format = Format(1, 0);
/// How often a cockpit is opened.
const OPENED: usize = 7;

/// Measures attaching and recovery.
pub fn measure() -> Outcome<Vec<Row>> {
    let mut rows = attach()?;
    rows.push(recover()?);
    Ok(rows)
}

fn attach() -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (kept, what) in [(100, "100 runs kept, as usual"), (20_000, "every run kept")] {
        let mut world = World::new()?;
        let repository = world.repository("shop")?;
        repository.commit("first", &Pipeline { step: "true", interval: "1s" })?;
        let head = repository.git(&["rev-parse", "HEAD"])?;
        let mut past = events::Past::new(repository.dir(), &head, kept, 0)?;
        let records: Vec<Recorded> = (0..ATTACHED).map(|_| past.record()).collect();
        let state = write(&world.path("state/journal"), &records)?;
        drop(records);
        let started = world.start()?;
        let full = vec!["5 Hourly cost".to_owned(), "main".to_owned(), "1 Branches".to_owned()];
        let mut times = Vec::new();
        for _ in 0..OPENED {
            let cockpit = Cockpit::open(&world.environment(), full.clone())?;
            times.push(cockpit.wait()?);
        }
        let row = format!("attach to first full frame, {what}");
        rows.push(Row::time(&row, median(&times), Duration::from_millis(100)).note(format!(
            "journal of 100,000 events, {} runs in the state; {}; the engine's start on it {}",
            state.runs.len(),
            list(&times),
            text(started)
        )));
    }
    Ok(rows)
}

fn recover() -> Outcome<Row> {
    let world = World::new()?;
    let (source, dir) = (world.path("shop"), world.path("journal"));
    std::fs::create_dir_all(&source)?;
    let mut past = events::Past::new(&source, &"4f1c2aa0".repeat(5), 100, 10)?;
    let mut journal = open(&dir)?;
    let mut batch = Vec::new();
    for _ in 0..RECOVERED {
        batch.push(serde_json::to_vec(&past.record())?);
        if batch.len() == 1000 {
            journal.append(&batch)?;
            batch.clear();
        }
    }
    drop(journal);
    let begun = Instant::now();
    let ledger = Ledger::open(&dir, Disk::default())?;
    let took = begun.elapsed();
    if ledger.state().seq.0 != RECOVERED {
        return Err(format!("recovered only {}", ledger.state().seq.0).into());
    }
    Ok(Row::time("recovery of 1,000,000 events", took, Duration::from_secs(2))
        .note("runs, and in equal number restarts of 10 instances; no snapshot, though the engine writes one every 5,000"))
}

fn open(dir: &Path) -> Outcome<Journal> {
    let options =
        Options { payload: FORMAT, disk: Disk::default(), told: Epoch(0), losses: Losses::Refuse };
    Ok(Journal::open(dir, Limits::default(), options)?.0)
}

/// Writes records with snapshots, as the engine does; the state at their end.
fn write(dir: &Path, records: &[Recorded]) -> Outcome<State> {
    std::fs::create_dir_all(dir)?;
    let mut journal = open(dir)?;
    let mut state = State::default();
    for part in records.chunks(SNAPSHOT_EVERY) {
        let payloads: Result<Vec<_>, _> = part.iter().map(serde_json::to_vec).collect();
        journal.append(&payloads?)?;
        state = fold(state, part);
        journal.snapshot(Seq(state.seq.0), &serde_json::to_vec(&state)?)?;
    }
    Ok(state)
}
