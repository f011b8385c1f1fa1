//! From a trigger to the first step, and through a deployment.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pilothouse_core::deployment::{Deployment, DeploymentResult, Milestone, Phase};

use crate::Outcome;
use crate::repository::{Pipeline, Repository, git};
use crate::table::{Row, list, median, text};
use crate::world::{World, free_port, wait_for_line};

/// Pushes that are measured, after one that is not.
const PUSHES: usize = 7;
/// Time between two health checks. One passed check makes an instance healthy.
const INTERVAL: Duration = Duration::from_millis(100);

/// What one push took.
struct Push {
    /// From the trigger to the first step's process.
    step: Duration,
    /// What git needs for the same.
    git: Duration,
    deployment: Deployment,
}

/// Measures pushes that are built and deployed.
pub fn measure() -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    let repository = world.repository("shop")?;
    let mut pushes = Vec::new();
    for number in 0..=PUSHES {
        let push = push(&world, &repository, number)?;
        if number > 0 {
            pushes.push(push);
        }
    }
    let beyond: Vec<Duration> = pushes.iter().map(|p| p.step.saturating_sub(p.git)).collect();
    let (steps, gits): (Vec<_>, Vec<_>) = pushes.iter().map(|p| (p.step, p.git)).unzip();
    let all: Vec<Duration> = pushes.iter().map(|p| total(&p.deployment)).collect();
    let over: Vec<Duration> = all.iter().map(|time| time.saturating_sub(INTERVAL)).collect();
    let last = pushes.last().map(|push| milestones(&push.deployment)).unwrap_or_default();
    Ok(vec![
        Row::time(
            "trigger to the first step's process, beyond git",
            median(&beyond),
            Duration::from_millis(50),
        )
        .note(format!(
            "medians of {PUSHES}: all {}, git's ls-remote, fetch, clone and checkout alone {}",
            text(median(&steps)),
            text(median(&gits))
        ))
        .note(format!("beyond git: {}", list(&beyond))),
        Row::time(
            "deployment of 2 instances, beyond one check's interval",
            median(&over),
            Duration::from_millis(500),
        )
        .note(format!("QUEUED to SUCCEEDED: {}; one interval is {}", list(&all), text(INTERVAL)))
        .note(last),
    ])
}

fn push(world: &World, repository: &Repository, number: usize) -> Outcome<Push> {
    let mark = world.path(&format!("began-{number}"));
    let step = format!("date +%s%N > '{}'", mark.display());
    let pipeline = Pipeline { step: &step, interval: "100ms" };
    repository.commit(&format!("version {number}"), &pipeline)?;
    if number == 0 {
        // The first is built at once, as soon as the project is known.
        add(world, repository)?;
    }
    let before = world.state()?.last_deployment;
    let triggered = SystemTime::now();
    if number > 0 {
        world.look("shop")?;
    }
    let began: u64 = wait_for_line(&mark)?.parse()?;
    let step = (UNIX_EPOCH + Duration::from_nanos(began)).duration_since(triggered);
    let state = world.wait("the deployment has ended", |state| {
        (number == 0 || state.last_deployment > before)
            && state.last_deployment.0 > 0
            && state.live_deployments.is_empty()
    })?;
    let deployment = state.deployments.values().next_back().ok_or("no deployment")?.clone();
    match &deployment.phase {
        Phase::Ended { result: DeploymentResult::Succeeded, .. } => {}
        phase => return Err(format!("the deployment ended in {phase:?}").into()),
    }
    let git = alone(world, repository)?;
    Ok(Push { step: step.unwrap_or_default(), git, deployment })
}

fn add(world: &World, repository: &Repository) -> Outcome<()> {
    let (dir, port) = (repository.dir().display(), free_port()?);
    world.apply(
        "shop",
        &format!(
            "repository = '{dir}'\npoll = \"1h\"\ntrusted = true\n\
             [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [environment.production]\nbranch = \"main\"\ndomain = \"shop.localhost\"\n\
             instances = 2\ndeploy = \"auto\"\ndrain = \"0s\"\nbake = \"0s\"\n"
        ),
    )
}

/// What git alone takes for what the engine asks of it between a trigger and a step.
fn alone(world: &World, repository: &Repository) -> Outcome<Duration> {
    let (mirror, workspace) = (world.path("alone.git"), world.path("alone"));
    let (source, here) = (repository.dir().display().to_string(), world.path(""));
    let (mirror_text, workspace_text) =
        (mirror.display().to_string(), workspace.display().to_string());
    if !mirror.exists() {
        git(&here, &["init", "--quiet", "--bare", &mirror_text])?;
    }
    let head = repository.git(&["rev-parse", "HEAD"])?;
    let begun = Instant::now();
    git(&here, &["ls-remote", "--heads", "--", &source])?;
    let heads = "+refs/heads/*:refs/heads/*";
    let fetch = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--force"];
    git(&mirror, &[&fetch[..], &["--", &source, heads]].concat())?;
    let clone = ["clone", "--quiet", "--no-checkout", "--shared", "--no-tags", "--"];
    git(&here, &[&clone[..], &[&mirror_text, &workspace_text]].concat())?;
    git(&workspace, &["checkout", "--quiet", "--detach", &head])?;
    let took = begun.elapsed();
    std::fs::remove_dir_all(&workspace)?;
    Ok(took)
}

fn total(deployment: &Deployment) -> Duration {
    let at = |milestone| deployment.milestones.get(&milestone).map_or(0, |at| at.0);
    Duration::from_millis(at(Milestone::Succeeded).saturating_sub(at(Milestone::Queued)))
}

fn milestones(deployment: &Deployment) -> String {
    let begun = deployment.milestones.get(&Milestone::Queued).map_or(0, |at| at.0);
    let texts: Vec<String> = deployment
        .milestones
        .iter()
        .map(|(milestone, at)| format!("{} +{}", milestone.name(), at.0.saturating_sub(begun)))
        .collect();
    format!("the last one, in ms: {}", texts.join(", "))
}
