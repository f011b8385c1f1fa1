//! A step in a container, beside `docker run --rm` of the same command.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pilothouse_docker::{ContainerSpec, Program};

use super::{Base, docker_program};
use crate::Outcome;
use crate::table::{Row, median, place, text};

/// Pairs that are measured, behind one that warms up.
const ROUNDS: usize = 15;
/// What both run.
const COMMAND: [&str; 3] = ["/bin/sh", "-c", "true"];

/// Measures from the start of the process that owns the container to its end, container removed.
pub(super) fn measure(base: &Base) -> Outcome<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // Who comes first alternates, so that a machine that gets slower is nobody's advantage.
        let mut pair = [Duration::ZERO; 2];
        for turn in [round % 2, 1 - round % 2] {
            pair[turn] = match turn {
                0 => contain(base, dir.path(), round)?,
                _ => run(base)?,
            };
        }
        if round > 0 {
            own.push(pair[0]);
            others.push(pair[1]);
        }
    }
    let ratios: Vec<Duration> = own
        .iter()
        .zip(&others)
        .map(|(own, other)| Duration::from_secs_f64(own.as_secs_f64() / other.as_secs_f64()))
        .collect();
    let ratio = |percent| place(&ratios, percent).as_secs_f64();
    let spread = |times: &[Duration]| {
        format!(
            "{} ({} to {})",
            text(median(times)),
            text(place(times, 10)),
            text(place(times, 90))
        )
    };
    let note = format!(
        "{} beside {}: medians of {ROUNDS} pairs and their 10th to 90th hundredth; ratio {:.2} to {:.2}",
        spread(&own),
        spread(&others),
        ratio(10),
        ratio(90)
    );
    let what = "a step in a container: time beside docker run --rm";
    Ok(vec![Row::most(what, ratio(50), 1.0, "x").note(note).note(base.versions.clone())])
}

fn contain(base: &Base, dir: &Path, round: usize) -> Outcome<Duration> {
    let spec = ContainerSpec {
        name: format!("pilothouse-bench-{}-{round}", std::process::id()),
        labels: BTreeMap::from([("pilothouse.bench".to_owned(), std::process::id().to_string())]),
        image: base.name.clone(),
        only: None,
        program: Program::Argv(COMMAND.map(str::to_owned).to_vec()),
        dir: None,
        user: None,
        groups: Vec::new(),
        env: BTreeMap::new(),
        secrets: Vec::new(),
        mounts: Vec::new(),
        publish: None,
        network: None,
        memory: None,
        milli_cpus: None,
        processes: 4096,
        privileged: false,
        security: Vec::new(),
        warning: None,
        stop_signal: 15,
        grace_ms: 1000,
        by_image: false,
        record: dir.join("record.json"),
        is_service: false,
    };
    let path = dir.join("spec.json");
    std::fs::write(&path, serde_json::to_vec(&spec)?)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.arg("contain").arg(&path).stdin(Stdio::null());
    let begun = Instant::now();
    let output = command.output()?;
    let took = begun.elapsed();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(took)
}

fn run(base: &Base) -> Outcome<Duration> {
    let arguments = ["run", "--rm", base.name.as_str()];
    let begun = Instant::now();
    docker_program(&[arguments.as_slice(), &COMMAND].concat())?;
    Ok(begun.elapsed())
}
