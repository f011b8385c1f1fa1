//! What waits for an answer.

use pilothouse_core::command::{Command, DeployWhat, Rejection};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::plan::Plan;
use pilothouse_core::time::Timestamp;

use crate::action::Action;
use crate::keymap::Context;

/// What waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// A plan to confirm.
    Plan(Box<PlanDialog>),
    /// A question with a yes and a no.
    Ask(Ask),
    /// Lines to choose from.
    List(ListDialog),
    /// What happened lately.
    Notices {
        /// The sentences.
        lines: Vec<String>,
        /// The first that is shown.
        top: usize,
    },
}

/// A plan to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDialog {
    /// Where.
    pub environment: EnvironmentKey,
    /// What was asked for.
    pub what: DeployWhat,
    /// What would change, or why nothing can.
    pub plan: Result<Plan, Rejection>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The button that has the focus.
    pub button: Button,
    /// Whether the plan changed since the person last saw it; confirming then only admits it.
    pub changed: bool,
    /// The number of the command that was sent.
    pub sent: Option<u64>,
    /// What the engine or the line last said.
    pub note: Option<String>,
    /// The first line that is shown.
    pub top: usize,
}

/// A button of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Does nothing.
    Cancel,
    /// Does it.
    Confirm,
}

impl Button {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Cancel => Self::Confirm,
            Self::Confirm => Self::Cancel,
        }
    }
}

/// A question with a yes and a no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What it is about.
    pub title: String,
    /// What would happen.
    pub lines: Vec<String>,
    /// What the button that does it says.
    pub yes: String,
    /// What is sent.
    pub command: Command,
    /// The button that has the focus.
    pub button: Button,
    /// The number of the command that was sent.
    pub sent: Option<u64>,
    /// What the engine or the line last said.
    pub note: Option<String>,
    /// Whether nothing can come of it any more: then the lines say why, and it can only be closed.
    pub gone: bool,
}

/// Lines to choose from; typing filters them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDialog {
    /// What it is for.
    pub kind: ListKind,
    /// What was typed.
    pub filter: String,
    /// All lines.
    pub rows: Vec<ListRow>,
    /// The selected one of those that are left.
    pub cursor: usize,
}

/// What a list is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The keys that work, innermost context first.
    Help(Vec<Context>),
    /// Any command by its name.
    Palette,
    /// Where to promote to.
    Promotion(EnvironmentKey),
    /// Which release to roll back to.
    Release(EnvironmentKey),
}

/// A line to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// What is in front: keys, a name.
    pub key: String,
    /// What it is.
    pub text: String,
    /// What is behind: the name of an action.
    pub aside: String,
    /// What choosing it does.
    pub choice: Choice,
}

/// What choosing a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It runs an action.
    Action(Action),
    /// It shows a plan.
    Plan(EnvironmentKey, DeployWhat),
}

impl ListDialog {
    /// The lines that are left, with their places among all. Those whose name begins with what was
    /// typed come first: `q` leaves, whatever else has a queue in it.
    pub fn left(&self) -> Vec<usize> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let fits = |row: &ListRow| {
            let text = format!("{} {} {}", row.key, row.text, row.aside).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        let is_named = |row: &ListRow| {
            let typed = self.filter.trim();
            !typed.is_empty() && row.aside.rsplit('.').any(|part| part.starts_with(typed))
        };
        let row = |place: &usize| self.rows.get(*place);
        let mut left: Vec<usize> =
            (0..self.rows.len()).filter(|place| row(place).is_some_and(fits)).collect();
        left.sort_by_key(|place| !row(place).is_some_and(is_named));
        left
    }

    /// The selected line.
    pub fn selected(&self) -> Option<&ListRow> {
        let place = self.left().get(self.cursor).copied()?;
        self.rows.get(place)
    }
}
