//! A connection to a Docker engine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker as Client};
use futures_util::StreamExt as _;

use crate::container::{Container, summary};
use crate::error::{Error, Kind, from};
use crate::image::named;

/// The socket of an engine that nobody was told another place for.
const SOCKET: &str = "/var/run/docker.sock";
/// How long an engine may take to begin an answer, in seconds.
pub(crate) const ANSWER: u64 = 60;
/// How long it may take to say which version it speaks.
const VERSION: Duration = Duration::from_secs(5);
/// How long one that is there may take to say so.
const THERE: Duration = Duration::from_secs(2);
/// What is tried where an engine may have gone, as it reads after "cannot".
const REACH: &str = "reach the Docker engine";
/// The oldest API that has all that is asked of it: Docker 20.10, of December 2020.
const OLDEST: (usize, usize) = (1, 41);

/// A connection to a Docker engine. Clones share it.
#[derive(Clone, Debug)]
pub struct Docker {
    pub(crate) client: Client,
    pub(crate) socket: PathBuf,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it calls itself. Before Docker 23 all engines of a machine had one id.
    pub id: String,
    /// Its version, such as `20.10.24`.
    pub version: String,
    /// The newest API that it speaks, such as `1.41`.
    pub api: String,
    /// Where it keeps images and containers.
    pub root: String,
    /// Whether containers outlive a restart of it.
    pub is_live_restore: bool,
}

impl Docker {
    /// Makes a connection by `DOCKER_HOST`, which must be a Unix socket, or the usual one.
    ///
    /// # Errors
    /// `Refused` where `DOCKER_HOST` is no Unix socket. Whether an engine answers is found out
    /// by the first question.
    pub fn local() -> Result<Self, Error> {
        let host = std::env::var("DOCKER_HOST").unwrap_or_default();
        let path = match host.as_str() {
            "" => SOCKET,
            host => host.strip_prefix("unix://").ok_or_else(|| {
                let why = "DOCKER_HOST is no Unix socket: only an engine of this machine is \
                           used, as in unix:///var/run/docker.sock";
                Error::new(Kind::Refused, why)
            })?,
        };
        Self::at(path)
    }

    /// Makes a connection to the engine behind a socket.
    ///
    /// # Errors
    /// `Unreachable` where there is no such socket.
    pub fn at(path: &str) -> Result<Self, Error> {
        let client = Client::connect_with_unix(path, ANSWER, API_DEFAULT_VERSION)
            .map_err(|raw| from(&format!("reach the Docker engine at {path}"), &raw))?;
        Ok(Self { client, socket: path.into() })
    }

    /// Where it answers.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Agrees on a version with the engine.
    ///
    /// # Errors
    /// `Unreachable` or `Denied` where none answers, `Refused` where it is too old.
    pub async fn ready(self) -> Result<Self, Error> {
        let what = "ask the Docker engine for its version";
        let negotiated = tokio::time::timeout(VERSION, self.client.negotiate_version());
        let client = match negotiated.await {
            Ok(client) => client.map_err(|raw| from(what, &raw))?,
            Err(_) => return Err(Error::new(Kind::Unreachable, "the Docker engine says nothing")),
        };
        let version = client.client_version();
        if (version.major_version, version.minor_version) < OLDEST {
            return Err(Error::new(
                Kind::Refused,
                format!(
                    "the Docker engine speaks API {version} and at least {}.{} is needed: update \
                     it to 20.10 or newer",
                    OLDEST.0, OLDEST.1
                ),
            ));
        }
        Ok(Self { client, socket: self.socket })
    }

    /// Waits until the engine has gone away; what was noticed of it.
    ///
    /// It listens to the ends of containers with this label alone, so that waiting costs next to
    /// nothing. An engine that is told to go lets nobody in any more before it ends its
    /// containers, and is there until the last of them is gone: so one that ends is a reason to
    /// ask.
    pub async fn until_away(&self, label: &str) -> Error {
        let filters = HashMap::from([
            ("type", vec!["container"]),
            ("event", vec!["die"]),
            ("label", vec![label]),
        ]);
        let options = EventsOptionsBuilder::default().filters(&filters).build();
        let mut events = self.client.events(Some(options));
        loop {
            match events.next().await {
                Some(Ok(_)) => {
                    if let Err(error) = self.is_there().await
                        && error.kind == Kind::Unreachable
                    {
                        return error;
                    }
                }
                Some(Err(raw)) => return from("listen to the Docker engine", &raw),
                None => return Error::new(Kind::Unreachable, "the Docker engine went away"),
            }
        }
    }

    /// Asks whether the engine lets anybody in. Where its socket is held for it, whoever asks one
    /// that is going waits for the next one.
    async fn is_there(&self) -> Result<(), Error> {
        match tokio::time::timeout(THERE, self.client.ping()).await {
            Ok(answered) => answered.map(|_| ()).map_err(|raw| from(REACH, &raw)),
            Err(_) => Err(Error::new(Kind::Unreachable, "the Docker engine lets nobody in")),
        }
    }

    /// Asks the engine about itself.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let failed = |raw| from("ask the Docker engine about itself", &raw);
        let version = self.client.version().await.map_err(failed)?;
        let info = self.client.info().await.map_err(failed)?;
        Ok(Facts {
            id: info.id.unwrap_or_default(),
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            root: info.docker_root_dir.unwrap_or_default(),
            is_live_restore: info.live_restore_enabled.unwrap_or(false),
        })
    }

    /// The platform of what it builds and runs, such as `linux/amd64`.
    pub(crate) async fn platform(&self) -> Result<String, Error> {
        let version = self.client.version().await;
        let version =
            version.map_err(|raw| from("ask the Docker engine for its platform", &raw))?;
        let (os, arch) = (version.os.unwrap_or_default(), version.arch.unwrap_or_default());
        Ok(format!("{os}/{arch}"))
    }

    /// All containers, whoever made them.
    pub async fn containers(&self) -> Result<Vec<Container>, Error> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let all = self.client.list_containers(Some(options)).await;
        let all = all.map_err(|raw| from("list containers", &raw))?;
        Ok(all.into_iter().map(summary).collect())
    }

    /// All images with a label, whatever they are called.
    pub async fn images(&self, label: &str) -> Result<Vec<crate::Image>, Error> {
        self.images_by("label", label).await
    }

    /// All images with a name like this, whosever they are.
    pub async fn images_named(&self, pattern: &str) -> Result<Vec<crate::Image>, Error> {
        self.images_by("reference", pattern).await
    }

    /// The ids of all images without a name, also of those that others stand on.
    pub async fn images_without_name(&self) -> Result<Vec<String>, Error> {
        let options = ListImagesOptionsBuilder::default().all(true).build();
        let all = self.client.list_images(Some(options)).await;
        let mut all = all.map_err(|raw| from("list images", &raw))?;
        all.retain(|one| named(one.repo_tags.clone()).is_empty());
        Ok(all.into_iter().map(|one| one.id).collect())
    }

    async fn images_by(&self, what: &str, value: &str) -> Result<Vec<crate::Image>, Error> {
        let filters = HashMap::from([(what, vec![value])]);
        let options = ListImagesOptionsBuilder::default().filters(&filters).build();
        let all = self.client.list_images(Some(options)).await;
        let all = all.map_err(|raw| from("list images", &raw))?;
        Ok(all
            .into_iter()
            .map(|one| crate::Image {
                id: one.id,
                tags: named(one.repo_tags),
                digests: named(one.repo_digests),
                labels: one.labels.into_iter().collect(),
                bytes: u64::try_from(one.size).unwrap_or(0),
                has_check: false,
                on_build: Vec::new(),
            })
            .collect())
    }
}
