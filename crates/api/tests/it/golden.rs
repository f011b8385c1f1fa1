//! The wire's form, byte for byte. A change here is a change that older sides meet.
//!
//! With `PILOTHOUSE_BLESS=1` the files are written anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pilothouse_api::inspection::{ContainerFacts, Inspection, ProcessFacts, ProcessLine};
use pilothouse_api::types::{
    API_VERSION, Access, AuditEntry, CommandAccepted, CommandRequest, Degraded, InstanceSample,
    LogLine, LogPage, LookRequest, NetworkSample, OtherContainer, ResetNotice, Samples, Snapshot,
    Stream, TargetSample, Verdict, Version,
};
use pilothouse_core::apply::apply;
use pilothouse_core::command::{Command, DeployWhat, Rejection, RejectionKind, Reply};
use pilothouse_core::container::Grants;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::{
    DeploymentEvent, EdgeEvent, EngineEvent, EnvironmentEvent, Event, Loss, ProjectEvent, Recorded,
    RunEvent,
};
use pilothouse_core::id::{DeploymentId, InstanceId, ReleaseNumber, RunId, Seq};
use pilothouse_core::room::Room;
use pilothouse_core::run::{Run, RunPhase, RunResult, StepExit, StepPhase, StepState, Trigger};
use pilothouse_core::spec::{
    DeployMode, EnvironmentSpec, LoadBalancerSpec, ProjectSpec, Runtime, SecretSource, Strategy,
};
use pilothouse_core::state::{Branch, Commit, Limits, Retired, State};
use pilothouse_core::time::{Millis, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/v1")
        .join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("PILOTHOUSE_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(text, golden, "{name}: the wire's form changed");
    let read: T = serde_json::from_str(&golden).unwrap();
    assert_eq!(&read, value, "{name}: what is written is not what is read");
}

fn environment() -> EnvironmentSpec {
    EnvironmentSpec {
        name: "production".into(),
        branches: vec!["main".to_owned()],
        preview: false,
        domain: Some("shop.localhost".to_owned()),
        instances: 2,
        runtime: Runtime::Local,
        deploy: DeployMode::Manual,
        strategy: Strategy::default(),
        rules: Vec::new(),
        env: BTreeMap::from([("LEVEL".to_owned(), "info".to_owned())]),
        secrets: BTreeMap::from([(
            "KEY".to_owned(),
            SecretSource::File("/etc/shop/key".to_owned()),
        )]),
        keep_releases: 5,
        budget_micro_usd_per_hour: Some(200_000),
    }
}

fn project() -> ProjectSpec {
    ProjectSpec {
        name: "shop".into(),
        repository: "/srv/git/shop.git".to_owned(),
        poll: Millis::seconds(10),
        trusted: true,
        environments: vec![environment()],
        load_balancer: LoadBalancerSpec {
            listen: vec!["127.0.0.1:8080".parse().unwrap()],
            trusted_proxies: Vec::new(),
        },
        step_env: BTreeMap::new(),
        keep_runs: 100,
        grants: Grants::default(),
    }
}

fn production() -> EnvironmentKey {
    EnvironmentKey { project: "shop".into(), name: "production".into() }
}

fn run() -> Run {
    Run {
        id: RunId(1),
        project: "shop".into(),
        branch: "main".into(),
        environment: Some("production".into()),
        commit: "4f1c2aa0000000000000000000000000000000000".into(),
        subject: "결제 수정".to_owned(),
        trigger: Trigger::Poll,
        queued_at: Timestamp(1_700_000_000_003),
        started_at: None,
        phase: RunPhase::Queued,
        cancelled_by: None,
        pipeline: None,
        service: None,
        steps: vec![StepState {
            stage: "build".to_owned(),
            name: "make".to_owned(),
            phase: StepPhase::Waiting,
        }],
    }
}

fn loss() -> Loss {
    let used = Retired { release: ReleaseNumber(3), generation: 2 };
    Loss {
        after: Seq(40),
        to: Seq(47),
        last_run: RunId(12),
        last_deployment: DeploymentId(9),
        used: [(production(), used)].into(),
    }
}

fn events() -> Vec<Event> {
    let branch = Branch {
        replaced: None,
        head: Commit {
            id: run().commit,
            subject: "결제 수정".to_owned(),
            author: "Kim".to_owned(),
            at: Timestamp(1_700_000_000_000),
        },
        seen_at: Timestamp(1_700_000_000_002),
        environment: Some("production".into()),
        last_run: None,
        owed: None,
    };
    let limits = Limits::default();
    vec![
        Event::Engine(EngineEvent::Started { epoch: 1, limits }),
        Event::Project(ProjectEvent::Applied {
            spec: Box::new(project()),
            actor: "kim".to_owned(),
        }),
        Event::Environment(EnvironmentEvent::Specified {
            key: production(),
            spec: Box::new(environment()),
            preview_of: None,
        }),
        Event::Project(ProjectEvent::BranchMoved {
            project: "shop".into(),
            name: "main".into(),
            branch: Box::new(branch),
        }),
        Event::Run(RunEvent::Queued { run: Box::new(run()) }),
        Event::Run(RunEvent::Started { id: RunId(1) }),
        Event::Run(RunEvent::StepStarted { id: RunId(1), step: 0 }),
        Event::Run(RunEvent::StepEnded { id: RunId(1), step: 0, exit: StepExit::Code(2) }),
        Event::Run(RunEvent::Ended {
            id: RunId(1),
            result: RunResult::Failed { step: Some(0), why: "make ended with 2".to_owned() },
        }),
        Event::Edge(EdgeEvent::Disconnected { why: "no edge answers".to_owned() }),
        Event::Project(ProjectEvent::RemovalBegan {
            project: "blog".into(),
            actor: "kim".to_owned(),
        }),
        Event::Project(ProjectEvent::Removed { project: "blog".into() }),
        Event::Engine(EngineEvent::RecordsLost { loss: Box::new(loss()) }),
        Event::Deployment(DeploymentEvent::Cut { id: DeploymentId(1), requests: 3 }),
    ]
}

fn records() -> Vec<Recorded> {
    events()
        .into_iter()
        .zip(1..)
        .map(|(event, seq)| Recorded {
            seq: Seq(seq),
            at: Timestamp(1_700_000_000_000 + seq),
            event,
        })
        .collect()
}

#[test]
fn a_snapshot() {
    let mut state = State::default();
    for record in records() {
        apply(&mut state, &record);
    }
    let snapshot = Snapshot {
        api: API_VERSION,
        engine: "0.1.0".to_owned(),
        access: Access::Operator,
        actor: "kim".to_owned(),
        now: Timestamp(1_700_000_060_000),
        degraded: None,
        room: None,
        seq: state.seq,
        state,
    };
    check("snapshot", &snapshot);
}

#[test]
fn records_of_events() {
    check("records", &records());
}

#[test]
fn commands() {
    let commands = vec![
        Command::Apply { spec: Box::new(project()) },
        Command::Look { project: None, trigger: Trigger::Manual },
        Command::StartRun { project: "shop".into(), branch: "feature/결제".into() },
        Command::CancelRun { id: RunId(1) },
        deploy(DeployWhat::Ready, Some("9f86d081")),
        deploy(DeployWhat::Run(RunId(1)), None),
        deploy(DeployWhat::Rollback(None), None),
        deploy(DeployWhat::Rollback(Some(ReleaseNumber(40))), None),
        deploy(DeployWhat::Promotion("qa".into()), None),
        Command::CancelDeployment { id: DeploymentId(3), waiting: false },
        Command::RestartInstance { id: InstanceId::new("shop-production-r41-0") },
        Command::StopInstance { id: InstanceId::new("shop-production-r41-1"), force: true },
        Command::CallOff { id: InstanceId::new("shop-production-r41-1.1") },
        Command::StartInstances { environment: production() },
        Command::OpenShell { id: InstanceId::new("shop-production-r41-1") },
        Command::RemoveProject { project: "shop".into() },
        Command::Halt,
    ];
    let requests: Vec<_> = commands.into_iter().map(|command| CommandRequest { command }).collect();
    check("commands", &requests);
}

fn deploy(what: DeployWhat, plan: Option<&str>) -> Command {
    Command::Deploy { environment: production(), what, plan: plan.map(str::to_owned) }
}

#[test]
fn replies_and_refusals() {
    let replies =
        [Reply::Accepted, Reply::RunQueued(RunId(88)), Reply::DeploymentQueued(DeploymentId(3))];
    let accepted = replies.map(|reply| CommandAccepted { reply, seq: Seq(12) });
    check("accepted", &accepted.to_vec());
    let rejections = [
        RejectionKind::NotFound,
        RejectionKind::Conflict,
        RejectionKind::PlanChanged,
        RejectionKind::Invalid,
        RejectionKind::Full,
        RejectionKind::Forbidden,
        RejectionKind::Degraded,
    ]
    .map(|kind| Rejection::new(kind, "why, and what to do"));
    check("rejections", &rejections.to_vec());
}

#[test]
fn samples() {
    let instance = "shop-production-r1-0";
    let samples = Samples {
        at: Timestamp(1_700_000_060_000),
        instances: BTreeMap::from([
            (instance.into(), InstanceSample { cpu_milli: 30, memory: 41 << 20, network: None }),
            (
                "shop-qa-r1-0".into(),
                InstanceSample {
                    network: Some(NetworkSample { received: 1_200, sent: 88_000 }),
                    ..InstanceSample::default()
                },
            ),
        ]),
        targets: BTreeMap::from([(
            instance.into(),
            TargetSample { requests_milli: 212_000, p99_micros: 8_000, ..TargetSample::default() },
        )]),
        looked: BTreeMap::from([("shop".into(), Timestamp(1_700_000_058_000))]),
        operators: 1,
        watchers: 2,
        degraded: Some(Degraded {
            since: Timestamp(1_700_000_050_000),
            why: "the journal cannot be written: no space left".to_owned(),
        }),
        room: Some(Room {
            free: 1 << 20,
            total: 1 << 30,
            free_files: Some(1_000),
            files: Some(65_536),
        }),
        others: Some(vec![OtherContainer {
            name: "postgres".to_owned(),
            image: "postgres:16".to_owned(),
            state: "running".to_owned(),
            ports: vec![":5432>5432".to_owned()],
        }]),
    };
    check("samples", &samples);
}

#[test]
fn inspections() {
    let container = ContainerFacts {
        id: "4f1c2aa0".to_owned(),
        name: "pilothouse-ab12-shop-production-r41-0".to_owned(),
        image: "python:3.12-slim".to_owned(),
        image_id: "sha256:77aa".to_owned(),
        state: "running".to_owned(),
        started: "2026-11-22T18:04:11Z".to_owned(),
        pid: Some(4711),
        restarts: 2,
        argv: vec!["python3".to_owned(), "server.py".to_owned()],
        env: vec!["PORT".to_owned()],
        ports: vec!["127.0.0.1:31041 to 8000".to_owned()],
        memory: Some(512 << 20),
        ..ContainerFacts::default()
    };
    let process = ProcessFacts {
        pid: Some(4711),
        supervisor: 4710,
        started: Some(Timestamp(5)),
        last_exit: Some("it ended with status 1".to_owned()),
        processes: vec![ProcessLine {
            pid: 4711,
            parent: 4710,
            name: "python3".to_owned(),
            memory: 41 << 20,
        }],
        ..ProcessFacts::default()
    };
    let both = [Inspection::Container(Box::new(container)), Inspection::Process(Box::new(process))];
    check("inspections", &both.to_vec());
}

#[test]
fn small_things() {
    let version = Version { api: API_VERSION, engine: "0.1.0".to_owned() };
    check("version", &version);
    let project = Some("shop".into());
    check("look", &LookRequest { project });
    let why = "fetch a fresh snapshot".to_owned();
    check("reset", &ResetNotice { why });
    let line =
        |stream, text: &str| LogLine { step: 1, at: Timestamp(5), stream, text: text.to_owned() };
    let page = LogPage {
        lines: vec![
            line(Stream::Out, "결제"),
            line(Stream::Err, "\u{fffd}[31m"),
            line(Stream::Note, "the deadline passed; everything is being ended"),
        ],
        next: "1.42".to_owned(),
        open: true,
        skipped: 7,
        first: "1.7".to_owned(),
        older: true,
    };
    check("log_page", &page);
    let entry = AuditEntry {
        at: Timestamp(5),
        actor: "kim".to_owned(),
        what: "deploy r41 to shop/production".to_owned(),
        refused: None,
    };
    check("audit", &vec![entry]);
    let verdict = Verdict { lines: vec!["level 1, declarative".to_owned()] };
    check("verdict", &verdict);
}

/// Before notes had a stream of their own they stood among the errors.
#[test]
fn a_page_without_notes_is_read() {
    let old = r#"{"lines":[{"step":0,"at":5,"stream":"err","text":"the deadline passed"}],
        "next":"0:16","open":false,"skipped":0}"#;
    let page: LogPage = serde_json::from_str(old).unwrap();
    assert_eq!(page.lines[0].stream, Stream::Err);
}

/// Engines before pages had a beginning send none.
#[test]
fn a_log_page_without_its_beginning_is_read() {
    let page: LogPage =
        serde_json::from_str(r#"{"lines":[],"next":"1.42","open":true,"skipped":7}"#).unwrap();
    assert_eq!((page.first.as_str(), page.older, page.skipped), ("", false, 7));
}

/// A hook may send nothing but braces.
#[test]
fn a_look_needs_no_project() {
    let look: LookRequest = serde_json::from_str("{}").unwrap();
    assert_eq!(look, LookRequest::default());
}
