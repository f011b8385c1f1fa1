//! One container, found or made.

use std::net::SocketAddr;

use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::wait::{Output, Over};
use super::{Asked, End, Hide, patiently, port};
use crate::container::Container;
use crate::create;
use crate::engine::Docker;
use crate::error::{Error, Kind, from};
use crate::image::Image;
use crate::line::Line;
use crate::output::say;
use crate::record::{self, Record};
use crate::spec::{ContainerSpec, Publish};

/// How many ports are tried where others take them.
const PORTS: usize = 8;

/// A container that this process owns.
pub(super) struct Owned<'a> {
    pub(super) docker: Docker,
    pub(super) spec: &'a ContainerSpec,
    pub(super) id: String,
    /// Its first process, by its number on the host.
    pub(super) pid: i32,
    pub(super) output: Output,
    /// To the engine that runs it.
    pub(super) line: Line,
    /// Where it is reached, if it has a port.
    pub(super) address: Option<SocketAddr>,
    /// Whether it ran before this process owned it, so that it may serve.
    pub(super) is_found: bool,
    /// Whether the image's own check failed after it had passed, and has not passed since.
    pub(super) is_ill: bool,
}

/// What became of the container of this name.
pub(super) enum Found<'a> {
    /// It runs.
    Runs(Box<Owned<'a>>),
    /// It ended around an outage in which it was being started; nobody knows by whose doing.
    Over,
}

/// Goes on with the container of this name that runs, or makes it.
pub(super) async fn find_or_create(
    docker: Docker,
    spec: &ContainerSpec,
    image: Image,
) -> Result<Found<'_>, Error> {
    if let Some(found) = find(&docker, spec).await? {
        if !is_ours(&found, spec) {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "there is a container {} that is somebody else's; it was left alone: rename it",
                    spec.name
                ),
            ));
        }
        let address = spec.publish.map(|publish| reached(&found, publish, spec));
        if found.is_running && !matches!(address, Some(None)) {
            let line = docker.line().await?;
            let output = Output::of(&docker, &found.id).await?;
            let (id, pid) = (found.id.clone(), found.pid);
            let address = address.flatten();
            let mut owned = Owned {
                docker,
                spec,
                id,
                pid,
                output,
                line,
                address,
                is_found: true,
                is_ill: false,
            };
            owned.note(&found)?;
            return Ok(Found::Runs(Box::new(owned)));
        }
        if found.is_running {
            say(super::DISPLACED);
        }
        super::gone(spec);
        // A service that has ended begins anew; a step that ever ran does not. It is removed by
        // whoever is told: were it gone before that, it would be taken for one that never was.
        if !spec.is_service && found.state == "exited" {
            return Ok(Found::Over);
        }
        docker.remove(&found.id).await?;
    }
    let owned = create(docker, spec, &image).await?;
    Ok(Found::Runs(Box::new(owned)))
}

/// The container of this name, or the one that an earlier owner made and somebody has renamed.
async fn find(docker: &Docker, spec: &ContainerSpec) -> Result<Option<Container>, Error> {
    let named = docker.container(&spec.name).await?;
    // One that cannot be read tells of none; whoever writes it next says why.
    let made = record::read_record(&spec.record).ok().flatten();
    match (named, made.filter(|made| !made.id.is_empty())) {
        (None, Some(made)) => {
            let found = docker.container(&made.id).await?;
            Ok(found.filter(|found| is_ours(found, spec)))
        }
        (named, _) => Ok(named),
    }
}

/// Whether a container has all the labels that ours has.
fn is_ours(found: &Container, spec: &ContainerSpec) -> bool {
    spec.labels.iter().all(|(name, value)| found.labels.get(name) == Some(value))
}

/// Makes a container. Where somebody else has the port that the host was to reach it by, another
/// one is taken.
async fn create<'a>(
    docker: Docker,
    spec: &'a ContainerSpec,
    image: &Image,
) -> Result<Owned<'a>, Error> {
    if let Some(why) = spec.only.as_ref().and_then(|only| only.refusal(&spec.image, image)) {
        return Err(Error::new(Kind::Refused, why));
    }
    if spec.by_image && !image.has_check {
        return Err(Error::new(
            Kind::Refused,
            format!("health.by is \"image\", and the image {} has no HEALTHCHECK", spec.image),
        ));
    }
    if spec.is_service && !spec.by_image {
        image.say_that_its_check_is_off();
    }
    if let Some(warning) = &spec.warning {
        say(warning);
    }
    let mut host = spec.publish.and_then(|publish| publish.host);
    for _ in 0..PORTS {
        let error = match try_create(&docker, spec, image, host).await {
            Err(error) if error.kind == Kind::Broken => error,
            made => return made,
        };
        // An engine says in words alone that a port is taken; the port itself says it surely.
        let others = spec.publish.and_then(|publish| publish.others);
        let (Some(taken), Some(others)) = (host.filter(port::is_taken), others) else {
            return Err(error);
        };
        host = port::free(taken, others);
        let Some(next) = host else { return Err(error) };
        say(&format!("somebody else has {taken}; takes {next}"));
    }
    Err(Error::new(Kind::Conflict, format!("{PORTS} ports in a row were taken by somebody else")))
}

async fn try_create<'a>(
    docker: &Docker,
    spec: &'a ContainerSpec,
    image: &Image,
    host: Option<SocketAddr>,
) -> Result<Owned<'a>, Error> {
    let mut body = create::body(spec, host, |name| std::env::var_os(name));
    // By its id: what the name means may change between here and there.
    body.image = Some(image.id.clone());
    let options = CreateContainerOptionsBuilder::default().name(&spec.name).build();
    let created = docker.client.create_container(Some(options), body).await;
    let id = created.map_err(|raw| from(&format!("create {}", spec.name), &raw))?.id;
    // Listened to before it starts, so that its first words are not lost.
    let (line, output) = (docker.line().await?, Output::of(docker, &id).await?);
    let docker = docker.clone();
    let mut owned = Owned {
        docker,
        spec,
        id,
        pid: 0,
        output,
        line,
        address: None,
        is_found: false,
        is_ill: false,
    };
    match owned.start().await {
        Ok(()) => Ok(owned),
        // Nobody knows whether it ran, and it tells once its engine is back.
        Err(error) if error.kind == Kind::Unreachable => Err(error),
        Err(error) => {
            owned.docker.remove(&owned.id).await?;
            Err(error)
        }
    }
}

impl Owned<'_> {
    async fn start(&mut self) -> Result<(), Error> {
        let started = self.docker.client.start_container(&self.id, None).await;
        started.map_err(|raw| from(&format!("start {}", self.spec.name), &raw))?;
        let found = self.docker.container(&self.id).await?;
        let found = found.ok_or_else(|| Error::new(Kind::NotFound, "it is gone already"))?;
        self.pid = found.pid;
        // One that ended at once is reached nowhere.
        if let Some(publish) = self.spec.publish.filter(|_| found.is_running) {
            let address = reached(&found, publish, self.spec);
            self.address = Some(address.ok_or_else(|| {
                let why = "it has no address in its network: name another network, or reach it by \
                           loopback";
                Error::new(Kind::Refused, why)
            })?);
        }
        self.note(&found)
    }

    /// Tells what runs, and where it is reached.
    fn note(&mut self, found: &Container) -> Result<(), Error> {
        // Counted over all owners, and what cannot be read was counted by none.
        let before = record::read_record(&self.spec.record).ok().flatten();
        // What its check said to the owner before holds until it says something else.
        let ill = before.as_ref().filter(|before| before.is_of(found));
        let ill = ill.and_then(|before| before.ill.clone());
        self.is_ill = ill.is_some();
        let record = Record {
            id: found.id.clone(),
            image: found.image.clone(),
            pid: found.pid,
            started_at: found.started_at.clone(),
            address: self.address,
            owner: std::process::id(),
            is_taken: false,
            ended: None,
            renewals: before.map_or(0, |before| before.renewals),
            why_not: None,
            ill,
            cause: None,
        };
        record::write(&self.spec.record, &record).map_err(|error| {
            let path = self.spec.record.display();
            Error::new(Kind::Broken, format!("cannot write {path}: {error}"))
        })
    }

    /// Passes output on until the container has ended, asked to or by itself, and removes it.
    pub(super) async fn end(mut self, asked: &mut Asked, hide: Hide<'_>) -> Result<End, Error> {
        let over = self.ended(asked, hide).await?;
        if !matches!(over, Over::Ended(_)) {
            super::gone(self.spec);
        }
        let ended = match over {
            Over::Ended(found) => {
                if self.spec.publish.is_some() {
                    let code = found.exit_code.and_then(|code| i32::try_from(code).ok());
                    let code = code.unwrap_or_default();
                    super::noted(self.spec, record::note_end(&self.spec.record, code));
                }
                found
            }
            Over::WithEngine => return Ok(End::WithEngine),
            Over::Displaced => {
                patiently(|| self.docker.remove(&self.id)).await?;
                return Ok(End::Displaced);
            }
            Over::StartedAgain => {
                patiently(|| self.docker.remove(&self.id)).await?;
                return Ok(End::StartedAgain);
            }
        };
        if ended.is_out_of_memory {
            let limit = self.spec.memory.unwrap_or(0) >> 20;
            let why = format!("the kernel ended it for want of memory; its limit is {limit} MiB");
            say(&why);
            super::noted(self.spec, record::note_cause(&self.spec.record, &why));
        }
        if !ended.error.is_empty() {
            say(&hide(&ended.error));
        }
        let id = self.id.clone();
        patiently(|| self.docker.remove(&id)).await?;
        Ok(End::Own(ended.exit_code.unwrap_or(i64::from(super::NO_CONTAINER))))
    }
}

/// Where a container is reached: where it is mapped to, or on its own address.
fn reached(found: &Container, publish: Publish, spec: &ContainerSpec) -> Option<SocketAddr> {
    if publish.host.is_some() {
        let mut mapped = found.ports.iter().filter(|(_, inner)| *inner == publish.port);
        return mapped.next().map(|(host, _)| *host);
    }
    // Somebody may have brought it into other networks beside its own.
    let own = found.addresses.iter().find(|(name, _)| Some(name) == spec.network.as_ref());
    let own = own.or(found.addresses.first())?;
    Some(SocketAddr::new(own.1, publish.port))
}
