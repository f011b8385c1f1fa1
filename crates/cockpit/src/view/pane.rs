//! The five panes.

use pilothouse_core::aws::Watched;
use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::table;
use crate::age;
use crate::layout::{Layout, first_row, inner};
use crate::model::{Model, Order, Pane};
use crate::rows::{self, columns, words};
use crate::text;
use crate::theme::Scope;
use crate::width;

/// Cells of a small graph.
const GRAPH: usize = 12;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws a pane where the layout gives it room.
pub(super) fn pane(model: &Model, canvas: &mut Canvas<'_>, screen: &Layout, pane: Pane) {
    let area = screen.panes[pane as usize];
    let room = inner(area);
    if room.height == 0 {
        return;
    }
    let focused = model.ui.focus == pane;
    let (border, title) = if focused {
        (Scope::BorderFocus, Scope::TitleFocus)
    } else {
        (Scope::Border, Scope::Title)
    };
    let aside = aside(model, canvas, pane, room);
    let beside = if aside.is_empty() { 0 } else { width::of(&aside) + 3 };
    let most = usize::from(area.width).saturating_sub(6 + beside);
    let name = title_text(model, pane, area.width, most);
    canvas.frame(area, border, (&name, title), (&aside, Scope::Title));
    let length = model.len(pane);
    if length == 0 {
        canvas.paragraph(room, &text::empty(model, pane), Scope::Dim);
        return;
    }
    if pane == Pane::Cost && room.height == 1 && !focused {
        let row = rows::cost::summary(&model.costs, usize::from(room.width));
        table(canvas, room, columns(pane), &[row], None);
        return;
    }
    let height = usize::from(room.height);
    let selected = model.cursor_row(pane);
    let top = first_row(model, pane, height);
    let shown = rows::rows(model, pane, top, height);
    let bar = match (focused, pane) {
        (true, _) => Some(Scope::Selection),
        (false, Pane::Branches) => Some(Scope::SelectionUnfocused),
        (false, _) => None,
    };
    let selected = bar.map(|scope| (selected - top, scope));
    table(canvas, room, columns(pane), &shown, selected);
    let taken = watched(model, canvas, room, pane, (top, shown.len()), selected);
    if pane == Pane::Containers {
        others(model, canvas, room, (top, shown.len() + taken), selected);
    }
}

/// Draws what is seen at AWS below what is ours, and tells how many rows of it.
fn watched(
    model: &Model,
    canvas: &mut Canvas<'_>,
    room: Rect,
    pane: Pane,
    (top, above): (usize, usize),
    selected: Option<(usize, Scope)>,
) -> usize {
    let shown = &model.index.shown;
    let ours = if pane == Pane::Containers { shown.containers.len() } else { shown.targets.len() };
    let from = top.saturating_sub(ours);
    let taken = width::cells(above).min(room.height);
    let below = Rect { y: room.y + taken, height: room.height - taken, ..room };
    let rows = rows::watched::rows(model, pane, from, usize::from(below.height));
    let selected = selected.and_then(|(row, scope)| Some((row.checked_sub(above)?, scope)));
    table(canvas, below, rows::watched::columns(pane), &rows, selected);
    rows.len()
}

/// Draws the containers of others below ours.
fn others(
    model: &Model,
    canvas: &mut Canvas<'_>,
    room: Rect,
    (top, above): (usize, usize),
    selected: Option<(usize, Scope)>,
) {
    let shown = &model.index.shown;
    let ours = shown.containers.len() + shown.watched(Pane::Containers).len();
    let from = top.saturating_sub(ours);
    let taken = width::cells(above).min(room.height);
    let below = Rect { y: room.y + taken, height: room.height - taken, ..room };
    let rows = rows::others::rows(model, from, usize::from(below.height));
    let selected = selected.and_then(|(row, scope)| Some((row.checked_sub(above)?, scope)));
    table(canvas, below, rows::others::COLUMNS, &rows, selected);
}

/// A pane's title where it is so wide, of so many cells as far as it can be told in them.
fn title_text(model: &Model, pane: Pane, width: u16, most: usize) -> String {
    let mut title = format!("{} {}", pane as usize + 1, text::pane(pane));
    let filter = &model.ui.filters[pane as usize];
    if !filter.is_empty() {
        return format!("{title} /{}", width::clean(filter));
    }
    match pane {
        Pane::Containers => {
            let scope = model.scope().map_or("all".to_owned(), |key| words::place(model, key).0);
            title = format!("{title} · {scope}");
            // What is below is others': it must not pass for what was looked for.
            let shown = &model.index.shown;
            if shown.containers.is_empty()
                && shown.watched(pane).is_empty()
                && !shown.others.is_empty()
            {
                title.push_str(" · none runs");
            }
        }
        Pane::Targets => {
            let is_ours = !model.index.shown.targets.is_empty();
            let place = match accounts(model).as_slice() {
                [] => way(model, width >= 60),
                [watched] if !is_ours => return of_account(watched, &title, most),
                // One of them would stand for all.
                _ => Some("all".to_owned()),
            };
            if let Some(place) = place {
                title = format!("{title} · {place}");
            }
        }
        Pane::Branches => {
            if let Some(unread) = unread(model) {
                title = format!("{title} · {unread}");
            }
        }
        Pane::Jobs | Pane::Cost => {}
    }
    title
}

/// The accounts that rows of the pane are of, each once.
fn accounts(model: &Model) -> Vec<&Watched> {
    let scope = model.scope();
    let shown = model.watched.iter().filter(|(key, _)| scope.is_none_or(|one| one == *key));
    let mut all: Vec<&Watched> = shown.map(|(_, watched)| watched).collect();
    all.sort_by_key(|watched| &watched.access);
    all.dedup_by_key(|watched| &watched.access);
    all
}

/// The title of what is seen at AWS: the pane's name gives way to whose it is.
fn of_account(watched: &Watched, title: &str, most: usize) -> String {
    let region = width::of(&watched.access.account) + 1 + width::of(&watched.access.region);
    let short = format!("{} {}", Pane::Targets as usize + 1, text::pane_short(Pane::Targets));
    let own = [title, &short].into_iter().find(|own| width::of(own) + 3 + region <= most);
    let own = own.unwrap_or(&short);
    let room = most.saturating_sub(width::of(own) + 3);
    format!("{own} · {}", rows::watched::account::title(watched, room))
}

/// How many instances somebody stopped of what is shown, if any.
fn stopped(model: &Model) -> Option<String> {
    let environments = model.replica.environments.iter();
    let shown = environments.filter(|(key, _)| model.scope().is_none_or(|scope| scope == *key));
    let count: u32 = shown.map(|(_, one)| one.missing()).sum();
    (count > 0).then(|| format!("{count} stopped"))
}

/// Since when what is shown of the branches may no longer be true, of the selected project or,
/// where that is well, of another.
fn unread(model: &Model) -> Option<String> {
    let selected = model.selected_branch().map(|row| &row.project);
    let failing = |name: &&pilothouse_core::id::ProjectName| {
        model.replica.projects.get(*name).is_some_and(|project| project.poll.error.is_some())
    };
    let name = selected.filter(failing).or_else(|| model.replica.projects.keys().find(failing))?;
    let since = model.replica.projects.get(name)?.poll.failing_since;
    let since = since.map_or_else(String::new, |since| format!(" {}", age::ago(model.now, since)));
    let whose = if model.replica.projects.len() > 1 {
        format!("{} ", width::clean(name.as_str()))
    } else {
        String::new()
    };
    Some(format!("{whose}not seen for{since}"))
}

/// Where requests come in and for which name.
fn way(model: &Model, long: bool) -> Option<String> {
    let key = model.scope();
    let mut projects = model.replica.projects.iter();
    let (_, project) = match key {
        Some(key) => projects.find(|(name, _)| **name == key.project)?,
        // Each project has listeners of its own: one of them would stand for all.
        None if projects.len() > 1 => return Some("all".to_owned()),
        None => projects.next()?,
    };
    let listen = project.spec.load_balancer.listen.first()?;
    let domain = key.and_then(|key| model.environment(key)?.spec.domain.clone());
    let address = if long { listen.to_string() } else { format!(":{}", listen.port()) };
    Some(match domain {
        Some(domain) => format!("{address} → {}", width::clean(&domain)),
        None => address,
    })
}

fn aside(model: &Model, canvas: &Canvas<'_>, pane: Pane, room: Rect) -> String {
    let length = model.len(pane);
    if let Some(since) = model.stale_since() {
        return format!("stale {}", age::ago(model.now, since));
    }
    if pane == Pane::Targets
        && room.width >= 70
        && !canvas.is_ascii()
        && model.fresh_samples().is_some()
    {
        return graph(model);
    }
    if pane == Pane::Cost {
        let source = width::clean(&model.costs.source);
        let is_cut = length > usize::from(room.height) && (focused(model) || room.height > 1);
        if is_cut {
            return format!("{}/{length} · {source}", model.cursor_row(pane) + 1);
        }
        return source;
    }
    let place = (length > usize::from(room.height))
        .then(|| format!("{}/{length}", model.cursor_row(pane) + 1));
    if pane != Pane::Containers {
        return place.unwrap_or_default();
    }
    let order = Some(model.ui.order).filter(|order| *order != Order::default());
    let said = [order.map(|order| order.name().to_owned()), stopped(model), place];
    // Where there is room for one of them it is what nothing else on the screen says.
    let most = if room.width < 50 { 1 } else { said.len() };
    said.into_iter().flatten().take(most).collect::<Vec<_>>().join(" · ")
}

fn focused(model: &Model) -> bool {
    model.ui.focus == Pane::Cost
}

/// Requests per second of late, and now.
fn graph(model: &Model) -> String {
    let Some(key) = model.scope() else {
        return String::new();
    };
    let mut values: Vec<u64> = model.history.requests(key).rev().take(GRAPH).collect();
    values.reverse();
    let (Some(last), Some(most)) = (values.last().copied(), values.iter().max().copied()) else {
        return String::new();
    };
    if values.len() < 2 || most == 0 {
        return format!("{}/s", age::rate(last));
    }
    let bar = |value: &u64| {
        let place = usize::try_from(value * 7 / most).unwrap_or(0);
        BARS.get(place).copied().unwrap_or(' ')
    };
    let bars: String = values.iter().map(bar).collect();
    format!("{bars} {}/s", age::rate(last))
}
