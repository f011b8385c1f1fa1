//! Somebody takes a container out of its network, and somebody else takes the address it had.

use std::net::SocketAddr;

use pilothouse_core::id::DeploymentId;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;
use pilothouse_docker::Container;

use super::super::stage::repository::Repository;
use super::super::stage::stranger::Stranger;
use super::super::stage::{DOMAIN, Stage, load};
use super::image::Base;
use super::{commit, project};

/// What whoever is not the instance answers.
const STRANGER: &str = "a stranger's answer";

#[test]
fn a_process_that_takes_a_port_which_a_container_lost_gets_no_visitor() {
    let base = Base::make("lost-port");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    wait_for_restarts(&repository);
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let victim = base.containers(&stage).remove(0);
    let address = victim.ports[0].0;
    disconnect("bridge", &victim);
    let stranger = Stranger::at(address);
    is_elsewhere(&stage, &victim, address);
    nobody_meets_a_stranger(&stage);
    drop(stranger);
    stage.end();
}

#[test]
fn a_container_that_takes_an_address_which_another_lost_gets_no_visitor() {
    // Removed last.
    let network = Network::make();
    let base = Base::make("lost-address");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    wait_for_restarts(&repository);
    let docker = format!(
        "[environment.production.docker]\nnetwork = \"{}\"\nreach = \"address\"\n",
        network.name
    );
    stage.apply(&project(&stage, &repository, &docker));
    stage.succeeds(DeploymentId(0));
    let victim = base.containers(&stage).remove(0);
    let state = stage.state();
    let id = &victim.labels["pilothouse.instance"];
    let own = state.instances.values().find(|one| one.id.as_str() == id);
    let address = own.and_then(Instance::address).unwrap();
    disconnect(&network.name, &victim);
    let stranger = network.stranger(&base, address);
    is_elsewhere(&stage, &victim, address);
    nobody_meets_a_stranger(&stage);
    base.remove(&stranger);
    stage.end();
}

/// Gives one that starts anew more time before it gets a successor.
fn wait_for_restarts(repository: &Repository) {
    let path = repository.dir().join("pilothouse.toml");
    let pipeline = std::fs::read_to_string(&path).unwrap();
    let patient = pipeline.replace("timeout = \"2s\"", "timeout = \"20s\"");
    assert_ne!(patient, pipeline);
    repository.write("pilothouse.toml", &patient);
    repository.commit_all("v1");
}

/// Waits until the container's instance serves at another address, as all do that serve.
fn is_elsewhere(stage: &Stage, victim: &Container, address: SocketAddr) {
    let id = &victim.labels["pilothouse.instance"];
    let state = stage.wait("it runs elsewhere, and is healthy", |state| {
        let is_well = |state: &State| {
            state.instances.len() == 2
                && state.instances.values().all(|one| {
                    one.is_proved()
                        && one.health.state == TargetState::Healthy
                        && one.address().is_some_and(|own| own != address)
                })
        };
        is_well(state) && state.edge.active.as_ref() == Some(&state.edge.wanted)
    });
    let mut addresses: Vec<_> = state.instances.values().map(Instance::address).collect();
    addresses.dedup();
    assert_eq!(addresses.len(), 2, "two have one address: {addresses:?}");
    let restarts = state.instances.values().find(|one| one.id.as_str() == id).map(|o| o.restarts);
    assert_eq!(restarts, Some(1), "its owner started it anew");
}

fn nobody_meets_a_stranger(stage: &Stage) {
    for _ in 0..20 {
        let (status, body) = load::ask(stage.address, DOMAIN, "/").unwrap();
        assert!(status == 200 && body.contains("<p>v1</p>"), "{status}: {body}");
    }
}

/// Takes a container out of a network, as `docker network disconnect` does.
fn disconnect(network: &str, container: &Container) {
    let body = format!("{{\"Container\":\"{}\"}}", container.id);
    let path = format!("/networks/{network}/disconnect");
    assert_eq!(Base::asks("POST", &path, &body).0, 200);
}

/// A network of the machine's Docker engine in which addresses can be chosen.
struct Network {
    name: String,
}

impl Network {
    fn make() -> Self {
        let name = format!("pilothouse-test-{}", std::process::id());
        let first = std::process::id() % 200;
        // One that overlaps with another is refused.
        let is_made = (first..256).any(|number| {
            let body = format!(
                "{{\"Name\":\"{name}\",\"CheckDuplicate\":true,\
                 \"IPAM\":{{\"Config\":[{{\"Subnet\":\"10.219.{number}.0/28\"}}]}}}}"
            );
            Base::asks("POST", "/networks/create", &body).0 == 201
        });
        assert!(is_made, "there is no network left");
        Self { name }
    }

    /// Starts a container at an address.
    fn stranger(&self, base: &Base, address: SocketAddr) -> String {
        let (image, network, ip) = (base.name(), &self.name, address.ip());
        let serve = format!(
            "busybox mkdir /s; echo '{STRANGER}' >/s/index.html; \
             exec busybox httpd -f -p {} -h /s",
            address.port()
        );
        let body = format!(
            "{{\"Image\":\"{image}\",\"Cmd\":[\"/bin/sh\",\"-c\",\"{serve}\"],\
             \"HostConfig\":{{\"NetworkMode\":\"{network}\"}},\"NetworkingConfig\":\
             {{\"EndpointsConfig\":{{\"{network}\":{{\"IPAMConfig\":\
             {{\"IPv4Address\":\"{ip}\"}}}}}}}}}}"
        );
        let name = format!("{network}-stranger");
        let (status, answer) =
            Base::asks("POST", &format!("/containers/create?name={name}"), &body);
        assert_eq!(status, 201, "{answer}");
        let (status, answer) = Base::asks("POST", &format!("/containers/{name}/start"), "");
        assert_eq!(status, 204, "{answer}");
        base.container(&name).unwrap().id
    }
}

impl Drop for Network {
    /// Removes it, also where the test failed.
    fn drop(&mut self) {
        let name = format!("{}-stranger", self.name);
        let _ = Base::asks("DELETE", &format!("/containers/{name}?force=true"), "");
        let _ = Base::asks("DELETE", &format!("/networks/{}", self.name), "");
    }
}
