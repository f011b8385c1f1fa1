//! What the container of an instance is to be, and the proof that it is.

use std::net::SocketAddr;
use std::path::Path;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::{Docker as Settings, Reach};
use pilothouse_core::effect::{Fault, InstanceOrder};
use pilothouse_core::id::InstanceId;
use pilothouse_core::pipeline::{Run, script_argv};
use pilothouse_docker::{
    Container, ContainerSpec, Health, Mount, Program, Publish, Record, is_on_loopback_alone,
};
use pilothouse_supervisor::read_regular;

use super::super::local::{unit_of, variables};
use super::image::image_id;
use super::{Docker, INSTANCE, PROCESSES, RECORD, SPEC, fault, write};

/// Where the files of an artifact are seen.
const APP: &str = "/app";

impl Docker {
    /// Writes what an instance's container is to be, and returns the command line of its owner.
    ///
    /// `address` is where the host reaches it, unless it is reached on its own address.
    pub(in super::super) fn instance(
        &self,
        order: &InstanceOrder,
        settings: &Settings,
        address: Option<SocketAddr>,
        home: &Path,
        signal: i32,
    ) -> Result<Vec<String>, Fault> {
        let port = order.service.port.ok_or_else(|| {
            Fault::permanent("the release names no port: write port into the pipeline's [service]")
        })?;
        let mut mounts = Vec::new();
        let (image, dir) = match order.kind {
            ArtifactKind::Image => (image_id(&order.artifact), None),
            ArtifactKind::Tree => {
                let source = self.places.release(&order.environment, order.release);
                mounts.push(Mount { source, target: APP.to_owned(), read_only: true });
                (self.pinned(order)?, Some(APP.to_owned()))
            }
        };
        let program = match &order.service.run {
            Run::Image => Program::Image,
            Run::Argv(argv) => Program::Argv(argv.clone()),
            Run::Script(text) => {
                let source = home.join("script");
                let target = "/pilothouse/script".to_owned();
                let argv = script_argv(text, &target);
                mounts.push(Mount { source, target, read_only: true });
                Program::Argv(argv)
            }
        };
        mounts.extend(settings.volumes.iter().map(|volume| Mount {
            source: volume.source.clone().into(),
            target: volume.target.clone(),
            read_only: volume.read_only,
        }));
        let (release, environment) =
            (order.release.to_string(), order.environment.name.to_string());
        let host = match settings.reach {
            Reach::Loopback => address,
            Reach::Address => None,
        };
        let spec = ContainerSpec {
            name: self.instance_name(&order.id),
            labels: self.labels(&[
                (INSTANCE, order.id.as_str()),
                ("pilothouse.project", order.environment.project.as_str()),
                ("pilothouse.environment", &environment),
                ("pilothouse.release", &release),
            ]),
            image,
            // Pinned by a release, whatever it is called or labelled.
            only: None,
            program,
            dir,
            user: None,
            groups: Vec::new(),
            env: variables(order, port),
            secrets: order.secrets.keys().cloned().collect(),
            mounts,
            publish: Some(Publish { port, host, others: Some(self.ports) }),
            network: settings.network.clone(),
            memory: settings.limits.memory,
            milli_cpus: settings.limits.milli_cpus,
            processes: PROCESSES,
            privileged: false,
            security: Vec::new(),
            warning: None,
            stop_signal: signal,
            grace_ms: order.service.stop.grace.0,
            by_image: order.service.health.by_image,
            record: unit_of(home).join(RECORD),
            is_service: true,
        };
        self.note_use()?;
        let path = home.join(SPEC);
        write(&path, &spec)?;
        Ok(self.owner(&path))
    }

    /// What is wrong where an instance's program listens within its container alone: a sentence.
    /// A container without a network of its own has no such within.
    pub(in super::super) fn heard_within(&self, id: &InstanceId) -> Option<String> {
        let home = self.places.instance(id);
        let record = super::record_of(&unit_of(&home), None).ok().flatten()?;
        let spec = read_regular(&home.join(SPEC)).ok()??;
        let spec: ContainerSpec = serde_json::from_slice(&spec).ok()?;
        let port = spec.publish?.port;
        let is_own = spec.network.as_deref() != Some("host");
        (is_own && is_on_loopback_alone(record.pid, port)).then(|| {
            format!(
                "it listens on loopback alone, where nobody outside its container reaches port \
                 {port}: have it listen on 0.0.0.0"
            )
        })
    }

    fn pinned(&self, order: &InstanceOrder) -> Result<String, Fault> {
        let path = self.places.pinned(&order.environment, order.release);
        std::fs::read_to_string(&path).map_err(|error| {
            Fault::permanent(format!("cannot read the release's image {}: {error}", path.display()))
        })
    }

    /// Why the container that answers at an address is not the instance's own, if it is not.
    pub(in super::super) async fn stranger(
        &self,
        id: &InstanceId,
        record: &Record,
        address: SocketAddr,
    ) -> Result<Option<String>, Fault> {
        let client = self.client().await?;
        let Some(found) = client.container(&record.id).await.map_err(|error| fault(&error))? else {
            return Ok(Some("its container is gone".to_owned()));
        };
        Ok(why_strange(&found, &self.engine_id, id, record, address))
    }
}

/// Why a container is not the instance's own that answers at an address, if it is not.
fn why_strange(
    found: &Container,
    engine: &str,
    id: &InstanceId,
    record: &Record,
    address: SocketAddr,
) -> Option<String> {
    let own = [(super::ENGINE, engine), (INSTANCE, id.as_str())];
    let is_ours =
        own.iter().all(|(name, value)| found.labels.get(*name).is_some_and(|label| label == value));
    if found.id != record.id {
        Some("another container is in its place".to_owned())
    } else if !is_ours {
        Some("its container has another's labels".to_owned())
    } else if !found.is_running || found.started_at != record.started_at {
        Some("its container does not run".to_owned())
    } else if !found.is_at(address) {
        Some(format!("its container is not reached at {address}"))
    } else {
        // Whoever needs no such check runs a container without one.
        match found.health {
            Health::None | Health::Healthy => None,
            Health::Starting => Some("its image's own check has not passed yet".to_owned()),
            Health::Unhealthy => Some("its image's own check fails".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "127.0.0.1:31000";

    fn container() -> Container {
        let labels = [(super::super::ENGINE, "e1"), (INSTANCE, "shop-production-r1-0")];
        Container {
            id: "c1".to_owned(),
            labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            is_running: true,
            started_at: "then".to_owned(),
            ports: vec![(AT.parse().unwrap(), 8000)],
            ..Container::default()
        }
    }

    fn strange(found: &Container, address: &str) -> Option<String> {
        let record = Record {
            id: "c1".to_owned(),
            image: "sha256:0".to_owned(),
            pid: 1,
            started_at: "then".to_owned(),
            address: Some(AT.parse().unwrap()),
            owner: 2,
            is_taken: false,
            ended: None,
            renewals: 0,
            why_not: None,
            ill: None,
            cause: None,
        };
        let id = InstanceId::new("shop-production-r1-0");
        why_strange(found, "e1", &id, &record, address.parse().unwrap())
    }

    #[test]
    fn only_the_instances_own_container_proves_it() {
        assert_eq!(strange(&container(), AT), None);
        let mut on_its_own = Container { ports: Vec::new(), ..container() };
        assert!(strange(&on_its_own, AT).is_some());
        on_its_own.addresses = vec![("bridge".to_owned(), "172.17.0.9".parse().unwrap())];
        assert_eq!(strange(&on_its_own, "172.17.0.9:8000"), None);
        assert!(strange(&on_its_own, "172.17.0.8:8000").is_some());
        // Another one, another engine's, another instance's, another start, another port.
        assert!(strange(&Container { id: "c2".into(), ..container() }, AT).is_some());
        for name in [super::super::ENGINE, INSTANCE] {
            let mut other = container();
            other.labels.insert(name.to_owned(), "other".to_owned());
            assert!(strange(&other, AT).is_some(), "{name}");
            other.labels.remove(name);
            assert!(strange(&other, AT).is_some(), "no {name}");
        }
        assert!(strange(&Container { started_at: "now".into(), ..container() }, AT).is_some());
        assert!(strange(&Container { is_running: false, ..container() }, AT).is_some());
        assert!(strange(&container(), "127.0.0.1:31001").is_some());
        // What answers is not yet what its own check calls well.
        for (health, is_well) in
            [(Health::Healthy, true), (Health::Starting, false), (Health::Unhealthy, false)]
        {
            assert_eq!(strange(&Container { health, ..container() }, AT).is_none(), is_well);
        }
    }
}
