//! Names and ports that somebody else has.

use std::collections::BTreeMap;
use std::net::TcpListener;

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::routing::TargetState;
use pilothouse_docker::{ContainerSpec, Program};
use rustix::process::Signal;

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, processes, wait_until};
use super::image::Base;
use super::{commit, project};

#[test]
fn a_port_that_somebody_takes_before_a_container_starts_is_left_to_them() {
    let base = Base::make("port");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // On a busy machine it is away for seconds, and that is no reason for a successor here.
    let text = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    repository.write("pilothouse.toml", &text.replace("timeout = \"2s\"", "timeout = \"20s\""));
    repository.commit_all("v1, patiently");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let victim = base.containers(&stage).remove(0);
    let id = victim.labels["pilothouse.instance"].clone();
    let address = victim.ports[0].0;
    base.kill(&victim.id);
    // Taken in the moment in which it is free, as by a program that starts just then.
    let mut taken = None;
    wait_until(
        || format!("{address} is free"),
        || {
            taken = TcpListener::bind(address).ok();
            taken.is_some()
        },
    );
    let state = stage.wait("it runs elsewhere and is healthy", |state| {
        let one = state.instances.values().find(|one| one.id.as_str() == id);
        one.is_some_and(|one| {
            one.restarts > 0 && one.is_proved() && one.health.state == TargetState::Healthy
        })
    });
    let one = state.instances.values().find(|one| one.id.as_str() == id).unwrap();
    assert_ne!(one.address(), Some(address));
    assert_eq!(state.instances.len(), 2, "nobody else took its place");
    stage.wait("the table that is asked for serves", |state| {
        state.edge.active.as_ref() == Some(&state.edge.wanted)
    });
    stage.shows("v1");
    stage.end();
    drop(taken);
}

#[test]
fn a_strangers_container_keeps_the_name_it_has() {
    let base = Base::make("name");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let engine = std::fs::read_to_string(stage.state_dir().join("engine-id")).unwrap();
    let name = format!("pilothouse-{engine}-shop-production-r1-0");
    let stranger = Stranger::start(&stage, &base, &name);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    let deployment = stage.ended(DeploymentId(0));
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        panic!("{:?}", deployment.phase)
    };
    assert!(why.contains("somebody else\u{27}s; it was left alone"), "{why}");
    stage.wait("nothing of the attempt is left", |state| state.instances.is_empty());
    let found = base.container(&name).expect("the stranger\u{27}s container was removed");
    assert!(found.is_running && found.id == stranger.id, "{found:#?}");
    stranger.end(&base);
    assert_eq!(base.all_of(&stage), Vec::<String>::new(), "containers are left");
    stage.end();
}

/// A container without any label, owned by nobody.
struct Stranger {
    id: String,
}

impl Stranger {
    fn start(stage: &Stage, base: &Base, name: &str) -> Self {
        let spec = ContainerSpec {
            name: name.to_owned(),
            labels: BTreeMap::new(),
            image: base.name().to_owned(),
            only: None,
            program: Program::Argv(vec!["/bin/sleep".to_owned(), "1000".to_owned()]),
            dir: None,
            user: None,
            groups: Vec::new(),
            env: BTreeMap::new(),
            secrets: Vec::new(),
            mounts: Vec::new(),
            publish: None,
            network: None,
            memory: None,
            milli_cpus: None,
            processes: 10,
            privileged: false,
            security: Vec::new(),
            warning: None,
            stop_signal: 15,
            grace_ms: 0,
            by_image: false,
            record: stage.path("stranger-record.json"),
            is_service: false,
        };
        let path = stage.path("stranger.json");
        std::fs::write(&path, serde_json::to_vec(&spec).unwrap()).unwrap();
        let mut owner = stage.binary().arg("contain").arg(&path).spawn().unwrap();
        let runs = || base.container(name).is_some_and(|one| one.is_running);
        wait_until(|| "the stranger\u{27}s container runs".to_owned(), runs);
        // Killed, so that the container has no owner.
        processes::signal(owner.id(), Signal::KILL);
        owner.wait().unwrap();
        Self { id: base.container(name).unwrap().id }
    }

    fn end(self, base: &Base) {
        base.remove(&self.id);
    }
}
