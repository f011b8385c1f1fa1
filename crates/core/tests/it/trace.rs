//! Makes a journal readable: one line per event that matters.

use pilothouse_core::deployment::Phase;
use pilothouse_core::event::{
    ContainersEvent, DeploymentEvent, EdgeEvent, EngineEvent, EnvironmentEvent, Event,
    InstanceEvent, ProjectEvent, Recorded, RunEvent,
};
use pilothouse_core::time::Timestamp;

/// The lines of the records from a place on, with seconds since the start.
pub fn lines(journal: &[Recorded], from: usize, start: Timestamp) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for recorded in &journal[from..] {
        let Some(text) = say(&recorded.event) else { continue };
        let tenths = recorded.at.since(start).0 / 100;
        let line = format!("{:>4}.{} {text}", tenths / 10, tenths % 10);
        // What happens at once to several is one line.
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines
}

fn say(event: &Event) -> Option<String> {
    match event {
        Event::Engine(event) => Some(engine(event)),
        Event::Project(event) => project(event),
        Event::Environment(event) => Some(environment(event)),
        Event::Run(event) => Some(run(event)),
        Event::Deployment(event) => Some(deployment(event)),
        Event::Instance(event) => Some(instance(event)),
        Event::Edge(event) => Some(edge(event)),
        Event::Containers(ContainersEvent::Lost { why, .. }) => {
            Some(format!("containers lost: {why}"))
        }
        Event::Containers(ContainersEvent::Back) => Some("containers back".to_owned()),
    }
}

fn engine(event: &EngineEvent) -> String {
    match event {
        EngineEvent::Started { epoch, .. } => format!("engine started, epoch {epoch}"),
        EngineEvent::RecordsLost { loss } => {
            format!("engine goes on without records {} to {}", loss.after.next(), loss.to)
        }
        EngineEvent::HaltAsked { by } => format!("engine asked to halt by {by}"),
        EngineEvent::Forgot { runs, deployments, artifacts } => format!(
            "engine forgot {} runs, {} deployments, {} artifacts",
            runs.len(),
            deployments.len(),
            artifacts.len()
        ),
    }
}

fn project(event: &ProjectEvent) -> Option<String> {
    Some(match event {
        ProjectEvent::Applied { spec, .. } => format!("{} applied", spec.name),
        ProjectEvent::RemovalBegan { project, actor } => {
            format!("{project} is being removed by {actor}")
        }
        ProjectEvent::Removed { project } => format!("{project} is removed"),
        ProjectEvent::LookAsked { project, .. } => format!("{project} look asked"),
        ProjectEvent::Looked { .. } => return None,
        ProjectEvent::LookFailed { project, why } => format!("{project} look failed: {why}"),
        ProjectEvent::BranchMoved { name, branch, .. } => {
            format!("branch {name} at {}", branch.head.id)
        }
        ProjectEvent::BranchDeleted { name, .. } => format!("branch {name} deleted"),
    })
}

fn environment(event: &EnvironmentEvent) -> String {
    let key = event.key().name.to_string();
    match event {
        EnvironmentEvent::Specified { spec, .. } => format!("{key} specified × {}", spec.instances),
        EnvironmentEvent::RemovalBegan { .. } => format!("{key} is being removed"),
        EnvironmentEvent::Removed { .. } => format!("{key} removed"),
        EnvironmentEvent::BecameReady { ready, .. } => {
            format!("{key} ready with run {}", ready.run)
        }
        EnvironmentEvent::ReleaseMade { number, release, .. } => {
            format!("{key} {number} made of {}", release.artifact)
        }
        EnvironmentEvent::StartAsked { by, .. } => format!("{key} start asked by {by}"),
        EnvironmentEvent::ReleasesForgotten { numbers, .. } => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            format!("{key} forgot {}", numbers.join(" "))
        }
    }
}

fn run(event: &RunEvent) -> String {
    match event {
        RunEvent::Queued { run } => format!("run {} queued for {}", run.id, run.branch),
        RunEvent::Started { id } => format!("run {id} started"),
        RunEvent::CheckedOut { id, .. } => format!("run {id} checked out"),
        RunEvent::StepStarted { id, step } => format!("run {id} step {step} started"),
        RunEvent::StepEnded { id, step, exit } => format!("run {id} step {step} ended: {exit:?}"),
        RunEvent::SealStarted { id } => format!("run {id} sealing"),
        RunEvent::Sealed { artifact } => format!("run {} sealed {}", artifact.run, artifact.digest),
        RunEvent::CancelAsked { id, by } => format!("run {id} cancel asked by {by}"),
        RunEvent::ResultFixed { id, result } => format!("run {id} result {}", short(result)),
        RunEvent::Ended { id, result } => format!("run {id} ended {}", short(result)),
    }
}

fn deployment(event: &DeploymentEvent) -> String {
    match event {
        DeploymentEvent::Queued { deployment } => {
            format!("{} queued: {} {}", deployment.id, short(&deployment.kind), deployment.release)
        }
        DeploymentEvent::Locked { id, previous, old } => {
            let from = previous.map_or("nothing".to_owned(), |number| number.to_string());
            format!("{id} locked, from {from} × {}", old.len())
        }
        DeploymentEvent::Reached { id, milestone } => format!("{id} {}", milestone.name()),
        DeploymentEvent::Moved { id, phase, batch } => match phase {
            Phase::RollingBack { why, step } => format!("{id} rolling back, {step:?}: {why}"),
            Phase::Aborting { result } => format!("{id} aborting: {}", short(result)),
            Phase::Baking { .. } => format!("{id} -> Baking"),
            other if *batch == 0 => format!("{id} -> {other:?}"),
            other => format!("{id} -> {other:?}, batch {batch}"),
        },
        DeploymentEvent::InstancesAdded { id, instances } => {
            let names: Vec<&str> = instances.iter().map(|instance| instance.id.as_str()).collect();
            format!("{id} adds {}", names.join(" "))
        }
        DeploymentEvent::AttemptFailed { id, why, times: 1 } => {
            format!("{id} attempt failed: {why}")
        }
        DeploymentEvent::AttemptFailed { id, why, times } => {
            format!("{id} {times} attempts failed: {why}")
        }
        DeploymentEvent::Cut { id, requests } => format!("{id} cut {requests}"),
        DeploymentEvent::CancelAsked { id, by } => format!("{id} cancel asked by {by}"),
        DeploymentEvent::Ended { id, result } => format!("{id} ended {}", short(result)),
    }
}

fn instance(event: &InstanceEvent) -> String {
    match event {
        InstanceEvent::Replaced { instance } => format!("{} replaces", instance.id),
        InstanceEvent::Started { id, .. } => format!("{id} started"),
        InstanceEvent::Proved { id } => format!("{id} proved"),
        InstanceEvent::Ended { id, why, .. } => format!("{id} ended: {why}"),
        InstanceEvent::Ill { id, why } => format!("{id} ill: {why}"),
        InstanceEvent::Recovered { id } => format!("{id} recovered"),
        InstanceEvent::Restarted { id, restarts, .. } => format!("{id} restarted × {restarts}"),
        InstanceEvent::HealthChanged { id, health } => {
            format!("{id} is {}", format!("{:?}", health.state).to_lowercase())
        }
        InstanceEvent::RoleChanged { id, role } => format!("{id} -> {role:?}"),
        InstanceEvent::ReliefAsked { id, by } => format!("{id} restart asked by {by}"),
        InstanceEvent::StopAsked { id, by } => format!("{id} stop asked by {by}"),
        InstanceEvent::CalledOff { id, by, .. } => format!("{id} called off by {by}"),
        InstanceEvent::StopBegan { id, .. } => format!("{id} stopping"),
        InstanceEvent::Gone { id, why } => format!("{id} gone: {why}"),
    }
}

fn edge(event: &EdgeEvent) -> String {
    match event {
        EdgeEvent::Connected { .. } => "edge connected".to_owned(),
        EdgeEvent::ListenersChanged { unbound } => {
            let addresses = unbound.iter().map(|one| one.address.to_string());
            format!("edge cannot listen on {}", addresses.collect::<Vec<_>>().join(", "))
        }
        EdgeEvent::Disconnected { why } => format!("edge disconnected: {why}"),
        EdgeEvent::Published { version, .. } => format!("edge serves v{version}"),
        EdgeEvent::PublishFailed { version, why } => format!("edge refused v{version}: {why}"),
    }
}

/// Debug text on one line, without the names of types that say nothing.
fn short(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    ["RunId", "DeploymentId", "EnvironmentName", "ArtifactDigest"]
        .iter()
        .fold(text, |text, name| text.replace(name, ""))
}
