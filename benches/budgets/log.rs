//! Step output on its way to disk, and a long log on its way to a reader.

use std::time::{Duration, Instant};

use pilothouse_api::types::{LogPage, LogQuery};
use pilothouse_core::id::RunId;
use pilothouse_core::run::{RunPhase, RunResult, StepPhase};

use crate::Outcome;
use crate::repository::Pipeline;
use crate::table::{Row, list, median, text};
use crate::world::{World, free_port};

/// Bytes that the step prints: less than what the engine keeps of a step.
const BYTES: u32 = 400_000_000;
/// Lines of the long log.
const LINES: u32 = 1_000_000;
/// Pages that are fetched of each kind.
const PAGES: usize = 20;
/// What a screen of the log may take.
const FRAME: Duration = Duration::from_millis(16);

/// Measures the rate of a step's output, and pages of a long log through the API.
pub fn measure() -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    let line = "a line of ordinary length, as builds print it, again and again";
    let (_, took) = run(&world, 1, &format!("yes '{line}' | head -c {BYTES}"))?;
    let rate = f64::from(BYTES) / 1e6 / took.as_secs_f64();
    let (id, _) = run(&world, 2, &format!("seq -f 'line %.0f of the build' 1 {LINES}"))?;
    let first = LogQuery::default();
    let (page, firsts) = pages(&world, id, &first)?;
    let next = LogQuery { after: Some(page.next.clone()), ..LogQuery::default() };
    let (_, nexts) = pages(&world, id, &next)?;
    let tail = LogQuery { tail: Some(1000), ..LogQuery::default() };
    let (last, tails) = pages(&world, id, &tail)?;
    if last.lines.last().is_none_or(|line| !line.text.contains(&LINES.to_string())) {
        return Err("the tail does not end with the last line".into());
    }
    let what = |page: &str| format!("1,000,000-line log: {page} page");
    Ok(vec![
        Row::least("step output to disk", rate, 300.0, "MB/s").note(format!(
            "{} MB in {} through a real run",
            BYTES / 1_000_000,
            text(took)
        )),
        Row::time(&what("first"), median(&firsts), FRAME).note(format!(
            "{} lines; {}",
            page.lines.len(),
            list(&firsts[..3])
        )),
        Row::time(&what("next"), median(&nexts), FRAME),
        Row::time(&what("tail"), median(&tails), FRAME).note(format!("{} lines", last.lines.len())),
    ])
}

/// Runs a step by a push; how long it took.
fn run(world: &World, number: u64, step: &str) -> Outcome<(RunId, Duration)> {
    let name = format!("log-{number}");
    let repository = world.repository(&name)?;
    repository.commit("first", &Pipeline { step, interval: "1s" })?;
    let (dir, port) = (repository.dir().display(), free_port()?);
    world.apply(
        &name,
        &format!(
            "repository = '{dir}'\npoll = \"1h\"\ntrusted = true\n\
             [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [environment.production]\nbranch = \"main\"\ndomain = \"{name}.localhost\"\n\
             instances = 1\ndeploy = \"manual\"\n"
        ),
    )?;
    let id = RunId(number);
    let ended = |state: &pilothouse_core::state::State| {
        state.runs.get(&id).is_some_and(pilothouse_core::run::Run::is_ended)
    };
    let state = world.wait("the run has ended", ended)?;
    let run = state.runs.get(&id).ok_or("no run")?;
    let RunPhase::Ended { result: RunResult::Succeeded { .. }, .. } = &run.phase else {
        return Err(format!("the run ended {:?}", run.phase).into());
    };
    let Some(StepPhase::Ended { since, at, .. }) = run.steps.first().map(|step| &step.phase) else {
        return Err("the step has no times".into());
    };
    Ok((id, Duration::from_millis(at.0 - since.0)))
}

fn pages(world: &World, id: RunId, query: &LogQuery) -> Outcome<(LogPage, Vec<Duration>)> {
    let mut newest = LogPage::default();
    let mut times = Vec::new();
    for _ in 0..PAGES {
        let begun = Instant::now();
        newest = world.ask(async |client| client.run_log(id, Some(0), query).await)?;
        times.push(begun.elapsed());
    }
    if newest.lines.is_empty() {
        return Err("the page has no lines".into());
    }
    Ok((newest, times))
}
