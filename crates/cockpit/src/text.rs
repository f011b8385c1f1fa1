//! What the screen says, in one place, so that another language can follow.

use pilothouse_core::aws::TroubleKind;
use pilothouse_core::deployment::EnvironmentKey;

use crate::model::{LogSource, Model, Pane, trouble_of_all};
use crate::rows::words;

/// Why a watcher's key does nothing.
pub const WATCHER: &str = "This cockpit is read-only: only operators can change something; they attach with `pilothouse`.";
/// Why nothing can be asked for.
pub const NOT_CONNECTED: &str =
    "There is no line to the engine now, so nothing can be asked of it.";
/// Why there is nothing to deploy to.
pub const NO_ENVIRONMENT: &str =
    "The selected row belongs to no environment; choose one in 1 Branches.";
/// Why there is nothing to cancel.
pub const NO_JOB: &str = "Nothing runs here; choose a run or a deployment in 2 Job queue.";
/// Why there is nothing to restart.
pub const NO_INSTANCE: &str = "The selected row is no instance; choose one in 3 Containers.";
/// Why nothing is done to a container of somebody else's.
pub const OTHERS: &str =
    "This container is not of this engine: it is shown, and nothing is done to it.";
/// Why nothing is done to what is at AWS.
pub const WATCHED: &str = "This is at AWS and only watched: nothing is done to it from here.";

/// Why the selected row is no instance of this engine.
pub fn no_instance(model: &Model) -> &'static str {
    match (model.is_others_selected(), model.watched_selected()) {
        (true, _) => OTHERS,
        (false, Some(_)) => WATCHED,
        (false, None) => NO_INSTANCE,
    }
}
/// Why there is nothing to run.
pub const NO_BRANCH: &str = "The selected row has no branch; choose one in 1 Branches.";
/// What a question says that is about something else now.
pub const ASK_MOVED: &str = "It has moved on while this was open: this is how it stands now.";
/// What a list says that had something to choose from when it was opened.
pub const NOTHING_LEFT: &str = "Nothing is left to choose from. Esc closes.";
/// What a list says whose filter leaves nothing.
pub const NOTHING_MATCHES: &str = "Nothing matches. Esc closes.";
/// Why there is no log.
pub const NO_LOG: &str = "The selected row has no log: no run of it is known.";
/// Why a deployment has no log yet.
pub const NO_INSTANCE_YET: &str =
    "This deployment has started no instance yet, so there is no log.";
/// Why nothing opens.
pub const NOTHING_SELECTED: &str = "Nothing is selected here.";
/// Why a branch does not open.
pub const NOTHING_RAN: &str = "Nothing ran for this row yet.";
/// The same for who may press the key that changes it.
pub const NOTHING_RAN_BUT_CAN: &str = "Nothing ran for this row yet; x r runs its pipeline.";
/// Why there are no notices.
pub const NOTHING_HAPPENED: &str = "Nothing ended since you last looked.";
/// The same where nothing marks when that was.
pub const NOTHING_ENDED: &str = "Nothing ended yet.";
/// The title of what happened.
pub const NOTICES: &str = "What happened since you last looked";
/// The same where nothing marks when that was.
pub const NOTICES_OF_ALL: &str = "What happened lately";
/// What a changed plan says.
pub const PLAN_MOVED: &str = "The plan changed while it was open. This is the new one.";
/// What a plan or a question says of which nothing can come any more.
pub const NO_LONGER: &str = "This can no longer be done; nothing of it was.";
/// What it says once that was admitted.
pub const PLAN_SEEN: &str = "Confirm again to do this.";
/// What closing a question says.
pub const NOT_ASKED: &str = "Nothing was asked for.";
/// What closing says of what was sent already.
pub const ASKED: &str = "It was sent already; its answer is still told here.";
/// While the engine has not answered.
pub const SENT: &str = "Sent; waiting for the engine to write it down…";

/// A pane's name.
pub fn pane(pane: Pane) -> &'static str {
    match pane {
        Pane::Branches => "Branches",
        Pane::Jobs => "Job queue",
        Pane::Containers => "Containers",
        Pane::Targets => "Target health",
        Pane::Cost => "Hourly cost",
    }
}

/// A pane's name where there is little room.
pub fn pane_short(pane: Pane) -> &'static str {
    match pane {
        Pane::Branches => "Branch",
        Pane::Jobs => "Jobs",
        Pane::Containers => "Cont",
        Pane::Targets => "Health",
        Pane::Cost => "Cost",
    }
}

/// What an empty pane says: what would fill it, and which key does.
pub fn empty(model: &Model, pane: Pane) -> String {
    if !model.ui.filters[pane as usize].is_empty() {
        return format!(
            "Nothing matches \"{}\". Esc clears the filter.",
            model.ui.filters[pane as usize]
        );
    }
    if model.replica.projects.is_empty() {
        return match pane {
            Pane::Branches => match words::unapplied(&model.files) {
                Some(files) => format!("No project yet. {files}."),
                None => "No project yet. `pilothouse add NAME REPOSITORY` brings one; its branches appear here.".to_owned(),
            },
            Pane::Jobs => "Runs and deployments appear here.".to_owned(),
            Pane::Containers => "Running instances appear here.".to_owned(),
            Pane::Targets => "What the load balancer says of them appears here.".to_owned(),
            Pane::Cost => "No environment, no cost.".to_owned(),
        };
    }
    let change = |text: &str, key: &str| {
        if model.is_watcher() { text.to_owned() } else { format!("{text} {key}") }
    };
    match pane {
        Pane::Branches => change("No branch was seen yet.", "R looks at the repository."),
        Pane::Jobs => {
            change("Nothing ran yet. A push makes a run;", "x r runs the selected branch.")
        }
        Pane::Containers | Pane::Targets => match model.scope() {
            Some(key) if let Some(why) = unseen(model, key) => why,
            Some(key) if let Some((why, does)) = missing(model, key) => change(&why, does),
            Some(key) if pane == Pane::Containers => {
                let ready =
                    model.environment(key).is_some_and(|environment| environment.ready.is_some());
                let deploys = if ready { "x d deploys what is ready; " } else { "" };
                let text = format!("Nothing runs in {}.", words::place(model, key).0);
                change(&text, &format!("{deploys}e shows all."))
            }
            Some(key) => format!("No target serves {}. e shows all.", words::place(model, key).0),
            None => match model.replica.environments.keys().find_map(|key| missing(model, key)) {
                Some((why, does)) => change(&why, does),
                None if model.replica.environments.values().any(|one| one.ready.is_some()) => {
                    change("Nothing runs yet.", "x d deploys what is ready.")
                }
                None => "Nothing runs yet.".to_owned(),
            },
        },
        Pane::Cost => "No environment, no cost.".to_owned(),
    }
}

/// Why nothing runs of a release that should serve, and which key helps.
fn missing(model: &Model, key: &EnvironmentKey) -> Option<(String, &'static str)> {
    let environment =
        model.environment(key).filter(|one| !one.removing && one.running.is_none())?;
    let release = environment.current?;
    if environment.wanted() == 0 && environment.missing() > 0 {
        let said = format!("All instances of {release} in {key} were stopped by a person.");
        return Some((said, "x T starts them."));
    }
    let lost = words::lost(environment, model.now)?;
    Some((format!("Nothing of {release} runs in {key}: {lost}"), ""))
}

/// Why nothing is shown of an environment that is watched at AWS: that nothing was read says nothing
/// of what is there.
fn unseen(model: &Model, key: &EnvironmentKey) -> Option<String> {
    let watched = model.watched.get(key)?;
    let place = words::place(model, key).0;
    match (trouble_of_all(watched), watched.identity.is_some()) {
        (Some(trouble), _) if trouble.kind == TroubleKind::WrongAccount => Some(format!(
            "Nothing is read for {place}: these credentials are of another account than {}.",
            watched.access.account
        )),
        // What was read before was that nothing of it was there.
        (Some(trouble), _) if watched.seen_at().is_some() => {
            let why = trouble.kind.name();
            Some(format!("{place} had nothing here when it was last read; since then: {why}."))
        }
        (Some(trouble), _) => {
            Some(format!("Nothing was read of {place} yet: {}.", trouble.kind.name()))
        }
        (None, false) => Some(format!("{place} is being looked at for the first time.")),
        (None, true) => None,
    }
}

/// What stands in the middle of the screen before the first snapshot.
pub const CONNECTING: &str = "Waiting for the engine… q leaves.";

/// Where lines of a log precede that are not here, some because so many came at once.
pub fn log_gap(passed: u64) -> String {
    let sentence = "older lines are not loaded; k loads them, g goes to the first";
    if passed == 0 {
        return sentence.to_owned();
    }
    format!("{passed} lines came too fast and were passed over; {sentence}")
}

/// A log's title.
pub fn log_title(source: &LogSource) -> String {
    match source {
        LogSource::Run(id) => format!("Log of run {id}"),
        LogSource::Instance(id) => format!("Log of {id}"),
    }
}
