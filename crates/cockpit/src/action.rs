//! Every action that a key can run: its name, its sentence, its command-line form.
//!
//! The one table from which keymaps, hints, help, palette and documentation are made. It must
//! never say which key runs an action.

/// Whether an action only looks, or asks the engine for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes what this screen shows and nothing else.
    View,
    /// It asks the engine for something, so that watchers do not have it.
    Change,
}

/// An action's row in the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionRow {
    /// The action.
    pub action: Action,
    /// Its name in keymap files.
    pub name: &'static str,
    /// A word or two for the footer.
    pub hint: &'static str,
    /// A sentence for the help.
    pub doc: &'static str,
    /// The same on the command line, with `{…}` for what is selected; empty where there is none.
    pub cli: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
}

macro_rules! actions {
    ($($variant:ident, $name:literal, $hint:literal, $doc:literal, $cli:literal, $effect:ident;)*) => {
        /// What a key can run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $doc] $variant,)*
        }

        /// All actions, in the order in which the help shows them.
        pub const ACTIONS: &[ActionRow] = &[
            $(ActionRow {
                action: Action::$variant,
                name: $name,
                hint: $hint,
                doc: $doc,
                cli: $cli,
                effect: Effect::$effect,
            },)*
        ];
    };
}

actions! {
    DeployReady, "deploy.ready", "deploy", "Deploy what is ready for the selected environment.", "pilothouse deploy {environment}", Change;
    DeployRollback, "deploy.rollback", "roll back", "Roll the selected environment back to its last good release.", "pilothouse rollback {environment}", Change;
    DeployRelease, "deploy.release", "roll back to…", "Choose an earlier good release to roll back to.", "pilothouse rollback {environment} r1", Change;
    DeployPromote, "deploy.promote", "promote", "Deploy the selected environment's artifact to another environment.", "pilothouse deploy {project}/ENVIRONMENT --from {source}", Change;
    JobCancel, "job.cancel", "cancel", "Cancel the selected run or deployment.", "pilothouse cancel {job}", Change;
    InstanceRestart, "instance.restart", "restart", "Start a successor of the selected instance, then let it go.", "pilothouse restart {instance}", Change;
    InstanceShell, "instance.shell", "shell", "Open a shell in the selected instance; leaving it comes back here.", "pilothouse shell {instance}", Change;
    InstanceStop, "instance.stop", "stop", "Stop the selected instance, and leave its place empty.", "pilothouse stop {instance}", Change;
    InstanceStart, "instance.start", "start", "Start again what was stopped in the selected environment.", "pilothouse start {environment}", Change;
    RunAgain, "run.again", "run again", "Run the pipeline again for the selected branch's head.", "pilothouse run {project}:{branch}", Change;
    ProjectLook, "project.look", "look now", "Look at the repository, and at AWS where it is watched, now.", "pilothouse look {project}", Change;
    Open, "open", "open", "Open the selected row.", "", View;
    Back, "back", "back", "Go back, or clear the filter.", "", View;
    LogOpen, "log.open", "logs", "Read the log of the selected row.", "pilothouse logs {log}", View;
    ScopeToggle, "scope.toggle", "environment", "Show the selected environment's instances, or all of them.", "", View;
    InstanceInspect, "instance.inspect", "inspect", "Show what the container engine or the system says of the selected instance.", "pilothouse inspect {instance}", View;
    OrderNext, "order.next", "order", "Put the containers into another order.", "", View;
    Notices, "notices.open", "notices", "Show what happened lately.", "pilothouse audit", View;
    CliCopy, "cli.copy", "copy command", "Copy the selected row's command line.", "", View;
    FilterOpen, "filter.open", "filter", "Filter this pane's rows.", "", View;
    PaletteOpen, "palette.open", "commands", "Run any command by its name.", "", View;
    HelpOpen, "help.open", "help", "Show the keys that work here.", "pilothouse keys --markdown", View;
    FocusNext, "focus.next", "next pane", "Go to the next pane.", "", View;
    FocusPrevious, "focus.previous", "pane before", "Go to the pane before.", "", View;
    FocusBranches, "focus.branches", "branches", "Go to the branches.", "pilothouse branches", View;
    FocusJobs, "focus.jobs", "jobs", "Go to the job queue.", "pilothouse runs", View;
    FocusContainers, "focus.containers", "containers", "Go to the containers.", "pilothouse status", View;
    FocusTargets, "focus.targets", "targets", "Go to the target health.", "pilothouse status", View;
    FocusCost, "focus.cost", "cost", "Go to the hourly cost.", "pilothouse cost", View;
    Zoom, "pane.zoom", "zoom", "Give this pane the whole screen, or give it back.", "", View;
    Down, "move.down", "down", "Go down one row.", "", View;
    Up, "move.up", "up", "Go up one row.", "", View;
    HalfDown, "move.half-down", "half page down", "Go down half a page.", "", View;
    HalfUp, "move.half-up", "half page up", "Go up half a page.", "", View;
    PageDown, "move.page-down", "page down", "Go down a page.", "", View;
    PageUp, "move.page-up", "page up", "Go up a page.", "", View;
    Top, "move.top", "top", "Go to the first row.", "", View;
    Bottom, "move.bottom", "bottom", "Go to the last row.", "", View;
    Left, "move.left", "left", "Scroll to the left.", "", View;
    Right, "move.right", "right", "Scroll to the right.", "", View;
    LogFollow, "log.follow", "follow", "Follow the log's end, or stop.", "", View;
    LogWrap, "log.wrap", "wrap", "Wrap long lines, or cut them.", "", View;
    LogTimes, "log.times", "times", "Show or hide the lines' times.", "", View;
    LogSearch, "log.search", "search", "Search the log.", "", View;
    LogNext, "log.next", "next match", "Go to the next match.", "", View;
    LogPrevious, "log.previous", "match before", "Go to the match before.", "", View;
    LogStepNext, "log.step-next", "next step", "Go to the next step of the log.", "", View;
    LogStepPrevious, "log.step-previous", "step before", "Go to the step before.", "", View;
    ConfirmAccept, "confirm.accept", "confirm", "Confirm what is shown.", "", View;
    ConfirmCancel, "confirm.cancel", "cancel", "Close without doing anything.", "", View;
    ConfirmNext, "confirm.next", "other button", "Go to the other button.", "", View;
    ConfirmChoose, "confirm.choose", "press the button", "Press the button that has the focus.", "", View;
    ListAccept, "list.accept", "choose", "Take the selected line.", "", View;
    ListCancel, "list.cancel", "close", "Close the list.", "", View;
    ListDown, "list.down", "down", "Go down one line.", "", View;
    ListUp, "list.up", "up", "Go up one line.", "", View;
    PromptAccept, "prompt.accept", "done", "Keep what was typed.", "", View;
    PromptCancel, "prompt.cancel", "clear", "Forget what was typed.", "", View;
    PromptErase, "prompt.erase", "erase", "Erase the last character.", "", View;
    PromptEraseWord, "prompt.erase-word", "erase word", "Erase the last word.", "", View;
    PromptClear, "prompt.clear", "erase all", "Erase all that was typed.", "", View;
    Suspend, "app.suspend", "suspend", "Put the cockpit into the background of the shell.", "", View;
    Quit, "app.quit", "quit", "Leave the cockpit; the engine goes on.", "", View;
}

impl Action {
    /// The action's row in the table.
    pub fn row(self) -> &'static ActionRow {
        ACTIONS.iter().find(|row| row.action == self).unwrap_or(&ACTIONS[0])
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|row| row.name == name).map(|row| row.action)
    }

    /// Whether it asks the engine for something.
    pub fn changes(self) -> bool {
        self.row().effect == Effect::Change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_row_and_one_name() {
        for (place, row) in ACTIONS.iter().enumerate() {
            assert_eq!(Action::named(row.name), Some(row.action));
            assert!(row.doc.ends_with('.'), "{}", row.name);
            assert!(ACTIONS[place + 1..].iter().all(|other| other.name != row.name));
        }
    }
}
