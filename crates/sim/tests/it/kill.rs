//! Killed anywhere, nothing is lost, doubled or orphaned.
//!
//! Every named point is tried, and of those that are passed often every fifth passing;
//! `PILOTHOUSE_ALL_POINTS=1` tries each.

use std::time::Duration;

use pilothouse_core::command::{Command, DeployWhat};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{DeploymentId, EnvironmentName, ProjectName, RunId};
use pilothouse_core::run::{RunPhase, Trigger};
use pilothouse_engine::failpoint;

use crate::sim::{Sim, fates, settled, simulate};
use crate::specs;
use crate::world::{Trouble, Weather};

pub fn production() -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop"), name: EnvironmentName::new("production") }
}

pub async fn apply(sim: &mut Sim) {
    let mut spec = specs::project("shop");
    spec.environments.push(specs::environment("shop", "production", "main"));
    let command = Command::Apply { spec: Box::new(spec) };
    sim.insist(command, |state| !state.projects.is_empty()).await;
}

/// Pushes a commit and waits until its deployment has ended.
pub async fn push(sim: &mut Sim, id: &str, troubles: &[Trouble]) {
    let last = sim.judge().state.last_deployment;
    sim.world.change(|things| things.push("shop", "main", id, troubles));
    sim.until(id, |state| state.last_deployment > last && settled(state)).await;
}

/// Push → run → deploy → a second deployment → bad releases → rollback → the loss of an
/// instance → a cancelled run → another deployment.
async fn voyage(sim: &mut Sim) -> Vec<String> {
    apply(sim).await;
    push(sim, "a", &[]).await;
    push(sim, "b", &[]).await;
    push(sim, "c", &[Trouble::Sick]).await;
    push(sim, "d", &[Trouble::Turns]).await;
    let what = DeployWhat::Rollback(None);
    let command = Command::Deploy { environment: production(), what, plan: None };
    sim.insist(command, |state| state.last_deployment == DeploymentId(5)).await;
    sim.until("rolled back", settled).await;
    let lost = sim.judge().state.instances.keys().next().unwrap().clone();
    sim.world.change(|things| things.processes.get_mut(&lost).unwrap().alive = false);
    sim.until("replaced", |state| !state.instances.contains_key(&lost) && settled(state)).await;
    sim.world.change(|things| things.push("shop", "main", "e", &[Trouble::Hangs]));
    let look = Command::Look { project: None, trigger: Trigger::Hook };
    sim.insist(look, |state| state.runs.contains_key(&RunId(5))).await;
    sim.until("the step hangs", |state| {
        state.runs.get(&RunId(5)).is_some_and(|run| matches!(run.phase, RunPhase::Running { .. }))
    })
    .await;
    sim.insist(Command::CancelRun { id: RunId(5) }, |state| {
        state.runs[&RunId(5)].cancelled_by.is_some()
            || !matches!(state.runs[&RunId(5)].phase, RunPhase::Running { .. })
    })
    .await;
    sim.until("cancelled", settled).await;
    push(sim, "f", &[]).await;
    // What was lost at the very end is found again.
    sim.pass(Duration::from_secs(30)).await;
    sim.until("at rest", settled).await;
    sim.at_rest();
    fates(&sim.judge().state)
}

#[test]
fn killed_at_any_point_everything_ends_as_without_the_kill() {
    let (fates, passed) = simulate(Weather::calm(), async |sim| {
        let fates = voyage(sim).await;
        (fates, sim.points.borrow().passed.clone())
    });
    println!("{fates:#?}");
    let ends = ["succeeded", "succeeded", "failed", "rolled back", "succeeded", "succeeded"];
    let deployments: Vec<&String> = fates.iter().filter(|fate| fate.starts_with('d')).collect();
    assert_eq!(deployments.len(), ends.len(), "{deployments:?}");
    assert!(deployments.iter().zip(ends).all(|(fate, end)| fate.ends_with(end)), "{fates:#?}");
    for name in failpoint::all() {
        // These end only by being cancelled, or by a loss that comes once.
        let endless = ["after-effect/tend"].contains(&name.as_str());
        assert!(endless || passed.contains_key(&name), "{name} is never passed");
    }
    let points: Vec<(String, u32)> = passed
        .iter()
        .flat_map(|(name, times)| (1..=*times).map(move |n| (name.clone(), n, *times)))
        .filter(|(_, n, times)| all() || *n <= 2 || n == times || n.is_multiple_of(5))
        .map(|(name, n, _)| (name, n))
        .collect();
    println!("{} kills", points.len());
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (points, fates, wrong) = (&points, &fates, &wrong);
            scope.spawn(move || {
                for (name, n) in points.iter().skip(half).step_by(2) {
                    let ended = killed_at(name, *n);
                    if !is_as(&ended, fates) {
                        wrong.lock().unwrap().push(format!("killed at {name}:{n}: {ended:#?}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), points.len(), wrong.join("\n"));
}

fn killed_at(name: &str, n: u32) -> Vec<String> {
    simulate(Weather::calm(), async |sim| {
        sim.down = Duration::from_secs(if n.is_multiple_of(2) { 0 } else { 7 });
        sim.points.borrow_mut().kill_at = Some((name.to_owned(), n));
        let ended = voyage(sim).await;
        assert_eq!(sim.lives, 2, "{name}:{n} killed nobody");
        ended
    })
}

/// Whether every point is to be a kill, instead of a share of those that are passed often.
fn all() -> bool {
    std::env::var_os("PILOTHOUSE_ALL_POINTS").is_some()
}

/// Whether a fate is that of a voyage without a kill, or what an engine may make of it that was
/// down while the release of `d4` turned bad.
///
/// If it never heard that traffic had moved, it takes the table back and calls that a failure
/// instead of a rollback. If its time to watch the release ran out meanwhile, it calls it good,
/// and the rollback that a person asks for goes to the release before.
fn is_as(ended: &[String], fates: &[String]) -> bool {
    let with = |changes: &[(&str, &str)]| {
        let mut fates = fates.to_vec();
        for (from, to) in changes {
            fates.iter_mut().filter(|fate| *fate == from).for_each(|fate| (*to).clone_into(fate));
        }
        fates
    };
    let back = "d4 shop/production r4 rolled back";
    let good = [
        (back, "d4 shop/production r4 succeeded"),
        ("d5 shop/production r1 succeeded", "d5 shop/production r2 succeeded"),
    ];
    ended == fates
        || ended == with(&[(back, "d4 shop/production r4 failed")])
        || ended == with(&good)
}
