//! When the view needs drawing though nothing happened.

use pilothouse_api::types::STALE_AFTER;
use pilothouse_core::time::{Millis, Timestamp};

use crate::model::{Link, Model};

/// How long a sentence is shown.
pub const TOAST: Millis = Millis::seconds(8);

/// How long until the view needs drawing though nothing happens; none means never.
///
/// Ages move in whole minutes, so that a still screen is drawn once a minute: as the time of day
/// moves. While something runs its seconds are counted.
pub fn next_tick(model: &Model) -> Option<Millis> {
    let to_next = |now: Timestamp, unit: u64| Millis(unit - now.0 % unit);
    let mut next = to_next(model.wall, 60_000);
    let runs =
        model.link == Link::Live && (model.replica.executing().next().is_some() || deploys(model));
    if runs {
        next = next.min(to_next(model.now, 1000));
    }
    if let Some(toast) = &model.ui.toast {
        // One that is over is not shown, and stays until the next key.
        let left = TOAST.0.saturating_sub(model.now.since(toast.at).0);
        if left > 0 {
            next = next.min(Millis(left));
        }
    }
    if let Some(samples) = model.samples.as_ref().filter(|_| model.link == Link::Live) {
        let left = STALE_AFTER.0.saturating_sub(model.now.since(samples.at).0);
        if left > 0 {
            next = next.min(Millis(left + 1));
        }
    }
    if let Some(left) = model.watched_silence().filter(|_| model.link == Link::Live) {
        next = next.min(left);
    }
    if model.has_state() || model.ui.toast.is_some() { Some(next) } else { None }
}

fn deploys(model: &Model) -> bool {
    let environments = &model.replica.environments;
    let live = model.replica.live_deployments.iter();
    live.filter_map(|id| model.replica.deployments.get(id)).any(|deployment| {
        environments
            .get(&deployment.environment)
            .is_some_and(|environment| environment.running == Some(deployment.id))
    })
}
