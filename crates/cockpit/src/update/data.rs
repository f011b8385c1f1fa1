//! What the engine tells.

use pilothouse_api::types::{Samples, Sighting, Snapshot};
use pilothouse_core::apply::apply;
use pilothouse_core::event::Recorded;
use pilothouse_core::state::Environment;
use pilothouse_core::time::Timestamp;

use super::{complain, dialog, say};
use crate::cost;
use crate::digest::digest;
use crate::model::{Dialog, Link, Model, Others, View, forget_gone};
use crate::msg::{Line, Request};

pub(super) fn snapshot(model: &mut Model, snapshot: Snapshot) -> Vec<Request> {
    let again = matches!(model.link, Link::Lost { .. });
    model.replica = snapshot.state;
    model.replica.seq = snapshot.seq;
    model.access = snapshot.access;
    model.actor = snapshot.actor;
    model.engine = snapshot.engine;
    model.degraded = snapshot.degraded;
    model.room = snapshot.room;
    set_clock(model, snapshot.now);
    model.link = Link::Live;
    price(model);
    model.index.rebuild(&model.replica);
    model.index.shown.forget();
    dialog::state_moved(model);
    if model.is_watcher() {
        dialog::close_changing(model);
    }
    // An engine that follows nothing is told of by the banner.
    if again && model.degraded.is_none() {
        // What is at AWS is another line's, and a new engine may not have asked there yet.
        let is_watched = |one: &Environment| one.spec.runtime.watch().is_some();
        let shown = if model.replica.environments.values().any(is_watched) {
            "at AWS all is shown as it was last read"
        } else {
            "all that is shown is true again"
        };
        return say(model, format!("The line to the engine is back; {shown}."));
    }
    Vec::new()
}

/// Goes by the engine's clock from here. An engine that was restarted may go on earlier than it was,
/// and the wall may have been ahead of it: what this cockpit noted is then no later than now, and
/// measurements of a time that is yet to come would never grow old.
fn set_clock(model: &mut Model, now: Timestamp) {
    (model.now, model.snapshot_at) = (now, now);
    model.ui.seen = seen(model, model.ui.seen);
    if let Some(toast) = &mut model.ui.toast {
        toast.at = toast.at.min(now);
    }
    if let Some(Dialog::Plan(plan)) = &mut model.ui.dialog {
        plan.opened_at = plan.opened_at.min(now);
    }
    for view in &mut model.ui.views {
        if let View::Inspection(close) = view {
            close.at = close.at.min(now);
        }
    }
    if model.samples.as_ref().is_some_and(|samples| samples.at > now) {
        model.samples = None;
    }
    if model.others.at > now {
        model.others = Others::default();
    }
    let parts = model.watched.values_mut().flat_map(|watched| watched.parts.values_mut());
    for at in parts.filter_map(|fresh| fresh.at.as_mut()) {
        *at = (*at).min(now);
    }
}

/// Up to where the person has seen what happened. What is yet to come was told by a clock that has
/// been set back since, which only an engine that starts does.
fn seen(model: &Model, until: Timestamp) -> Timestamp {
    if until > model.now { until.min(model.replica.started_at) } else { until }
}

pub(super) fn events(model: &mut Model, recorded: &[Recorded]) -> Vec<Request> {
    if !model.has_state() {
        return Vec::new();
    }
    for one in recorded {
        if one.seq <= model.replica.seq {
            continue;
        }
        if one.seq != model.replica.seq.next() {
            return vec![Request::Resync];
        }
        apply(&mut model.replica, one);
        model.index.follow(&model.replica, &one.event, one.at);
        model.now = model.now.max(one.at);
    }
    model.index.shown.forget();
    price(model);
    forget_toast(model);
    dialog::state_moved(model);
    Vec::new()
}

/// Prices what runs, and what is seen at AWS.
fn price(model: &mut Model) {
    forget_gone(&mut model.watched, &model.replica);
    let view = (model.price)(&model.replica);
    model.costs = cost::with_watched(view, &model.watched, &model.replica, model.known_at());
}

pub(super) fn sighting(model: &mut Model, sighting: Sighting) -> Vec<Request> {
    model.see(sighting);
    price(model);
    Vec::new()
}

/// What was said of a deployment is no longer so once it has ended.
fn forget_toast(model: &mut Model) {
    let about = model.ui.toast.as_ref().and_then(|toast| toast.about);
    let ended = about.and_then(|id| model.replica.deployments.get(&id));
    if ended.is_some_and(pilothouse_core::deployment::Deployment::is_ended) {
        model.ui.toast = None;
    }
}

pub(super) fn samples(model: &mut Model, samples: Samples) -> Vec<Request> {
    model.history.push(&model.replica, &samples);
    model.now = model.now.max(samples.at);
    let mut samples = samples;
    if let Some(list) = samples.others.take() {
        model.others = Others { at: samples.at, list };
    }
    // Samples that are older than the snapshot say how it was before it.
    if samples.at >= model.snapshot_at {
        model.degraded = samples.degraded.take();
        model.room = samples.room;
    }
    model.index.shown.is_moved |= model.ui.order.is_measured();
    model.samples = Some(samples);
    Vec::new()
}

pub(super) fn line(model: &mut Model, line: Line) -> Vec<Request> {
    match line {
        Line::Lost { why } => {
            match &mut model.link {
                // Trying again and failing does not make what is shown any younger.
                Link::Lost { why: old, .. } => *old = why,
                Link::Connecting => {
                    return complain(model, format!("The engine does not answer yet ({why})."));
                }
                Link::Live | Link::Refused { .. } => {
                    model.link = Link::Lost { since: model.now, why };
                }
            }
            let sent: Vec<u64> = model.ui.sent.keys().copied().collect();
            for id in sent {
                super::send::lost(model, id, "the line broke");
            }
        }
        Line::Refused { why } => model.link = Link::Refused { why },
    }
    Vec::new()
}

pub(super) fn away(model: &mut Model, since: Timestamp) -> Vec<Request> {
    let since = seen(model, since);
    model.ui.seen = since;
    // Told in a line that takes no keys: whoever comes back may have come to press one.
    model.ui.away = digest(&model.replica, since);
    Vec::new()
}
