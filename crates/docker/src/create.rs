//! Turns a specification into what the engine is asked to create.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount as RawMount,
    MountType, PortBinding,
};

use crate::spec::{ContainerSpec, Program};

/// What the engine is asked to create. `reached` is where the host maps its port, if it does;
/// `value_of` gives the secrets' values.
pub(crate) fn body(
    spec: &ContainerSpec,
    reached: Option<SocketAddr>,
    value_of: impl Fn(&str) -> Option<OsString>,
) -> ContainerCreateBody {
    let (entrypoint, cmd) = match &spec.program {
        Program::Image => (None, None),
        // An empty entry point is one that is not the image's.
        Program::Argv(argv) => (Some(vec![String::new()]), Some(argv.clone())),
    };
    let mut env: Vec<String> =
        spec.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    env.extend(spec.secrets.iter().filter_map(|name| {
        let value = value_of(name)?.into_string().ok()?;
        Some(format!("{name}={value}"))
    }));
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint,
        cmd,
        env: Some(env),
        user: spec.user.map(|(user, group)| format!("{user}:{group}")),
        working_dir: spec.dir.clone(),
        labels: Some(spec.labels.clone().into_iter().collect()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        exposed_ports: spec.publish.map(|publish| vec![format!("{}/tcp", publish.port)]),
        // Only a check that decides something is worth its processes.
        healthcheck: (!spec.by_image).then(|| HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        host_config: Some(host(spec, reached)),
        ..ContainerCreateBody::default()
    }
}

fn host(spec: &ContainerSpec, reached: Option<SocketAddr>) -> HostConfig {
    let memory = spec.memory.and_then(|bytes| i64::try_from(bytes).ok());
    HostConfig {
        mounts: Some(spec.mounts.iter().map(mount).collect()),
        port_bindings: spec.publish.and_then(|publish| {
            let host = reached?;
            let binding = PortBinding {
                host_ip: Some(host.ip().to_string()),
                host_port: Some(host.port().to_string()),
            };
            Some(HashMap::from([(format!("{}/tcp", publish.port), Some(vec![binding]))]))
        }),
        network_mode: spec.network.clone(),
        memory,
        // Without this as much swap again would be allowed.
        memory_swap: memory,
        nano_cpus: spec.milli_cpus.map(|milli| i64::from(milli) * 1_000_000),
        pids_limit: Some(i64::from(spec.processes)),
        privileged: Some(spec.privileged),
        // Reaps what loses its parent, and hands signals on: a first process that does neither
        // is the usual one.
        init: Some(true),
        // The output is kept by whoever owns the container, masked and bounded.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..HostConfig::default()
    }
}

fn mount(mount: &crate::spec::Mount) -> RawMount {
    RawMount {
        typ: Some(MountType::BIND),
        source: Some(mount.source.display().to_string()),
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..RawMount::default()
    }
}
