//! Reading a log: moving in what is here of it, and asking for what is not.

use super::{complain, say};
use crate::action::Action;
use crate::model::{LogFront, LogSource, LogView, Model, Prompt, PromptKind, Seeking, View};
use crate::msg::{LogAt, LogNews, LogSearch, LogWhat, Request};
use pilothouse_api::types::LogPage;

/// Cells that one key scrolls to the side.
const SIDE: usize = 16;
/// Lines before either end of what is here at which more is asked for, so that nobody waits for it.
const MARGIN: u64 = 1000;
/// Where a search has nothing to go on to.
const NOTHING_SEARCHED: &str = "Nothing is searched; / searches.";
/// Where there is no step to go to.
const NO_STEP: &str = "There is no further step in this log.";

/// Takes what came of a log.
pub(super) fn news(model: &mut Model, news: LogNews) -> Vec<Request> {
    let Some(log) = log(model).filter(|log| log.source == news.source) else {
        return Vec::new();
    };
    match (news.page, news.what) {
        (Ok(page), LogWhat::Followed) => {
            let was_at_end = !log.has_newer();
            log.push(page);
            // Who reads what is here and not what comes needs nothing more of it.
            if was_at_end && log.has_newer() { vec![Request::HoldLog] } else { Vec::new() }
        }
        (Ok(page), LogWhat::Read(at)) if log.fetching.as_ref() == Some(&at) => {
            read(model, &at, page)
        }
        (Ok(page), LogWhat::Found(line)) if log.seeking.is_some() => found(model, page, line),
        // What was asked for before something else was.
        (Ok(_), LogWhat::Read(_) | LogWhat::Found(_)) => Vec::new(),
        (Err(why), LogWhat::Followed) => {
            log.failed = Some(why);
            Vec::new()
        }
        (Err(why), LogWhat::Read(_) | LogWhat::Found(_)) => {
            (log.fetching, log.seeking) = (None, None);
            complain(model, format!("That part of the log cannot be read: {why}"))
        }
    }
}

/// Takes a page that was asked for.
fn read(model: &mut Model, at: &LogAt, page: LogPage) -> Vec<Request> {
    let steps = steps(model);
    let (columns, height) = room(model);
    let Some(log) = log(model) else { return Vec::new() };
    let was_at_end = !log.has_newer();
    log.fetching = None;
    match at {
        LogAt::Before(_) => log.prepend(page),
        LogAt::After(_) => {
            let is_end = !page.open || page.lines.is_empty();
            log.open = page.open;
            log.append(page, is_end);
        }
        LogAt::Start | LogAt::End => {
            let is_end = !page.open;
            log.show(page, is_end);
        }
        LogAt::Step(step) if page.lines.is_empty() => {
            // A step that wrote nothing is passed over.
            return next_step(model, step + 1, steps);
        }
        LogAt::Step(step) => {
            let front = if *step == 0 { LogFront::Start } else { LogFront::Step };
            log.show_from(page, front, false);
        }
    }
    let mut requests = settle(log, was_at_end);
    // A page may hold a line alone, as where a step wrote no more.
    requests.extend(more(log, columns, height));
    requests
}

/// Follows the log's end while it is here, and only then.
fn settle(log: &mut LogView, was_at_end: bool) -> Vec<Request> {
    match (was_at_end, !log.has_newer()) {
        (true, false) => vec![Request::HoldLog],
        (false, true) if log.open => {
            let after = log.after();
            // One that is opened from its begin on is opened anew.
            log.seeking.take_if(|_| after.is_none());
            vec![Request::OpenLog { source: log.source.clone(), step: log.step, after }]
        }
        _ => Vec::new(),
    }
}

/// Runs an action of the log.
pub(super) fn run(model: &mut Model, action: Action) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else {
        return say(model, "No log is open; l opens one.");
    };
    match action {
        Action::LogFollow if log.has_newer() => return fetch(log, LogAt::End),
        Action::LogFollow => {
            let first = log.first(columns, height);
            log.follow = !log.follow;
            log.top = first;
        }
        Action::LogWrap => log.wrap = !log.wrap,
        Action::LogTimes => log.times = !log.times,
        Action::LogSearch => {
            model.ui.prompt = Some(Prompt { kind: PromptKind::Search, text: String::new() });
        }
        Action::LogNext | Action::LogPrevious => {
            return next_match(model, action == Action::LogNext);
        }
        _ => return go_step(model, action == Action::LogStepNext),
    }
    Vec::new()
}

/// Why an action of the log can do nothing now.
pub(super) fn obstacle(model: &Model, action: Action) -> Option<String> {
    let Some(View::Log(log)) = model.ui.views.last() else { return None };
    match action {
        Action::LogNext | Action::LogPrevious => {
            log.search.is_empty().then(|| NOTHING_SEARCHED.to_owned())
        }
        Action::LogStepNext => (!has_next_step(model, log)).then(|| NO_STEP.to_owned()),
        _ => None,
    }
}

fn has_next_step(model: &Model, log: &LogView) -> bool {
    let (columns, height) = room(model);
    let step = |number: u64| log.line(number).map(|line| line.step);
    let last = step(log.end().saturating_sub(1));
    let is_here =
        matches!(log.source, LogSource::Run(_)) && last > step(log.first(columns, height).line);
    let is_newer = log.has_newer() && log.step.is_none() && last.unwrap_or(0) + 1 < steps(model);
    is_here || is_newer
}

/// Goes to where the step after or before begins.
fn go_step(model: &mut Model, forwards: bool) -> Vec<Request> {
    let (columns, height) = room(model);
    let steps = steps(model);
    let Some(log) = log(model) else { return Vec::new() };
    let from = log.first(columns, height).line;
    if let Some(line) = log.step_from(from, forwards) {
        log.go(line);
        return Vec::new();
    }
    if forwards && log.has_newer() && log.step.is_none() {
        let last = log.line(log.end().saturating_sub(1)).map_or(0, |line| line.step);
        return next_step(model, last + 1, steps);
    }
    if !forwards && log.has_older() {
        let first = log.line(log.start()).map_or(0, |line| line.step);
        let begins = log.front() == LogFront::Step && from == log.start();
        // Where this step begins here, it is the one before that is wanted.
        if !(begins && first == 0) {
            return fetch(log, LogAt::Step(first - u32::from(begins)));
        }
    }
    say(model, NO_STEP)
}

fn next_step(model: &mut Model, step: u32, steps: u32) -> Vec<Request> {
    match log(model) {
        Some(log) if step < steps => fetch(log, LogAt::Step(step)),
        Some(_) | None => say(model, NO_STEP),
    }
}

/// How many steps the log's run has.
fn steps(model: &Model) -> u32 {
    let run = model.subject().job.and_then(|job| model.run_of(job));
    run.and_then(|run| u32::try_from(run.steps.len()).ok()).unwrap_or(0)
}

/// Asks for a page; one that was asked for before no longer counts.
fn fetch(log: &mut LogView, at: LogAt) -> Vec<Request> {
    log.fetching = Some(at.clone());
    log.follow = at == LogAt::End;
    // Whoever goes to the end looks for nothing any more: the log is opened anew.
    log.seeking.take_if(|_| at == LogAt::End);
    let (source, step) = (log.source.clone(), log.step);
    vec![match at {
        LogAt::End => Request::OpenLog { source, step, after: None },
        LogAt::Start | LogAt::Step(_) | LogAt::Before(_) | LogAt::After(_) => {
            Request::ReadLog { source, step, at }
        }
    }]
}

/// Asks for more where what is shown comes near an end of what is here.
fn more(log: &mut LogView, columns: usize, height: usize) -> Vec<Request> {
    if log.fetching.is_some() || !log.loaded || log.failed.is_some() {
        return Vec::new();
    }
    let line = log.first(columns, height).line;
    let near_start = line.saturating_sub(log.start()) < MARGIN;
    let near_end = log.end().saturating_sub(line + height as u64) < MARGIN;
    let at = match (log.before(), log.after()) {
        (Some(before), _) if near_start && !log.follow => LogAt::Before(before),
        (_, Some(after)) if near_end && log.has_newer() => LogAt::After(after),
        _ => return Vec::new(),
    };
    fetch(log, at)
}

/// Goes to the first match at or after what is shown.
pub(super) fn first_match(model: &mut Model) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else { return Vec::new() };
    log.hit = None;
    let first = log.first(columns, height).line;
    if log.is_match(first) {
        show_hit(log, first, height);
        return stop_seeking(log);
    }
    go_match(model, first, true)
}

fn next_match(model: &mut Model, forwards: bool) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else {
        return Vec::new();
    };
    if log.search.is_empty() {
        return say(model, NOTHING_SEARCHED);
    }
    let from = log.hit.unwrap_or_else(|| log.first(columns, height).line);
    go_match(model, from, forwards)
}

fn go_match(model: &mut Model, from: u64, forwards: bool) -> Vec<Request> {
    let (_, height) = room(model);
    let Some(log) = log(model) else {
        return Vec::new();
    };
    if let Some(line) = log.find(from, forwards) {
        show_hit(log, line, height);
        return stop_seeking(log);
    }
    if log.search.is_empty() || !log.loaded {
        return Vec::new();
    }
    let edge = if forwards { log.after() } else { log.first_place() };
    if let Some(from) = edge.filter(|_| log.has_older() || log.has_newer()) {
        let text = log.search.to_lowercase();
        if log.seeking.as_ref().is_some_and(|one| (&one.text, one.forwards) == (&text, forwards)) {
            // It goes on: begun anew it would read the same again.
            return Vec::new();
        }
        log.seeking = Some(Seeking { lines: 0, text: text.clone(), forwards });
        let search = LogSearch { text, forwards, from };
        return vec![Request::SearchLog { source: log.source.clone(), step: log.step, search }];
    }
    let said = format!("\"{}\" is not in this log.", log.search);
    complain(model, said)
}

/// Ends a search beyond what is here: its answer is to another question than the newest.
fn stop_seeking(log: &mut LogView) -> Vec<Request> {
    if log.seeking.take().is_some() { vec![Request::StopSearch] } else { Vec::new() }
}

fn show_hit(log: &mut LogView, line: u64, height: usize) {
    log.hit = Some(line);
    let above = (height / 3) as u64;
    log.go(line.saturating_sub(above));
}

/// Shows the page in which a search beyond what was here ended.
fn found(model: &mut Model, page: LogPage, line: usize) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else { return Vec::new() };
    let was_at_end = !log.has_newer();
    (log.seeking, log.fetching) = (None, None);
    log.show(page, false);
    let line = log.start() + line as u64;
    show_hit(log, line, height);
    let mut requests = settle(log, was_at_end);
    requests.extend(more(log, columns, height));
    requests
}

/// Takes how far a search beyond what is here came.
pub(super) fn sought(model: &mut Model, lines: u64, is_over: bool) -> Vec<Request> {
    let Some(log) = log(model) else { return Vec::new() };
    let Some(seeking) = &mut log.seeking else { return Vec::new() };
    if !is_over {
        seeking.lines = lines;
        return Vec::new();
    }
    log.seeking = None;
    let said = format!("\"{}\" is not in this log.", log.search);
    complain(model, said)
}

/// Scrolls the log.
pub(super) fn travel(model: &mut Model, action: Action) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else { return Vec::new() };
    match action {
        Action::Down => log.down(1, columns, height),
        Action::HalfDown => log.down(height / 2, columns, height),
        Action::PageDown => log.down(height, columns, height),
        Action::Up => log.up(1, columns, height),
        Action::HalfUp => log.up(height / 2, columns, height),
        Action::PageUp => log.up(height, columns, height),
        Action::Top if log.has_older() => return fetch(log, LogAt::Start),
        Action::Top => log.go(0),
        Action::Bottom if log.has_newer() => return fetch(log, LogAt::End),
        Action::Bottom => {
            log.follow = true;
            // What is found later would lead away from it again.
            let mut requests = stop_seeking(log);
            requests.extend(more(log, columns, height));
            return requests;
        }
        Action::Left => log.left = log.left.saturating_sub(SIDE),
        Action::Right => log.left += SIDE,
        _ => {}
    }
    more(log, columns, height)
}

fn log(model: &mut Model) -> Option<&mut LogView> {
    match model.ui.views.last_mut() {
        Some(View::Log(log)) => Some(log),
        Some(_) | None => None,
    }
}

/// The cells that the log's text has.
fn room(model: &Model) -> (usize, usize) {
    crate::view::log_room(model)
}
