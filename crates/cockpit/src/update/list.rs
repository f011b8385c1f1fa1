//! Lists to choose from: help, palette, where to promote, what to roll back to.

use std::collections::BTreeSet;

use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::Role;
use pilothouse_core::state::Fate;

use super::{action, complain, dialog};
use crate::action::{ACTIONS, Action};
use crate::age;
use crate::cli;
use crate::keymap::Context;
use crate::model::{Choice, Dialog, ListDialog, ListKind, ListRow, Model};
use crate::msg::Request;
use crate::text;
use crate::width;

/// Opens the help of the keys that work in a stack of contexts.
pub(super) fn help(model: &mut Model, stack: Vec<Context>) -> Vec<Request> {
    let (watcher, subject) = (model.is_watcher(), model.subject());
    let shell = |action: Action| cli::fill(model, action.row().cli, &subject);
    let rows = ACTIONS
        .iter()
        .filter(|row| !watcher || !row.action.changes())
        .filter_map(|row| {
            let keys = model.keymap.all_keys_of(&stack, row.action);
            let first: Vec<String> = keys.into_iter().take(2).collect();
            (!first.is_empty()).then(|| line(row.action, &first.join("  "), &shell(row.action)))
        })
        .collect();
    open(model, ListKind::Help(stack), rows)
}

/// Opens the list of all commands.
pub(super) fn palette(model: &mut Model) -> Vec<Request> {
    let watcher = model.is_watcher();
    let stack = super::key::contexts(model);
    let rows = ACTIONS
        .iter()
        .filter(|row| !watcher || !row.action.changes())
        .filter_map(|row| {
            let keys = model.keymap.keys_of(&stack, row.action)?;
            Some(line(row.action, &keys, row.name))
        })
        .collect();
    open(model, ListKind::Palette, rows)
}

fn line(action: Action, key: &str, aside: &str) -> ListRow {
    ListRow {
        key: key.to_owned(),
        text: action.row().doc.trim_end_matches('.').to_owned(),
        aside: aside.to_owned(),
        choice: Choice::Action(action),
    }
}

/// Opens the list of environments that the selected one's artifact can go to.
pub(super) fn promotions(model: &mut Model, from: EnvironmentKey) -> Vec<Request> {
    let rows = others(model, &from);
    open(model, ListKind::Promotion(from), rows)
}

/// The environments that an artifact can go to.
pub(super) fn others(model: &Model, from: &EnvironmentKey) -> Vec<ListRow> {
    let others = model.replica.environments.iter().filter(|(key, environment)| {
        key.project == from.project
            && *key != from
            && environment.preview_of.is_none()
            && environment.spec.runtime.watch().is_none()
            && !environment.removing
    });
    others
        .map(|(key, environment)| ListRow {
            key: key.name.to_string(),
            text: serves(model, key),
            aside: environment.spec.domain.clone().unwrap_or_default(),
            choice: Choice::Plan(key.clone(), DeployWhat::Promotion(from.name.clone())),
        })
        .collect()
}

/// Which releases have traffic: two, while a deployment moves it or is watched.
fn serves(model: &Model, key: &EnvironmentKey) -> String {
    let active = model.instances_in(key).filter(|one| one.role == Role::Active);
    let releases: BTreeSet<_> = active.map(|one| one.release).collect();
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "serves nothing".to_owned(),
        names => format!("serves {}", names.join(" and ")),
    }
}

/// Opens the list of good releases that an environment can go back to.
pub(super) fn releases(model: &mut Model, key: EnvironmentKey) -> Vec<Request> {
    let rows = earlier(model, &key);
    open(model, ListKind::Release(key), rows)
}

/// The good releases that an environment can go back to.
pub(super) fn earlier(model: &Model, key: &EnvironmentKey) -> Vec<ListRow> {
    let Some(environment) = model.environment(key) else {
        return Vec::new();
    };
    // While another one is on its way, what serves now is the first that is gone back to.
    let serves = environment.current.filter(|_| environment.running.is_none());
    let good = environment
        .releases
        .iter()
        .rev()
        .filter(|(number, release)| Some(**number) != serves && release.fate == Fate::Good);
    good.map(|(number, release)| ListRow {
        key: number.to_string(),
        text: format!("{} {}", release.commit.short(), width::clean(&release.subject)),
        aside: age::ago(model.now, release.made_at),
        choice: Choice::Plan(key.clone(), DeployWhat::Rollback(Some(*number))),
    })
    .collect()
}

fn open(model: &mut Model, kind: ListKind, rows: Vec<ListRow>) -> Vec<Request> {
    model.ui.dialog =
        Some(Dialog::List(ListDialog { kind, filter: String::new(), rows, cursor: 0 }));
    Vec::new()
}

/// Brings an open list of what may change in step with what is known; what is selected stays so.
pub(super) fn renew(model: &mut Model) {
    let Some(Dialog::List(list)) = &model.ui.dialog else {
        return;
    };
    let rows = match &list.kind {
        ListKind::Promotion(from) => others(model, from),
        ListKind::Release(key) => earlier(model, key),
        ListKind::Help(_) | ListKind::Palette => return,
    };
    if let Some(Dialog::List(list)) = &mut model.ui.dialog {
        let selected = list.selected().map(|row| row.choice.clone());
        list.rows = rows;
        let left = list.left();
        let is_it =
            |place: &usize| list.rows.get(*place).map(|row| &row.choice) == selected.as_ref();
        let bottom = left.len().saturating_sub(1);
        list.cursor = left.iter().position(is_it).unwrap_or(list.cursor.min(bottom));
    }
}

/// Runs an action of a list.
pub(super) fn run(model: &mut Model, found: Action) -> Vec<Request> {
    let Some(Dialog::List(list)) = &mut model.ui.dialog else {
        return Vec::new();
    };
    let bottom = list.left().len().saturating_sub(1);
    match found {
        Action::ListDown => list.cursor = (list.cursor + 1).min(bottom),
        Action::ListUp => list.cursor = list.cursor.saturating_sub(1),
        Action::ListAccept => {
            let choice = list.selected().map(|row| row.choice.clone());
            model.ui.dialog = None;
            return choose(model, choice);
        }
        _ => model.ui.dialog = None,
    }
    Vec::new()
}

fn choose(model: &mut Model, choice: Option<Choice>) -> Vec<Request> {
    match choice {
        Some(Choice::Action(found)) if found.changes() && model.is_watcher() => {
            complain(model, text::WATCHER)
        }
        Some(Choice::Action(found)) => action::run(model, found),
        Some(Choice::Plan(key, what)) => dialog::open_plan(model, key, what),
        None => Vec::new(),
    }
}
