//! A container looked at closely.

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, HostConfig, MountPoint, NetworkSettings,
};
use bollard::query_parameters::InspectContainerOptions;

use crate::container::{Container, Health, inspected};
use crate::engine::Docker;
use crate::error::{Error, Kind, from};

/// A container looked at closely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What every look at one tells.
    pub container: Container,
    /// Its image, as it was named when it was made.
    pub image_name: String,
    /// When it was made, as the engine writes it.
    pub created: String,
    /// When it ended, as the engine writes it.
    pub finished: Option<String>,
    /// What its image's check says; none where there is no check.
    pub health: Option<&'static str>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The directory it starts in.
    pub dir: String,
    /// The user it runs as.
    pub user: String,
    /// The names of its variables. Their values are not kept: one may be a secret.
    pub env: Vec<String>,
    /// What it sees of the host: what, where, and whether it may only be read.
    pub mounts: Vec<(String, String, bool)>,
    /// The networks it is in, with its address there.
    pub networks: Vec<(String, String)>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a processor at most.
    pub milli_cpus: Option<u64>,
    /// Processes at most.
    pub processes: Option<u64>,
    /// Whether it is as powerful as root on the host.
    pub is_privileged: bool,
}

impl Docker {
    /// Looks at a container closely; none where there is none of that name or id.
    pub async fn details(&self, name: &str) -> Result<Option<Details>, Error> {
        match self.client.inspect_container(name, None::<InspectContainerOptions>).await {
            Ok(found) => Ok(Some(details(found))),
            Err(raw) => match from(&format!("look at the container {name}"), &raw) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }
}

fn details(found: ContainerInspectResponse) -> Details {
    let config = found.config.clone().unwrap_or_default();
    let host = found.host_config.clone().unwrap_or_default();
    let network = found.network_settings.clone().unwrap_or_default();
    let finished = found.state.as_ref().and_then(|state| state.finished_at.clone());
    let argv = found.path.clone().into_iter().chain(found.args.clone().unwrap_or_default());
    let mounts = found.mounts.clone().unwrap_or_default();
    let made = Details {
        argv: argv.filter(|word| !word.is_empty()).collect(),
        created: found.created.clone().unwrap_or_default(),
        mounts: mounts.into_iter().map(mount).collect(),
        networks: networks(&network),
        container: inspected(found),
        ..of_config(config, &host)
    };
    let health = match made.container.health {
        Health::None => None,
        Health::Starting => Some("starting"),
        Health::Healthy => Some("healthy"),
        Health::Unhealthy => Some("unhealthy"),
    };
    // An engine that never saw it end writes the year 1.
    let finished = finished.filter(|at| !made.container.is_running && !at.starts_with("0001"));
    Details { finished, health, ..made }
}

fn of_config(config: ContainerConfig, host: &HostConfig) -> Details {
    let positive =
        |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    Details {
        image_name: config.image.unwrap_or_default(),
        dir: config.working_dir.unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        env: names(&config.env.unwrap_or_default()),
        memory: positive(host.memory),
        milli_cpus: positive(host.nano_cpus).map(|nanos| nanos / 1_000_000),
        processes: positive(host.pids_limit),
        is_privileged: host.privileged.unwrap_or(false),
        ..Details::default()
    }
}

/// The names of variables, without their values.
fn names(env: &[String]) -> Vec<String> {
    let name = |pair: &String| pair.split('=').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = env.iter().map(name).collect();
    names.sort();
    names
}

fn mount(mount: MountPoint) -> (String, String, bool) {
    let source = mount.source.or(mount.name).unwrap_or_default();
    (source, mount.destination.unwrap_or_default(), mount.rw == Some(false))
}

fn networks(network: &NetworkSettings) -> Vec<(String, String)> {
    let all = network.networks.iter().flatten();
    let mut all: Vec<(String, String)> = all
        .map(|(name, endpoint)| (name.clone(), endpoint.ip_address.clone().unwrap_or_default()))
        .collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_variables_only_the_names_are_kept() {
        let config = ContainerConfig {
            env: Some(vec!["TOKEN=s3cret=x".to_owned(), "PATH=/bin".to_owned(), "BARE".to_owned()]),
            ..ContainerConfig::default()
        };
        let found = ContainerInspectResponse { config: Some(config), ..Default::default() };
        let details = details(found);
        assert_eq!(details.env, ["BARE", "PATH", "TOKEN"]);
        assert!(!format!("{details:?}").contains("s3cret"));
    }
}
