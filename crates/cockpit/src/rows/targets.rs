//! What the load balancer says of the instances.

use pilothouse_api::types::TargetSample;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;

use super::{Cell, Column, Row, containers, left, name, right, words};
use crate::age;
use crate::model::Model;
use crate::theme::Scope;
use crate::width;

/// Environment, name, address, state, why, requests, latency, errors, in flight.
pub const COLUMNS: &[Column] = &[
    name(8, 30, 0),
    left(7, 12, 0),
    left(21, 21, 6),
    left(13, 13, 0),
    left(10, 60, 2),
    right(4, 7, 1),
    right(7, 10, 4),
    right(8, 14, 3),
    right(6, 9, 5),
];

/// Makes a row.
pub fn row(model: &Model, instance: &Instance) -> Row {
    let (mark, word) = words::target(model, instance);
    let address = instance
        .address()
        .map_or_else(Cell::none, |address| Cell::new(address.to_string(), Scope::Dim));
    let why = match instance.own_health() {
        _ if !model.replica.edge.connected => Cell::new("the edge does not answer", Scope::Dim),
        _ if instance.is_over() => Cell::new(sentence(instance), Scope::Dim),
        TargetState::Healthy if instance.role == Role::Drained => {
            Cell::new("kept for a rollback", Scope::Dim)
        }
        TargetState::Healthy if instance.role == Role::Standby => {
            Cell::new("healthy, gets no requests yet", Scope::Dim)
        }
        TargetState::Healthy => Cell::none(),
        _ => Cell::new(sentence(instance), Scope::Dim),
    };
    let mut cells = vec![
        containers::environment(model, instance),
        Cell::new(words::instance_name(instance), Scope::Text),
        address,
        Cell::state(mark, word),
        why,
    ];
    // What gets no requests has no rate: the last one was measured while it still did.
    let asked = matches!(instance.role, Role::Active | Role::Draining);
    let sample = model.fresh_samples().and_then(|samples| samples.targets.get(&instance.id));
    match sample.filter(|_| asked) {
        Some(sample) => {
            let failed = sample.failed + sample.errors_5xx;
            let tone = if failed == 0 { Scope::Dim } else { Scope::StateError };
            cells.push(Cell::new(format!("{}/s", age::rate(sample.requests_milli)), Scope::Text));
            cells.push(Cell::new(p99(sample), Scope::Dim));
            cells.push(Cell::new(failures(failed), tone));
            cells.push(Cell::new(format!("{} open", sample.in_flight), Scope::Dim));
        }
        None => {
            cells.extend([Cell::new("—", Scope::Dim), Cell::none(), Cell::none(), Cell::none()]);
        }
    }
    Row { cells }
}

/// Answers that were errors, and requests without one. The load balancer may have asked another
/// target then, so that not every one of these reached a client.
fn failures(count: u64) -> String {
    if count == 1 { "1 error".to_owned() } else { format!("{count} errors") }
}

/// The latency of the slowest; none was measured without requests.
fn p99(sample: &TargetSample) -> String {
    if sample.p99_micros == 0 {
        return "p99 -".to_owned();
    }
    format!("p99 {}", age::latency(sample.p99_micros))
}

/// Why a target is not healthy: what was measured, otherwise what its code means.
pub fn sentence(instance: &Instance) -> String {
    if instance.is_doubtful() {
        return "its check is answered, and not known yet by whom: it gets no requests".to_owned();
    }
    let health = &instance.health;
    if !health.detail.is_empty() {
        return width::clean(&health.detail);
    }
    health.reason.map_or_else(String::new, |reason| words::reason(reason).to_owned())
}
