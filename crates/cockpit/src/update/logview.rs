//! Reading a log.

use super::{complain, say};
use crate::action::Action;
use crate::model::{LogView, Model, Prompt, PromptKind, View};
use crate::msg::{LogNews, Request};

/// Cells that one key scrolls to the side.
const SIDE: usize = 16;

/// Takes what came of a log.
pub(super) fn news(model: &mut Model, news: LogNews) -> Vec<Request> {
    if let Some(log) = log(model).filter(|log| log.source == news.source) {
        match news.page {
            Ok(page) => log.push(page),
            Err(why) => log.failed = Some(why),
        }
    }
    Vec::new()
}

/// Runs an action of the log.
pub(super) fn run(model: &mut Model, action: Action) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else {
        return say(model, "No log is open; l opens one.");
    };
    match action {
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
        _ => {
            let from = log.first(columns, height).line;
            match log.step_from(from, action == Action::LogStepNext) {
                Some(line) => log.go(line),
                None => {
                    return say(model, "There is no further step in what is here of the log.");
                }
            }
        }
    }
    Vec::new()
}

/// Goes to the first match at or after what is shown.
pub(super) fn first_match(model: &mut Model) -> Vec<Request> {
    let (columns, height) = room(model);
    if let Some(log) = log(model) {
        log.hit = None;
        let first = log.first(columns, height).line;
        let from = if first == log.dropped { log.end() } else { first - 1 };
        return go_match(model, from, true);
    }
    Vec::new()
}

fn next_match(model: &mut Model, forwards: bool) -> Vec<Request> {
    let (columns, height) = room(model);
    let Some(log) = log(model) else {
        return Vec::new();
    };
    if log.search.is_empty() {
        return say(model, "Nothing is searched; / searches.");
    }
    let from = log.hit.unwrap_or_else(|| log.first(columns, height).line);
    go_match(model, from, forwards)
}

fn go_match(model: &mut Model, from: u64, forwards: bool) -> Vec<Request> {
    let (_, height) = room(model);
    let Some(log) = log(model) else {
        return Vec::new();
    };
    match log.find(from, forwards) {
        Some(line) => {
            log.hit = Some(line);
            let above = (height / 3) as u64;
            log.go(line.saturating_sub(above));
            Vec::new()
        }
        None if log.search.is_empty() => Vec::new(),
        None => {
            let said = format!(
                "\"{}\" is not in the {} lines that are here.",
                log.search,
                log.end() - log.dropped
            );
            complain(model, said)
        }
    }
}

/// Scrolls the log.
pub(super) fn travel(model: &mut Model, action: Action) {
    let (columns, height) = room(model);
    let Some(log) = log(model) else { return };
    match action {
        Action::Down => log.down(1, columns, height),
        Action::HalfDown => log.down(height / 2, columns, height),
        Action::PageDown => log.down(height, columns, height),
        Action::Up => log.up(1, columns, height),
        Action::HalfUp => log.up(height / 2, columns, height),
        Action::PageUp => log.up(height, columns, height),
        Action::Top => log.go(0),
        Action::Bottom => log.follow = true,
        Action::Left => log.left = log.left.saturating_sub(SIDE),
        Action::Right => log.left += SIDE,
        _ => {}
    }
}

fn log(model: &mut Model) -> Option<&mut LogView> {
    match model.ui.views.last_mut() {
        Some(View::Log(log)) => Some(log),
        Some(View::Run { .. } | View::Deployment { .. } | View::Instance { .. }) | None => None,
    }
}

/// The cells that the log's text has.
fn room(model: &Model) -> (usize, usize) {
    crate::view::log_room(model)
}
