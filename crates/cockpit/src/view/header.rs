//! The lines over the panes: who and where, the journey, what is wrong with all of it.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::age;
use crate::banner::{self, Tone};
use crate::model::{Link, Model, Pane};
use crate::rows::journey::{Journey, Leg, journey as tell};
use crate::text;
use crate::theme::{Mark, Scope};
use crate::width::{self, cells};

/// Draws project, actor, engine and clock.
pub(super) fn header(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let (y, mut right) = (area.y, area.right() - 1);
    let clock = age::clock(model.wall, model.offset_minutes);
    right = canvas.put_right(right, y, 8, &clock, Scope::Header).saturating_sub(2);
    if model.has_state() && area.width >= 60 {
        let watching = watching(model);
        if !watching.is_empty() {
            right = canvas.put_right(right, y, 30, &watching, Scope::Header).saturating_sub(2);
        }
    }
    if model.has_state() && model.is_watcher() {
        let badge = if area.width < 50 { " RO " } else { " READ-ONLY " };
        right = canvas.put_right(right, y, 12, badge, Scope::ReadOnly).saturating_sub(2);
    }
    let mut x = area.x + 1;
    let project = model
        .subject()
        .project
        .map_or_else(|| "pilothouse".to_owned(), |name| width::clean(name.as_str()));
    x += canvas.put(x, y, right.saturating_sub(x), &project, Scope::Strong);
    let rest = match &model.link {
        Link::Connecting => " · connecting".to_owned(),
        Link::Refused { .. } => " · refused".to_owned(),
        Link::Live | Link::Lost { .. } => whose(model),
    };
    let scope = if model.stale_since().is_some() { Scope::StaleLine } else { Scope::Header };
    canvas.put(x, y, right.saturating_sub(x), &rest, scope);
}

fn whose(model: &Model) -> String {
    let role = if model.is_watcher() { "watcher" } else { "operator" };
    if model.replica.epoch == 0 {
        return format!(" · {role} {}", width::clean(&model.actor));
    }
    let engine = match &model.link {
        Link::Lost { since, .. } => format!("gone {}", age::ago(model.now, *since)),
        Link::Connecting | Link::Live | Link::Refused { .. } => {
            format!("up {}", age::ago(model.now, model.replica.started_at))
        }
    };
    format!(
        " · {role} {} · engine {} {engine}",
        width::clean(&model.actor),
        width::clean(&model.engine)
    )
}

fn watching(model: &Model) -> String {
    match model.fresh_samples() {
        Some(samples) if samples.watchers > 0 => format!("{} watching", samples.watchers),
        Some(_) | None => String::new(),
    }
}

/// Draws what is wrong with all of the screen.
pub(super) fn banner(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    if let Some(banner) = banner::banner(model) {
        let scope = match banner.tone {
            Tone::Stale => Scope::StaleLine,
            Tone::Wrong => Scope::ToastError,
            Tone::Guide => Scope::Toast,
        };
        canvas.restyle(area, scope);
        let (rows, room) = (usize::from(area.height), usize::from(area.width.saturating_sub(2)));
        let lines = banner.lines(area.width);
        for (place, line) in lines.iter().take(rows).enumerate() {
            // What finds no room is seen to be missing.
            let line = match lines.get(place + 1) {
                Some(next) if place + 1 == rows => width::cut(&format!("{line} {next}"), room),
                _ => line.clone(),
            };
            canvas.put(area.x + 1, area.y + cells(place), area.width - 2, &line, scope);
        }
    }
}

/// Where the panes' names stand, where one is shown at a time.
pub(crate) fn tab_areas(area: Rect) -> [(Pane, Rect, String); 5] {
    let mut x = area.x;
    Pane::ALL.map(|pane| {
        let name = format!(" {} {}", pane as usize + 1, text::pane_short(pane));
        let wide = cells(width::of(&name)).min(area.right().saturating_sub(x));
        let tab = Rect { x, width: wide, ..area };
        x += wide;
        (pane, tab, name)
    })
}

/// Draws the panes' names where one is shown at a time.
pub(super) fn tabs(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    for (pane, tab, name) in tab_areas(area) {
        let focused = model.ui.focus == pane;
        let scope = if focused { Scope::TitleFocus } else { Scope::Title };
        canvas.put(tab.x, tab.y, tab.width, &name, scope);
        if focused {
            canvas.restyle(tab, Scope::Selection);
        }
    }
}

/// How much of the journey is told.
#[derive(Clone, Copy)]
struct Detail {
    words: Words,
    /// Cells between two legs, and between a sign and its words.
    gaps: (u16, u16),
    arrows: bool,
    subject: usize,
}

/// Which of a leg's words are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Long,
    Short,
    Tiny,
    /// What is as it should be is a sign with a word of few letters.
    Signs,
    /// What is as it should be is a sign with one letter.
    Letters,
    /// What is not says no more than its own name, so that fewer signs are missing.
    Bare,
}

const fn detail(words: Words, gaps: (u16, u16), arrows: bool, subject: usize) -> Detail {
    Detail { words, gaps, arrows, subject }
}

/// The least width at which arrows stand between the parts.
const ARROWS: u16 = 150;

/// From the fullest telling to the shortest; the first that fits is drawn.
const DETAILS: [Detail; 12] = [
    detail(Words::Long, (3, 1), true, 60),
    detail(Words::Long, (3, 1), true, 30),
    detail(Words::Long, (3, 1), true, 14),
    detail(Words::Long, (3, 1), true, 0),
    detail(Words::Long, (2, 1), false, 30),
    detail(Words::Long, (2, 1), false, 0),
    detail(Words::Short, (2, 1), false, 0),
    detail(Words::Short, (1, 0), false, 0),
    detail(Words::Tiny, (1, 0), false, 0),
    detail(Words::Signs, (1, 0), false, 0),
    detail(Words::Letters, (1, 0), false, 0),
    detail(Words::Bare, (1, 0), false, 0),
];

/// Cells of what says that legs are missing.
const MISSING: u16 = 1;

/// Draws the way from the selected branch's commit to its traffic and its cost.
pub(super) fn journey(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let room = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let Some(journey) = tell(model) else {
        canvas.put(
            room.x,
            room.y,
            room.width,
            "commit → build → test → release → instances → targets → domain → cost",
            Scope::Dim,
        );
        return;
    };
    // Narrow screens never have arrows: what comes and goes with the words' length draws the eye.
    let arrows = room.width >= ARROWS;
    let fits = |detail: &&Detail| {
        (arrows || !detail.arrows) && length(&journey, **detail) <= usize::from(room.width)
    };
    let detail = DETAILS.iter().find(fits).unwrap_or(&DETAILS[DETAILS.len() - 1]);
    let legs = widen(&journey, *detail, usize::from(room.width));
    draw(canvas, room, &journey, *detail, &legs);
}

/// How each leg is told: what room is left goes to the legs one by one, those that need a
/// person's eye first, then from the traffic back to the build.
fn widen(journey: &Journey, detail: Detail, room: usize) -> Vec<Detail> {
    let mut told = vec![detail; journey.legs.len()];
    let mut left = room.saturating_sub(length(journey, detail));
    let mut order: Vec<usize> = (0..told.len()).rev().collect();
    order.sort_by_key(|at| journey.legs.get(*at).is_some_and(Leg::is_fine));
    for at in order {
        let (Some(leg), Some(own)) = (journey.legs.get(at), told.get_mut(at)) else { continue };
        let now = usize::from(leg_length(leg, *own));
        let fuller = [Words::Long, Words::Short, Words::Tiny].map(|words| Detail { words, ..*own });
        let grows = |detail: &&Detail| {
            let then = usize::from(leg_length(leg, **detail));
            then > now && then - now <= left
        };
        if let Some(fuller) = fuller.iter().find(grows) {
            left -= usize::from(leg_length(leg, *fuller)) - now;
            *own = *fuller;
        }
    }
    told
}

fn leg_text(leg: &Leg, detail: Detail) -> &str {
    match detail.words {
        Words::Long => &leg.long,
        Words::Short => &leg.short,
        Words::Signs if leg.is_fine() => &leg.letter,
        // A release's number is never cut.
        Words::Letters | Words::Bare if leg.is_fine() && leg.letter == leg.tiny => &leg.letter,
        Words::Letters | Words::Bare if leg.is_fine() => leg.letter.get(..1).unwrap_or(&leg.letter),
        // What begins with it says the same with more: a cause of its own is never cut off.
        Words::Bare if !leg.letter.is_empty() && leg.tiny.starts_with(&leg.letter) => &leg.letter,
        Words::Tiny if leg.tiny.is_empty() => &leg.letter,
        Words::Tiny | Words::Signs | Words::Letters | Words::Bare => &leg.tiny,
    }
}

fn head(journey: &Journey, detail: Detail) -> [(String, Scope); 3] {
    let is_narrow = matches!(detail.words, Words::Signs | Words::Letters | Words::Bare);
    let most = if is_narrow { 14 } else { 40 };
    let branch = width::cut(&journey.branch, most);
    let subject = width::cut(&journey.subject, detail.subject);
    let subject = if subject == "…" { String::new() } else { subject };
    [(branch, Scope::Strong), (journey.commit.clone(), Scope::Dim), (subject, Scope::Text)]
}

/// Cells that a leg takes with the gap before it; none for one that has nothing to say.
fn leg_length(leg: &Leg, detail: Detail) -> u16 {
    let text = cells(width::of(leg_text(leg, detail)));
    let sign = u16::from(leg.mark.is_some());
    if sign + text == 0 {
        return 0;
    }
    let inner = if sign > 0 && text > 0 { detail.gaps.1 } else { 0 };
    detail.gaps.0 + sign + inner + text
}

fn length(journey: &Journey, detail: Detail) -> usize {
    let head = head(journey, detail);
    let head: usize = head
        .iter()
        .map(|(text, _)| width::of(text))
        .filter(|cells| *cells > 0)
        .map(|cells| cells + 1)
        .sum();
    let legs = journey.legs.iter().map(|leg| usize::from(leg_length(leg, detail)));
    head.saturating_sub(1) + legs.sum::<usize>()
}

fn draw(canvas: &mut Canvas<'_>, room: Rect, journey: &Journey, detail: Detail, legs: &[Detail]) {
    let (mut x, y, right) = (room.x, room.y, room.right());
    for (text, scope) in head(journey, detail) {
        if !text.is_empty() {
            x += canvas.put(x, y, right.saturating_sub(x), &text, scope) + 1;
        }
    }
    x = x.saturating_sub(1);
    let mut left: u16 = journey.legs.iter().zip(legs).map(|(leg, own)| leg_length(leg, *own)).sum();
    for (leg, detail) in journey.legs.iter().zip(legs) {
        let detail = *detail;
        let own = leg_length(leg, detail);
        let next = x + own;
        if next == x {
            continue;
        }
        // A leg stands whole or not at all, and one that does not is seen to be missing.
        if x + left > right && next + MISSING > right {
            let x = (x + 1).min(right.saturating_sub(MISSING));
            canvas.put(x, y, MISSING, "…", Scope::Dim);
            return;
        }
        left -= own;
        if detail.arrows {
            canvas.put(x + 1, y, right.saturating_sub(x + 1), "→", Scope::Border);
        }
        x += detail.gaps.0;
        if let Some(mark) = leg.mark {
            let glyph = canvas.glyph(mark);
            x += canvas.put(x, y, right.saturating_sub(x), &glyph, mark.scope()) + detail.gaps.1;
        }
        let tone = tone(leg.mark);
        canvas.put(x, y, right.saturating_sub(x), leg_text(leg, detail), tone);
        x = next;
    }
}

fn tone(mark: Option<Mark>) -> Scope {
    match mark {
        Some(mark @ (Mark::Error | Mark::Unknown | Mark::Warn)) => mark.scope(),
        Some(Mark::Pending | Mark::None | Mark::Stale) | None => Scope::Dim,
        Some(Mark::Ok | Mark::Done | Mark::Running | Mark::Ready | Mark::Draining) => Scope::Text,
    }
}
