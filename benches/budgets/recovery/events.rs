//! Events as an engine writes them that has been busy for long.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::{
    EngineEvent, EnvironmentEvent, Event, InstanceEvent, ProjectEvent, Recorded, RunEvent,
    environment_key,
};
use pilothouse_core::id::{ArtifactDigest, CommitId, InstanceId, ReleaseNumber, RunId, Seq};
use pilothouse_core::instance::{Instance, InstancePhase, Role, TargetHealth};
use pilothouse_core::pipeline::Pipeline;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{Run, RunPhase, RunResult, StepExit, StepPhase, StepState, Trigger};
use pilothouse_core::spec::{ProjectSpec, Runtime};
use pilothouse_core::state::{Branch, Commit, Fate, Limits, Release};
use pilothouse_core::time::Timestamp;

use crate::Outcome;

/// What the project's commits say of themselves.
const PIPELINE: &str = "[[stage]]\nname = \"build\"\nrun = \"make\"\n\n[[stage]]\nname = \"test\"\n\
    run = \"make test\"\n\n[service]\nrun = \"exec ./serve\"\nhealth = { path = \"/up\" }\n";

/// The past of a project, one event after the other.
pub struct Past {
    seq: u64,
    at: Timestamp,
    run: u64,
    kept: u64,
    head: Commit,
    pipeline: Pipeline,
    key: EnvironmentKey,
    instances: Vec<InstanceId>,
    next: VecDeque<Event>,
}

impl Past {
    /// The past of a repository of which so many runs are kept, and instances that restart.
    pub fn new(repository: &Path, head: &str, kept: u64, instances: u32) -> Outcome<Self> {
        let spec = specification(repository, kept)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let environment = spec.environments.first().ok_or("no environment")?.clone();
        let key = environment_key(&spec.name, &environment.name);
        let pipeline = pilothouse_settings::pipeline::read("pilothouse.toml", PIPELINE)
            .map_err(|problems| format!("{problems:?}"))?;
        let head = Commit {
            id: CommitId::new(head),
            subject: "first".to_owned(),
            author: "kim".to_owned(),
            at: Timestamp(0),
        };
        let mut past = Self {
            seq: 0,
            // A journal does not come from the future.
            at: Timestamp(u64::try_from(now)?.saturating_sub(10_000_000)),
            run: 0,
            kept,
            head,
            pipeline,
            key: key.clone(),
            instances: Vec::new(),
            next: VecDeque::new(),
        };
        past.begin(spec);
        if instances > 0 {
            let spec = Box::new(environment);
            past.add(EnvironmentEvent::Specified { key, spec, preview_of: None });
            past.release();
            for slot in 0..instances {
                past.instance(slot);
            }
        }
        Ok(past)
    }

    /// What happened next.
    pub fn record(&mut self) -> Recorded {
        let event = loop {
            match self.next.pop_front() {
                Some(event) => break event,
                None => self.go_on(),
            }
        };
        self.seq += 1;
        self.at = Timestamp(self.at.0 + self.seq % 2);
        Recorded { seq: Seq(self.seq), at: self.at, event }
    }

    fn add(&mut self, event: impl Into<Wrapped>) {
        self.next.push_back(event.into().0);
    }

    fn begin(&mut self, spec: ProjectSpec) {
        let project = spec.name.clone();
        self.add(EngineEvent::Started { epoch: 1, limits: Limits::default() });
        self.add(ProjectEvent::Applied { spec: Box::new(spec), actor: "kim".to_owned() });
        let branch = Box::new(Branch {
            replaced: None,
            head: self.head.clone(),
            seen_at: self.at,
            environment: Some(self.key.name.clone()),
            last_run: None,
            owed: None,
        });
        self.add(ProjectEvent::BranchMoved {
            project: project.clone(),
            name: "main".into(),
            branch,
        });
        self.add(ProjectEvent::Looked { project, unread: 0 });
    }

    /// A run, and as many restarts as it has events.
    fn go_on(&mut self) {
        self.run += 1;
        self.run_once();
        let run = self.next.len();
        let count = self.instances.len();
        for number in 0..run.min(count) / 2 {
            let place = (usize::try_from(self.run).unwrap_or(0) * 5 + number) % count;
            let id = self.instances[place].clone();
            let restarts = u32::try_from(self.run).unwrap_or(0);
            let proof = format!("3f2b/{}/{}", 1000 + number, self.run);
            self.add(InstanceEvent::Restarted {
                id: id.clone(),
                restarts,
                proof,
                address: None,
                serves_on: false,
            });
            self.add(InstanceEvent::Proved { id });
        }
    }

    fn run_once(&mut self) {
        let id = RunId(self.run);
        let run = Box::new(Run {
            id,
            project: self.key.project.clone(),
            branch: "main".into(),
            environment: Some(self.key.name.clone()),
            commit: self.head.id.clone(),
            subject: self.head.subject.clone(),
            trigger: Trigger::Poll,
            queued_at: self.at,
            started_at: None,
            phase: RunPhase::Queued,
            cancelled_by: None,
            pipeline: None,
            service: None,
            steps: Vec::new(),
        });
        let pipeline = Box::new(self.pipeline.clone());
        let step = |(stage, step): (&str, &pilothouse_core::pipeline::Step)| StepState {
            stage: stage.to_owned(),
            name: step.name.clone(),
            phase: StepPhase::Waiting,
        };
        let steps = self.pipeline.steps().map(step).collect();
        let why = "test: test ended with exit code 1".to_owned();
        let result = RunResult::Failed { step: Some(1), why };
        self.add(RunEvent::Queued { run });
        self.add(RunEvent::Started { id });
        self.add(RunEvent::CheckedOut { id, pipeline, steps });
        self.add(RunEvent::StepStarted { id, step: 0 });
        self.add(RunEvent::StepEnded { id, step: 0, exit: StepExit::Code(0) });
        self.add(RunEvent::StepStarted { id, step: 1 });
        self.add(RunEvent::StepEnded { id, step: 1, exit: StepExit::Code(1) });
        self.add(RunEvent::ResultFixed { id, result: result.clone() });
        self.add(RunEvent::Ended { id, result });
        if let Some(old @ 1..) = self.run.checked_sub(self.kept) {
            let (runs, deployments, artifacts) = (vec![RunId(old)], Vec::new(), Vec::new());
            self.add(EngineEvent::Forgot { runs, deployments, artifacts });
        }
    }

    fn release(&mut self) {
        let release = Box::new(Release {
            artifact: ArtifactDigest::new("a".repeat(64)),
            commit: self.head.id.clone(),
            subject: self.head.subject.clone(),
            service: self.pipeline.service.clone(),
            env: BTreeMap::new(),
            runtime: Runtime::Local,
            kind: ArtifactKind::Tree,
            made_at: self.at,
            fate: Fate::Good,
        });
        let (key, number) = (self.key.clone(), ReleaseNumber(1));
        self.add(EnvironmentEvent::ReleaseMade { key, number, release });
    }

    fn instance(&mut self, slot: u32) {
        let id = InstanceId(format!("shop-production-r1-{slot}"));
        let healthy = TargetHealth {
            state: TargetState::Healthy,
            reason: None,
            detail: String::new(),
            doubted: false,
            since: self.at,
        };
        let instance = Box::new(Instance {
            id: id.clone(),
            environment: self.key.clone(),
            release: ReleaseNumber(1),
            slot,
            generation: 0,
            phase: InstancePhase::Starting,
            role: Role::None,
            role_since: self.at,
            health: healthy,
            since: self.at,
            restarts: 0,
            relief_asked: false,
            ill: false,
            probed: None,
        });
        let port = 21_000 + u16::try_from(slot).unwrap_or(0);
        let (address, proof) = (([127, 0, 0, 1], port).into(), format!("3f2b/{slot}/0"));
        self.add(InstanceEvent::Replaced { instance });
        self.add(InstanceEvent::Started { id: id.clone(), address, proof });
        self.add(InstanceEvent::Proved { id: id.clone() });
        self.add(InstanceEvent::RoleChanged { id: id.clone(), role: Role::Active });
        self.instances.push(id);
    }
}

/// An event of any noun.
struct Wrapped(Event);

impl From<EngineEvent> for Wrapped {
    fn from(event: EngineEvent) -> Self {
        Self(Event::Engine(event))
    }
}

impl From<ProjectEvent> for Wrapped {
    fn from(event: ProjectEvent) -> Self {
        Self(Event::Project(event))
    }
}

impl From<EnvironmentEvent> for Wrapped {
    fn from(event: EnvironmentEvent) -> Self {
        Self(Event::Environment(event))
    }
}

impl From<RunEvent> for Wrapped {
    fn from(event: RunEvent) -> Self {
        Self(Event::Run(event))
    }
}

impl From<InstanceEvent> for Wrapped {
    fn from(event: InstanceEvent) -> Self {
        Self(Event::Instance(event))
    }
}

fn specification(repository: &Path, kept: u64) -> Outcome<ProjectSpec> {
    let text = format!(
        "repository = '{}'\npoll = \"1h\"\ntrusted = true\nkeep_runs = {kept}\n\
         [load_balancer]\nlisten = [\"127.0.0.1:18080\"]\n\
         [environment.production]\nbranch = \"main\"\ndomain = \"shop.localhost\"\n\
         instances = 10\ndeploy = \"manual\"\n",
        repository.display()
    );
    let read = pilothouse_settings::operator::read("shop", "shop.toml", &text);
    read.map_err(|problems| format!("{problems:?}").into())
}
