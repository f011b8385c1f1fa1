//! A poller on a made-up account, with time that stands still.

mod named;
mod registered;
mod silent;
mod troubled;
mod unattended;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pilothouse_api::types::{Access as Door, Sighting};
use pilothouse_core::aws::asking::{Ask, Content, ORDER};
use pilothouse_core::aws::book::{Listed, Product};
use pilothouse_core::aws::seen::{Balancer, Ec2Instance, EcsService, Group, Identity};
use pilothouse_core::aws::{Access, AwsWatch, Belongings, Part, Trouble, TroubleKind, Watched};
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::poller::Poller;
use super::{Account, Answer, PriceAnswer, Sent, Watches, prices};
use crate::clock::Clock;
use crate::publish::{Item, PublishLimits, Publisher, Subscription};

const INTERVAL: Duration = Duration::from_secs(10);

/// A price list that answers as it is told to.
#[derive(Default)]
pub(super) struct List {
    /// What was asked, by usage type.
    pub(super) asked: Vec<String>,
    /// Why it does not answer.
    pub(super) trouble: Option<TroubleKind>,
    /// Whether it never answers.
    pub(super) is_silent: bool,
}

/// An account that answers as it is told to.
#[derive(Clone, Default)]
pub(super) struct Made {
    asked: Arc<Mutex<Vec<Part>>>,
    trouble: Arc<Mutex<BTreeMap<&'static str, TroubleKind>>>,
    /// What never brings an answer.
    silent: Arc<Mutex<Vec<Part>>>,
    groups: Arc<Mutex<Vec<Group>>>,
    services: Arc<Mutex<Vec<EcsService>>>,
    pub(super) list: Arc<Mutex<List>>,
    account: Arc<Mutex<String>>,
    requests: Arc<AtomicU64>,
}

fn part_of(ask: &Ask) -> Part {
    match ask {
        Ask::Identity => Part::Identity,
        Ask::Instances => Part::Instances,
        Ask::Checks(_) => Part::Checks,
        Ask::Volumes => Part::Volumes,
        Ask::Addresses => Part::Addresses,
        Ask::Gateways => Part::Gateways,
        Ask::Balancers => Part::Balancers,
        Ask::Rules(_) => Part::Rules,
        Ask::Groups => Part::Groups,
        Ask::Tags(_) => Part::Tags,
        Ask::Health(_) => Part::Health,
        Ask::Registrations(_) => Part::Registrations,
        Ask::ServiceTags => Part::ServiceTags,
        Ask::Services(_) => Part::Services,
        Ask::Metrics(_) => Part::Metrics,
        Ask::Meters(_) => Part::Meters,
    }
}

impl Account for Made {
    fn read(&self, ask: Ask) -> Answer<'_> {
        Box::pin(async move {
            let part = part_of(&ask);
            self.asked.lock().unwrap().push(part);
            self.requests.fetch_add(1, Ordering::Relaxed);
            let is_silent = self.silent.lock().unwrap().contains(&part);
            if is_silent {
                std::future::pending::<()>().await;
            }
            let troubles = self.trouble.lock().unwrap();
            let trouble = troubles.get(part.name()).or_else(|| troubles.get("all"));
            if let Some(kind) = trouble {
                return Err(Trouble::new(*kind, part.name(), ""));
            }
            let account = self.account.lock().unwrap().clone();
            Ok(match ask {
                Ask::Identity => Content::Identity(Identity { account, arn: "arn".into() }),
                Ask::Instances => {
                    let (id, vpc) = ("i-1".to_owned(), "vpc-1".to_owned());
                    Content::Instances(vec![Ec2Instance { id, vpc, ..Ec2Instance::default() }])
                }
                Ask::Balancers => {
                    let (arn, name) = ("arn:x/app/shop/1".to_owned(), "shop".to_owned());
                    let kind = "application".to_owned();
                    Content::Balancers(vec![Balancer { arn, name, kind, ..Balancer::default() }])
                }
                Ask::Checks(_) => Content::Checks(BTreeMap::new()),
                Ask::Volumes => Content::Volumes(Vec::new()),
                Ask::Addresses => Content::Addresses(Vec::new()),
                Ask::Gateways => Content::Gateways(Vec::new()),
                Ask::Rules(_) => Content::Rules(BTreeMap::new()),
                Ask::Groups => Content::Groups(self.groups.lock().unwrap().clone()),
                Ask::Tags(_) => Content::Tags(BTreeMap::new()),
                Ask::Health(arns) => Content::Health(registered::targets(arns)),
                Ask::Registrations(arns) => Content::Registrations(registered::targets(arns)),
                Ask::ServiceTags => Content::ServiceTags(BTreeMap::new()),
                Ask::Services(_) => Content::Services(self.services.lock().unwrap().clone()),
                Ask::Metrics(_) => Content::Metrics(BTreeMap::new()),
                Ask::Meters(_) => Content::Meters(BTreeMap::new()),
            })
        })
    }

    fn price<'a>(&'a self, product: &'a Product) -> PriceAnswer<'a> {
        Box::pin(async move {
            let (trouble, is_silent) = {
                let mut list = self.list.lock().unwrap();
                list.asked.push(product.usage.clone());
                (list.trouble, list.is_silent)
            };
            if is_silent {
                std::future::pending::<()>().await;
            }
            match trouble {
                Some(kind) => Err(Trouble::new(kind, "pricing:GetProducts", "")),
                None if product.service == "AmazonS3" => Ok(None),
                None => {
                    let usd = NanoUsd::parse("0.05").unwrap();
                    Ok(Some(Listed { unit: "hour".into(), usd, date: "2026-11-01".into() }))
                }
            }
        })
    }

    fn sent(&self) -> Sent {
        Sent { requests: self.requests.load(Ordering::Relaxed), metrics: 0 }
    }
}

impl Made {
    /// What was asked since the last time.
    fn taken(&self) -> Vec<Part> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn fails(&self, what: &'static str, kind: TroubleKind) {
        self.trouble.lock().unwrap().insert(what, kind);
    }

    fn is_well(&self) {
        self.trouble.lock().unwrap().clear();
    }
}

/// A poller, what it asks, and a client that listens.
struct World {
    made: Made,
    publisher: Publisher,
    client: Option<Subscription>,
    /// What was told, by environment.
    seen: BTreeMap<String, Watched>,
    watches: watch::Sender<Watches>,
    stop: CancellationToken,
}

impl World {
    fn new(attended: bool) -> Self {
        let belongings = Belongings {
            load_balancers: vec!["shop".into()],
            buckets: vec!["shop-media".into()],
            ..Belongings::default()
        };
        Self::on(Made::default(), belongings, attended)
    }

    fn on(made: Made, belongings: Belongings, attended: bool) -> Self {
        let publisher = Publisher::new(PublishLimits::default(), Arc::new(State::default()));
        "123456789012".clone_into(&mut made.account.lock().unwrap());
        let access = Access {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            profile: None,
            role: None,
        };
        let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
        let watch = AwsWatch { access: access.clone(), belongings };
        let (sender, receiver) =
            watch::channel(Watches { of: BTreeMap::from([(key, watch)]), asks: 0 });
        let client = attended.then(|| publisher.subscribe(Door::Watcher, None, true).unwrap());
        let clock = Clock::at(Timestamp(1_000_000));
        let account: Arc<dyn Account> = Arc::new(made.clone());
        let (prices, reader) = prices::prices(Arc::clone(&account), "us-east-1", None, clock);
        let (publish, account) = ((publisher.clone(), clock), (account, prices));
        let poller = Poller::new(account, access, receiver, publish, INTERVAL);
        let stop = CancellationToken::new();
        tokio::spawn(reader.run(stop.clone()));
        tokio::spawn(poller.run(stop.clone()));
        Self { made, publisher, client, seen: BTreeMap::new(), watches: sender, stop }
    }

    /// Lets time pass, and takes in what was told.
    async fn passes(&mut self, time: Duration) {
        let until = tokio::time::Instant::now() + time;
        let Some(client) = &mut self.client else {
            // Nobody listens: only time passes, which is virtual.
            let _ = tokio::time::timeout_at(until, std::future::pending::<()>()).await;
            return;
        };
        while let Ok(item) = tokio::time::timeout_at(until, client.next()).await {
            if let Item::Samples(frame) = item {
                take(&mut self.seen, &frame);
            }
        }
    }

    fn seen(&self) -> &Watched {
        self.seen_of("production")
    }

    fn seen_of(&self, name: &str) -> &Watched {
        self.seen.get(name).expect("something was told")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn take(seen: &mut BTreeMap<String, Watched>, frame: &Bytes) {
    let text = std::str::from_utf8(frame).unwrap();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    match serde_json::from_str(data).unwrap() {
        Sighting::Whole(watched) => {
            seen.insert(watched.environment.name.to_string(), *watched);
        }
        Sighting::Age(age) => seen.get_mut(age.environment.name.as_str()).unwrap().follow(age),
    }
}

#[tokio::test(start_paused = true)]
async fn who_we_are_comes_first_and_seldom_things_seldom() {
    let mut world = World::new(true);
    world.passes(Duration::from_secs(1)).await;
    let first = world.made.taken();
    assert_eq!(first[0], Part::Identity);
    assert!(first.contains(&Part::Instances) && first.contains(&Part::Metrics), "{first:?}");
    assert_eq!(world.seen().balancers.len(), 1);
    world.passes(INTERVAL).await;
    let asked = world.made.taken();
    assert_eq!(asked, [Part::Identity; 2], "no group has targets, and nothing else is quick");
    world.passes(INTERVAL * 5).await;
    let asked = world.made.taken();
    assert!(asked.contains(&Part::Instances), "every sixth round is a whole one: {asked:?}");
}

#[tokio::test(start_paused = true)]
async fn another_account_than_the_pinned_one_is_asked_nothing() {
    let mut world = World::new(true);
    "999999999999".clone_into(&mut world.made.account.lock().unwrap());
    world.passes(Duration::from_secs(1)).await;
    assert_eq!(world.made.taken(), [Part::Identity]);
    let stopped = world.seen().stopped.as_ref().unwrap();
    assert_eq!(stopped.kind, TroubleKind::WrongAccount);
    assert!(world.seen().instances.is_empty());
    assert_eq!(world.made.list.lock().unwrap().asked, Vec::<String>::new(), "prices neither");
    world.passes(Duration::from_secs(600)).await;
    let asked = world.made.taken();
    assert!(asked.iter().all(|part| *part == Part::Identity), "{asked:?}");
    assert!((2..12).contains(&asked.len()), "it is asked ever more seldom: {}", asked.len());
}

#[tokio::test(start_paused = true)]
async fn a_pulled_plug_makes_all_stale_within_an_interval_and_one_round_mends_it() {
    let mut world = World::new(true);
    world.passes(Duration::from_secs(65)).await;
    world.made.taken();
    world.made.fails("all", TroubleKind::Unreachable);
    // Whatever is read first fails, and the others are not tried one by one.
    world.passes(INTERVAL * 6).await;
    let asked = world.made.taken().len();
    assert!((1..=7).contains(&asked), "{asked} requests into the void");
    let now = Timestamp(1_000_000 + 130_000);
    for part in world.seen().parts.keys() {
        assert!(world.seen().stale_since(*part, now).is_some(), "{part:?}");
    }
    assert_eq!(world.seen().instances.len(), 0, "i-1 is no target");
    assert_eq!(world.seen().balancers.len(), 1, "what was seen stays");
    world.made.is_well();
    world.passes(INTERVAL).await;
    assert_eq!(world.seen().trouble(), None, "{:?}", world.seen().parts);
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_hides_nothing_else_and_is_asked_seldom() {
    let mut world = World::new(true);
    world.made.fails(Part::Volumes.name(), TroubleKind::Denied);
    world.passes(Duration::from_secs(1)).await;
    world.made.taken();
    world.passes(INTERVAL * 4).await;
    assert_eq!(world.made.taken(), [Part::Identity; 8], "what is denied stays so for a while");
    let troubles = world.seen().parts.iter().filter(|(_, fresh)| fresh.trouble.is_some());
    let parts: Vec<&Part> = troubles.map(|(part, _)| part).collect();
    assert_eq!(parts, [&Part::Volumes]);
}

#[tokio::test(start_paused = true)]
async fn what_changes_slowly_is_read_every_fifth_time_that_all_else_is() {
    let mut world = World::new(true);
    world.passes(Duration::from_secs(595)).await;
    let asked = world.made.taken();
    let count = |part: Part| asked.iter().filter(|one| **one == part).count();
    assert_eq!((count(Part::Metrics), count(Part::Meters)), (10, 2), "{asked:?}");
    // It is not old before its time.
    let now = Timestamp(1_000_000 + 595_000);
    assert_eq!(world.seen().stale_since(Part::Meters, now), None);
}
