//! Looks at accounts at AWS, for environments that are only watched.
//!
//! One poller per account, region and credentials asks through a port that `crates/aws`
//! implements. What it finds goes to clients and is forgotten: it is no part of the state, and
//! nothing of the account is ever changed.

mod patience;
mod poller;
mod prices;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::aws::asking::{Ask, Content};
use pilothouse_core::aws::book::{Listed, Product};
use pilothouse_core::aws::{Access, AwsWatch, Trouble, TroubleKind, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::State;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::poller::Poller;
use crate::clock::Clock;
use crate::publish::Publisher;

/// An answer on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Content, Trouble>> + Send + 'a>>;

/// A price on its way; none where AWS's list has none.
pub type PriceAnswer<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Listed>, Trouble>> + Send + 'a>>;

/// What AWS's own files say of a profile, on its way.
pub type ProfileAnswer<'a> = Pin<Box<dyn Future<Output = Profile> + Send + 'a>>;

/// Reaches accounts.
pub trait Cloud: Send + Sync + 'static {
    /// Prepares to ask an account. Nothing is asked yet.
    fn account(&self, access: &Access) -> Box<dyn Account>;

    /// Reads what AWS's own files say of a profile. Nobody is asked.
    fn profile<'a>(&'a self, name: &'a str) -> ProfileAnswer<'a>;
}

/// What AWS's own files say of a profile, where they say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its region.
    pub region: Option<String>,
    /// The role that whoever uses it takes on, by its ARN.
    pub role: Option<String>,
}

/// An account in one region, which is only ever asked.
pub trait Account: Send + Sync {
    /// Asks for one part. Every page of it is read, within limits.
    fn read(&self, ask: Ask) -> Answer<'_>;

    /// Asks AWS's price list for one price.
    fn price<'a>(&'a self, product: &'a Product) -> PriceAnswer<'a>;

    /// What was sent until now.
    fn sent(&self) -> Sent;
}

/// What was sent to an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Metrics that were asked for.
    pub metrics: u64,
}

/// How accounts are looked at.
#[derive(Clone)]
pub struct Looking {
    /// What reaches accounts; none where this program was built without AWS.
    pub cloud: Option<Arc<dyn Cloud>>,
    /// Time between two looks while somebody is attached.
    pub interval: Duration,
    /// Where prices are kept that AWS's list gave; none where they are not.
    pub prices: Option<PathBuf>,
}

impl fmt::Debug for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_there = self.cloud.is_some();
        f.debug_struct("Looking")
            .field("cloud", &is_there)
            .field("interval", &self.interval)
            .field("prices", &self.prices)
            .finish()
    }
}

/// The environments that one poller looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Watches {
    /// What is watched for each.
    of: BTreeMap<EnvironmentKey, AwsWatch>,
    /// How often a person asked to look at their projects: once more means to look now.
    asks: u64,
}

/// A poller that runs.
struct Running {
    watches: watch::Sender<Watches>,
    stop: CancellationToken,
}

/// Looks at every account that the state names, until stopped.
pub async fn look(looking: Looking, publisher: Publisher, clock: Clock, stop: CancellationToken) {
    let mut happened = publisher.happened();
    let mut pollers: BTreeMap<Access, Running> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut before = BTreeMap::new();
    loop {
        happened.mark_unchanged();
        let wanted = wanted(&publisher.state());
        if wanted != before {
            publisher.keep_watched(|key| wanted.values().any(|keys| keys.of.contains_key(key)));
            match &looking.cloud {
                None => tell_absent(&publisher, &wanted),
                Some(cloud) => {
                    pollers.retain(|access, poller| {
                        let is_wanted = wanted.contains_key(access);
                        if !is_wanted {
                            poller.stop.cancel();
                        }
                        is_wanted
                    });
                    for (access, watches) in &wanted {
                        if let Some(running) = pollers.get(access) {
                            running.watches.send_if_modified(|known| {
                                let changes = *known != *watches;
                                known.clone_from(watches);
                                changes
                            });
                            continue;
                        }
                        let (sender, receiver) = watch::channel(watches.clone());
                        let own = stop.child_token();
                        let account: Arc<dyn Account> = Arc::from(cloud.account(access));
                        let kept = looking.prices.as_deref();
                        let (prices, reader) =
                            prices::prices(Arc::clone(&account), &access.region, kept, clock);
                        tasks.spawn(reader.run(own.clone()));
                        let poller = Poller::new(
                            (account, prices),
                            access.clone(),
                            receiver,
                            (publisher.clone(), clock),
                            looking.interval,
                        );
                        tasks.spawn(poller.run(own.clone()));
                        pollers.insert(access.clone(), Running { watches: sender, stop: own });
                    }
                }
            }
            before = wanted;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            gone = happened.changed() => if gone.is_err() { break },
            // Pollers end when they are told to; what panicked is not held on to.
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "looking at an account broke off");
                }
            }
        }
    }
    stop.cancel();
    while tasks.join_next().await.is_some() {}
}

/// The environments that are watched, by how their account is reached.
fn wanted(state: &State) -> BTreeMap<Access, Watches> {
    let mut wanted: BTreeMap<Access, Watches> = BTreeMap::new();
    for (key, environment) in &state.environments {
        if let Some(watch) = environment.spec.runtime.watch().filter(|_| !environment.removing) {
            let watches = wanted.entry(watch.access.clone()).or_default();
            watches.of.insert(key.clone(), watch.clone());
            let project = state.projects.get(&key.project);
            watches.asks += project.map_or(0, |project| u64::from(project.poll.asked_by_people));
        }
    }
    wanted
}

/// Says that nobody looks.
fn tell_absent(publisher: &Publisher, wanted: &BTreeMap<Access, Watches>) {
    for (access, watches) in wanted {
        for key in watches.of.keys() {
            let said = "this pilothouse was built without AWS; build it with its feature `aws`";
            let mut watched = Watched::new(key.clone(), access.clone());
            watched.stopped = Some(Trouble::new(TroubleKind::NotOffered, "aws", said));
            publisher.publish_watched(watched);
        }
    }
}
