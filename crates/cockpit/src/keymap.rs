//! Which key runs which action where.
//!
//! Keymaps come in layers: a base and a person's deltas. A row that cannot work is left out and
//! reported; the rest of its file works. It must never run anything.

mod check;
mod context;
mod load;
mod markdown;

pub use check::check;
pub use context::Context;
pub use load::load;
pub use markdown::markdown;

use crate::action::Action;
use crate::key::Key;
use crate::problem::Source;

/// The keys that Pilothouse comes with.
pub const DEFAULT: Source<'static> =
    Source { file: "keymaps/default.toml", text: include_str!("../../../keymaps/default.toml") };

/// What differs for hands that know vi.
pub const VIM: Source<'static> =
    Source { file: "keymaps/vim.toml", text: include_str!("../../../keymaps/vim.toml") };

/// The keys in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// The rows; of two for the same keys in one context the earlier counts.
    bindings: Vec<Binding>,
}

/// One row: in a context, keys run an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it works.
    pub context: Context,
    /// The keys, pressed one after the other.
    pub on: Vec<Key>,
    /// What they run.
    pub action: Action,
    /// The person's own words for it.
    pub desc: Option<String>,
}

/// What some keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// They run this.
    Action(Action),
    /// They begin a longer row of keys.
    Prefix,
    /// Nothing.
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        load(&[DEFAULT]).0
    }
}

impl Keymap {
    /// Says what some keys mean in a stack of contexts, the innermost first.
    pub fn find(&self, stack: &[Context], keys: &[Key]) -> Found {
        for context in stack {
            let here = || self.bindings.iter().filter(|row| row.context == *context);
            if let Some(row) = here().find(|row| row.on == keys) {
                return Found::Action(row.action);
            }
            if here().any(|row| row.on.starts_with(keys)) {
                return Found::Prefix;
            }
        }
        Found::Nothing
    }

    /// The rows that go on from some keys, each with what is left to press.
    pub fn continuations(&self, stack: &[Context], keys: &[Key]) -> Vec<(String, Action)> {
        let mut rows = Vec::new();
        for row in self.in_stack(stack) {
            if let Some(rest) = row.on.strip_prefix(keys).filter(|rest| !rest.is_empty()) {
                rows.push((shown(rest), row.action));
            }
        }
        rows
    }

    /// The first keys that run an action in a stack of contexts, as a person reads them.
    pub fn keys_of(&self, stack: &[Context], action: Action) -> Option<String> {
        self.in_stack(stack)
            .find(|row| row.action == action && self.find(stack, &row.on) == Found::Action(action))
            .map(|row| shown(&row.on))
    }

    /// All keys that run an action in a stack of contexts, as a person reads them.
    pub fn all_keys_of(&self, stack: &[Context], action: Action) -> Vec<String> {
        self.in_stack(stack)
            .filter(|row| {
                row.action == action && self.find(stack, &row.on) == Found::Action(action)
            })
            .map(|row| shown(&row.on))
            .collect()
    }

    /// All rows.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    fn in_stack<'a>(&'a self, stack: &'a [Context]) -> impl Iterator<Item = &'a Binding> {
        stack
            .iter()
            .flat_map(|context| self.bindings.iter().filter(move |row| row.context == *context))
    }
}

/// Keys as a person reads them: `x d`.
pub fn shown(keys: &[Key]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| key.shown()).collect();
    keys.join(" ")
}
