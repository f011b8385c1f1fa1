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
        group_add: Some(spec.groups.iter().map(u32::to_string).collect()),
        network_mode: spec.network.clone(),
        memory,
        // Without this as much swap again would be allowed.
        memory_swap: memory,
        nano_cpus: spec.milli_cpus.map(|milli| i64::from(milli) * 1_000_000),
        pids_limit: Some(i64::from(spec.processes)),
        privileged: Some(spec.privileged),
        security_opt: Some(spec.security.clone()),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::spec::{Mount, NO_NEW_RIGHTS};

    #[test]
    fn a_container_gets_what_its_specification_says_and_no_more() {
        let mut spec = ContainerSpec {
            name: "one".to_owned(),
            labels: BTreeMap::new(),
            image: "sha256:0".to_owned(),
            only: None,
            program: Program::Argv(vec!["/bin/true".to_owned()]),
            dir: None,
            user: Some((1000, 100)),
            groups: vec![7],
            env: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
            secrets: vec!["TOKEN".to_owned()],
            mounts: vec![Mount { source: "/a".into(), target: "/b".to_owned(), read_only: true }],
            publish: None,
            network: None,
            memory: Some(64 << 20),
            milli_cpus: Some(500),
            processes: 10,
            privileged: false,
            security: Vec::new(),
            warning: None,
            stop_signal: 15,
            grace_ms: 0,
            by_image: false,
            record: "/record".into(),
            is_service: false,
        };
        let made = |spec: &ContainerSpec| body(spec, None, |_| Some("secret".into()));
        let plain = made(&spec);
        assert_eq!(plain.user.as_deref(), Some("1000:100"));
        assert_eq!(plain.entrypoint, Some(vec![String::new()]), "the image's own does not count");
        let env = ["A=1", "TOKEN=secret"].map(str::to_owned).to_vec();
        assert_eq!(plain.env, Some(env));
        let host = plain.host_config.unwrap();
        assert_eq!(host.group_add, Some(vec!["7".to_owned()]));
        // Swap counts as memory, and a log of the engine's own would have no limit.
        assert_eq!((host.memory, host.memory_swap), (Some(64 << 20), Some(64 << 20)));
        assert_eq!((host.nano_cpus, host.pids_limit), (Some(500_000_000), Some(10)));
        assert_eq!(host.log_config.unwrap().typ.as_deref(), Some("none"));
        assert_eq!(host.mounts.unwrap()[0].read_only, Some(true));
        assert_eq!((host.privileged, host.port_bindings), (Some(false), None));
        assert_eq!(host.security_opt, Some(Vec::new()));
        spec.security = vec![NO_NEW_RIGHTS.to_owned()];
        let held = made(&spec).host_config.unwrap().security_opt;
        assert_eq!(held, Some(vec![NO_NEW_RIGHTS.to_owned()]));
        spec.privileged = true;
        assert_eq!(made(&spec).host_config.unwrap().privileged, Some(true));
        // Only a check that counts is made.
        let none = Some(vec!["NONE".to_owned()]);
        assert_eq!(made(&spec).healthcheck.and_then(|check| check.test), none);
        spec.by_image = true;
        assert_eq!(made(&spec).healthcheck, None);
    }
}
