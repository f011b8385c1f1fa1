//! Loads one side and says what it cost.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use super::Outcome;
use super::rig::Side;

/// Clock ticks per second in `/proc`: the kernel's interface fixes it at 100 (proc(5)).
const TICKS: f64 = 100.0;

/// What one side did in one round.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Requests per second.
    throughput: f64,
    /// The time that 99 of 100 answers stay below, in microseconds.
    p99: f64,
    /// Processor time per request, in microseconds.
    cpu: f64,
    /// The part of it outside of the kernel.
    user: f64,
}

/// One figure of a sample.
type Figure = fn(&Sample) -> f64;

/// Loads a side with `wrk` and measures.
pub fn load(side: &Side, connections: usize, time: Duration) -> Outcome<Sample> {
    let before = processor_time(side.process())?;
    let output = Command::new("wrk")
        .args(["-t1", "--latency", "-H", "Host: shop.localhost"])
        .arg(format!("-c{connections}"))
        .arg(format!("-d{}", time.as_secs()))
        .arg(format!("http://{}/", side.address))
        .output()?;
    let after = processor_time(side.process())?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("{} did not answer all requests:\n{text}", side.name).into());
    }
    let requests: f64 = word_before(&text, "requests in")?.parse()?;
    let throughput: f64 = word_after(&text, "Requests/sec:")?.parse()?;
    let (_, distribution) =
        text.split_once("Latency Distribution").ok_or("wrk told no latency distribution")?;
    let p99 = microseconds(word_after(distribution, "99%")?)?;
    let [user, system] = [after.0 - before.0, after.1 - before.1].map(|s| s * 1e6 / requests);
    Ok(Sample { throughput, p99, cpu: user + system, user })
}

/// Writes the ratios of the edge to nginx, each as median (lowest-highest) of all rounds.
pub fn summary(pairs: &[(Sample, Sample)]) -> String {
    let mut text = String::from("edge / nginx");
    let figures: [(&str, Figure); 4] = [
        ("requests/s", |sample| sample.throughput),
        ("p99", |sample| sample.p99),
        ("CPU per request", |sample| sample.cpu),
        ("user CPU per request", |sample| sample.user),
    ];
    for (name, of) in figures {
        let mut ratios: Vec<f64> = pairs.iter().map(|(edge, nginx)| of(edge) / of(nginx)).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios.first().copied(), ratios.last().copied());
        let (low, high) = (low.unwrap_or(f64::NAN), high.unwrap_or(f64::NAN));
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {name:<21} {:.2} ({low:.2}-{high:.2})", median(&ratios));
    }
    let micros = |of: fn(&(Sample, Sample)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        median(&all)
    };
    // As above.
    let _ = write!(
        text,
        "\n  microseconds per request: edge {:.1}, nginx {:.1}",
        micros(|pair| pair.0.cpu),
        micros(|pair| pair.1.cpu)
    );
    text
}

/// Describes the machine and the load in one line.
pub fn machine(rounds: usize, connections: usize) -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name"));
    let processor =
        processor.map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let average = read("/proc/loadavg");
    let average = average.split(' ').next().unwrap_or_default();
    format!(
        "{processor}, {cores} cores, Linux {}, load average {average}; {rounds} rounds, \
         {connections} connections, 1 KiB answers",
        kernel.trim()
    )
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).and_then(|below| sorted.get(below))) {
        (Some(above), Some(below)) if sorted.len().is_multiple_of(2) => {
            f64::midpoint(*above, *below)
        }
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

/// Seconds outside of and inside the kernel.
fn processor_time(process: u32) -> Outcome<(f64, f64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = text.rsplit_once(')').ok_or("/proc/PID/stat has no name")?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    let mut next =
        || Ok::<f64, Box<dyn std::error::Error>>(fields.next().ok_or("too short")?? / TICKS);
    Ok((next()?, next()?))
}

fn word_after<'a>(text: &'a str, name: &str) -> Outcome<&'a str> {
    let (_, rest) = text.split_once(name).ok_or_else(|| format!("wrk told no {name}"))?;
    Ok(rest.split_whitespace().next().unwrap_or_default())
}

fn word_before<'a>(text: &'a str, name: &str) -> Outcome<&'a str> {
    let (head, _) = text.split_once(name).ok_or_else(|| format!("wrk told no {name}"))?;
    Ok(head.split_whitespace().next_back().unwrap_or_default())
}

fn microseconds(text: &str) -> Outcome<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let found = units.iter().find_map(|(unit, factor)| {
        text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()).map(|n| n * factor)
    });
    found.ok_or_else(|| format!("wrk told the time {text}").into())
}
