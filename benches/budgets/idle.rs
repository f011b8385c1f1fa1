//! Engine, edge and cockpit while nothing changes.

use std::time::Duration;

use pilothouse_core::routing::TargetState;

use crate::Outcome;
use crate::cockpit::Cockpit;
use crate::process::{Watch, children, only_waking};
use crate::repository::Pipeline;
use crate::table::{Row, text};
use crate::world::{World, free_port};

/// Targets that are checked.
const TARGETS: usize = 10;
/// How long nothing changes.
const LENGTH: Duration = Duration::from_secs(20);
/// How long the cockpit may take to come to rest.
const REST: Duration = Duration::from_secs(6);

/// Measures what is used and drawn while nothing changes.
pub fn measure() -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    let repository = world.repository("shop")?;
    repository.commit("first", &Pipeline { step: "true", interval: "5s" })?;
    let (dir, port) = (repository.dir().display(), free_port()?);
    world.apply(
        "shop",
        &format!(
            "repository = '{dir}'\npoll = \"15s\"\ntrusted = true\n\
             [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [environment.production]\nbranch = \"main\"\ndomain = \"shop.localhost\"\n\
             instances = {TARGETS}\ndeploy = \"auto\"\ndrain = \"0s\"\nbake = \"0s\"\n"
        ),
    )?;
    world.wait("ten targets are healthy", |state| {
        let healthy = |state: &TargetState| *state == TargetState::Healthy;
        let count = state.instances.values().filter(|i| healthy(&i.health.state)).count();
        count == TARGETS && state.live_deployments.is_empty() && state.live_runs.is_empty()
    })?;
    let cockpit = Cockpit::open(&world.environment(), vec!["5 Hourly cost".to_owned()])?;
    cockpit.wait()?;
    let (engine, edge, own) = (world.engine()?, world.edge()?, cockpit.process()?);
    Watch::begin(&[engine]).on(REST);

    let (bytes, pieces) = cockpit.drawn();
    let git = children(engine)?;
    let scale = std::thread::spawn(|| only_waking(LENGTH));
    let mut watch = Watch::begin(&[engine, edge, own]);
    watch.on(LENGTH);
    let scale = scale.join().map_err(|_| "the thread for scale was lost")?;
    let (bytes_after, pieces_after) = cockpit.drawn();
    let git = children(engine)?.saturating_sub(git);
    let used = [engine, edge, own].map(|pid| watch.used(pid));
    let share = |time: Duration| 100.0 * time.as_secs_f64() / LENGTH.as_secs_f64();
    let percent: Vec<String> = used.iter().map(|time| format!("{:.3}", share(*time))).collect();
    let parts = percent.join(" + ");
    let all = used.iter().sum();
    Ok(vec![
        Row::most("idle: CPU of engine, edge and cockpit", share(all), 0.1, "%").note(format!(
            "engine + edge + cockpit {parts} % over {} s; git for polls each 15 s besides: {}; \
             for scale, a thread that wakes 10 times a second and does nothing: {:.3} %",
            LENGTH.as_secs(),
            text(git),
            share(scale)
        )),
        Row::told(
            "idle: drawn by the cockpit",
            &format!("{} B", bytes_after - bytes),
            "ages alone",
        )
        .note(format!("in {} pieces over {} s", pieces_after - pieces, LENGTH.as_secs())),
    ])
}
