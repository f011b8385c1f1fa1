//! Measures one turn of the core on a large state, and how fast a long journal is folded.
//!
//! `cargo run --release -p pilothouse-core --example scale`

#![expect(clippy::disallowed_methods, reason = "it measures")]
#![expect(clippy::print_stdout, reason = "an example reports to its reader")]

use std::collections::BTreeMap;
use std::time::Instant;

use pilothouse_core::apply::{apply, fold};
use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::Grants;
use pilothouse_core::decide::decide;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Input, Observation};
use pilothouse_core::event::{
    EngineEvent, EnvironmentEvent, Event, InstanceEvent, ProjectEvent, Recorded, RunEvent,
};
use pilothouse_core::id::{
    ArtifactDigest, BranchName, CommitId, EnvironmentName, InstanceId, ProjectName, ReleaseNumber,
    RunId, Seq,
};
use pilothouse_core::instance::{Instance, InstancePhase, Role, TargetHealth};
use pilothouse_core::pipeline::{Health, Run as Start, Service, Stop};
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{Run, RunPhase, RunResult, Trigger};
use pilothouse_core::settle::settle;
use pilothouse_core::spec::{
    DeployMode, EnvironmentSpec, LoadBalancerSpec, ProjectSpec, Runtime, Strategy,
};
use pilothouse_core::state::{Branch, Commit, Fate, Limits, Release, State};
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_core::wanted::wanted;

const BRANCHES: u64 = 1000;
const RUNS: u64 = 10_000;
const INSTANCES: u32 = 500;
const ENVIRONMENTS: u32 = 50;

fn main() {
    let mut log = Log { records: Vec::new() };
    log.fill();
    let mut state = fold(State::default(), &log.records);
    println!(
        "{} branches, {} runs, {} instances, {} environments",
        BRANCHES,
        state.runs.len(),
        state.instances.len(),
        state.environments.len()
    );
    let id = InstanceId(format!("shop-env{}-r1-0", ENVIRONMENTS / 2));
    turn("a target's health", &mut state, |n| {
        let sick = if n % 2 == 0 { TargetState::Unhealthy } else { TargetState::Healthy };
        Input::Observation(Observation::TargetChanged { id: id.clone(), health: health(sick) })
    });
    turn("an instance's restart", &mut state, |n| {
        let (restarts, proof) = (u32::try_from(n).unwrap_or(0), format!("again {n}"));
        Input::Observation(Observation::InstanceRestarted {
            id: id.clone(),
            restarts,
            proof,
            address: None,
            is_own: false,
        })
    });
    turn("nothing", &mut state, |_| Input::Deadline);
    settled("all of it", &state);
    for project in state.projects.values_mut() {
        project.branches.clear();
    }
    settled("no branches", &state);
    let before = log.records.len();
    while log.records.len() < 1_000_000 {
        log.noise();
    }
    let begun = Instant::now();
    let folded = fold(State::default(), &log.records);
    println!("fold of {} records ({before} to fill): {:?}", log.records.len(), begun.elapsed());
    println!("at {}", folded.seq);
}

fn turn(what: &str, state: &mut State, input: impl Fn(u64) -> Input) {
    let mut times = Vec::new();
    for n in 0..200 {
        let now = Timestamp(2_000_000 + n);
        let begun = Instant::now();
        let mut events = decide(state, &input(n), now).events;
        loop {
            for event in events.drain(..) {
                let recorded = Recorded { seq: state.seq.next(), at: now, event };
                apply(state, &recorded);
            }
            events = settle(state, now);
            if events.is_empty() {
                break;
            }
        }
        let wanted = wanted(state, now);
        times.push(begun.elapsed());
        assert!(!wanted.effects.is_empty());
    }
    times.sort();
    println!("a turn with {what}: median {:?}, slowest {:?}", times[100], times[199]);
}

/// What it costs to find that nothing follows from the state, as at the end of every turn.
fn settled(what: &str, state: &State) {
    let mut times: Vec<_> = (0..200)
        .map(|n| {
            let begun = Instant::now();
            assert!(settle(state, Timestamp(2_000_000 + n)).is_empty());
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("settled with {what}: median {:?}, slowest {:?}", times[100], times[199]);
}

struct Log {
    records: Vec<Recorded>,
}

impl Log {
    fn add(&mut self, event: Event) {
        let seq = Seq(self.records.len() as u64 + 1);
        self.records.push(Recorded { seq, at: Timestamp(1_000_000), event });
    }

    fn fill(&mut self) {
        let limits = Limits::default();
        self.add(Event::Engine(EngineEvent::Started { epoch: 1, limits }));
        let spec = Box::new(project());
        self.add(Event::Project(ProjectEvent::Applied { spec, actor: "kim".to_owned() }));
        for n in 0..BRANCHES {
            let branch = Branch {
                replaced: None,
                head: commit(n),
                seen_at: Timestamp(0),
                environment: None,
                last_run: None,
                owed: None,
            };
            let (project, name) = (ProjectName::new("shop"), branch_name(n));
            let branch = Box::new(branch);
            self.add(Event::Project(ProjectEvent::BranchMoved { project, name, branch }));
        }
        for n in 0..RUNS {
            self.run(n);
        }
        for n in 0..ENVIRONMENTS {
            self.environment(n);
        }
    }

    fn run(&mut self, n: u64) {
        let id = RunId(n + 1);
        let run = Run {
            id,
            project: ProjectName::new("shop"),
            branch: branch_name(n % BRANCHES),
            environment: None,
            commit: CommitId(format!("{n:040x}")),
            subject: "Change something".to_owned(),
            trigger: Trigger::Poll,
            queued_at: Timestamp(0),
            started_at: None,
            phase: RunPhase::Queued,
            cancelled_by: None,
            pipeline: None,
            service: None,
            steps: Vec::new(),
        };
        self.add(Event::Run(RunEvent::Queued { run: Box::new(run) }));
        let result = RunResult::Failed { step: None, why: "it failed".to_owned() };
        self.add(Event::Run(RunEvent::Ended { id, result }));
    }

    fn environment(&mut self, n: u32) {
        let key = key(n);
        let spec = Box::new(environment(n));
        let specified = EnvironmentEvent::Specified { key: key.clone(), spec, preview_of: None };
        self.add(Event::Environment(specified));
        let release = Release {
            artifact: ArtifactDigest::new("a"),
            commit: CommitId::new("a"),
            subject: "Change something".to_owned(),
            service: service(),
            env: BTreeMap::new(),
            runtime: Runtime::Local,
            kind: ArtifactKind::Tree,
            made_at: Timestamp(0),
            fate: Fate::Good,
        };
        let (number, release) = (ReleaseNumber(1), Box::new(release));
        let made = EnvironmentEvent::ReleaseMade { key: key.clone(), number, release };
        self.add(Event::Environment(made));
        for slot in 0..INSTANCES / ENVIRONMENTS {
            let id = InstanceId(format!("shop-env{n}-r1-{slot}"));
            let instance = Box::new(Instance {
                id: id.clone(),
                environment: key.clone(),
                release: ReleaseNumber(1),
                slot,
                generation: 0,
                phase: InstancePhase::Starting,
                role: Role::None,
                role_since: Timestamp(0),
                health: health(TargetState::Initial),
                since: Timestamp(0),
                restarts: 0,
                relief_asked: false,
                ill: false,
                probed: None,
            });
            self.add(Event::Instance(InstanceEvent::Replaced { instance }));
            let address = ([127, 0, 0, 1], 30_000 + u16::try_from(slot).unwrap_or(0)).into();
            let proof = format!("start of {id}");
            self.add(Event::Instance(InstanceEvent::Started { id: id.clone(), address, proof }));
            self.add(Event::Instance(InstanceEvent::Proved { id: id.clone() }));
            let role = Role::Active;
            self.add(Event::Instance(InstanceEvent::RoleChanged { id, role }));
        }
    }

    /// What happens on a busy day: half of it changes the table.
    fn noise(&mut self) {
        let n = self.records.len() as u64;
        let id = InstanceId(format!("shop-env{}-r1-0", n % u64::from(ENVIRONMENTS)));
        let proof = format!("again {n}");
        let restarts = u32::try_from(n).unwrap_or(0);
        self.add(Event::Instance(InstanceEvent::Restarted {
            id: id.clone(),
            restarts,
            proof,
            address: None,
            serves_on: false,
        }));
        self.add(Event::Instance(InstanceEvent::Proved { id }));
    }
}

fn key(n: u32) -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop"), name: EnvironmentName(format!("env{n}")) }
}

fn branch_name(n: u64) -> BranchName {
    BranchName(format!("feature/{n}"))
}

fn commit(n: u64) -> Commit {
    Commit {
        id: CommitId(format!("{n:040x}")),
        subject: "Change something".to_owned(),
        author: "kim".to_owned(),
        at: Timestamp(0),
    }
}

fn health(state: TargetState) -> TargetHealth {
    TargetHealth { state, reason: None, detail: String::new(), doubted: false, since: Timestamp(0) }
}

fn service() -> Service {
    Service {
        run: Start::Argv(vec!["./serve".to_owned()]),
        image: None,
        port: None,
        env: BTreeMap::new(),
        health: Health::default(),
        stop: Stop::default(),
    }
}

fn project() -> ProjectSpec {
    ProjectSpec {
        name: ProjectName::new("shop"),
        repository: "/repositories/shop".to_owned(),
        poll: Millis::seconds(5),
        trusted: true,
        environments: (0..ENVIRONMENTS).map(environment).collect(),
        load_balancer: LoadBalancerSpec {
            listen: vec![([127, 0, 0, 1], 8080).into()],
            trusted_proxies: Vec::new(),
        },
        step_env: BTreeMap::new(),
        keep_runs: 10_000,
        grants: Grants::default(),
    }
}

fn environment(n: u32) -> EnvironmentSpec {
    EnvironmentSpec {
        name: EnvironmentName(format!("env{n}")),
        branches: vec![format!("branch-{n}")],
        preview: false,
        domain: Some(format!("env{n}.shop.test")),
        instances: INSTANCES / ENVIRONMENTS,
        runtime: Runtime::Local,
        deploy: DeployMode::Manual,
        strategy: Strategy::default(),
        rules: Vec::new(),
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        keep_releases: 5,
        budget_micro_usd_per_hour: None,
    }
}
