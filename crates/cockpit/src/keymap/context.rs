//! Where keys work.

/// A place in which keys have their own meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere, also while something is typed or confirmed.
    Always,
    /// The panes and the views over them.
    Global,
    /// Rows that can be selected.
    Table,
    /// A run, a deployment or an instance over the panes.
    Detail,
    /// A log.
    Log,
    /// Something that waits for a yes or a no.
    Confirm,
    /// Help, palette and choosers.
    List,
    /// A line that is typed.
    Prompt,
    /// The branches.
    Branches,
    /// The job queue.
    Jobs,
    /// The containers.
    Containers,
    /// The target health.
    Targets,
    /// The hourly cost.
    Cost,
}

impl Context {
    /// All contexts with their names in keymap files.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Always, "always"),
        (Self::Global, "global"),
        (Self::Table, "table"),
        (Self::Branches, "pane.branches"),
        (Self::Jobs, "pane.jobs"),
        (Self::Containers, "pane.containers"),
        (Self::Targets, "pane.targets"),
        (Self::Cost, "pane.cost"),
        (Self::Detail, "detail"),
        (Self::Log, "log"),
        (Self::Confirm, "confirm"),
        (Self::List, "list"),
        (Self::Prompt, "prompt"),
    ];

    /// Its name in keymap files.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(context, _)| *context == self).map_or("", |(_, name)| name)
    }

    /// The context of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, own)| *own == name).map(|(context, _)| *context)
    }

    /// The contexts that are asked after this one where it is in force.
    pub fn outer(self) -> &'static [Self] {
        match self {
            Self::Always => &[],
            Self::Global | Self::Confirm | Self::List | Self::Prompt => &[Self::Always],
            Self::Table | Self::Detail | Self::Log => &[Self::Global, Self::Always],
            Self::Branches | Self::Jobs | Self::Containers | Self::Targets | Self::Cost => {
                &[Self::Table, Self::Global, Self::Always]
            }
        }
    }
}
