//! Containers, whoever made them, as an engine tells of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bollard::models::{ContainerInspectResponse, ContainerSummary, HealthStatusEnum};
use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
};

use crate::engine::Docker;
use crate::error::{Error, Kind, from};

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image it was made from, by name or id.
    pub image: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What the engine calls its state, such as `running`.
    pub state: String,
    /// Whether it runs.
    pub is_running: bool,
    /// What it ended with, if it did.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub is_out_of_memory: bool,
    /// Why it could not be started, if it could not.
    pub error: String,
    /// Its first process on the host; 0 while it does not run.
    pub pid: i32,
    /// When it started, as the engine writes it.
    pub started_at: String,
    /// What the image's own check says.
    pub health: Health,
    /// What the image's own check last printed.
    pub health_said: String,
    /// The networks it has an address in, and that.
    pub addresses: Vec<(String, IpAddr)>,
    /// Ports of the host that are mapped to ports of it.
    pub ports: Vec<(SocketAddr, u16)>,
}

/// What an image's own check says of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// There is no check.
    #[default]
    None,
    /// It has not passed yet.
    Starting,
    /// It passes.
    Healthy,
    /// It failed as often as it may.
    Unhealthy,
}

impl Container {
    /// Whether the host reaches it at an address: one that is mapped to it, or one of its own.
    pub fn is_at(&self, address: SocketAddr) -> bool {
        self.ports.iter().any(|(host, _)| *host == address)
            || self.addresses.iter().any(|(_, own)| *own == address.ip())
    }
}

impl Docker {
    /// What became of a container; none where there is none of that name or id.
    pub async fn container(&self, name: &str) -> Result<Option<Container>, Error> {
        let found = self.client.inspect_container(name, None::<InspectContainerOptions>).await;
        match found {
            Ok(found) => Ok(Some(inspected(found))),
            Err(raw) => match from(&format!("look at the container {name}"), &raw) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Ends a container and removes it, with the volumes that have no name. One that is gone is
    /// as good as removed.
    pub async fn remove(&self, name: &str) -> Result<(), Error> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.client.remove_container(name, Some(options)).await {
            Ok(()) => Ok(()),
            Err(raw) => match from(&format!("remove the container {name}"), &raw) {
                error if error.kind == Kind::NotFound => Ok(()),
                // Somebody removes it already: it is gone once it cannot be found.
                error if error.kind == Kind::Conflict => self.gone(name, error).await,
                error => Err(error),
            },
        }
    }

    async fn gone(&self, name: &str, error: Error) -> Result<(), Error> {
        for _ in 0..100 {
            if self.container(name).await?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Err(error)
    }

    /// Sends a signal to a container's first process. One that does not run gets none.
    pub async fn signal(&self, name: &str, signal: i32) -> Result<(), Error> {
        let options = KillContainerOptionsBuilder::default().signal(&signal.to_string()).build();
        match self.client.kill_container(name, Some(options)).await {
            Ok(()) => Ok(()),
            Err(raw) => match from(&format!("signal the container {name}"), &raw) {
                error if matches!(error.kind, Kind::NotFound | Kind::Conflict) => Ok(()),
                error => Err(error),
            },
        }
    }
}

pub(crate) fn inspected(found: ContainerInspectResponse) -> Container {
    let state = found.state.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let network = found.network_settings.unwrap_or_default();
    let addresses = network.networks.iter().flatten();
    let mut addresses: Vec<(String, IpAddr)> = addresses
        .filter_map(|(name, end)| Some((name.clone(), end.ip_address.as_deref()?.parse().ok()?)))
        .collect();
    addresses.sort();
    let ports = network.ports.iter().flatten().flat_map(|(port, bindings)| {
        let inner = port.split('/').next().and_then(|number| number.parse().ok());
        bindings.iter().flatten().filter_map(move |binding| {
            let host = binding.host_ip.as_deref().unwrap_or("0.0.0.0").parse().ok()?;
            let number = binding.host_port.as_deref()?.parse().ok()?;
            Some((SocketAddr::new(host, number), inner?))
        })
    });
    let health = state.health.unwrap_or_default();
    let is_running = state.running.unwrap_or(false);
    Container {
        id: found.id.unwrap_or_default(),
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: found.image.unwrap_or_default(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        state: state.status.map(|status| status.to_string()).unwrap_or_default(),
        is_running,
        exit_code: state.exit_code.filter(|_| !is_running),
        is_out_of_memory: state.oom_killed.unwrap_or(false),
        error: state.error.unwrap_or_default(),
        pid: state.pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0),
        started_at: state.started_at.unwrap_or_default(),
        health: match health.status {
            Some(HealthStatusEnum::STARTING) => Health::Starting,
            Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
            Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
            Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) | None => Health::None,
        },
        health_said: health
            .log
            .and_then(|log| log.into_iter().last())
            .and_then(|last| last.output)
            .unwrap_or_default(),
        addresses,
        ports: ports.collect(),
    }
}

/// What a list tells, which is less than a look at one.
pub(crate) fn summary(found: ContainerSummary) -> Container {
    let state = found.state.map(|state| state.to_string()).unwrap_or_default();
    let name = found.names.unwrap_or_default().into_iter().next().unwrap_or_default();
    let ports = found.ports.unwrap_or_default().into_iter().filter_map(|port| {
        let host = port.ip?.parse().ok()?;
        Some((SocketAddr::new(host, port.public_port?), port.private_port))
    });
    Container {
        id: found.id.unwrap_or_default(),
        name: name.trim_start_matches('/').to_owned(),
        image: found.image.unwrap_or_default(),
        labels: found.labels.unwrap_or_default().into_iter().collect(),
        is_running: state == "running",
        state,
        ports: ports.collect(),
        ..Container::default()
    }
}
