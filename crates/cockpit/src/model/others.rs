//! Containers that are somebody else's, as they were last listed.

use pilothouse_api::types::OtherContainer;
use pilothouse_core::time::{Millis, Timestamp};

use super::{Model, RowKey};

/// How old a list may be: several times the time between two, so that one that fails is not seen.
const OLDEST: Millis = Millis::seconds(40);

/// Containers that are somebody else's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// When they were listed.
    pub at: Timestamp,
    /// What was listed.
    pub list: Vec<OtherContainer>,
}

impl Model {
    /// The containers of others, unless the list is too old to be told as how it is.
    pub fn fresh_others(&self) -> &[OtherContainer] {
        let is_old = self.known_at().since(self.others.at) > OLDEST;
        if is_old { &[] } else { &self.others.list }
    }

    /// Whether what is selected is a container of somebody else's.
    pub fn is_others_selected(&self) -> bool {
        let pane = self.ui.focus;
        let key = self.row_key(pane, self.cursor_row(pane));
        self.ui.views.is_empty() && matches!(key, Some(RowKey::Other(_)))
    }

    /// The container of others at a place of the list.
    pub fn other_at(&self, place: usize) -> Option<&OtherContainer> {
        self.fresh_others().get(place)
    }
}
