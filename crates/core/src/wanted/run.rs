//! What runs want.

use std::collections::BTreeSet;

use super::Wanted;
use crate::container::Container;
use crate::effect::{Effect, EffectId, StepOrder};
use crate::run::{Run, RunPhase};
use crate::spec::Runtime;
use crate::state::State;

pub(super) fn want(state: &State, run: &Run, wanted: &mut Wanted) {
    let id = run.id;
    match run.phase {
        RunPhase::Queued | RunPhase::Ended { .. } => {}
        RunPhase::CheckingOut => {
            let (project, commit) = (run.project.clone(), run.commit.clone());
            let spec = state.projects.get(&project).map(|project| &project.spec);
            let repository = spec.map_or_else(String::new, |spec| spec.repository.clone());
            let check_out = Effect::CheckOut { run: id, project, commit, repository };
            wanted.add(EffectId::CheckOut(id), check_out);
        }
        RunPhase::Running { step } if run.cancelled_by.is_some() => {
            wanted.add(EffectId::EndStep(id, step), Effect::EndStep { run: id, step });
        }
        RunPhase::Running { step } => {
            if let Some(order) = order(state, run, step) {
                wanted.add(EffectId::RunStep(id, step), Effect::RunStep(Box::new(order)));
            }
        }
        RunPhase::Sealing => {
            let paths = run.pipeline.as_ref().map(|p| p.artifact.clone()).unwrap_or_default();
            let image = run.pipeline.as_ref().and_then(|p| p.image_step());
            wanted.add(EffectId::Seal(id), Effect::Seal { run: id, paths, image });
        }
        RunPhase::Cleaning { .. } => wanted.add(EffectId::Clean(id), Effect::Clean { run: id }),
    }
}

fn order(state: &State, run: &Run, index: u32) -> Option<StepOrder> {
    let pipeline = run.pipeline.as_ref()?;
    let (_, step) = pipeline.steps().nth(index as usize)?;
    let spec = state.projects.get(&run.project).map(|project| &project.spec);
    let mut env = spec.map(|spec| spec.step_env.clone()).unwrap_or_default();
    env.insert("PILOTHOUSE_PROJECT".to_owned(), run.project.to_string());
    env.insert("PILOTHOUSE_BRANCH".to_owned(), run.branch.to_string());
    env.insert("PILOTHOUSE_COMMIT".to_owned(), run.commit.to_string());
    env.insert("PILOTHOUSE_RUN".to_owned(), run.id.0.to_string());
    Some(StepOrder {
        run: run.id,
        index,
        step: step.clone(),
        env,
        trusted: spec.is_some_and(|spec| spec.trusted),
        project: run.project.clone(),
        environment: run.environment.clone(),
        grants: spec.map(|spec| spec.grants.clone()).unwrap_or_default(),
        shared: step.container.as_ref().map_or_else(BTreeSet::new, |one| shared(state, one)),
        is_artifact: pipeline.image_step() == Some(index),
        by_image: pipeline.service.health.by_image,
        built_by: pipeline.built().filter(|(_, by)| *by < index).collect(),
    })
}

/// What instances of any project may change of the host, where it matters to a step: one that mounts
/// something of it.
fn shared(state: &State, container: &Container) -> BTreeSet<String> {
    if container.volumes.is_empty() {
        return BTreeSet::new();
    }
    let runtimes = state.environments.values().flat_map(|one| {
        one.releases.values().map(|release| &release.runtime).chain([&one.spec.runtime])
    });
    let volumes = runtimes.flat_map(|runtime| match runtime {
        Runtime::Docker(settings) => settings.volumes.as_slice(),
        Runtime::Local | Runtime::AwsWatch(_) => &[],
    });
    volumes.filter(|volume| !volume.read_only).map(|volume| volume.source.clone()).collect()
}
