//! Does in the world what the state wants done: one file per part of the world.
//!
//! A driver looks first whether what it should do was done already, so that doing it twice is
//! safe. It decides nothing and keeps nothing that the state would have to know.

pub mod docker;
pub mod edge;
pub mod git;
mod group;
pub mod host;
mod jenkins;
pub mod local;
mod program;
pub mod store;
mod unit;

use std::path::PathBuf;
use std::sync::Arc;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::effect::{Effect, EffectId, Fault, Outcome};

use crate::clock::Clock;
use crate::executor::{Attention, Perform, Underway};
use crate::places::Places;

/// What the drivers need to know of this engine.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where things are kept.
    pub places: Places,
    /// The engine's clock.
    pub clock: Clock,
    /// This binary, which also supervises and is the edge.
    pub binary: PathBuf,
    /// Ports that local instances get.
    pub ports: std::ops::RangeInclusive<u16>,
    /// The token that makes the edge say which release answered.
    pub probe_token: String,
    /// What tells this engine's containers and images from those of others on this machine.
    pub engine_id: String,
}

/// The drivers of this machine.
pub struct Drivers {
    git: Arc<git::Git>,
    host: Arc<host::Host>,
    store: Arc<store::Store>,
    local: Arc<local::Local>,
    edge: Arc<edge::Edge>,
    docker: Arc<docker::Docker>,
}

impl Drivers {
    /// Makes the drivers.
    pub fn new(surroundings: &Surroundings) -> Self {
        let edge = Arc::new(edge::Edge::new(surroundings));
        let docker = Arc::new(docker::Docker::new(surroundings));
        let local = local::Local::new(surroundings, Arc::clone(&edge), Arc::clone(&docker));
        Self {
            git: Arc::new(git::Git::new(surroundings)),
            host: Arc::new(host::Host::new(surroundings, Arc::clone(&docker))),
            store: Arc::new(store::Store::new(surroundings)),
            local: Arc::new(local),
            edge,
            docker,
        }
    }

    /// The edge, for those who read its counters.
    pub fn edge(&self) -> &Arc<edge::Edge> {
        &self.edge
    }

    /// Instances, for those who look at one closely.
    pub fn local(&self) -> &Arc<local::Local> {
        &self.local
    }

    /// The containers' engine, for those who measure and tidy.
    pub fn docker(&self) -> &Arc<docker::Docker> {
        &self.docker
    }

    /// The source of commits, for those who ask when it was last looked at.
    pub fn git(&self) -> &Arc<git::Git> {
        &self.git
    }
}

impl Perform for Drivers {
    fn perform(&self, _: &EffectId, effect: Effect, attention: Attention) -> Underway {
        let (git, host, store) =
            (Arc::clone(&self.git), Arc::clone(&self.host), Arc::clone(&self.store));
        let (local, edge) = (Arc::clone(&self.local), Arc::clone(&self.edge));
        let docker = Arc::clone(&self.docker);
        Box::pin(async move {
            match effect {
                Effect::Look { project, repository, due, interval, known, unread, answer } => {
                    let known = git::Listed { heads: known, unread };
                    let watch = git::Look { project, repository, due, interval, known, answer };
                    git.look(watch, &attention).await
                }
                Effect::CheckOut { run, project, commit, repository } => {
                    git.check_out(run, &project, (&commit, &repository), &attention).await
                }
                Effect::RunStep(order) => host.run_step(*order, &attention).await,
                Effect::EndStep { run, step } => host.end_step(run, step).await,
                Effect::Seal { run, image: Some(step), .. } => {
                    docker.seal(run, step, &attention).await
                }
                Effect::Seal { run, paths, image: None } => {
                    store.seal(run, paths, &attention).await
                }
                Effect::Clean { run } => store.clean(run).await,
                Effect::Stage { environment, release, artifact, kind, image, .. } => {
                    let image = image.as_deref();
                    docker.stage(&environment, release, &artifact, kind, image, &attention).await?;
                    match kind {
                        ArtifactKind::Tree => store.stage(&environment, release, artifact).await,
                        ArtifactKind::Image => Ok(Outcome::Done),
                    }
                }
                Effect::Start(order) => local.start(*order, &attention).await,
                Effect::Prove { id, address, min_healthy_time, deadline } => {
                    local.prove(&id, address, min_healthy_time, deadline, &attention).await
                }
                Effect::Watch { id } => local.watch(&id, &attention).await,
                Effect::Stop { id, stop } => local.stop(&id, &stop).await,
                Effect::Drain { id, deadline } => edge.drain(&id, deadline, &attention).await,
                Effect::Tend => edge.tend(&attention).await,
                Effect::Listen => docker.listen(&attention).await,
                Effect::Publish { table } => edge.publish(&table, &attention).await,
                Effect::Verify { domain, listen, release, .. } => {
                    edge.verify(domain.as_deref(), &listen, &release).await
                }
            }
        })
    }
}

/// Runs something that blocks, off the threads that wait for events.
async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Fault::unknown(format!("{what} broke off: {error}"))),
    }
}

/// The end of an effect that was cancelled. Nobody hears of it.
fn cancelled() -> Result<Outcome, Fault> {
    Err(no_longer_wanted())
}

/// See [`cancelled`].
fn no_longer_wanted() -> Fault {
    Fault::unknown("no longer wanted")
}
