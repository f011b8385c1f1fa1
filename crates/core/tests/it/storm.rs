//! Random commands, outcomes, faults, delays and crashes: whatever happens, what must hold holds,
//! and once the world is well again everything comes to rest.

mod act;
mod found;

use std::collections::BTreeSet;

use pilothouse_core::command::{Command, DeployWhat};
use pilothouse_core::container;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Fault, Input, Observation};
use pilothouse_core::id::{DeploymentId, EnvironmentName, ProjectName, ReleaseNumber, RunId};
use pilothouse_core::instance::{InstancePhase, Role};
use pilothouse_core::routing::Role as TargetRole;
use pilothouse_core::run::Trigger;
use pilothouse_core::spec::{DeployMode, ProjectSpec, Runtime};
use pilothouse_core::table::{self, release_of};
use pilothouse_core::time::Millis;
use proptest::prelude::*;

use crate::specs;
use crate::world::{Trouble, World, fold};
use act::{Act, act};

const BRANCHES: [&str; 5] = ["main", "develop", "feature/a", "feature/b", "release/1"];
const ENVIRONMENTS: [&str; 4] = ["production", "qa", "development", "preview-feature-a-cfed5b15"];
const EFFECTS: [&str; 9] =
    ["Publish", "Start", "Stop", "Drain", "Prove", "Stage", "Verify", "Look", "Clean"];

fn project_name(project: u8) -> &'static str {
    if project == 0 { "shop" } else { "blog" }
}

fn key(project: u8, environment: u8) -> EnvironmentKey {
    EnvironmentKey {
        project: ProjectName::new(project_name(project)),
        name: EnvironmentName::new(ENVIRONMENTS[usize::from(environment)]),
    }
}

fn spec(project: u8, instances: u8, max: u8, min: u8, dropped: u8, stays: bool) -> ProjectSpec {
    let name = project_name(project);
    let mut spec = specs::project(name);
    spec.keep_runs = 3;
    let mut production = specs::environment(name, "production", "main");
    production.deploy = DeployMode::Manual;
    let qa = specs::environment(name, "qa", "release/*");
    let development = specs::environment(name, "development", "develop");
    let mut preview = specs::environment(name, "preview", "feature/*");
    preview.preview = true;
    preview.domain = Some(format!("{{branch}}.{name}.test"));
    spec.environments = vec![production, qa, development, preview];
    for environment in &mut spec.environments {
        environment.instances = u32::from(instances);
        environment.strategy.max_percent = [100, 150, 200, 300][usize::from(max)];
        environment.strategy.min_healthy_percent = [100, 50, 0][usize::from(min)];
        environment.strategy.auto_rollback = !stays;
        environment.keep_releases = 2;
        // One of the two projects runs in containers.
        if project == 1 {
            environment.runtime = Runtime::Docker(container::Docker::default());
        }
    }
    if usize::from(dropped) < spec.environments.len() {
        spec.environments.remove(usize::from(dropped));
    }
    spec
}

struct Storm {
    world: World,
    commits: u32,
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        // So small that pushes often meet a full queue.
        world.limits.queued_runs = 1 + (seed % 4) as u32;
        world.crash();
        for project in 0..2 {
            let spec = Box::new(spec(project, 2, 2, 0, 9, false));
            world.ask(Command::Apply { spec }).unwrap();
        }
        Self { world, commits: 0 }
    }

    /// The check of an instance's own fails or passes, as the engine of containers tells it.
    fn check(&mut self, place: u8, passes: bool) {
        let Some(id) = self.world.state.instances.keys().nth(usize::from(place)).cloned() else {
            return;
        };
        let one = &self.world.state.instances[&id];
        let is_unproved = matches!(one.phase, InstancePhase::Running { proved: false, .. });
        // What is ill before it proved itself is as one that did not prove itself in time.
        if !passes && is_unproved && one.role != Role::Draining {
            self.world.given_up.insert(id.clone());
        }
        let told = if passes {
            Observation::InstanceWell { id }
        } else {
            Observation::InstanceIll { id, why: "no database".to_owned() }
        };
        self.world.turn(&Input::Observation(told));
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Push { project, branch, trouble } => self.push(*project, *branch, *trouble),
            Act::Delete { project, branch } => {
                let name = ProjectName::new(project_name(*project));
                let heads = self.world.repositories.entry(name).or_default();
                heads.remove(BRANCHES[usize::from(*branch)]);
            }
            Act::Deploy { project, environment, what } => {
                self.deploy(*project, *environment, *what);
            }
            Act::CancelDeployment(back) => {
                let last = self.world.state.last_deployment.0;
                let id = DeploymentId(last.saturating_sub(u64::from(*back)));
                let _ = self.world.ask(Command::CancelDeployment { id, waiting: *back % 2 == 1 });
            }
            Act::CancelRun(back) => {
                let id = RunId(self.world.state.last_run.0.saturating_sub(u64::from(*back)));
                let _ = self.world.ask(Command::CancelRun { id });
            }
            Act::StartRun { project, branch } => self.start_run(*project, *branch),
            Act::Look => {
                let trigger = Trigger::Hook;
                let _ = self.world.ask(Command::Look { project: None, trigger });
            }
            Act::Edge(down) => self.world.edge.down = *down,
            Act::Containers(how) => self.containers(*how),
            Act::Fault { kind, fault, times } => {
                let fault = match fault {
                    0 => Fault::transient("it may pass"),
                    1 => Fault::permanent("it will not pass"),
                    _ => Fault::unknown("nobody knows"),
                };
                let faults = self.world.faults.entry(EFFECTS[usize::from(*kind)].to_owned());
                faults.or_default().extend(vec![fault; usize::from(*times)]);
            }
            Act::Kill(place) => self.process(*place, |process, _| process.alive = false),
            Act::Restart(place) => {
                self.process(*place, |process, now| process.restarts_at = Some(now));
            }
            Act::Check { place, passes } => self.check(*place, *passes),
            Act::Stop { place, force } => {
                let id = self.world.state.instances.keys().nth(usize::from(*place)).cloned();
                if let Some(id) = id {
                    let _ = self.world.ask(Command::StopInstance { id, force: *force });
                }
            }
            Act::Start { project, environment } => {
                let environment = key(*project, *environment);
                let _ = self.world.ask(Command::StartInstances { environment });
            }
            Act::Turn(place) => self.process(*place, |process, now| process.turns_at = Some(now)),
            Act::Late(place) => self.world.late(usize::from(*place)),
            Act::Crash => self.world.crash(),
            Act::Reboot => self.world.reboot(),
            Act::Halt => {
                let _ = self.world.ask(Command::Halt);
            }
            Act::Remove(project) => self.remove(*project),
            Act::Apply { project, instances, max, min, dropped, stays } => {
                let spec = Box::new(spec(*project, *instances, *max, *min, *dropped, *stays));
                let _ = self.world.ask(Command::Apply { spec });
            }
            Act::Steps(count) => {
                for _ in 0..*count {
                    self.world.step();
                }
            }
            Act::Wait(seconds) => self.world.run_for(Millis::seconds(u64::from(*seconds))),
        }
    }

    fn remove(&mut self, project: u8) {
        let project = ProjectName::new(project_name(project));
        let _ = self.world.ask(Command::RemoveProject { project });
    }

    fn start_run(&mut self, project: u8, branch: u8) {
        let project = ProjectName::new(project_name(project));
        let branch = specs::branch(BRANCHES[usize::from(branch)]);
        let _ = self.world.ask(Command::StartRun { project, branch });
    }

    fn containers(&mut self, how: u8) {
        match how {
            0 => self.world.lose_containers(),
            how => self.world.find_containers(how == 1),
        }
    }

    fn process(
        &mut self,
        place: u8,
        with: impl FnOnce(&mut crate::world::Process, pilothouse_core::time::Timestamp),
    ) {
        let now = self.world.now;
        if let Some(process) = self.world.processes.values_mut().nth(usize::from(place)) {
            with(process, now);
        }
    }

    fn push(&mut self, project: u8, branch: u8, trouble: Option<u8>) {
        self.commits += 1;
        // Many commits have the bytes of another: what runs must be each one's own all the same.
        let id = format!("c{}={}", self.commits % 3, self.commits);
        let commit = specs::commit(&id, &id, self.world.now);
        let troubles = trouble.map(|trouble| Trouble::ALL[usize::from(trouble)].1);
        self.world.troubles.insert(commit.id.clone(), troubles.into_iter().collect());
        let name = ProjectName::new(project_name(project));
        let heads = self.world.repositories.entry(name).or_default();
        heads.insert(specs::branch(BRANCHES[usize::from(branch)]), commit);
    }

    fn deploy(&mut self, project: u8, environment: u8, what: u8) {
        let key = key(project, environment);
        let last = self.world.state.environments.get(&key);
        let last = last.and_then(|environment| environment.releases.keys().next_back().copied());
        let what = match what {
            0 => DeployWhat::Rollback(None),
            1 => DeployWhat::Rollback(last),
            2 => DeployWhat::Promotion(EnvironmentName::new("qa")),
            3 => DeployWhat::Run(self.world.state.last_run),
            4 => DeployWhat::Rollback(last.map(|last| ReleaseNumber(last.0.saturating_sub(1)))),
            _ => DeployWhat::Ready,
        };
        let _ = self.world.ask(Command::Deploy { environment: key, what, plan: None });
    }

    /// The world is well again, and has time.
    fn heal(&mut self) {
        let world = &mut self.world;
        world.edge.down = false;
        if world.containers.away {
            world.find_containers(true);
        }
        world.faults.clear();
        world.troubles.clear();
        for process in world.processes.values_mut() {
            process.healthy_at = process.healthy_at.or(Some(world.now));
            process.turns_at = None;
            process.restarts_at = None;
            process.dies_at = None;
            process.troubles.clear();
        }
        if world.state.halting {
            world.crash();
        }
        world.run_for(Millis::minutes(60));
    }

    fn at_rest(&self) {
        let world = &self.world;
        let state = &world.state;
        let tail = || world.tail(60);
        assert!(state.live_deployments.is_empty(), "a deployment never ends\n{}", tail());
        assert!(state.live_runs.is_empty(), "a run never ends\n{}", tail());
        let removing = state.projects.iter().filter(|(_, project)| project.removing);
        assert_eq!(removing.count(), 0, "a project never goes\n{}", tail());
        let known: BTreeSet<_> = state.instances.keys().collect();
        let alive = world.processes.iter().filter(|(_, process)| process.alive);
        let real: BTreeSet<_> = alive.map(|(id, _)| id).collect();
        assert_eq!(known, real, "what runs is not what is known\n{}", tail());
        let wanted = table::wanted(state);
        let real = world.edge.table.as_ref();
        // An edge that no table is known to have reached serves nothing, which is as good where
        // nothing is asked: one that was on its way when the last project went names no target.
        let groups = real.into_iter().flat_map(|table| &table.target_groups);
        let is_untold = state.projects.is_empty()
            && (real.is_none() || state.edge.version == 0 && groups.count() == 0);
        let digest = real.map(|table| &table.digest);
        assert!(is_untold || digest == Some(&wanted.digest), "{digest:?}\n{}", tail());
        for (key, environment) in &state.environments {
            let serving: Vec<_> = wanted
                .target_groups
                .iter()
                .filter(|group| group.environment == key.to_string())
                .flat_map(|group| &group.targets)
                .collect();
            let active = state.instances_of(key).filter(|i| i.role == Role::Active).count();
            let most = environment.wanted() as usize;
            let should = if environment.current.is_some() { most } else { 0 };
            assert_eq!(active, should, "{key} is not whole\n{}", tail());
            assert_eq!(serving.len(), should, "{key} has more targets than it wants\n{}", tail());
            for target in serving {
                assert_eq!(target.role, TargetRole::Active);
                let current = environment.current.map(|number| release_of(key, number));
                assert_eq!(Some(&target.release), current.as_ref(), "{key} serves another");
            }
        }
        assert!(world.violations.is_empty(), "{:#?}\n{}", world.violations, tail());
        assert_eq!(fold(&world.journal), *state, "the journal is not the state");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_it_comes_to_rest(
        seed in any::<u64>(),
        acts in proptest::collection::vec(act(), 1..60),
    ) {
        let mut storm = Storm::new(seed);
        for act in &acts {
            storm.act(act);
        }
        storm.heal();
        storm.at_rest();
    }
}

/// What has ended stays as it is, whoever still tells of it.
#[test]
fn ends_that_come_late_mean_nothing() {
    let mut storm = Storm::new(3);
    storm.push(0, 1, None);
    storm.world.run_for(Millis::seconds(60));
    storm.push(0, 1, None);
    storm.world.run_for(Millis::seconds(60));
    let before = storm.world.journal.len();
    for place in 0..storm.world.past.len() {
        storm.world.late(place);
    }
    assert_eq!(storm.world.journal.len(), before, "{}", storm.world.tail(20));
}
