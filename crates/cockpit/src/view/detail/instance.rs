//! An instance: all that is known of it, and why it is not healthy, as a chain.

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::Docker;
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{Instance, InstancePhase, Role};
use pilothouse_core::pipeline::Health;
use pilothouse_core::routing::TargetState;
use pilothouse_core::settle::relief_at;
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::Release;
use pilothouse_core::time::Timestamp;

use super::super::lines::Line;
use super::{Sheet, gone};
use crate::age;
use crate::model::Model;
use crate::rows::{containers, targets, words};
use crate::theme::Scope;
use crate::width;

pub(super) fn sheet(model: &Model, id: &InstanceId, top: usize) -> Sheet {
    let title = width::clean(id.as_str());
    let Some(instance) = model.replica.instances.get(id) else {
        let said = "This instance is gone. l reads its log, Esc goes back.";
        return gone(title, said);
    };
    let mut lines = head(model, instance);
    lines.extend(target(model, instance));
    lines.push(Line::fact("restarts", instance.restarts.to_string()));
    lines.extend(uses(model, id));
    Sheet { title, lines, top, selected: None }
}

fn head(model: &Model, instance: &Instance) -> Vec<Line> {
    let (mark, state) = words::instance(instance);
    let environment = model.environment(&instance.environment);
    let release = environment.and_then(|environment| environment.releases.get(&instance.release));
    let commit = release.map_or_else(String::new, |release| {
        format!(" {} {}", release.commit.short(), width::clean(&release.subject))
    });
    let container = release.and_then(|release| match &release.runtime {
        Runtime::Docker(settings) => Some((release, settings)),
        Runtime::Local | Runtime::AwsWatch(_) => None,
    });
    let proved = match &instance.phase {
        InstancePhase::Running { over: true, .. } => "none: what was proved is over",
        InstancePhase::Running { proved: true, .. } if container.is_some() => {
            "its container is its own, and it was seen healthy"
        }
        InstancePhase::Running { proved: true, .. } => {
            "its socket is its own, and it was seen healthy"
        }
        InstancePhase::Running { proved: false, .. } => "not proved yet",
        InstancePhase::Starting => "to be started",
        InstancePhase::Stopping { .. } => "to be stopped",
        InstancePhase::Gone { .. } => "gone",
    };
    let made = format!("{state}, made {} ago", age::ago(model.now, instance.since));
    let address =
        instance.address().map_or_else(|| "none yet".to_owned(), |address| address.to_string());
    let what = if container.is_some() { "container" } else { "process" };
    let mut lines = vec![
        Line::fact("environment", instance.environment.to_string()),
        Line::name("release")
            .and(instance.release.to_string(), Scope::Strong)
            .and(commit, Scope::Text),
        Line::name(what).mark(mark).and(made, Scope::Text),
        Line::fact("proof", proved),
        Line::fact("address", address),
    ];
    if let Some((release, settings)) = container {
        lines.extend(contained(release, settings));
    }
    lines
}

/// What is known of a container beside what is known of every instance.
fn contained(release: &Release, settings: &Docker) -> Vec<Line> {
    let image = match release.kind {
        ArtifactKind::Image => format!("{}, the run's artifact", containers::image(release)),
        ArtifactKind::Tree => containers::image(release),
    };
    let mut lines = vec![Line::fact("image", image)];
    if let Some(port) = release.service.port {
        lines.push(Line::fact("port", format!("{port} in the container")));
    }
    let network = settings.network.as_deref().unwrap_or("bridge");
    lines.push(Line::fact("network", width::clean(network)));
    let limits = [
        settings.limits.memory.map(|bytes| format!("{} of memory", age::bytes(bytes))),
        settings
            .limits
            .milli_cpus
            .map(|milli| format!("{}.{:03} processors", milli / 1000, milli % 1000)),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    if !limits.is_empty() {
        lines.push(Line::fact("limits", limits.join(", ")));
    }
    for volume in &settings.volumes {
        let mode = if volume.read_only { ", read only" } else { "" };
        let (source, target) = (width::clean(&volume.source), width::clean(&volume.target));
        lines.push(Line::fact("volume", format!("{source} as {target}{mode}")));
    }
    lines
}

fn target(model: &Model, instance: &Instance) -> Vec<Line> {
    let (mark, health) = words::target(model, instance);
    let role = match instance.role {
        Role::None => "the load balancer does not know it",
        Role::Standby => "checked, gets no requests",
        Role::Active if !instance.is_proved() => "gets no requests until it is proved",
        Role::Active if instance.ill && is_spared(model, instance) => {
            "gets no new requests while another is healthy"
        }
        Role::Active => "gets requests",
        Role::Draining => "finishes what it has",
        Role::Drained => "waits, in case of a rollback",
    };
    let since = format!("{health} for {}", age::ago(model.now, instance.health.since));
    // Its role is older than this start of it, and than its illness.
    let gets_less = instance.role == Role::Active && (!instance.is_proved() || instance.ill);
    let traffic = if gets_less {
        role.to_owned()
    } else {
        format!("{role}, for {}", age::ago(model.now, instance.role_since))
    };
    let mut lines = vec![
        Line::fact("traffic", traffic),
        Line::name("target").mark(mark).and(since, Scope::Text),
    ];
    // A check of its own fails in no way that the load balancer could have a code for.
    if instance.ill {
        lines.push(Line::fact("why", "its HEALTHCHECK fails"));
    } else if let Some(reason) = instance.health.reason {
        lines.push(Line::fact("why", format!("{} ({reason:?})", words::reason(reason))));
    }
    if instance.is_doubtful() || !instance.health.detail.is_empty() {
        let name = if instance.ill { "said" } else { "measured" };
        lines.push(Line::fact(name, targets::sentence(instance)));
    }
    let environment = model.environment(&instance.environment);
    let at_rest = environment.filter(|environment| environment.running.is_none());
    if let Some(at) = at_rest.and_then(|environment| relief_at(environment, instance)) {
        lines.push(Line::fact("relief", relief(model, instance, at)));
    }
    if let Some(release) =
        environment.and_then(|environment| environment.releases.get(&instance.release))
    {
        lines.push(Line::fact("check", check(&release.service.health)));
    }
    lines
}

/// Whether others take the requests of one that is ill.
fn is_spared(model: &Model, instance: &Instance) -> bool {
    model.instances_in(&instance.environment).any(|one| {
        one.role == Role::Active
            && one.is_proved()
            && !one.ill
            && one.health.state == TargetState::Healthy
    })
}

/// When a successor starts, if none does yet; it serves on until that one is healthy.
fn relief(model: &Model, instance: &Instance, at: Timestamp) -> String {
    if let Some(successor) = model.replica.successor(&instance.id) {
        return format!("its successor {} is starting", width::clean(successor.id.as_str()));
    }
    if model.replica.is_out_of_reach(instance) {
        return "none while the Docker engine is away".to_owned();
    }
    if model.replica.excused_until(instance, model.now).is_some() {
        return "a successor starts unless it comes up by itself, as after an outage of the Docker \
                engine"
            .to_owned();
    }
    if at <= model.now {
        return "a successor starts as soon as no other instance is coming up".to_owned();
    }
    let clock = age::clock_seconds(at, model.offset_minutes);
    format!("a successor starts at {clock}, one instance at a time")
}

fn check(health: &Health) -> String {
    if health.by_image {
        return format!(
            "its image's HEALTHCHECK, and any answer to GET {} every {}",
            width::clean(&health.path),
            health.interval
        );
    }
    format!(
        "GET {} every {}, passes with {} to {}; {} in a row make it healthy, {} unhealthy",
        width::clean(&health.path),
        health.interval,
        health.matcher.0,
        health.matcher.1,
        health.healthy_threshold,
        health.unhealthy_threshold
    )
}

/// A latency; none was measured without requests.
fn measured(micros: u64) -> String {
    if micros == 0 { "-".to_owned() } else { age::latency(micros) }
}

fn uses(model: &Model, id: &InstanceId) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(samples) = model.fresh_samples() else {
        return lines;
    };
    if let Some(sample) = samples.instances.get(id) {
        let cpu = sample.cpu_milli.div_ceil(10);
        lines.push(Line::fact("uses", format!("{cpu}% of a core, {}", age::bytes(sample.memory))));
        if let Some(network) = sample.network {
            let (received, sent) = (age::traffic(network.received), age::traffic(network.sent));
            lines.push(Line::fact("traffic in", format!("{received}/s, out {sent}/s")));
        }
    }
    let gets = model
        .replica
        .instances
        .get(id)
        .is_some_and(|instance| matches!(instance.role, Role::Active | Role::Draining));
    if let Some(sample) = samples.targets.get(id).filter(|_| gets) {
        lines.push(Line::fact(
            "requests",
            format!("{}/s, {} open", age::rate(sample.requests_milli), sample.in_flight),
        ));
        lines.push(Line::fact(
            "latency",
            format!("p50 {}, p99 {}", measured(sample.p50_micros), measured(sample.p99_micros)),
        ));
        lines.push(Line::fact(
            "errors",
            format!(
                "{} × 4xx, {} × 5xx, {} without an answer",
                sample.errors_4xx, sample.errors_5xx, sample.failed
            ),
        ));
    }
    lines
}
