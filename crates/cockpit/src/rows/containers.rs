//! Instances of every runtime.

use pilothouse_core::instance::Instance;

use super::{Cell, Column, Row, left, name, right, words};
use crate::age;
use crate::model::Model;
use crate::theme::Scope;
use crate::width;

/// Environment, name, state, age, CPU, memory, port, restarts.
pub const COLUMNS: &[Column] = &[
    name(8, 30, 0),
    left(5, 12, 0),
    left(10, 12, 0),
    right(3, 4, 3),
    right(4, 5, 2),
    right(4, 6, 2),
    left(6, 6, 4),
    left(12, 12, 1),
];

/// Makes a row.
pub fn row(model: &Model, instance: &Instance) -> Row {
    let (mark, word) = words::instance(instance);
    let sample = model.fresh_samples().and_then(|samples| samples.instances.get(&instance.id));
    let unknown = || Cell::new("—", Scope::Dim);
    let cpu = sample.map_or_else(unknown, |sample| {
        Cell::new(format!("{}%", sample.cpu_milli.div_ceil(10)), Scope::Text)
    });
    let memory =
        sample.map_or_else(unknown, |sample| Cell::new(age::bytes(sample.memory), Scope::Text));
    let port = instance
        .address()
        .map_or_else(unknown, |address| Cell::new(format!(":{}", address.port()), Scope::Dim));
    let restarts = match instance.restarts {
        0 => Cell::none(),
        1 => Cell::new("1 restart", Scope::StateWarn),
        count => Cell::new(format!("{count} restarts"), Scope::StateWarn),
    };
    Row {
        cells: vec![
            environment(model, instance),
            Cell::new(words::instance_name(instance), Scope::Text),
            Cell::state(mark, word),
            Cell::new(age::ago(model.now, instance.since), Scope::Dim),
            cpu,
            memory,
            port,
            restarts,
        ],
    }
}

/// The environment's name, where instances of more than one are shown.
pub(super) fn environment(model: &Model, instance: &Instance) -> Cell {
    if model.scope().is_some() {
        return Cell::none();
    }
    let key = &instance.environment;
    let (name, tone) = words::place(model, key);
    if model.replica.projects.len() > 1 {
        return Cell::new(format!("{} {name}", width::clean(key.project.as_str())), tone);
    }
    Cell::new(name, tone)
}
