//! `pilothouse logs`: what a run's steps or an instance wrote.

mod own;

use std::time::{Duration, Instant};

use color_eyre::Result;
use pilothouse_api::client::{Client, ClientError};
use pilothouse_api::types::{LogLine, LogPage, LogQuery, Stream};
use pilothouse_core::id::{DeploymentId, InstanceId, RunId};
use pilothouse_core::instance::Instance;
use pilothouse_core::run::{Run, RunPhase, RunResult, StepPhase};
use pilothouse_core::state::State;
use pilothouse_core::text::{printable, shell_word};
use pilothouse_core::time::Millis;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::follow::Copy;
use crate::out::{self, Tone};
use crate::{ask, name};

/// The most instances of a deployment that are named.
const MOST_NAMED: usize = 5;

/// The most lines of a reason that are told.
const REPORT: usize = 60;

/// How long the engine may hold a question for lines that have not come.
const HOLD: Millis = Millis::seconds(10);

/// How long an engine may be away, and the time between two questions whether it is back.
const AWAY: Duration = Duration::from_secs(60);
/// See [`AWAY`].
const AGAIN: Duration = Duration::from_millis(250);

/// Whose log, and which part.
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// A run's number, an instance's name, or a branch: the log of its newest run
    #[arg(value_name = "RUN|INSTANCE|BRANCH")]
    of: String,
    /// Go on until a run is over; the exit code then tells whether it succeeded
    #[arg(long, short)]
    follow: bool,
    /// Only this step of a run: its name, or its number from 1
    #[arg(long)]
    step: Option<String>,
    /// Only the newest lines
    #[arg(long, value_name = "N")]
    tail: Option<u64>,
    /// Say when each line was written, in UTC
    #[arg(long, short)]
    time: bool,
    /// The project of the branch
    #[arg(long)]
    project: Option<String>,
    /// Print each line as a JSON object
    #[arg(long)]
    json: bool,
}

/// Whose log it is.
enum Source {
    Run(RunId, Option<u32>),
    Instance(InstanceId),
}

/// Prints it.
pub fn run(place: &Place, logs: &Logs) -> Result<()> {
    ask::run(async {
        let (client, snapshot) = ask::look(place).await?;
        let source = source(&snapshot.state, logs)?;
        let run = match source {
            Source::Run(id, _) => Some(id),
            Source::Instance(_) => None,
        };
        let printer = Printer { logs, run, step: None };
        match source {
            Source::Run(id, step) if logs.follow => follow_run(&client, id, step, printer).await,
            source @ (Source::Run(..) | Source::Instance(_)) => {
                onward(&client, &snapshot.state, &source, printer).await?;
                let ended = run.and_then(|id| snapshot.state.runs.get(&id)).and_then(verdict);
                // A run can fail before its first step and after its last, where nothing is printed.
                if let Some((false, why)) = ended {
                    out::error(&why);
                }
                Ok(())
            }
        }
    })
}

fn source(state: &State, logs: &Logs) -> Result<Source> {
    if let Some(id) = name::run(&logs.of) {
        let step = logs.step.as_deref().map(|step| step_of(state, id, step)).transpose()?;
        return Ok(Source::Run(id, step));
    }
    if state.instances.contains_key(logs.of.as_str()) {
        return Ok(Source::Instance(InstanceId::new(logs.of.clone())));
    }
    let found = name::branch(state, &logs.of, logs.project.as_deref());
    if found.is_err() && looks_like_an_instance(&logs.of) {
        // It may be gone, with its log still kept: the engine knows.
        return Ok(Source::Instance(InstanceId::new(logs.of.clone())));
    }
    if let (Err(_), Some(id)) = (&found, name::deployment(&logs.of)) {
        return Err(failed(Failure::Usage, of_deployment(state, id)));
    }
    let (project, branch) = found?;
    let run = state.projects.get(&project).and_then(|project| project.branches.get(&branch));
    let id = run.and_then(|branch| branch.last_run).ok_or_else(|| {
        let named = printable(&shell_word(&format!("{project}:{branch}")), 160);
        let branch = printable(branch.as_str(), 80);
        let why = format!("{branch} had no run yet; `pilothouse run {named}` starts one");
        failed(Failure::Refused, why)
    })?;
    let step = logs.step.as_deref().map(|step| step_of(state, id, step)).transpose()?;
    Ok(Source::Run(id, step))
}

/// Where to look instead of at a deployment, which writes nothing itself.
fn of_deployment(state: &State, id: DeploymentId) -> String {
    let begins = format!("{id} is a deployment's number, and logs are of runs and instances");
    let Some(deployment) = state.deployments.get(&id) else {
        return format!("{begins}; `pilothouse runs` and `pilothouse instances` list them");
    };
    let is_its = |one: &&Instance| {
        one.environment == deployment.environment && one.release == deployment.release
    };
    let instances = state.instances.values().filter(is_its).take(MOST_NAMED);
    let named: Vec<String> = instances.map(|one| format!("`pilothouse logs {}`", one.id)).collect();
    if named.is_empty() {
        let (release, environment) = (deployment.release, &deployment.environment);
        return format!("{begins}; no instance of {release} in {environment} is left");
    }
    format!("{begins}: {}", named.join(", "))
}

/// Whether it has an instance's form: `<project>-<environment>-r<release>-<slot>`.
fn looks_like_an_instance(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let slot = parts.next().is_some_and(|slot| slot.starts_with(|c: char| c.is_ascii_digit()));
    let release = parts.next().and_then(|part| part.strip_prefix('r'));
    slot && release.is_some_and(|number| number.parse::<u32>().is_ok()) && parts.count() >= 2
}

fn step_of(state: &State, id: RunId, text: &str) -> Result<u32> {
    let steps = state.runs.get(&id).map(|run| run.steps.as_slice()).unwrap_or_default();
    let named = steps.iter().position(|step| step.name == text || step.title() == text);
    let numbered = || text.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < steps.len());
    let found = named.or_else(numbered).and_then(|index| u32::try_from(index).ok());
    found.ok_or_else(|| {
        let known = steps.iter().map(|step| printable(&step.title(), 80)).collect::<Vec<_>>();
        let text = printable(text, 40);
        let why = format!("{id} has no step {text}; it has: {}", known.join(", "));
        failed(Failure::Refused, why)
    })
}

/// Prints what is there, and where following was asked for, what comes until it ends.
async fn onward(
    client: &Client,
    state: &State,
    source: &Source,
    mut printer: Printer<'_>,
) -> Result<()> {
    let mut query = printer.query();
    loop {
        let page = if printer.logs.follow {
            next_page(client, source, &query).await?
        } else {
            page(client, source, &query).await?
        };
        if !printer.print(&page, state)
            || (!printer.logs.follow && page.lines.is_empty())
            || !page.open
        {
            return Ok(());
        }
        if !printer.logs.follow && printer.logs.tail.is_some() {
            return Ok(());
        }
        query = printer.after(page.next);
    }
}

async fn follow_run(
    client: &Client,
    id: RunId,
    step: Option<u32>,
    mut printer: Printer<'_>,
) -> Result<()> {
    let source = Source::Run(id, step);
    let mut copy = Copy::of(client).await?;
    let mut query = printer.query();
    loop {
        let was_over = find(copy.state(), id)?.is_ended();
        let page = next_page(client, &source, &query).await?;
        if !printer.print(&page, copy.state()) {
            return Ok(());
        }
        query = printer.after(page.next);
        if page.open {
            continue;
        }
        if was_over && page.lines.is_empty() {
            return match verdict(find(copy.state(), id)?) {
                Some((true, why)) => {
                    out::error(&why);
                    Ok(())
                }
                Some((false, why)) => Err(failed(Failure::Failed, why)),
                None => Ok(()),
            };
        }
        // Nothing can come before the run goes on: to its first step, or to its end.
        while !find(copy.state(), id)?.is_ended() && !writes(find(copy.state(), id)?) {
            copy.change().await?;
        }
        if !find(copy.state(), id)?.is_ended() {
            copy.change().await?;
        }
    }
}

/// Whether a step of the run can still write.
fn writes(run: &Run) -> bool {
    let mut steps = run.steps.iter();
    steps.any(|step| matches!(step.phase, StepPhase::Waiting | StepPhase::Running { .. }))
}

fn find(state: &State, id: RunId) -> Result<&Run> {
    state.runs.get(&id).ok_or_else(|| {
        let why = format!("there is no run {id}; `pilothouse runs` lists those that are kept");
        failed(Failure::Refused, why)
    })
}

/// A reason, which may be a report of several lines.
fn report(why: &str) -> String {
    let lines: Vec<String> = why.lines().take(REPORT).map(|line| printable(line, 300)).collect();
    lines.join("\n")
}

/// How a run ended: whether well, and a sentence. None while it has not.
fn verdict(run: &Run) -> Option<(bool, String)> {
    let RunPhase::Ended { result, .. } = &run.phase else { return None };
    let is_good = matches!(result, RunResult::Succeeded { .. });
    let why = match result {
        RunResult::Succeeded { artifact } => {
            format!("{} succeeded: artifact {}", run.id, artifact.short())
        }
        RunResult::Failed { why, .. } => format!("{} failed: {}", run.id, report(why)),
        RunResult::Cancelled { by } => {
            format!("{} was cancelled by {}", run.id, printable(by, 80))
        }
        RunResult::Interrupted { why } => {
            format!("{} was interrupted: {}", run.id, report(why))
        }
        RunResult::Superseded { by } => format!("{} was superseded by {by}", run.id),
    };
    Some((is_good, why))
}

/// A page of a log that is followed: an engine that is away, as it is while it is being replaced,
/// is waited for within limits.
async fn next_page(client: &Client, source: &Source, query: &LogQuery) -> Result<LogPage> {
    let mut lost: Option<Instant> = None;
    loop {
        let error = match page(client, source, query).await {
            Ok(page) => {
                if lost.is_some() {
                    out::error("the engine answers again");
                }
                return Ok(page);
            }
            Err(
                error @ (ClientError::EngineUnreachable { .. }
                | ClientError::Protocol { .. }
                | ClientError::Timeout { .. }),
            ) => error,
            Err(error) => return Err(error.into()),
        };
        match lost {
            None => out::error("the engine does not answer; waiting for it to come back"),
            Some(since) if since.elapsed() > AWAY => {
                let why = format!("the engine has been away for a minute: {error}");
                return Err(failed(Failure::Unreachable, why));
            }
            Some(_) => {}
        }
        lost.get_or_insert_with(Instant::now);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn page(client: &Client, source: &Source, query: &LogQuery) -> Result<LogPage, ClientError> {
    match source {
        Source::Run(id, step) => client.run_log(*id, *step, query).await,
        Source::Instance(id) => client.instance_log(id, query).await,
    }
}

/// Prints lines as they were asked for.
struct Printer<'a> {
    logs: &'a Logs,
    run: Option<RunId>,
    step: Option<u32>,
}

impl Printer<'_> {
    fn query(&self) -> LogQuery {
        LogQuery { tail: self.logs.tail, wait: self.wait(), ..LogQuery::default() }
    }

    fn after(&self, place: String) -> LogQuery {
        LogQuery { after: Some(place), wait: self.wait(), ..LogQuery::default() }
    }

    fn wait(&self) -> Millis {
        if self.logs.follow { HOLD } else { Millis(0) }
    }

    /// Prints a page, and tells whether anybody reads.
    fn print(&mut self, page: &LogPage, state: &State) -> bool {
        if page.skipped > 0 && !self.logs.json {
            out::error(&out::paint(Tone::Dim, "earlier lines are left out"));
        }
        let columns = out::columns();
        let lines = page.lines.iter().map(|line| self.line(line, state, columns));
        // All at once: a log can have a million lines.
        lines.collect::<std::io::Result<Vec<String>>>().and_then(|all| out::try_lines(&all)).is_ok()
    }

    /// A line as it is printed, below its step's heading where it is the first of it.
    fn line(
        &mut self,
        line: &LogLine,
        state: &State,
        columns: Option<usize>,
    ) -> std::io::Result<String> {
        if self.logs.json {
            // As `--step` counts them, and as people do.
            let step = line.step + u32::from(self.run.is_some());
            return out::json_line(&LogLine { step, ..line.clone() });
        }
        let heading = self.heading(line, state).unwrap_or_default();
        let text = printable(&line.text, 10_000);
        let time = self.logs.time.then(|| format!("{}  ", out::rfc3339(line.at)));
        let time = time.unwrap_or_default();
        let text = match line.stream {
            Stream::Out | Stream::Err => own::quoted(&format!("{time}{text}"), columns),
            Stream::Note => out::paint(Tone::Warn, &format!("{}{time}note: {text}", own::MARK)),
        };
        Ok(heading + &text)
    }

    /// What stands above the first line of a step.
    fn heading(&mut self, line: &LogLine, state: &State) -> Option<String> {
        let run = self.run.filter(|_| self.logs.step.is_none())?;
        if self.step == Some(line.step) {
            return None;
        }
        self.step = Some(line.step);
        let index = usize::try_from(line.step).unwrap_or(usize::MAX);
        let step = state.runs.get(&run).and_then(|run| run.steps.get(index));
        let step = step.map_or_else(String::new, |step| printable(&step.title(), 160));
        let heading = format!("{}{} {step}", own::MARK, line.step + 1);
        Some(out::paint(Tone::Dim, &heading) + "\n")
    }
}
