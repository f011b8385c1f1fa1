//! The engine's memory with many projects.

use std::time::Duration;

use crate::Outcome;
use crate::process::{Watch, resident};
use crate::repository::Pipeline;
use crate::table::Row;
use crate::world::{World, free_port};

/// Projects, each with a deployed instance.
const PROJECTS: usize = 10;
/// A megabyte.
const MEGABYTE: u64 = 1 << 20;

/// Measures the engine's resident memory once everything is built, deployed and at rest.
pub fn measure() -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    for number in 0..PROJECTS {
        let name = format!("shop-{number}");
        let repository = world.repository(&name)?;
        repository.commit("first", &Pipeline { step: "echo built", interval: "1s" })?;
        let (dir, port) = (repository.dir().display(), free_port()?);
        world.apply(
            &name,
            &format!(
                "repository = '{dir}'\npoll = \"15s\"\ntrusted = true\n\
                 [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
                 [environment.production]\nbranch = \"main\"\ndomain = \"{name}.localhost\"\n\
                 instances = 1\ndeploy = \"auto\"\ndrain = \"0s\"\nbake = \"0s\"\n"
            ),
        )?;
    }
    world.wait("all projects serve", |state| {
        let serving = state.environments.values().filter(|e| e.current.is_some()).count();
        serving == PROJECTS && state.live_deployments.is_empty() && state.live_runs.is_empty()
    })?;
    let engine = world.engine()?;
    Watch::begin(&[engine]).on(Duration::from_secs(5));
    let (now, most) = resident(engine)?;
    let what = "engine resident memory, idle, 10 projects";
    let value = f64::from(u32::try_from(now / 1024)?) / 1024.0;
    Ok(vec![
        Row::most(what, value, 40.0, "MB")
            .note(format!("at its most, while they were built: {} MB", most / MEGABYTE)),
    ])
}
