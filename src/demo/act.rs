//! The acts: each does something to the real thing and looks at what clients got.

use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::{bail, ensure};
use pilothouse_core::deployment::{Deployment, DeploymentResult, Phase};
use pilothouse_core::instance::{InstancePhase, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;

use super::asked::Asked;
use super::guide::production;
use super::load::{Count, Load, ask};
use super::repository::Commit;
use super::scene::{DOMAIN, Runtime, Scene, kill};
use crate::out;

/// An act: its name, and what it does. The sentence it gives says what was seen.
type Act = (&'static str, fn(&mut Stage) -> Result<String>);

/// The acts in order. Each goes on from what the one before left.
const ACTS: [Act; 9] = [
    ("first commit is built, tested, deployed and served", first),
    ("a good push under load", good_push),
    ("a broken build", broken_build),
    ("a release that never gets healthy", never_healthy),
    ("a release that turns bad after the shift", turns_bad),
    ("kill -9 of an instance under load", instance_killed),
    ("kill -9 of the engine in mid-deployment under load", engine_killed),
    ("kill -9 of the edge", edge_killed),
    ("a source address that a rule refuses", refused_source),
];

/// What the acts play on.
struct Stage {
    scene: Scene,
    load: Option<Load>,
    /// The version that production should show.
    version: String,
}

/// Plays all acts; tells how many failed.
pub fn play(runtime: Runtime, keep: bool, asked: &Asked) -> Result<usize> {
    let began = Instant::now();
    let scene = Scene::set(runtime, keep, asked)?;
    out::line(&format!("pilothouse demo: {} acts on {DOMAIN} ({})", ACTS.len(), scene.address()));
    let mut stage = Stage { scene, load: None, version: String::new() };
    let mut passed = 0;
    for (number, (name, act)) in ACTS.iter().enumerate() {
        let act_began = Instant::now();
        let played = act(&mut stage);
        if asked.check().is_err() {
            break;
        }
        let took = act_began.elapsed().as_secs_f64();
        let number = number + 1;
        match played {
            Ok(seen) => {
                passed += 1;
                out::line(&format!("  ok    {number}. {name} ({took:.1} s)\n        {seen}"));
            }
            Err(error) => {
                out::line(&format!("  FAIL  {number}. {name} ({took:.1} s)\n        {error}"));
                if number == 1 {
                    break;
                }
            }
        }
    }
    if let Some(load) = stage.load.take() {
        load.end();
    }
    if keep || asked.check().is_err() {
        out::line(&stage.scene.last_words());
    }
    drop(stage);
    asked.check()?;
    let took = began.elapsed().as_secs();
    out::line(&format!("{passed} of {} acts passed in {took} s", ACTS.len()));
    Ok(ACTS.len() - passed)
}

/// The operator's file of the demonstration.
pub fn project_file(scene: &Scene, production: &str) -> String {
    let (repository, port) = (scene.repository_dir().display().to_string(), scene.address().port());
    let runtime = match scene.runtime() {
        Runtime::Local => "local",
        Runtime::Docker => "docker",
    };
    format!(
        r#"repository = '{repository}'
poll = "200ms"
trusted = true

[load_balancer]
listen = ["127.0.0.1:{port}", "[::1]:{port}"]

[environment.production]
branch = "main"
domain = "{DOMAIN}"
runtime = "{runtime}"
instances = 2
deploy = "{production}"
drain = "2s"
bake = "1500ms"

[[environment.production.rule]]
priority = 10
path = ["/admin", "/admin/*"]
source_ip = ["10.0.0.0/8"]
forward = true

[[environment.production.rule]]
priority = 20
path = ["/admin", "/admin/*"]
fixed = {{ status = 403, body = "not from here\n" }}

[environment.development]
branch = "develop"
runtime = "{runtime}"
instances = 1
drain = "1s"
bake = "500ms"

[environment.preview]
branch = "feature/*"
runtime = "{runtime}"
instances = 1
drain = "1s"
bake = "500ms"
"#
    )
}

fn first(stage: &mut Stage) -> Result<String> {
    stage.scene.repository()?.commit("v1", "Open the shop", Commit::Good)?;
    stage.scene.apply(&project_file(&stage.scene, "auto"))?;
    stage.succeeds(1)?;
    let (status, body) = ask(stage.scene.address(), DOMAIN, "/").map_err(wrong)?;
    ensure!(status == 200 && body.contains("<p>v1</p>"), "{DOMAIN} answers {status}: {body}");
    "v1".clone_into(&mut stage.version);
    let load = Load::begin(stage.scene.address(), DOMAIN);
    stage.load = Some(load);
    Ok(format!("http://{DOMAIN}:{}/ shows v1", stage.scene.address().port()))
}

fn good_push(stage: &mut Stage) -> Result<String> {
    stage.count();
    let deployment = stage.push("v2", "Put 결제 in order", Commit::Good)?;
    ensure!(
        is(&deployment, |r| *r == DeploymentResult::Succeeded),
        "it ended {}",
        end(&deployment)
    );
    "v2".clone_into(&mut stage.version);
    stage.nothing_failed()
}

fn broken_build(stage: &mut Stage) -> Result<String> {
    stage.count();
    let before = stage.scene.state()?.last_run;
    stage.scene.repository()?.commit("v3", "Rename the shop", Commit::Broken)?;
    stage.scene.look()?;
    let state = stage
        .scene
        .wait("the run has ended", |state| state.last_run > before && state.live_runs.is_empty())?;
    let run = state.runs.values().next_back();
    let Some(RunPhase::Ended { result: RunResult::Failed { why, .. }, .. }) =
        run.map(|run| &run.phase)
    else {
        bail!("the run did not fail: {:?}", run.map(|run| &run.phase));
    };
    Ok(format!("{why}; {}", stage.still_serves()?))
}

fn never_healthy(stage: &mut Stage) -> Result<String> {
    stage.count();
    let deployment = stage.push("v4", "Warm the cache on start", Commit::Sick)?;
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        bail!("it ended {}", end(&deployment));
    };
    let why = why.clone();
    Ok(format!("the gate stopped it: {why}\n        {}", stage.still_serves()?))
}

fn turns_bad(stage: &mut Stage) -> Result<String> {
    stage.count();
    let deployment = stage.push("v5", "Queue the orders", Commit::TurnsBad(300))?;
    let Phase::Ended { result: DeploymentResult::RolledBack { why }, .. } = &deployment.phase
    else {
        bail!("it ended {}", end(&deployment));
    };
    let why = why.clone();
    Ok(format!("rolled back by itself: {why}\n        {}", stage.still_serves()?))
}

fn instance_killed(stage: &mut Stage) -> Result<String> {
    stage.count();
    let state = stage.scene.state()?;
    let victim = state
        .instances_of(&production())
        .find(|instance| instance.role == Role::Active)
        .ok_or_else(|| color_eyre::eyre::eyre!("no instance serves"))?
        .clone();
    let InstancePhase::Running { proof, .. } = &victim.phase else {
        bail!("{} does not run", victim.id);
    };
    kill(stage.scene.process_of(proof)?)?;
    let restarts = victim.restarts;
    stage.scene.wait("the instance runs and is healthy again", |state| {
        state.instances.get(&victim.id).is_some_and(|instance| {
            instance.restarts > restarts
                && instance.is_proved()
                && instance.health.state == TargetState::Healthy
        })
    })?;
    Ok(format!("{} was started again; {}", victim.id, stage.nothing_failed()?))
}

fn engine_killed(stage: &mut Stage) -> Result<String> {
    stage.count();
    let before = stage.scene.state()?.last_deployment;
    stage.scene.repository()?.commit("v6", "Print receipts", Commit::Good)?;
    stage.scene.look()?;
    stage.scene.wait("the deployment starts instances", |state| {
        state.last_deployment > before
            && state.deployments.values().next_back().is_some_and(|d| d.phase == Phase::Starting)
    })?;
    stage.scene.kill_engine()?;
    let load = stage.load.as_ref().map(Load::take).unwrap_or_default();
    ensure!(load.failed == 0, "{} requests failed before the kill", load.failed);
    // Traffic goes on without an engine.
    std::thread::park_timeout(Duration::from_millis(500));
    let alone = stage.load.as_ref().map(Load::take).unwrap_or_default();
    ensure!(alone.good > 0, "nobody was served while no engine ran");
    stage.scene.start_engine()?;
    let deployment = stage.ended(before)?;
    ensure!(
        is(&deployment, |r| *r == DeploymentResult::Succeeded),
        "it ended {}",
        end(&deployment)
    );
    "v6".clone_into(&mut stage.version);
    let alone_good = alone.good;
    Ok(format!(
        "{} requests were served while no engine ran; it went on and finished; {}",
        alone_good,
        stage.nothing_failed_with(alone)?
    ))
}

fn edge_killed(stage: &mut Stage) -> Result<String> {
    stage.count();
    kill(stage.scene.edge_pid()?)?;
    let began = Instant::now();
    let until = began + Duration::from_secs(10);
    loop {
        if let Ok((200, body)) = ask(stage.scene.address(), DOMAIN, "/") {
            let shown = format!("<p>{}</p>", stage.version);
            ensure!(body.contains(&shown), "another version answers: {body}");
            break;
        }
        stage.scene.goes_on()?;
        ensure!(Instant::now() < until, "nothing answers 10 s after the edge was killed");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let gap = began.elapsed();
    ensure!(gap < Duration::from_secs(5), "it took {} ms", gap.as_millis());
    stage.scene.wait("the engine has read the table back", |state| {
        state.edge.connected && state.edge.active.as_ref() == Some(&state.edge.wanted)
    })?;
    let count = stage.load.as_ref().map(Load::take).unwrap_or_default();
    Ok(format!(
        "a new one served {} after {} ms; {} requests failed meanwhile",
        stage.version,
        gap.as_millis(),
        count.failed
    ))
}

fn refused_source(stage: &mut Stage) -> Result<String> {
    let (status, body) = ask(stage.scene.address(), DOMAIN, "/admin/orders").map_err(wrong)?;
    ensure!(status == 403, "/admin/orders answers {status}: {body}");
    let (status, _) = ask(stage.scene.address(), DOMAIN, "/orders").map_err(wrong)?;
    ensure!(status == 200, "/orders answers {status}");
    Ok("127.0.0.1 gets 403 on /admin/*, which only 10.0.0.0/8 may see, and 200 elsewhere"
        .to_owned())
}

impl Stage {
    /// Pushes a commit to production's branch and waits for the end of its deployment.
    fn push(&mut self, version: &str, subject: &str, commit: Commit) -> Result<Deployment> {
        let before = self.scene.state()?.last_deployment;
        self.scene.repository()?.commit(version, subject, commit)?;
        self.scene.look()?;
        self.ended(before)
    }

    fn ended(&self, before: pilothouse_core::id::DeploymentId) -> Result<Deployment> {
        let state = self.scene.wait("the deployment has ended", |state| {
            state.last_deployment > before && state.live_deployments.is_empty()
        })?;
        newest(&state)
    }

    fn succeeds(&self, number: u64) -> Result<()> {
        let state = self.scene.wait("the first deployment has ended", |state| {
            state.last_deployment.0 >= number && state.live_deployments.is_empty()
        })?;
        let deployment = newest(&state)?;
        ensure!(
            is(&deployment, |result| *result == DeploymentResult::Succeeded),
            "it ended {}",
            end(&deployment)
        );
        Ok(())
    }

    /// Begins a new count of what visitors get.
    fn count(&self) {
        if let Some(load) = &self.load {
            load.take();
        }
    }

    fn nothing_failed(&self) -> Result<String> {
        self.nothing_failed_with(Count::default())
    }

    fn nothing_failed_with(&self, before: Count) -> Result<String> {
        let mut count = self.load.as_ref().map(Load::take).unwrap_or_default();
        count.good += before.good;
        count.failed += before.failed;
        count.failures.extend(before.failures);
        ensure!(
            count.failed == 0,
            "{} of {} requests failed: {:?}",
            count.failed,
            count.good,
            count.failures
        );
        ensure!(count.good > 0, "nobody was served");
        Ok(format!("{} requests, 0 failed", count.good))
    }

    /// The earlier release serves as if nothing had happened.
    fn still_serves(&self) -> Result<String> {
        let (status, body) = ask(self.scene.address(), DOMAIN, "/").map_err(wrong)?;
        let shown = format!("<p>{}</p>", self.version);
        ensure!(status == 200 && body.contains(&shown), "{DOMAIN} answers {status}: {body}");
        Ok(format!("{} serves on; {}", self.version, self.nothing_failed()?))
    }
}

fn newest(state: &State) -> Result<Deployment> {
    let newest = state.deployments.values().next_back();
    newest.cloned().ok_or_else(|| color_eyre::eyre::eyre!("there is no deployment"))
}

fn is(deployment: &Deployment, wanted: impl Fn(&DeploymentResult) -> bool) -> bool {
    matches!(&deployment.phase, Phase::Ended { result, .. } if wanted(result))
}

fn end(deployment: &Deployment) -> String {
    match &deployment.phase {
        Phase::Ended { result, .. } => format!("{result:?}"),
        phase => format!("in phase {phase:?}"),
    }
}

fn wrong(what: String) -> color_eyre::Report {
    color_eyre::eyre::eyre!(what)
}
