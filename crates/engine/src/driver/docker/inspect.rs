//! What the container engine says of an instance's container, for whoever looks.

use std::path::Path;

use pilothouse_api::inspection::ContainerFacts;
use pilothouse_core::effect::Fault;
use pilothouse_core::id::InstanceId;
use pilothouse_core::text::printable;
use pilothouse_docker::Details;

use super::{Docker, ENGINE, INSTANCE, fault, record_of};

/// Characters of one text that are told at most, and of entries of one list.
const TEXT: usize = 300;
const ENTRIES: usize = 100;

impl Docker {
    /// Looks at an instance's container; none where it has none now.
    pub async fn inspect(
        &self,
        id: &InstanceId,
        unit: &Path,
    ) -> Result<Option<ContainerFacts>, Fault> {
        let client = self.client().await?;
        let name = self.instance_name(id);
        let mut found = client.details(&name).await.map_err(|error| fault(&error))?;
        // Somebody may have renamed it: its owner noted its id.
        let record = record_of(unit, None)?.filter(|record| !record.id.is_empty());
        if let (None, Some(record)) = (&found, &record) {
            found = client.details(&record.id).await.map_err(|error| fault(&error))?;
        }
        let own = [(ENGINE, self.engine_id.as_str()), (INSTANCE, id.as_str())];
        let is_ours = |found: &Details| {
            let labels = &found.container.labels;
            own.iter().all(|(name, value)| labels.get(*name).is_some_and(|label| label == value))
        };
        // What has our name and another's labels is somebody else's.
        let renewals = record.map_or(0, |record| record.renewals);
        Ok(found.filter(is_ours).map(|found| told(&found, renewals)))
    }
}

fn told(found: &Details, renewals: u32) -> ContainerFacts {
    let text = |text: &str| printable(text, TEXT);
    let all = |texts: &[String]| -> Vec<String> {
        texts.iter().take(ENTRIES).map(|one| text(one)).collect()
    };
    let container = &found.container;
    let ports = container.ports.iter().map(|(host, inner)| format!("{host} to {inner}"));
    let mounts = found.mounts.iter().map(|(source, target, read_only)| {
        let mode = if *read_only { ", read only" } else { "" };
        format!("{source} as {target}{mode}")
    });
    let networks = found.networks.iter().map(|(name, address)| format!("{name} {address}"));
    ContainerFacts {
        id: text(&container.id),
        name: text(&container.name),
        image: text(&found.image_name),
        image_id: text(&container.image),
        state: text(&container.state),
        health: found.health.map(str::to_owned),
        created: text(&found.created),
        started: text(&container.started_at),
        finished: found.finished.as_deref().map(text),
        pid: Some(container.pid).filter(|pid| *pid > 0),
        exit_code: container.exit_code,
        out_of_memory: container.is_out_of_memory,
        error: text(&container.error),
        // The supervisor of the process that owns it counts too: see the caller.
        restarts: renewals,
        argv: all(&found.argv),
        dir: text(&found.dir),
        user: text(&found.user),
        env: all(&found.env),
        ports: all(&ports.collect::<Vec<_>>()),
        mounts: all(&mounts.collect::<Vec<_>>()),
        networks: all(&networks.collect::<Vec<_>>()),
        memory: found.memory,
        milli_cpus: found.milli_cpus,
        processes: found.processes,
        privileged: found.is_privileged,
    }
}
