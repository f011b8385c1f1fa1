//! Finds rows that cannot work together.

use super::load::Row;
use super::{Binding, Context, DEFAULT, Keymap, shown};
use crate::action::Action;
use crate::problem::{Problem, Source};

/// Tells what is wrong with a person's keymap file over the default keys.
pub fn check(text: &str, file: &str) -> Vec<Problem> {
    super::load(&[DEFAULT, Source { file, text }]).1
}

/// Adds a row unless it cannot work.
pub(super) fn admit(
    before: &Keymap,
    added: &mut Vec<Binding>,
    row: Row,
    source: Source<'_>,
    problems: &mut Vec<Problem>,
) {
    let Some(action) = row.action else { return };
    let binding = Binding { context: row.context, on: row.on, action, desc: row.desc };
    if let Some(own) = added.iter().find(|own| same_keys(own, &binding)) {
        let what = clash(own, &binding);
        return problems.push(source.problem(row.span.start, what));
    }
    let all = || added.iter().chain(&before.bindings);
    let here = |own: &&Binding| own.context == binding.context;
    let others = || all().filter(here).chain(all().filter(move |own| !here(own)));
    if let Some(what) = hidden(others(), &binding).or_else(|| unsafe_confirm(others(), &binding)) {
        return problems.push(source.problem(row.span.start, what));
    }
    added.push(binding);
}

/// Whether no row of the context has these keys yet; says so where one has.
pub(super) fn is_new(
    before: &Keymap,
    row: &Row,
    source: Source<'_>,
    problems: &mut Vec<Problem>,
) -> bool {
    let same = before.bindings.iter().find(|own| own.context == row.context && own.on == row.on);
    if let Some(own) = same {
        let what = format!(
            "{} runs {} in {} already: put this row into prepend_keymap to replace it",
            shown(&row.on),
            own.action.row().name,
            row.context.name()
        );
        problems.push(source.problem(row.span.start, what));
    }
    same.is_none()
}

fn same_keys(one: &Binding, two: &Binding) -> bool {
    one.context == two.context && one.on == two.on
}

fn clash(own: &Binding, new: &Binding) -> String {
    format!(
        "{} runs {} in {} already: one of the two rows has to go",
        shown(&new.on),
        own.action.row().name,
        new.context.name()
    )
}

/// Says which row can never be reached because of the other.
fn hidden<'a>(others: impl Iterator<Item = &'a Binding>, new: &Binding) -> Option<String> {
    let name = |binding: &Binding| binding.action.row().name;
    for own in others {
        let (inner, outer) = (new.context.outer(), own.context.outer());
        let same = own.context == new.context;
        if (same || inner.contains(&own.context)) && longer(own, new) {
            return Some(format!(
                "{} hides {} ({} in {}): choose another key, or take that away with noop",
                shown(&new.on),
                shown(&own.on),
                name(own),
                own.context.name()
            ));
        }
        if (same || outer.contains(&new.context)) && longer(new, own) {
            return Some(format!(
                "{} can never be pressed: {} runs {} in {}",
                shown(&new.on),
                shown(&own.on),
                name(own),
                own.context.name()
            ));
        }
    }
    None
}

fn longer(long: &Binding, short: &Binding) -> bool {
    long.on.len() > short.on.len() && long.on.starts_with(&short.on)
}

/// The key that confirms must not be one that a hand pressed to start: a repeated key, or a key
/// typed into the wrong window, would deploy.
fn unsafe_confirm<'a>(others: impl Iterator<Item = &'a Binding>, new: &Binding) -> Option<String> {
    let confirms = |binding: &Binding| {
        binding.context == Context::Confirm && binding.action == Action::ConfirmAccept
    };
    for own in others {
        let (accept, start) = match (confirms(own), confirms(new)) {
            (true, false) => (own, new),
            (false, true) => (new, own),
            _ => continue,
        };
        if start.action.changes() && accept.on.iter().any(|key| start.on.contains(key)) {
            return Some(format!(
                "{} would both start {} and confirm it: choose another key for one of them",
                shown(&accept.on),
                start.action.row().name
            ));
        }
    }
    None
}
