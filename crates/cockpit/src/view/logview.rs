//! A log over the panes: only the rows that are seen are formatted.

use pilothouse_api::types::Stream;
use pilothouse_core::run::RunPhase;
use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::age;
use crate::layout::{inner, layout};
use crate::model::{LogSource, LogView, Model, ShownLine, View};
use crate::msg::LogAt;
use crate::rows::words;
use crate::text;
use crate::theme::{Mark, Scope};
use crate::width::{self, cells};

/// Cells of a line's time.
const TIME: usize = 9;

/// The cells that the open log's text has: columns and rows.
pub fn room(model: &Model) -> (usize, usize) {
    let area = layout(model, Rect::new(0, 0, model.ui.width, model.ui.height)).body;
    let times = matches!(model.ui.views.last(), Some(View::Log(log)) if log.times);
    size(inner(area), times)
}

fn size(room: Rect, times: bool) -> (usize, usize) {
    let columns = usize::from(room.width).saturating_sub(if times { TIME } else { 0 });
    (columns.max(1), usize::from(room.height).max(1))
}

/// Draws a log.
pub(super) fn log(model: &Model, log: &LogView, canvas: &mut Canvas<'_>, area: Rect) {
    let title = text::log_title(&log.source);
    let title = width::clean(&title);
    let aside = aside(log, usize::from(area.width).saturating_sub(width::of(&title) + 9));
    canvas.frame(area, Scope::BorderFocus, (&title, Scope::TitleFocus), (&aside, Scope::Title));
    let room = inner(area);
    if let Some(sentence) = instead(model, log) {
        canvas.paragraph(room, &width::clean(&sentence), Scope::Dim);
        return;
    }
    let (columns, height) = size(room, log.times);
    let needle = log.search.to_lowercase();
    for (y, shown) in (room.top()..room.bottom()).zip(log.rows(columns, height)) {
        let row = Rect { y, height: 1, ..room };
        match shown {
            ShownLine::Step(step) => {
                boundary(model, log, canvas, row, (step, ""));
                own(canvas, area, y);
            }
            ShownLine::Gap(step) => {
                boundary(model, log, canvas, row, (step, &text::log_gap(log.passed)));
                own(canvas, area, y);
            }
            ShownLine::Text { number, line, piece, first } => {
                let mut text = row;
                if log.times {
                    let time = if first {
                        age::clock_seconds(line.at, model.offset_minutes)
                    } else {
                        String::new()
                    };
                    canvas.put(row.x, y, row.width, &time, Scope::LogTime);
                    let taken = cells(TIME).min(row.width);
                    text = Rect { x: row.x + taken, width: row.width - taken, ..row };
                }
                let scope = match line.stream {
                    Stream::Out => Scope::Text,
                    Stream::Err => Scope::LogErr,
                    Stream::Note => Scope::LogStep,
                };
                if line.stream == Stream::Note {
                    own(canvas, area, y);
                }
                canvas.put(text.x, y, text.width, &piece, scope);
                matches(canvas, text, &piece, &needle);
                if log.hit == Some(number) && first {
                    let sign = if canvas.is_ascii() { ">" } else { "▸" };
                    canvas.put(room.x - 1, y, 1, sign, Scope::LogStep);
                }
            }
        }
    }
}

fn instead(model: &Model, log: &LogView) -> Option<String> {
    if let Some(why) = &log.failed {
        return Some(format!("The log cannot be read: {why}. Esc goes back, l tries again."));
    }
    if !log.loaded {
        return Some("Reading the log…".to_owned());
    }
    if log.is_empty() {
        let said = if log.open {
            "Nothing was written yet; lines appear as they come."
        } else {
            "Nothing was written."
        };
        return Some(match reason(model, log) {
            Some(why) => format!("{said} {why}"),
            None => said.to_owned(),
        });
    }
    None
}

/// Why a run that wrote nothing ended.
fn reason(model: &Model, log: &LogView) -> Option<String> {
    let LogSource::Run(id) = &log.source else { return None };
    let run = model.replica.runs.get(id)?;
    let RunPhase::Ended { result, .. } = &run.phase else { return None };
    let (_, why) = words::run_result(run, result);
    Some(format!("{why}. Esc and Enter tell more."))
}

/// How much of the log is here and what is done with it, as far as there is room; what is decisive
/// comes last and stays.
fn aside(log: &LogView, room: usize) -> String {
    if !log.loaded {
        return String::new();
    }
    if let Some(seeking) = &log.seeking {
        let lines = seeking.lines;
        return format!("searching, {lines} lines read · Esc stops");
    }
    let mut parts = Vec::new();
    match log.fetching {
        Some(LogAt::Start | LogAt::End | LogAt::Step(_)) => parts.push("reading…".to_owned()),
        Some(LogAt::Before(_) | LogAt::After(_)) | None => {}
    }
    if !log.search.is_empty() {
        parts.push(format!("/{}", width::clean(&log.search)));
    }
    if log.wrap {
        parts.push("wrap".to_owned());
    } else if log.left > 0 {
        parts.push(format!("from column {}", log.left + 1));
    }
    // Lines that are not here were never counted, and no number is told of them.
    parts.push(match (log.has_older(), log.has_newer()) {
        (false, false) => format!("{} lines", log.end() - log.start()),
        (true, false) if log.passed > 0 => format!("{} lines passed over", log.passed),
        (true, false) => "older lines not loaded".to_owned(),
        (false, true) => "newer lines not loaded".to_owned(),
        (true, true) => "older and newer lines not loaded".to_owned(),
    });
    if !log.has_newer() {
        parts.push(match (log.open, log.follow) {
            (true, true) => "following".to_owned(),
            (true, false) => "held".to_owned(),
            (false, _) if log.has_older() => "ended".to_owned(),
            (false, _) => "complete".to_owned(),
        });
    }
    while parts.len() > 1 && width::of(&parts.join(" · ")) > room {
        parts.remove(0);
    }
    parts.join(" · ")
}

/// Marks a row as Pilothouse's own. The marks stand in the frame, where no output ever is, because
/// a build can print all else that a heading or a note consists of.
fn own(canvas: &mut Canvas<'_>, area: Rect, y: u16) {
    let signs = if canvas.is_ascii() { ["+", "+"] } else { ["├", "┤"] };
    for (x, sign) in [area.left(), area.right().saturating_sub(1)].into_iter().zip(signs) {
        canvas.put(x, y, 1, sign, Scope::BorderFocus);
    }
}

fn boundary(
    model: &Model,
    log: &LogView,
    canvas: &mut Canvas<'_>,
    area: Rect,
    (step, aside): (u32, &str),
) {
    let run = match &log.source {
        LogSource::Run(id) => model.replica.runs.get(id),
        LogSource::Instance(_) => None,
    };
    let is_instance = matches!(log.source, LogSource::Instance(_));
    let found = run.and_then(|run| Some((run, run.steps.get(usize::try_from(step).ok()?)?)));
    let (mark, name) = found.map_or((Mark::None, format!("step {step}")), |(run, found)| {
        (words::step(&found.phase).0, words::step_name(run, step))
    });
    let line = if canvas.is_ascii() { "-" } else { "─" };
    canvas.put(area.x, area.y, area.width, &line.repeat(usize::from(area.width)), Scope::Border);
    let glyph = canvas.glyph(mark);
    let mut x = area.x + 2;
    if !is_instance {
        x += canvas.put(x, area.y, area.width, " ", Scope::Text);
        x += canvas.put(x, area.y, area.right().saturating_sub(x), &glyph, mark.scope());
        let name = format!(" {name} ");
        x += canvas.put(x, area.y, area.right().saturating_sub(x), &name, Scope::LogStep);
    }
    canvas.put(x, area.y, area.right().saturating_sub(x), aside, Scope::Dim);
}

/// Lays the match's look over every place that holds what is searched.
fn matches(canvas: &mut Canvas<'_>, area: Rect, piece: &str, needle: &str) {
    if needle.is_empty() {
        return;
    }
    // Lower case may be longer in bytes; places then differ, so that only ASCII is marked exactly.
    let lower = if piece.is_ascii() { piece.to_ascii_lowercase() } else { piece.to_owned() };
    for (at, found) in lower.match_indices(needle) {
        let x = cells(width::of(piece.get(..at).unwrap_or("")));
        if x < area.width {
            let wide = cells(width::of(found)).min(area.width - x);
            canvas.restyle(Rect { x: area.x + x, width: wide, ..area }, Scope::LogMatch);
        }
    }
}
