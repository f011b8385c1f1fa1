//! Specifications, pipelines and commits for tests.

use std::collections::BTreeMap;

use pilothouse_core::container::Grants;
use pilothouse_core::id::{BranchName, CommitId, EnvironmentName, ProjectName};
use pilothouse_core::pipeline::{Health, Pipeline, Run, Service, Stage, Step, StepRun, Stop};
use pilothouse_core::spec::{
    DeployMode, EnvironmentSpec, LoadBalancerSpec, ProjectSpec, Runtime, Strategy,
};
use pilothouse_core::state::Commit;
use pilothouse_core::time::{Millis, Timestamp};

/// A project without environments.
pub fn project(name: &str) -> ProjectSpec {
    ProjectSpec {
        name: ProjectName::new(name),
        repository: format!("/repositories/{name}"),
        poll: Millis::seconds(5),
        trusted: true,
        environments: Vec::new(),
        load_balancer: LoadBalancerSpec {
            listen: vec!["127.0.0.1:8080".parse().unwrap()],
            trusted_proxies: Vec::new(),
        },
        step_env: BTreeMap::new(),
        keep_runs: 20,
        grants: Grants::default(),
    }
}

/// An environment with two instances that is deployed by itself.
pub fn environment(project: &str, name: &str, branch: &str) -> EnvironmentSpec {
    EnvironmentSpec {
        name: EnvironmentName::new(name),
        branches: vec![branch.to_owned()],
        preview: false,
        domain: Some(format!("{name}.{project}.test")),
        instances: 2,
        runtime: Runtime::Local,
        deploy: DeployMode::Auto,
        strategy: Strategy {
            drain: Millis::seconds(10),
            bake: Millis::seconds(5),
            ..Strategy::default()
        },
        rules: Vec::new(),
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        keep_releases: 5,
        budget_micro_usd_per_hour: None,
    }
}

/// One build step and a service.
pub fn pipeline() -> Pipeline {
    let step = |name: &str| Step {
        name: name.to_owned(),
        run: StepRun::Script("true".to_owned()),
        container: None,
        timeout: Millis::minutes(5),
        env: BTreeMap::new(),
    };
    Pipeline {
        stages: vec![Stage {
            name: "build".to_owned(),
            steps: vec![step("compile"), step("test")],
        }],
        artifact: vec![".".to_owned()],
        image: None,
        service: service(),
    }
}

/// The pipeline of one commit: its service tells which.
pub fn pipeline_of(project: &ProjectName, commit: &CommitId) -> Pipeline {
    let mut pipeline = pipeline();
    let argv = ["./serve", project.as_str(), commit.as_str()];
    pipeline.service.run = Run::Argv(argv.map(str::to_owned).to_vec());
    pipeline
}

/// A service that is checked every second.
pub fn service() -> Service {
    Service {
        run: Run::Argv(vec!["./serve".to_owned()]),
        image: Some("debian:12".to_owned()),
        port: Some(8000),
        env: BTreeMap::new(),
        health: Health {
            interval: Millis::seconds(1),
            start_deadline: Millis::seconds(20),
            ..Health::default()
        },
        stop: Stop::default(),
    }
}

/// A commit.
pub fn commit(id: &str, subject: &str, at: Timestamp) -> Commit {
    Commit { id: CommitId::new(id), subject: subject.to_owned(), author: "kim".to_owned(), at }
}

/// A branch's name.
pub fn branch(name: &str) -> BranchName {
    BranchName::new(name)
}
