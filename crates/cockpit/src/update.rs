//! Changes the model by what came, and says what to ask for.
//!
//! The only place that changes the model. Every command leaves through `send`, which has none
//! for a watcher.

mod action;
mod ask;
mod data;
mod dialog;
mod instance;
mod key;
mod last_lines;
mod list;
mod logview;
mod mouse;
mod possible;
mod refresh;
mod send;
mod verdict;
mod view;

use crate::model::{Model, Toast};
use crate::msg::{Input, Msg, Request};

pub use key::contexts;
pub use possible::obstacle;

/// Changes the model by what came, and says what to ask for.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Request> {
    let mut requests = match msg {
        Msg::Snapshot(snapshot) => data::snapshot(model, *snapshot),
        Msg::Event(recorded) => data::events(model, std::slice::from_ref(&*recorded)),
        Msg::Events(recorded) => data::events(model, &recorded),
        Msg::Samples(samples) => data::samples(model, *samples),
        Msg::Sighting(sighting) => data::sighting(model, *sighting),
        Msg::Line(line) => data::line(model, line),
        Msg::Input(Input::Key(key)) => key::key(model, key),
        Msg::Input(Input::Mouse(mouse)) => mouse::mouse(model, mouse),
        Msg::Input(Input::Resize { width, height }) => {
            (model.ui.width, model.ui.height) = (width, height);
            Vec::new()
        }
        Msg::Tick { now, wall } => {
            (model.now, model.wall) = (now, wall);
            Vec::new()
        }
        Msg::Log(news) => logview::news(model, news),
        Msg::LogSought { lines, is_over, .. } => logview::sought(model, lines, is_over),
        Msg::LastLines { run, step, page } => {
            last_lines::came(model, run, step, page);
            Vec::new()
        }
        Msg::Inspected { id, found } => view::inspected(model, &id, &found),
        Msg::Judged { project, commit, found } => {
            verdict::came(model, &project, &commit, found);
            Vec::new()
        }
        Msg::ShellLeft { id, why } => instance::left(model, &id, why),
        Msg::CommandAnswered { id, answer } => send::answered(model, id, answer),
        Msg::CommandLost { id, why } => send::lost(model, id, &why),
        Msg::Files { all, invalid } => {
            (model.files, model.invalid) = (all, invalid);
            Vec::new()
        }
        Msg::Away { since } => data::away(model, since),
    };
    refresh::refresh(model);
    list::renew(model);
    requests.extend(last_lines::ask(model));
    requests.extend(verdict::ask(model));
    requests
}

/// Says a sentence for a while.
fn say(model: &mut Model, text: impl Into<String>) -> Vec<Request> {
    toast(model, text.into(), false)
}

/// Says for a while that something is wrong.
fn complain(model: &mut Model, text: impl Into<String>) -> Vec<Request> {
    toast(model, text.into(), true)
}

fn toast(model: &mut Model, text: String, is_error: bool) -> Vec<Request> {
    model.ui.toast = Some(Toast { text, is_error, at: model.now, about: None });
    Vec::new()
}
