//! What instances want.

use super::Wanted;
use crate::deployment::{Phase, RollbackStep};
use crate::effect::{Effect, EffectId, InstanceOrder};
use crate::instance::{Instance, InstancePhase, Role};
use crate::pipeline::Service;
use crate::state::{Release, State};
use crate::table;
use crate::time::{Millis, Timestamp};

pub(super) fn want(state: &State, instance: &Instance, wanted: &mut Wanted) {
    let id = &instance.id;
    let read_back = state.edge.active.as_ref() == Some(&state.edge.wanted);
    match &instance.phase {
        // Their engine is waited for, and then they have all their time.
        InstancePhase::Starting if state.is_out_of_reach(instance) => {}
        InstancePhase::Starting => {
            if let Some(order) = order(state, instance) {
                wanted.add(EffectId::Start(id.clone()), Effect::Start(Box::new(order)));
            }
        }
        InstancePhase::Running { address, proved, since, .. } => {
            wanted.add(EffectId::Watch(id.clone()), Effect::Watch { id: id.clone() });
            if !proved && !state.is_out_of_reach(instance) {
                let health = service(state, instance).map(|s| s.health.clone()).unwrap_or_default();
                let effect = Effect::Prove {
                    id: id.clone(),
                    address: *address,
                    min_healthy_time: health.min_healthy_time,
                    deadline: since.after(health.start_deadline),
                };
                wanted.add(EffectId::Prove(id.clone()), effect);
            }
            // Requests still come until a table in which it drains was read back: its deployment
            // remembers that, at rest the table that serves now tells.
            let moved = moved_at(state, instance);
            if instance.role == Role::Draining && (read_back || moved.is_some()) {
                let since = instance.role_since.max(moved.unwrap_or_default());
                let deadline = since.after(drain(state, instance));
                let effect = Effect::Drain { id: id.clone(), deadline };
                wanted.add(EffectId::Drain(id.clone()), effect);
            }
        }
        // Nothing is stopped before a table without it was read back as serving, but for what
        // somebody takes away while the edge takes no table.
        InstancePhase::Stopping { .. } => {
            if read_back || table::ends_without(state, &instance.environment) {
                let stop = service(state, instance).map(|s| s.stop.clone()).unwrap_or_default();
                let effect = Effect::Stop { id: id.clone(), stop };
                wanted.add(EffectId::Stop(id.clone()), effect);
            }
        }
        InstancePhase::Gone { .. } => {}
    }
}

fn release<'a>(state: &'a State, instance: &Instance) -> Option<&'a Release> {
    state.environments.get(&instance.environment)?.releases.get(&instance.release)
}

fn service<'a>(state: &'a State, instance: &Instance) -> Option<&'a Service> {
    release(state, instance).map(|release| &release.service)
}

/// When traffic really moved, where a deployment waits for what it let out to drain.
fn moved_at(state: &State, instance: &Instance) -> Option<Timestamp> {
    let running = state.environments.get(&instance.environment).and_then(|e| e.running);
    let deployment = running.and_then(|id| state.deployments.get(&id))?;
    let moved = match deployment.phase {
        Phase::Draining => deployment.old.contains(&instance.id),
        Phase::RollingBack { step: RollbackStep::Draining, .. } => {
            deployment.new.contains(&instance.id)
        }
        _ => false,
    };
    moved.then_some(deployment.since)
}

fn drain(state: &State, instance: &Instance) -> Millis {
    state
        .environments
        .get(&instance.environment)
        .map(|environment| environment.spec.strategy.drain)
        .unwrap_or_default()
}

fn order(state: &State, instance: &Instance) -> Option<InstanceOrder> {
    let release = release(state, instance)?;
    let environment = state.environments.get(&instance.environment)?;
    Some(InstanceOrder {
        id: instance.id.clone(),
        environment: instance.environment.clone(),
        release: instance.release,
        artifact: release.artifact.clone(),
        kind: release.kind,
        runtime: release.runtime.clone(),
        service: release.service.clone(),
        env: release.env.clone(),
        secrets: environment.spec.secrets.clone(),
    })
}
