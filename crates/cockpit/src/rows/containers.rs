//! Instances of every runtime.

use pilothouse_api::types::InstanceSample;
use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::Release;

use super::{Cell, Column, Row, left, name, right, targets, words};
use crate::age;
use crate::model::Model;
use crate::theme::Scope;
use crate::width;

/// Environment, name, state, age, CPU, memory, network or requests, restarts, port, volumes, image,
/// why it is not healthy.
pub const COLUMNS: &[Column] = &[
    name(8, 30, 0),
    left(7, 12, 0),
    left(12, 12, 0),
    right(3, 4, 3),
    right(4, 5, 2),
    right(4, 6, 2),
    right(6, 16, 5),
    left(3, 12, 1),
    left(6, 24, 4),
    left(9, 9, 7),
    left(12, 48, 6),
    left(16, 60, 8),
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
    let port = port(instance).map_or_else(unknown, |port| Cell::new(port, Scope::Dim));
    let restarts = match restarts(instance) {
        None => Cell::none(),
        Some(said) => Cell::new(said, Scope::StateWarn).or(format!("{}×", instance.restarts)),
    };
    Row {
        cells: vec![
            environment(model, instance),
            Cell::new(words::instance_name(instance), Scope::Text),
            Cell::state(mark, word),
            Cell::new(age::ago(model.now, instance.since), Scope::Dim),
            cpu,
            memory,
            traffic(model, instance, sample)
                .map_or_else(unknown, |said| Cell::new(said, Scope::Dim)),
            restarts,
            port,
            Cell::new(volumes(model, instance), Scope::Dim),
            Cell::new(words::short_image(&image_of(model, instance)), Scope::Dim),
            why(model, instance).map_or_else(Cell::none, |why| Cell::new(why, Scope::Dim)),
        ],
    }
}

/// What a filter looks at: all that a row says and that is not measured.
pub fn haystack(model: &Model, instance: &Instance) -> String {
    let (_, word) = words::instance(instance);
    let (place, _) = words::place(model, &instance.environment);
    format!(
        "{} {place} {} {:?} {word} {} {} {} {} {}",
        instance.id,
        instance.release,
        instance.own_health(),
        restarts(instance).unwrap_or_default(),
        port(instance).unwrap_or_default(),
        volumes(model, instance),
        image_of(model, instance),
        why(model, instance).unwrap_or_default(),
    )
}

/// The environment's name, where instances of more than one are shown.
pub(super) fn environment(model: &Model, instance: &Instance) -> Cell {
    if model.scope().is_some() {
        return Cell::none();
    }
    let key = &instance.environment;
    let (name, tone) = words::place(model, key);
    let short = words::short_environment(&name);
    if model.replica.projects.len() > 1 {
        let project = width::clean(key.project.as_str());
        let cell = Cell::new(format!("{project} {name}"), tone);
        return if short.is_empty() { cell } else { cell.or(format!("{project} {short}")) };
    }
    Cell::new(name, tone).or(short)
}

fn restarts(instance: &Instance) -> Option<String> {
    match instance.restarts {
        0 => None,
        1 => Some("1 restart".to_owned()),
        count => Some(format!("{count} restarts")),
    }
}

fn port(instance: &Instance) -> Option<String> {
    instance.address().map(|address| format!(":{}", address.port()))
}

/// What goes over its network, where that is counted; otherwise what the load balancer sends it.
fn traffic(model: &Model, instance: &Instance, sample: Option<&InstanceSample>) -> Option<String> {
    if let Some(network) = sample?.network {
        let (received, sent) = (age::traffic(network.received), age::traffic(network.sent));
        return Some(format!("↓{received} ↑{sent}/s"));
    }
    // What gets no requests has no rate: the last one was measured while it still did.
    let asked = matches!(instance.role, Role::Active | Role::Draining);
    let target = model.fresh_samples()?.targets.get(&instance.id).filter(|_| asked)?;
    Some(format!("{} req/s", age::rate(target.requests_milli)))
}

fn release_of<'a>(model: &'a Model, instance: &Instance) -> Option<&'a Release> {
    model.environment(&instance.environment)?.releases.get(&instance.release)
}

fn volumes(model: &Model, instance: &Instance) -> String {
    match release_of(model, instance).map(|release| &release.runtime) {
        Some(Runtime::Docker(settings)) => match settings.volumes.len() {
            0 => String::new(),
            1 => "1 volume".to_owned(),
            count => format!("{count} volumes"),
        },
        Some(Runtime::Local | Runtime::AwsWatch(_)) | None => String::new(),
    }
}

fn image_of(model: &Model, instance: &Instance) -> String {
    match release_of(model, instance) {
        Some(release) if matches!(release.runtime, Runtime::Docker(_)) => image(release),
        Some(_) | None => String::new(),
    }
}

/// The image that a release's containers are made from.
pub fn image(release: &Release) -> String {
    match release.kind {
        ArtifactKind::Image => release.artifact.short().to_string(),
        ArtifactKind::Tree => {
            release.service.image.as_deref().map_or_else(String::new, width::clean)
        }
    }
}

/// Why it is not healthy, where it is not and anybody knows.
fn why(model: &Model, instance: &Instance) -> Option<String> {
    let is_told = model.replica.edge.connected
        && instance.role != Role::None
        && !matches!(instance.own_health(), TargetState::Healthy | TargetState::Draining);
    (is_told || instance.is_over())
        .then(|| targets::sentence(instance))
        .filter(|said| !said.is_empty())
}
