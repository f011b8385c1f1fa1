//! Draws the model: pure, and only what is seen.
//!
//! It must never change the model, ask for the time, or format a row that is not shown.

mod canvas;
mod detail;
mod dialog;
mod footer;
mod header;
mod lines;
mod logview;
mod pane;
mod plan;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use canvas::Canvas;
pub use detail::length as detail_length;
pub use dialog::{Hits, hits as dialog_hits, plan_last};
pub(crate) use header::tab_areas;
pub use logview::room as log_room;

use crate::layout::{self, LEAST, Mode, layout};
use crate::model::{Link, Model, Pane, View};
use crate::text;
use crate::theme::{Scope, Theme};

/// Draws the model into an area.
pub fn view(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut canvas = Canvas::new(buffer, theme);
    canvas.clear(area, Scope::Background);
    let screen = layout(model, area);
    if screen.mode == Mode::TooSmall {
        let sentence = format!(
            "Pilothouse needs {}×{} cells; this is {}×{}.",
            LEAST.0, LEAST.1, area.width, area.height
        );
        canvas.paragraph(area, &sentence, Scope::Text);
        return;
    }
    header::header(model, &mut canvas, screen.header);
    match &model.link {
        Link::Connecting => waiting(&mut canvas, screen.body, text::CONNECTING),
        Link::Refused { why } => waiting(&mut canvas, screen.body, &format!("{why} q leaves.")),
        Link::Live | Link::Lost { .. } => live(model, &mut canvas, &screen),
    }
    dialog::dialog(model, &mut canvas, area);
    footer::footer(model, &mut canvas, screen.footer);
}

fn waiting(canvas: &mut Canvas<'_>, area: Rect, sentence: &str) {
    let room = layout::centred(area, area.width.saturating_sub(4).min(70), 4);
    canvas.paragraph(room, &crate::width::clean(sentence), Scope::Text);
}

fn live(model: &Model, canvas: &mut Canvas<'_>, screen: &layout::Layout) {
    header::journey(model, canvas, screen.journey);
    header::banner(model, canvas, screen.banner);
    match model.ui.views.last() {
        Some(View::Log(log)) => logview::log(model, log, canvas, screen.body),
        Some(_) => detail::detail(model, canvas, screen.body),
        None => {
            for pane in Pane::ALL {
                pane::pane(model, canvas, screen, pane);
            }
        }
    }
    if screen.mode == Mode::Single {
        header::tabs(model, canvas, screen.tabs);
    }
    if model.stale_since().is_some() {
        canvas.restyle(screen.body, Scope::StateStale);
        canvas.restyle(screen.journey, Scope::StateStale);
    }
}
