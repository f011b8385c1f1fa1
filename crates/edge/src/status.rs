//! What the edge says of itself.
//!
//! Responsible for reading the live state into the serialised types; it changes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse_core::routing::{
    EdgeStatus, GroupStatus, ListenerStatus, Reason, Role, TargetState, TargetStatus,
    latency_quantile,
};

use crate::edge::Edge;
use crate::live::{LiveGroup, LiveTarget};

/// Reads the whole state; `leaving` are the targets that left the table.
pub(crate) fn read(
    edge: &Edge,
    listeners: Vec<ListenerStatus>,
    leaving: &[&Arc<LiveTarget>],
) -> EdgeStatus {
    // Read first: a change that happens meanwhile is then reported once more, never lost.
    let change = edge.change_count();
    let active = edge.active.load();
    let mut groups = Vec::new();
    let mut targets = Vec::new();
    for group in active.table.target_groups.iter().filter_map(|g| active.groups.get(g.id.as_str()))
    {
        groups.push(group_status(group));
        for slot in &group.slots {
            targets.push(target_status(&slot.target, slot.role, true, group.is_used));
        }
    }
    for target in leaving {
        targets.push(target_status(target, Role::Draining, false, true));
    }
    EdgeStatus {
        version: active.table.version,
        epoch: active.table.epoch,
        digest: active.table.digest.clone(),
        source: active.source.clone(),
        change,
        started_at_ms: edge.started_at_ms,
        listeners,
        groups,
        targets,
        counters: edge.totals.read(),
    }
}

fn group_status(group: &LiveGroup) -> GroupStatus {
    let count = |found: usize| u64::try_from(found).unwrap_or(u64::MAX);
    GroupStatus {
        id: group.id.to_string(),
        active: count(group.active().count()),
        healthy: count(group.active().filter(|target| target.is_healthy()).count()),
        fail_open: group.is_fail_open(),
    }
}

fn target_status(live: &LiveTarget, role: Role, in_table: bool, is_used: bool) -> TargetStatus {
    let health = live.health();
    let passing = health.state == TargetState::Healthy && health.last_passed();
    let (state, reason, detail) = match role {
        Role::Draining => {
            let reason = Some(Reason::DeregistrationInProgress);
            (TargetState::Draining, reason, "gets no new requests".to_owned())
        }
        Role::Active if !is_used => {
            let detail = "no rule sends requests to its group".to_owned();
            (TargetState::Unused, Some(Reason::NotInUse), detail)
        }
        Role::Active | Role::Standby => (health.state, health.reason, health.detail),
    };
    let counters = &live.counters;
    let latency = counters.latencies();
    let micros =
        |found: Option<Duration>| found.and_then(|after| u64::try_from(after.as_micros()).ok());
    TargetStatus {
        group: live.group.clone(),
        id: live.target.id.clone(),
        address: live.target.address,
        release: live.target.release.clone(),
        proof: Some(live.target.proof.clone()),
        role,
        in_table,
        state,
        passing,
        reason,
        detail,
        since_ms: health.since_ms,
        in_flight: live.in_flight.load(Ordering::SeqCst),
        requests: counters.requests.load(Ordering::Relaxed),
        errors_4xx: counters.errors_4xx.load(Ordering::Relaxed),
        errors_5xx: counters.errors_5xx.load(Ordering::Relaxed),
        failed: counters.failed.load(Ordering::Relaxed),
        p50_us: micros(latency_quantile(&latency, 500)),
        p99_us: micros(latency_quantile(&latency, 990)),
        latency,
    }
}
