//! From keys to actions.

use super::{action, complain, dialog, list, obstacle};
use crate::action::Action;
use crate::key::{Code, Key, Named};
use crate::keymap::{Context, Found};
use crate::model::{Dialog, Model, PromptKind, View};
use crate::msg::Request;
use crate::text;

/// How many characters a prompt takes.
const PROMPT: usize = 120;

/// Runs what a key means here.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Request> {
    model.ui.toast = None;
    let stack = contexts(model);
    model.ui.pending.push(key);
    let keys = model.ui.pending.clone();
    match model.keymap.find(&stack, &keys) {
        Found::Action(found) => {
            model.ui.pending.clear();
            if found.changes() && model.is_watcher() {
                return complain(model, text::WATCHER);
            }
            action::run(model, found)
        }
        Found::Prefix => {
            let rows = model.keymap.continuations(&stack, &keys);
            let mut whys = rows.iter().map(|(_, action)| obstacle(model, *action));
            // Where all that can follow is told the same, and means nothing else, it is said now.
            match whys.next().flatten() {
                Some(why) if whys.all(|other| other.as_ref() == Some(&why)) => complain(model, why),
                Some(_) | None => Vec::new(),
            }
        }
        Found::Nothing => {
            let begun = model.ui.pending.len() > 1;
            model.ui.pending.clear();
            unbound(model, key, begun)
        }
    }
}

fn unbound(model: &mut Model, key: Key, begun: bool) -> Vec<Request> {
    let esc = key.code == Code::Named(Named::Esc);
    if begun {
        if !esc {
            return complain(model, format!("{} means nothing there.", key.shown()));
        }
        return Vec::new();
    }
    if let Some(c) = key.typed() {
        typed(model, c);
    }
    Vec::new()
}

/// Adds a character to what is being typed, if anything is.
fn typed(model: &mut Model, c: char) {
    let Some(line) = line(model) else { return };
    if line.chars().count() < PROMPT {
        line.push(c);
        typed_changed(model);
    }
}

/// Follows a change of what is being typed.
pub(super) fn typed_changed(model: &mut Model) {
    if let Some(Dialog::List(list)) = &mut model.ui.dialog {
        list.cursor = 0;
        return;
    }
    let Some(prompt) = &model.ui.prompt else {
        return;
    };
    match prompt.kind {
        PromptKind::Filter(pane) => {
            model.ui.filters[pane as usize].clone_from(&prompt.text);
            model.ui.cursors[pane as usize] = crate::model::Cursor::default();
        }
        PromptKind::Search => {
            let text = prompt.text.clone();
            if let Some(View::Log(log)) = model.ui.views.last_mut() {
                log.search = text;
            }
        }
    }
}

/// The line that is being typed.
pub(super) fn line(model: &mut Model) -> Option<&mut String> {
    match &mut model.ui.dialog {
        Some(Dialog::List(list)) => return Some(&mut list.filter),
        Some(Dialog::Plan(_) | Dialog::Ask(_) | Dialog::Notices { .. }) => return None,
        None => {}
    }
    model.ui.prompt.as_mut().map(|prompt| &mut prompt.text)
}

/// The contexts that are asked for a key's meaning, the innermost first.
pub fn contexts(model: &Model) -> Vec<Context> {
    let stack = |context: Context| {
        let mut stack = vec![context];
        stack.extend(context.outer());
        stack
    };
    match &model.ui.dialog {
        Some(Dialog::Plan(_) | Dialog::Ask(_) | Dialog::Notices { .. }) => {
            return stack(Context::Confirm);
        }
        Some(Dialog::List(_)) => return stack(Context::List),
        None => {}
    }
    if model.ui.prompt.is_some() {
        return stack(Context::Prompt);
    }
    match model.ui.views.last() {
        Some(View::Log(_)) => stack(Context::Log),
        Some(_) => vec![Context::Detail, Context::Table, Context::Global, Context::Always],
        None => stack(model.ui.focus.context()),
    }
}

/// Erases from what is being typed.
pub(super) fn erase(model: &mut Model, action: Action) -> Vec<Request> {
    if let Some(line) = line(model) {
        match action {
            Action::PromptErase => {
                line.pop();
            }
            Action::PromptEraseWord => {
                let kept = line.trim_end().rfind(' ').map_or(0, |space| space + 1);
                line.truncate(kept);
            }
            _ => line.clear(),
        }
        typed_changed(model);
    }
    Vec::new()
}

/// Closes what is open, the innermost first.
pub(super) fn back(model: &mut Model) -> Vec<Request> {
    if model.ui.dialog.is_some() {
        return dialog::close(model);
    }
    if let Some(View::Log(log)) = model.ui.views.last_mut()
        && log.seeking.take().is_some()
    {
        super::say(model, "The search was stopped.");
        return vec![Request::StopSearch];
    }
    match model.ui.views.pop() {
        Some(View::Log(_)) => return vec![Request::CloseLog],
        Some(_) => {}
        None => {
            let filter = &mut model.ui.filters[model.ui.focus as usize];
            if filter.is_empty() && !model.ui.away.is_empty() {
                model.ui.away.clear();
                model.ui.seen = model.now;
            } else if filter.is_empty() {
                model.ui.zoomed = false;
            } else {
                filter.clear();
            }
        }
    }
    Vec::new()
}

/// Opens the help of the keys that work here.
pub(super) fn help(model: &mut Model) -> Vec<Request> {
    let stack = contexts(model);
    list::help(model, stack)
}
