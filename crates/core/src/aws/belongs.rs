//! An account as it was last read, what of it belongs to an environment, and what to read next.
//!
//! What could not be read keeps what was read before, and says since when.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::{
    Address, Balancer, Checks, Ec2Instance, Ec2State, EcsService, Gateway, Group, Identity,
    Listener, Metric, Series, Target, Volume,
};
use super::trouble::{Trouble, TroubleKind};
use super::{AwsWatch, Belongings, Calls, Freshness, Part, ServiceName, Watched, bill};
use crate::deployment::EnvironmentKey;
use crate::time::{Millis, Timestamp};

/// An account in one region, as it was last read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Who we are there.
    pub identity: Option<Identity>,
    /// Why nothing is read, where nothing is.
    pub stopped: Option<Trouble>,
    /// How fresh each part is.
    pub parts: BTreeMap<Part, Freshness>,
    /// EC2 instances.
    pub instances: Vec<Ec2Instance>,
    /// Status checks, by instance.
    pub checks: BTreeMap<String, Checks>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Elastic IP addresses.
    pub addresses: Vec<Address>,
    /// NAT gateways.
    pub gateways: Vec<Gateway>,
    /// Load balancers, without their listeners.
    pub balancers: Vec<Balancer>,
    /// Listeners with their rules, by load balancer.
    pub listeners: BTreeMap<String, Vec<Listener>>,
    /// Target groups, without their targets.
    pub groups: Vec<Group>,
    /// Targets, by target group.
    pub targets: BTreeMap<String, Vec<Target>>,
    /// ECS services that belong to any environment.
    pub services: Vec<EcsService>,
    /// What was measured, by load balancer or target group.
    pub metrics: BTreeMap<String, Vec<Series>>,
}

/// What is asked of an account at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Who we are.
    Identity,
    /// All EC2 instances.
    Instances,
    /// The status checks of these.
    Checks(Vec<String>),
    /// All volumes.
    Volumes,
    /// All Elastic IP addresses.
    Addresses,
    /// All NAT gateways.
    Gateways,
    /// All load balancers.
    Balancers,
    /// Listeners and rules of these load balancers.
    Rules(Vec<String>),
    /// All target groups.
    Groups,
    /// The targets of these target groups.
    Health(Vec<String>),
    /// These ECS services.
    Services(Vec<ServiceName>),
    /// These measurements.
    Metrics(Vec<Query>),
}

/// A measurement that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The load balancer or target group, by ARN.
    pub subject: String,
    /// The load balancer, by ARN: targets are measured behind one.
    pub balancer: String,
    /// What.
    pub metric: Metric,
}

/// What an ask was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Who we are.
    Identity(Identity),
    /// All EC2 instances.
    Instances(Vec<Ec2Instance>),
    /// Status checks, by instance.
    Checks(BTreeMap<String, Checks>),
    /// All volumes.
    Volumes(Vec<Volume>),
    /// All Elastic IP addresses.
    Addresses(Vec<Address>),
    /// All NAT gateways.
    Gateways(Vec<Gateway>),
    /// All load balancers.
    Balancers(Vec<Balancer>),
    /// Listeners with their rules, by load balancer.
    Rules(BTreeMap<String, Vec<Listener>>),
    /// All target groups.
    Groups(Vec<Group>),
    /// Targets, by target group.
    Health(BTreeMap<String, Vec<Target>>),
    /// ECS services.
    Services(Vec<EcsService>),
    /// Measurements, by load balancer or target group.
    Metrics(BTreeMap<String, Vec<Series>>),
}

/// Parts in the order in which they are read: what decides about others comes before them.
pub const ORDER: [Part; 11] = [
    Part::Balancers,
    Part::Groups,
    Part::Health,
    Part::Services,
    Part::Instances,
    Part::Checks,
    Part::Rules,
    Part::Volumes,
    Part::Addresses,
    Part::Gateways,
    Part::Metrics,
];

/// What is measured of a load balancer, and of a target group.
const BALANCER_METRICS: [Metric; 7] = [
    Metric::Requests,
    Metric::LatencyMedian,
    Metric::LatencyHigh,
    Metric::Target4xx,
    Metric::Target5xx,
    Metric::Balancer5xx,
    Metric::CapacityUnits,
];

impl Part {
    /// Whether it can change from one moment to the next, so that it is read in every round.
    pub fn is_quick(self) -> bool {
        matches!(self, Self::Health | Self::Services)
    }
}

impl Inventory {
    /// What to ask of a part for all of these environments; none where nothing of it belongs to
    /// them, or what it depends on was never read.
    pub fn ask(&self, part: Part, watches: &[&AwsWatch]) -> Option<Ask> {
        let all = || watches.iter().map(|watch| &watch.belongings);
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        match part {
            Part::Identity => Some(Ask::Identity),
            Part::Instances => Some(Ask::Instances),
            Part::Volumes => Some(Ask::Volumes),
            Part::Addresses => Some(Ask::Addresses),
            Part::Gateways => Some(Ask::Gateways),
            Part::Balancers => {
                all().any(|one| !one.load_balancers.is_empty()).then_some(Ask::Balancers)
            }
            Part::Groups => all()
                .any(|one| {
                    let is_named = |list: &Vec<String>| !list.is_empty();
                    is_named(&one.load_balancers)
                        || is_named(&one.target_groups)
                        || !one.services.is_empty()
                })
                .then_some(Ask::Groups),
            Part::Checks => {
                let ids: BTreeSet<String> = all()
                    .flat_map(|one| self.instances_of(one))
                    .filter(|instance| instance.state == Ec2State::Running)
                    .map(|instance| instance.id.clone())
                    .collect();
                some(ids.into_iter().collect()).map(Ask::Checks)
            }
            Part::Rules => {
                let arns: BTreeSet<String> = all()
                    .flat_map(|one| self.balancers_of(one))
                    .map(|balancer| balancer.arn.clone())
                    .collect();
                some(arns.into_iter().collect()).map(Ask::Rules)
            }
            Part::Health => {
                let arns: BTreeSet<String> = all()
                    .flat_map(|one| self.groups_of(one))
                    .map(|group| group.arn.clone())
                    .collect();
                some(arns.into_iter().collect()).map(Ask::Health)
            }
            Part::Services => {
                let names: BTreeSet<&ServiceName> =
                    all().flat_map(|one| one.services.iter()).collect();
                let names: Vec<ServiceName> = names.into_iter().cloned().collect();
                (!names.is_empty()).then_some(Ask::Services(names))
            }
            Part::Metrics => {
                let queries = self.queries(watches);
                (!queries.is_empty()).then_some(Ask::Metrics(queries))
            }
        }
    }

    fn queries(&self, watches: &[&AwsWatch]) -> Vec<Query> {
        let mut queries = Vec::new();
        let mut seen = BTreeSet::new();
        for watch in watches {
            for balancer in self.balancers_of(&watch.belongings) {
                // Other kinds are measured by other names.
                if balancer.kind != "application" || !seen.insert(&balancer.arn) {
                    continue;
                }
                let of = |metric| Query {
                    subject: balancer.arn.clone(),
                    balancer: balancer.arn.clone(),
                    metric,
                };
                queries.extend(BALANCER_METRICS.map(of));
            }
            for group in self.groups_of(&watch.belongings) {
                let behind = group.balancers.iter().find(|arn| arn.contains("/app/"));
                if let Some(balancer) = behind.filter(|_| seen.insert(&group.arn)) {
                    queries.push(Query {
                        subject: group.arn.clone(),
                        balancer: balancer.clone(),
                        metric: Metric::HealthyHosts,
                    });
                }
            }
        }
        queries
    }

    /// Takes in what came of an ask.
    pub fn take(&mut self, part: Part, at: Timestamp, came: Result<Content, Trouble>) {
        let fresh = self.parts.entry(part).or_default();
        match came {
            Err(trouble) => fresh.trouble = Some(trouble),
            Ok(content) => {
                *fresh = Freshness { at: Some(at), trouble: None };
                self.put(content);
            }
        }
    }

    /// Notes the same trouble on every part that is watched.
    pub fn fail_all(&mut self, trouble: &Trouble) {
        for fresh in self.parts.values_mut() {
            fresh.trouble = Some(trouble.clone());
        }
    }

    fn put(&mut self, content: Content) {
        match content {
            Content::Identity(identity) => self.identity = Some(identity),
            Content::Instances(all) => self.instances = all,
            Content::Checks(all) => self.checks = all,
            Content::Volumes(all) => self.volumes = all,
            Content::Addresses(all) => self.addresses = all,
            Content::Gateways(all) => self.gateways = all,
            Content::Balancers(all) => self.balancers = all,
            Content::Rules(all) => self.listeners = all,
            Content::Groups(all) => self.groups = all,
            Content::Health(all) => self.targets = all,
            Content::Services(all) => self.services = all,
            Content::Metrics(all) => self.metrics = all,
        }
    }

    /// Why an account must not be read: it is not the one that is pinned.
    pub fn refusal(&self, account: &str) -> Option<Trouble> {
        let found = self.identity.as_ref().filter(|found| found.account != account)?;
        let said = format!(
            "these credentials are of account {}, and the operator's file pins {account}: \
             nothing else was asked of it",
            found.account
        );
        Some(Trouble::new(TroubleKind::WrongAccount, "sts:GetCallerIdentity", &said))
    }

    fn balancers_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Balancer> {
        self.balancers.iter().filter(|one| belongings.load_balancers.contains(&one.name))
    }

    fn groups_of<'a>(&'a self, belongings: &'a Belongings) -> impl Iterator<Item = &'a Group> {
        let balancers: Vec<&String> = self.balancers_of(belongings).map(|one| &one.arn).collect();
        let registered: Vec<&String> =
            self.services_of(belongings).flat_map(|one| &one.groups).collect();
        self.groups.iter().filter(move |group| {
            belongings.target_groups.contains(&group.name)
                || registered.contains(&&group.arn)
                || group.balancers.iter().any(|arn| balancers.contains(&arn))
        })
    }

    fn services_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a EcsService> {
        self.services.iter().filter(|one| {
            let is_it =
                |name: &ServiceName| name.cluster == one.cluster && name.service == one.name;
            belongings.services.iter().any(is_it)
        })
    }

    fn instances_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Ec2Instance> {
        let groups = self.groups_of(belongings).filter(|group| group.target_kind == "instance");
        let targets: BTreeSet<&str> = groups
            .filter_map(|group| self.targets.get(&group.arn))
            .flatten()
            .map(|target| target.id.as_str())
            .collect();
        self.instances.iter().filter(move |one| {
            let has = |(key, value): (&String, &String)| one.tags.get(key) == Some(value);
            let is_tagged = !belongings.tags.is_empty() && belongings.tags.iter().all(has);
            is_tagged || belongings.instances.contains(&one.id) || targets.contains(one.id.as_str())
        })
    }

    /// What clients are told of an environment.
    pub fn watched(
        &self,
        key: &EnvironmentKey,
        watch: &AwsWatch,
        every: Millis,
        calls: Calls,
    ) -> Watched {
        let belongings = &watch.belongings;
        let measured = |arn: &str| self.metrics.get(arn).cloned().unwrap_or_default();
        let mut watched = Watched {
            identity: self.identity.clone(),
            stopped: self.stopped.clone(),
            parts: self.parts.clone(),
            every,
            calls,
            instances: self
                .instances_of(belongings)
                .map(|one| Ec2Instance { checks: self.checks.get(&one.id).cloned(), ..one.clone() })
                .collect(),
            services: self.services_of(belongings).cloned().collect(),
            balancers: self
                .balancers_of(belongings)
                .map(|one| Balancer {
                    listeners: self.listeners.get(&one.arn).cloned().unwrap_or_default(),
                    metrics: measured(&one.arn),
                    ..one.clone()
                })
                .collect(),
            groups: self
                .groups_of(belongings)
                .map(|one| Group {
                    targets: self.targets.get(&one.arn).cloned().unwrap_or_default(),
                    metrics: measured(&one.arn),
                    ..one.clone()
                })
                .collect(),
            absent: self.absent(belongings),
            ..Watched::new(key.clone(), watch.access.clone())
        };
        watched.bill = bill::bill(self, &watched);
        watched
    }

    /// What the operator's file names and the account does not have, a sentence each.
    fn absent(&self, belongings: &Belongings) -> Vec<String> {
        let was_read = |part| self.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
        let mut absent = Vec::new();
        let mut check = |part, names: &[String], what: &str, known: &dyn Fn(&str) -> bool| {
            let missing = names.iter().filter(|name| was_read(part) && !known(name));
            absent.extend(missing.map(|name| format!("there is no {what} {name}")));
        };
        check(Part::Balancers, &belongings.load_balancers, "load balancer", &|name| {
            self.balancers.iter().any(|one| one.name == name)
        });
        check(Part::Groups, &belongings.target_groups, "target group", &|name| {
            self.groups.iter().any(|one| one.name == name)
        });
        check(Part::Instances, &belongings.instances, "EC2 instance", &|name| {
            self.instances.iter().any(|one| one.id == name)
        });
        let services: Vec<String> = belongings.services.iter().map(ToString::to_string).collect();
        check(Part::Services, &services, "ECS service", &|name| {
            self.services.iter().any(|one| format!("{}/{}", one.cluster, one.name) == name)
        });
        absent
    }
}
