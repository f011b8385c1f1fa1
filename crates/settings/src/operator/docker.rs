//! What the operator says of containers: how instances run in them, and what steps may ask for.

use pilothouse_core::container::{Docker, Grants, Reach};
use pilothouse_core::spec::Runtime;
use pilothouse_core::spec::allowed::container as allowed;

use super::elsewhere;
use crate::ProblemKind;
use crate::container::{limits, network, networks, paths, volumes};
use crate::found::Found;
use crate::section::{Field, Section};

const RUNTIMES: [&str; 3] = ["local", "docker", super::aws::AWS_WATCH];
const KEYS: [&str; 5] = ["reach", "volumes", "network", "memory", "cpus"];
const GRANT_KEYS: [&str; 4] = ["volumes_below", "networks", "privileged", "docker_socket"];

/// Reads `runtime` and what goes with it.
pub(super) fn runtime(section: &Section<'_>, name: &str, found: &mut Found<'_>) -> Runtime {
    let written =
        section.get("runtime").and_then(|field| field.one_of(&RUNTIMES, "runtime", found));
    let settings = section.get("docker");
    match (written, settings) {
        (Some("docker"), Some(field)) => Runtime::Docker(docker(&field, name, found)),
        (Some("docker"), None) => Runtime::Docker(Docker::default()),
        (_, Some(field)) => {
            let message = "`docker` says how containers run, and these instances are processes";
            let help = "write runtime = \"docker\" as well, or leave `docker` out";
            found.add(ProblemKind::Conflict, field.key_at, message, help);
            Runtime::Local
        }
        (_, None) => Runtime::Local,
    }
}

fn docker(field: &Field<'_>, name: &str, found: &mut Found<'_>) -> Docker {
    let Some(section) = field.section(&format!("[environment.{name}.docker]"), &KEYS, found) else {
        return Docker::default();
    };
    section.refuse_unknown(found, |key| elsewhere(key, &KEYS));
    let reach = section.get("reach").and_then(|field| {
        field.one_of(&["loopback", "address"], "way to reach a container", found)
    });
    Docker {
        reach: if reach == Some("address") { Reach::Address } else { Reach::Loopback },
        volumes: volumes(&section, found, |_| None),
        network: own_network(&section, found),
        limits: limits(&section, found),
    }
}

/// The network of instances.
fn own_network(section: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let name = network(section, found)?;
    let Some((message, help)) = allowed::own_network(&name) else { return Some(name) };
    if let Some(field) = section.get("network") {
        field.wrong(found, &message, &help);
    }
    None
}

/// Reads `[docker]`: what steps in containers may ask for.
pub(super) fn grants(root: &Section<'_>, found: &mut Found<'_>) -> Grants {
    let section =
        root.get("docker").and_then(|field| field.section("[docker]", &GRANT_KEYS, found));
    let Some(section) = section else { return Grants::default() };
    section.refuse_unknown(found, |key| elsewhere(key, &GRANT_KEYS));
    let mut flag = |key| section.get(key).and_then(|field| field.flag(found)).unwrap_or_default();
    let (privileged, docker_socket) = (flag("privileged"), flag("docker_socket"));
    let volumes_below = paths(&section, "volumes_below", found);
    Grants { volumes_below, privileged, docker_socket, networks: networks(&section, found) }
}
