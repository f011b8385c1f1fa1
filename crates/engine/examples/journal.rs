//! Measures the journal: appends per second, and the time to recover a million records.
//!
//! `cargo run --release -p pilothouse-engine --example journal [DIR]`

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use pilothouse_engine::journal::{Disk, Epoch, Format, Journal, Limits, Losses, Options};

const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporary = tempfile::tempdir()?;
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let dir = named.unwrap_or_else(|| temporary.path().join("journal"));
    let mut out = std::io::stdout().lock();
    let options = || Options {
        payload: Format(1, 0),
        disk: Disk::default(),
        told: Epoch(0),
        losses: Losses::Refuse,
    };
    let (mut journal, _) = Journal::open(&dir, Limits::default(), options())?;

    let started = Instant::now();
    for first in (0..RECORDS).step_by(usize::try_from(BATCH)?) {
        let batch: Vec<_> = (first..first + BATCH).map(event).collect();
        journal.append(&batch)?;
    }
    let took = started.elapsed().as_secs_f64();
    let bytes = event(RECORDS).len();
    writeln!(
        out,
        "{RECORDS} records of {bytes} bytes in batches of {BATCH}: {took:.2} s, {:.0} records/s",
        1e6 / took
    )?;

    let all = Instant::now();
    let mut micros = Vec::new();
    for n in 0..1_000 {
        let batch = [event(n)];
        let started = Instant::now();
        journal.append(&batch)?;
        micros.push(started.elapsed().as_micros());
    }
    let took = all.elapsed().as_secs_f64();
    micros.sort_unstable();
    writeln!(
        out,
        "1000 single appends: {:.0}/s, median {} us, 99th percentile {} us",
        1e3 / took,
        micros[500],
        micros[990]
    )?;
    drop(journal);

    for round in 1..=3 {
        let started = Instant::now();
        let (journal, recovered) = Journal::open(&dir, Limits::default(), options())?;
        let opened = started.elapsed().as_secs_f64();
        let bytes: usize = recovered.records.iter().map(|record| record.payload.len()).sum();
        let walked = started.elapsed().as_secs_f64();
        writeln!(
            out,
            "recovery {round}: {} records, {} MB of payload, open {opened:.3} s, with a walk {walked:.3} s",
            recovered.records.len(),
            bytes >> 20
        )?;
        drop(journal);
    }
    Ok(())
}

/// Returns an event of about 200 bytes.
fn event(n: u64) -> Vec<u8> {
    format!(
        "{{\"at\":\"2026-01-01T00:00:00.{:06}Z\",\"kind\":\"target_drained\",\"environment\":\
         \"production\",\"deployment\":{n},\"target\":\"127.0.0.1:{}\",\"release\":\"r{}\",\
         \"reason\":\"the old release left the rule\"}}",
        n % 1_000_000,
        1024 + n % 60_000,
        n / 100
    )
    .into_bytes()
}
