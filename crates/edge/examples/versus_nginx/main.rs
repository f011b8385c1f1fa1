//! Measures the edge beside nginx: `versus_nginx [ROUNDS]`, with `nginx` and `wrk` installed.
//!
//! Both proxy 1 KiB answers of the same target on loopback with one serving thread. Rounds
//! alternate which of them is first, and ratios are paired per round, so that other load on the
//! machine weighs on both. It ends within a minute.

mod measure;
mod rig;

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use measure::{Sample, summary};
use pilothouse_edge::{Limits, Settings, serve};
use rig::Rig;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Rounds when none are asked for, and the most that stay within a minute.
const ROUNDS: usize = 6;
/// How long each of the two is loaded in a round.
const ROUND: Duration = Duration::from_secs(4);
/// Client connections.
const CONNECTIONS: usize = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [verb, dir] if verb == "serve" => run_edge(dir),
        [] => compare(ROUNDS),
        [rounds, ..] => compare(rounds.parse().unwrap_or(ROUNDS).clamp(1, ROUNDS)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "versus_nginx: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Is the edge: the comparison starts this program again for it.
fn run_edge(dir: &str) -> Outcome<()> {
    let dir = std::path::Path::new(dir);
    Ok(serve(Settings {
        state_dir: dir.join("state"),
        control_socket: dir.join("edge.sock"),
        workers: NonZeroUsize::MIN,
        limits: Limits::default(),
    })?)
}

fn compare(rounds: usize) -> Outcome<()> {
    let rig = Rig::start()?;
    let load = |side: &rig::Side, time| measure::load(side, CONNECTIONS, time);
    load(&rig.edge, Duration::from_secs(1))?;
    load(&rig.nginx, Duration::from_secs(1))?;
    let mut pairs: Vec<(Sample, Sample)> = Vec::new();
    for round in 0..rounds {
        if round % 2 == 0 {
            let edge = load(&rig.edge, ROUND)?;
            pairs.push((edge, load(&rig.nginx, ROUND)?));
        } else {
            let nginx = load(&rig.nginx, ROUND)?;
            pairs.push((load(&rig.edge, ROUND)?, nginx));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", summary(&pairs))?;
    writeln!(out, "{}", measure::machine(rounds, CONNECTIONS))?;
    Ok(())
}
