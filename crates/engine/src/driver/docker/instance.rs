//! What the container of an instance is to be, and the proof that it is.

use std::net::SocketAddr;
use std::path::Path;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::{Docker as Settings, Reach};
use pilothouse_core::effect::{Fault, InstanceOrder};
use pilothouse_core::id::InstanceId;
use pilothouse_core::pipeline::Run;
use pilothouse_docker::{ContainerSpec, Mount, Program, Publish, Record};

use super::super::local::variables;
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
            Run::Script(_) => {
                let source = home.join("script");
                let target = "/pilothouse/script".to_owned();
                mounts.push(Mount { source, target: target.clone(), read_only: true });
                Program::Argv(vec!["/bin/sh".to_owned(), "-e".to_owned(), target])
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
            program,
            dir,
            user: None,
            env: variables(order, port),
            secrets: order.secrets.keys().cloned().collect(),
            mounts,
            publish: Some(Publish { port, host, others: Some(self.ports) }),
            network: settings.network.clone(),
            memory: settings.limits.memory,
            milli_cpus: settings.limits.milli_cpus,
            processes: PROCESSES,
            privileged: false,
            stop_signal: signal,
            grace_ms: order.service.stop.grace.0,
            by_image: order.service.health.by_image,
            record: home.join("unit").join(RECORD),
            is_service: true,
        };
        self.note_use()?;
        let path = home.join(SPEC);
        write(&path, &spec)?;
        Ok(self.owner(&path))
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
        let own = [(super::ENGINE, self.engine_id.as_str()), (INSTANCE, id.as_str())];
        let is_ours = own
            .iter()
            .all(|(name, value)| found.labels.get(*name).is_some_and(|label| label == value));
        let is_there = found.address == Some(address.ip())
            || found.ports.iter().any(|(host, _)| *host == address);
        Ok(if !is_ours {
            Some("its container has another's labels".to_owned())
        } else if !found.is_running || found.started_at != record.started_at {
            Some("its container does not run".to_owned())
        } else if !is_there {
            Some(format!("its container is not reached at {address}"))
        } else {
            None
        })
    }
}
