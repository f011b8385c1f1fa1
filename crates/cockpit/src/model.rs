//! What the cockpit knows and what the person does with it.
//!
//! Only [`crate::update()`] changes it; drawing reads it. It holds no channel, clock or file.

mod dialog;
mod history;
mod index;
mod log;
mod order;
mod others;
mod select;
mod ui;
mod watched;

pub use dialog::{Ask, Button, Choice, Dialog, ListDialog, ListKind, ListRow, PlanDialog};
pub use history::History;
pub use index::{BranchRef, Index, JobRef};
pub use log::{
    Front as LogFront, LINES as LOG_LINES, LogSource, LogView, Place, Seeking, ShownLine,
    holds as log_holds,
};
pub use order::Order;
pub use others::Others;
pub use select::Subject;
pub use ui::{Close, Cursor, Judged, LastLines, Pane, Prompt, PromptKind, RowKey, Toast, Ui, View};
pub use watched::{Sightings, Thing, WatchedRef, forget_gone, is_of_targets, trouble_of_all};

use pilothouse_api::types::{Access, Degraded, STALE_AFTER, Samples};
use pilothouse_core::room::Room;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use crate::cost::{self, CostView};
use crate::keymap::Keymap;
use crate::problem::Problem;

/// What the cockpit knows and what the person does with it.
#[derive(Clone, Debug)]
pub struct Model {
    /// The engine's state as the snapshot and the events since then tell it.
    pub replica: State,
    /// The newest measurements; none before the first.
    pub samples: Option<Samples>,
    /// Some measurements before that.
    pub history: History,
    /// Containers that are somebody else's.
    pub others: Others,
    /// Why the engine follows nothing that happens, where it does not.
    pub degraded: Option<Degraded>,
    /// How much room there is where the engine keeps its state; none where that is not known.
    pub room: Option<Room>,
    /// What is seen at AWS.
    pub watched: Sightings,
    /// How the line to the engine is.
    pub link: Link,
    /// What this client may do.
    pub access: Access,
    /// The name under which the audit log knows this client.
    pub actor: String,
    /// The engine's release.
    pub engine: String,
    /// The engine's time of the last snapshot.
    pub snapshot_at: Timestamp,
    /// What the person does.
    pub ui: Ui,
    /// The time by the engine's clock, as the last message said: all ages are told by it.
    pub now: Timestamp,
    /// The time by the person's own clock, which is the time of day and nothing else.
    pub wall: Timestamp,
    /// The keys in force.
    pub keymap: Keymap,
    /// What is wrong with the person's keymap or theme.
    pub problems: Vec<Problem>,
    /// The operator's files that there were when it started, by name.
    pub files: Vec<String>,
    /// Those of them that were not valid then, so that what was applied before goes on.
    pub invalid: Vec<String>,
    /// What things cost.
    pub costs: CostView,
    /// Says what a state costs.
    pub price: fn(&State) -> CostView,
    /// Says what the person could do next, where somebody shows them around.
    pub guide: Option<Guide>,
    /// The person's offset from UTC in minutes.
    pub offset_minutes: i32,
    /// Rows in their order, kept up with each event.
    pub index: Index,
}

/// Says what a person who is shown around could do next.
pub type Guide = fn(&State) -> Option<String>;

/// How the line to the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// No snapshot came yet.
    Connecting,
    /// Events come.
    Live,
    /// It broke; the loop tries again by itself.
    Lost {
        /// When.
        since: Timestamp,
        /// What was said.
        why: String,
    },
    /// The engine does not talk to this client, and trying again would not help.
    Refused {
        /// A sentence.
        why: String,
    },
}

impl Model {
    /// Builds the model of a cockpit that is just starting. Until the engine tells its time, there
    /// is the wall's alone.
    pub fn new(keymap: Keymap, wall: Timestamp) -> Self {
        Self {
            replica: State::default(),
            samples: None,
            history: History::default(),
            others: Others::default(),
            degraded: None,
            room: None,
            watched: Sightings::new(),
            link: Link::Connecting,
            access: Access::Watcher,
            actor: String::new(),
            engine: String::new(),
            snapshot_at: Timestamp::default(),
            ui: Ui::default(),
            now: wall,
            wall,
            keymap,
            problems: Vec::new(),
            invalid: Vec::new(),
            files: Vec::new(),
            costs: CostView::default(),
            price: cost::local,
            guide: None,
            offset_minutes: 0,
            index: Index::default(),
        }
    }

    /// Whether this client may only look.
    pub fn is_watcher(&self) -> bool {
        self.access == Access::Watcher
    }

    /// Since when what is shown is no longer known to be true.
    pub fn stale_since(&self) -> Option<Timestamp> {
        match &self.link {
            Link::Lost { since, .. } => Some(*since),
            Link::Live => self.degraded.as_ref().map(|degraded| degraded.since),
            Link::Connecting | Link::Refused { .. } => None,
        }
    }

    /// The newest measurements, unless they are too old to be told as how it is.
    pub fn fresh_samples(&self) -> Option<&Samples> {
        let known_at = self.known_at();
        let samples = self.samples.as_ref()?;
        Some(samples).filter(|samples| known_at.since(samples.at) <= STALE_AFTER)
    }

    /// The time up to which what is shown is known: what ran then may have ended since.
    pub fn known_at(&self) -> Timestamp {
        self.stale_since().unwrap_or(self.now)
    }

    /// Whether there is a snapshot to show.
    pub fn has_state(&self) -> bool {
        match &self.link {
            Link::Live | Link::Lost { .. } => true,
            Link::Connecting | Link::Refused { .. } => false,
        }
    }
}
