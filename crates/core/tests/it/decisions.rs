//! Every phase of a deployment against every input that could matter, compared with a plain table.

use std::collections::BTreeMap;

use pilothouse_core::command::Command;
use pilothouse_core::deployment::{Deployment, DeploymentResult, Phase};
use pilothouse_core::effect::{EffectId, Fault, Input, Observation, Outcome};
use pilothouse_core::id::{DeploymentId, InstanceId};
use pilothouse_core::instance::TargetHealth;
use pilothouse_core::routing::TargetState;
use pilothouse_core::time::Millis;

use crate::scenario::Play;
use crate::world::World;

/// What the next phase is; where nothing is said the phase stays.
///
/// `transient`, `permanent` and `unknown` are the faults of the effect that is named.
const TABLE: &str = include_str!("decisions.txt");

/// How a deployment comes into a phase: what its environment is like, and what is done then.
const PHASES: [(&str, &str, &[&str]); 17] = [
    ("Queued", "instances=1", &["until d2 Starting", "deploy production run 1"]),
    ("Staging", "instances=1", &["until d2 Staging"]),
    ("Starting", "instances=1", &["until d2 Starting"]),
    ("Starting, started", "instances=1", &["until d2 Starting", "run 1"]),
    ("Shifting", "instances=1", &["until d2 Shifting"]),
    ("Draining", "instances=1", &["until d2 Draining"]),
    ("Draining, in batches", "instances=2 max=150", &["until d2 Draining"]),
    ("MakingRoom", "instances=2 max=100", &["until d2 MakingRoom"]),
    ("Verifying", "instances=1", &["until d2 Verifying"]),
    ("Baking", "instances=1", &["until d2 Baking"]),
    ("Baking, staying", "instances=1 stays", &["until d2 Baking"]),
    ("Retiring", "instances=1", &["until d2 Retiring"]),
    ("Aborting", "instances=1", &["until d2 Starting", "run 1", "cancel d2"]),
    ("RollingBack Starting", "instances=2 max=100", &["until d2 MakingRoom", "cancel d2"]),
    ("RollingBack Shifting", "instances=1", &["until d2 Draining", "cancel d2"]),
    (
        "RollingBack Draining",
        "instances=1",
        &["until d2 Baking", "cancel d2", "until d2 RollingBack_Draining"],
    ),
    (
        "RollingBack Stopping",
        "instances=1",
        &["until d2 Baking", "cancel d2", "until d2 RollingBack_Stopping"],
    ),
];

const PLAIN: [&str; 12] = [
    "cancel",
    "new gone",
    "old gone",
    "new unhealthy",
    "old unhealthy",
    "new ended",
    "new restarted",
    "deadline",
    "an hour later",
    "halt",
    "removal",
    "edge down",
];
const EFFECTS: [&str; 8] =
    ["stage", "start new", "prove new", "drain new", "drain old", "publish", "verify", "stop"];
const RESULTS: [&str; 4] = ["ok", "transient", "permanent", "unknown"];

fn inputs() -> Vec<String> {
    let effects =
        EFFECTS.iter().flat_map(|effect| RESULTS.map(|result| format!("{effect} {result}")));
    PLAIN.iter().map(ToString::to_string).chain(effects).collect()
}

fn play(setting: &str, way: &[&str]) -> Play {
    let mut play = Play::new();
    let environment = format!("env production main {setting}");
    for line in [environment.as_str(), "apply", "push main a", "run", "push main b"] {
        play.line(line);
    }
    for line in way {
        play.line(line);
    }
    play
}

fn shown(deployment: &Deployment) -> String {
    match &deployment.phase {
        Phase::RollingBack { step, .. } => format!("RollingBack {step:?}"),
        Phase::Baking { .. } => "Baking".to_owned(),
        Phase::Aborting { .. } => "Aborting".to_owned(),
        Phase::Ended { result, .. } => match result {
            DeploymentResult::Succeeded => "SUCCEEDED",
            DeploymentResult::Failed { .. } => "FAILED",
            DeploymentResult::RolledBack { .. } => "ROLLED_BACK",
            DeploymentResult::Attention { .. } => "ATTENTION",
            DeploymentResult::Cancelled { .. } => "CANCELLED",
            DeploymentResult::Superseded { .. } => "SUPERSEDED",
        }
        .to_owned(),
        other => format!("{other:?}"),
    }
}

/// The effect that an input is the end of, whether or not it is wanted now.
fn effect(world: &World, deployment: &Deployment, name: &str) -> EffectId {
    let new = deployment.new.last().cloned().unwrap_or(InstanceId::new("nobody"));
    let old = deployment.old.first().cloned().unwrap_or(InstanceId::new("nobody"));
    match name {
        "stage" => EffectId::Stage(deployment.id),
        "start new" => EffectId::Start(new),
        "prove new" => EffectId::Prove(new),
        "drain new" => EffectId::Drain(new),
        "drain old" => EffectId::Drain(old),
        "publish" => EffectId::Publish(world.state.edge.version + 1),
        "verify" => EffectId::Verify(deployment.id),
        "stop" => {
            let stopping = world.state.instances.values().find(|instance| {
                matches!(instance.phase, pilothouse_core::instance::InstancePhase::Stopping { .. })
            });
            EffectId::Stop(stopping.map_or(new, |instance| instance.id.clone()))
        }
        other => panic!("no effect {other}"),
    }
}

fn outcome(world: &World, name: &str) -> Outcome {
    match name {
        "start new" => {
            Outcome::Started { address: "127.0.0.1:9".parse().unwrap(), proof: "proof".to_owned() }
        }
        "publish" => Outcome::Published { digest: world.state.edge.wanted.clone() },
        _ => Outcome::Done,
    }
}

fn health(world: &World, id: &InstanceId) -> Input {
    let (state, detail) = (TargetState::Unhealthy, String::new());
    let health = TargetHealth { state, reason: None, detail, doubted: false, since: world.now };
    Input::Observation(Observation::TargetChanged { id: id.clone(), health })
}

fn give(play: &mut Play, id: DeploymentId, input: &str) {
    let deployment = play.world.state.deployments[&id].clone();
    let nobody = InstanceId::new("nobody");
    let new = deployment.new.first().unwrap_or(&nobody);
    let old = deployment.old.first().unwrap_or(&nobody);
    let lost = || Ok(Outcome::Lost { why: "lost".to_owned() });
    let gone = |id: &InstanceId| Input::Outcome { id: EffectId::Watch(id.clone()), result: lost() };
    let world = &mut play.world;
    let input = match input {
        "cancel" => {
            let _ = world.ask(Command::CancelDeployment { id, waiting: false });
            return;
        }
        "halt" => {
            let _ = world.ask(Command::Halt);
            return;
        }
        "removal" => {
            play.line("drop production");
            return play.line("apply");
        }
        "new gone" => gone(new),
        "old gone" => gone(old),
        "new unhealthy" => health(world, new),
        "old unhealthy" => health(world, old),
        "new ended" => Input::Observation(Observation::InstanceEnded {
            id: new.clone(),
            why: "it ended with status 1".to_owned(),
            by_itself: false,
        }),
        "new restarted" => Input::Observation(Observation::InstanceRestarted {
            id: new.clone(),
            restarts: 1,
            proof: "again".to_owned(),
            address: None,
            is_own: false,
        }),
        "deadline" => Input::Deadline,
        "an hour later" => {
            world.now = world.now.after(Millis::minutes(60));
            Input::Deadline
        }
        "edge down" => {
            Input::Observation(Observation::EdgeDisconnected { why: "refused".to_owned() })
        }
        end => {
            let (name, result) = end.rsplit_once(' ').unwrap();
            let result = match result {
                "ok" => Ok(outcome(world, name)),
                "transient" => Err(Fault::transient("it may pass")),
                "permanent" => Err(Fault::permanent("it will not pass")),
                _ => Err(Fault::unknown("nobody knows")),
            };
            Input::Outcome { id: effect(world, &deployment, name), result }
        }
    };
    world.turn(&input);
}

fn expected() -> BTreeMap<(String, String), String> {
    let mut cells = BTreeMap::new();
    let mut phase = String::new();
    for line in TABLE.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((input, next)) = line.strip_prefix("    ").and_then(|l| l.split_once(" -> ")) {
            cells.insert((phase.clone(), input.trim().to_owned()), next.trim().to_owned());
        } else {
            line.trim().clone_into(&mut phase);
        }
    }
    cells
}

#[test]
fn every_phase_meets_every_input() {
    let expected = expected();
    let mut wrong = Vec::new();
    let mut cells = 0;
    for (phase, setting, way) in PHASES {
        for input in inputs() {
            let mut play = play(setting, way);
            let id = DeploymentId(if phase == "Queued" { 3 } else { 2 });
            let stays = phase.split(',').next().unwrap();
            assert_eq!(shown(&play.world.state.deployments[&id]), stays, "the way to it");
            give(&mut play, id, &input);
            let next = shown(&play.world.state.deployments[&id]);
            let cell = (phase.to_owned(), input.clone());
            let right = expected.get(&cell).map_or(stays, String::as_str);
            if next != right {
                wrong.push(format!("{phase}\n    {input} -> {next}   (expected {right})"));
            }
            cells += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, PHASES.len() * (PLAIN.len() + EFFECTS.len() * RESULTS.len()));
}
