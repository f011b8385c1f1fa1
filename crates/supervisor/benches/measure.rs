//! Measures the supervisor: start latency, resident memory and throughput.
//!
//! Run with `cargo bench -p pilothouse-supervisor`. Nothing here passes or fails.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use pilothouse_supervisor::{
    Binary, Handle, Kind, Liveness, Secrets, Spec, Stop, find, spawn, stop, tail, watch,
};

const STARTS: usize = 50;
const OUTPUT_MEBIBYTES: u32 = 1024;
const LINES: u32 = 1_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut out = io::stdout().lock();
    let temp = tempfile::tempdir()?;
    start_latency(&mut out, temp.path())?;
    resident_memory(&mut out, temp.path())?;
    let secret =
        Secrets { masks: vec!["correct horse battery staple".into()], ..Secrets::default() };
    let plain = format!(
        "yes 'a line of ordinary length, as builds print it' | head -c {OUTPUT_MEBIBYTES}M"
    );
    throughput(&mut out, &temp.path().join("plain"), &plain, &Secrets::default())?;
    throughput(&mut out, &temp.path().join("masked"), &plain, &secret)?;
    long_log(&mut out, &temp.path().join("lines"))?;
    Ok(())
}

fn start_latency(out: &mut impl Write, temp: &Path) -> Outcome<()> {
    let mut times = Vec::new();
    for number in 0..STARTS {
        let dir = temp.join(format!("start-{number}"));
        let begun = Instant::now();
        let handle = start(&dir, &["/bin/true"], &Secrets::default())?;
        times.push(begun.elapsed());
        finish(&handle)?;
    }
    times.sort();
    let (median, worst) = (times[STARTS / 2], times[STARTS - 1]);
    writeln!(out, "start to exec: median {median:.2?}, worst of {STARTS} {worst:.2?}")?;
    Ok(())
}

fn resident_memory(out: &mut impl Write, temp: &Path) -> Outcome<()> {
    let dir = temp.join("idle");
    let handle =
        start(&dir, &["/bin/sh", "-c", "head -c 4M /dev/zero; sleep 60"], &Secrets::default())?;
    while std::fs::metadata(dir.join("log"))?.len() < 4 << 20 {
        std::thread::yield_now();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", handle.supervisor.pid))?;
    let fields = ["VmRSS", "RssAnon", "VmHWM", "Threads"];
    for line in status.lines().filter(|line| fields.iter().any(|field| line.starts_with(field))) {
        writeln!(out, "supervisor {line}")?;
    }
    stop(&handle, Some(Duration::ZERO))?;
    finish(&handle)
}

fn throughput(out: &mut impl Write, dir: &Path, words: &str, secrets: &Secrets) -> Outcome<()> {
    let begun = Instant::now();
    let handle = start(dir, &["/bin/sh", "-c", words], secrets)?;
    let supervisor = handle.supervisor.pid;
    finish(&handle)?;
    let took = begun.elapsed();
    let Liveness::Exited(record) = find(dir)? else {
        return Err("no exit record".into());
    };
    let rate = f64::from(OUTPUT_MEBIBYTES) / took.as_secs_f64();
    let name = dir.file_name().unwrap_or_default().display();
    writeln!(
        out,
        "{name}: {} bytes in {took:.2?}, {rate:.0} MiB/s, {} dropped (supervisor {supervisor})",
        record.output_bytes, record.dropped_bytes
    )?;
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

fn long_log(out: &mut impl Write, dir: &Path) -> Outcome<()> {
    let words = format!("seq 1 {LINES} | while read -r line; do echo line $line; done");
    let handle = start(dir, &["/bin/sh", "-c", &words], &Secrets::default())?;
    finish(&handle)?;
    let size = std::fs::metadata(dir.join("log"))?.len();
    let begun = Instant::now();
    let slice = tail(dir, 1000, 1 << 20)?;
    let took = begun.elapsed();
    writeln!(
        out,
        "tail of 1000 of {LINES} lines ({size} bytes): {took:.2?}, {} frames",
        slice.frames.len()
    )?;
    Ok(())
}

fn start(dir: &Path, argv: &[&str], secrets: &Secrets) -> Outcome<Handle> {
    let binary = Binary {
        environment: Vec::new(),
        path: env!("CARGO_BIN_EXE_supervisor-probe").into(),
        verb: vec!["supervise".into()],
    };
    let spec = Spec {
        id: "measure".into(),
        kind: Kind::Step { deadline_ms: None, output_limit_bytes: 8 << 30 },
        argv: argv.iter().map(|&argument| argument.into()).collect(),
        dir: "/".into(),
        env: [("PATH".into(), "/usr/bin:/bin".into())].into(),
        stop: Stop { signal: 15, grace_ms: 1000 },
        umask: 0o022,
        max_open_files: None,
        is_owner: false,
    };
    Ok(spawn(&binary, dir, &spec, secrets)?)
}

fn finish(handle: &Handle) -> Outcome<()> {
    if let Some(watch) = watch(handle)? {
        watch.wait(Duration::from_mins(5))?;
    }
    Ok(())
}
