//! What to ask of an account next, and what is answered.

use std::collections::{BTreeMap, BTreeSet};

use super::belongs::Inventory;
use super::meter::{self, Meter};
use super::seen::{
    Address, Balancer, Checks, Ec2Instance, Ec2State, EcsService, Gateway, Group, Identity,
    Listener, Metric, Series, Target, Volume,
};
use super::{AwsWatch, Belongings, Part, ServiceName, Tags};

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
    /// The tags of these load balancers and target groups, by ARN.
    Tags(Vec<String>),
    /// The targets of these target groups.
    Health(Vec<String>),
    /// The targets of these target groups, to find instances among them.
    Registrations(Vec<String>),
    /// All ECS services by name, with their tags.
    ServiceTags,
    /// These ECS services.
    Services(Vec<ServiceName>),
    /// These measurements.
    Metrics(Vec<Query>),
    /// What these meters say, by what they are of.
    Meters(Vec<(String, Meter)>),
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
    /// Tags, by the ARN of a load balancer or target group.
    Tags(BTreeMap<String, Tags>),
    /// Targets, by target group.
    Health(BTreeMap<String, Vec<Target>>),
    /// See [`Ask::Registrations`].
    Registrations(BTreeMap<String, Vec<Target>>),
    /// Tags, by ECS service.
    ServiceTags(BTreeMap<ServiceName, Tags>),
    /// ECS services.
    Services(Vec<EcsService>),
    /// Measurements, by load balancer or target group.
    Metrics(BTreeMap<String, Vec<Series>>),
    /// What meters say, by what they are of.
    Meters(BTreeMap<String, BTreeMap<Meter, u64>>),
}

/// Parts in the order in which they are read: what decides about others comes before them.
pub const ORDER: [Part; 15] = [
    Part::Balancers,
    Part::Groups,
    Part::Tags,
    Part::ServiceTags,
    Part::Services,
    Part::Health,
    Part::Instances,
    Part::Registrations,
    Part::Checks,
    Part::Rules,
    Part::Volumes,
    Part::Addresses,
    Part::Gateways,
    Part::Metrics,
    Part::Meters,
];

/// What is measured of an application load balancer.
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

    /// Whether reading it is paid for, so that it is read only while somebody looks.
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Metrics | Self::Meters)
    }

    /// Whether what it brings is paid for, or decides what is: without it a bill may leave out
    /// something. What is measured has a line of its own, which says where it was not.
    pub fn brings_prices(self) -> bool {
        match self {
            Self::Balancers
            | Self::Groups
            | Self::Tags
            | Self::ServiceTags
            | Self::Health
            | Self::Services
            | Self::Instances
            | Self::Volumes
            | Self::Addresses
            | Self::Gateways => true,
            Self::Identity
            | Self::Registrations
            | Self::Checks
            | Self::Rules
            | Self::Metrics
            | Self::Meters => false,
        }
    }

    /// Whether it changes so slowly that it is read only now and then.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Meters | Self::Registrations)
    }
}

impl Inventory {
    /// What to ask of a part for all of these environments; none where nothing of it belongs to
    /// them, or what it depends on was never read.
    pub fn ask(&self, part: Part, watches: &[&AwsWatch]) -> Option<Ask> {
        let all = || watches.iter().map(|watch| &watch.belongings);
        let some = |list: BTreeSet<String>| (!list.is_empty()).then(|| Vec::from_iter(list));
        match part {
            Part::Identity => Some(Ask::Identity),
            Part::Instances => Some(Ask::Instances),
            Part::Volumes => Some(Ask::Volumes),
            Part::Addresses => Some(Ask::Addresses),
            Part::Gateways => Some(Ask::Gateways),
            Part::Balancers => all()
                .any(|one| !one.load_balancers.is_empty() || !one.tags.is_empty())
                .then_some(Ask::Balancers),
            Part::Groups => all().any(has_groups).then_some(Ask::Groups),
            Part::Tags if is_tagged(all()) => {
                let balancers = self.balancers.iter().map(|one| one.arn.clone());
                let groups = self.groups.iter().map(|one| one.arn.clone());
                some(balancers.chain(groups).collect()).map(Ask::Tags)
            }
            Part::ServiceTags if is_tagged(all()) => Some(Ask::ServiceTags),
            Part::Tags | Part::ServiceTags => None,
            Part::Checks => {
                let running = all()
                    .flat_map(|one| self.instances_of(one))
                    .filter(|instance| instance.state == Ec2State::Running);
                some(running.map(|instance| instance.id.clone()).collect()).map(Ask::Checks)
            }
            Part::Rules => {
                let balancers = all().flat_map(|one| self.balancers_of(one));
                some(balancers.map(|balancer| balancer.arn.clone()).collect()).map(Ask::Rules)
            }
            Part::Registrations => {
                some(all().flat_map(|one| self.searched(one)).collect()).map(Ask::Registrations)
            }
            Part::Health => {
                let groups = all().flat_map(|one| self.groups_told(one));
                some(groups.map(|group| group.arn.clone()).collect()).map(Ask::Health)
            }
            Part::Services => {
                let names: BTreeSet<ServiceName> =
                    all().flat_map(|one| self.service_names(one)).collect();
                (!names.is_empty()).then(|| Ask::Services(Vec::from_iter(names)))
            }
            Part::Metrics => {
                let queries = self.queries(watches);
                (!queries.is_empty()).then_some(Ask::Metrics(queries))
            }
            Part::Meters => {
                let meters = self.meters_of(all());
                (!meters.is_empty()).then_some(Ask::Meters(meters))
            }
        }
    }

    fn queries(&self, watches: &[&AwsWatch]) -> Vec<Query> {
        let mut queries = Vec::new();
        let mut seen = BTreeSet::new();
        for watch in watches {
            for balancer in self.balancers_of(&watch.belongings) {
                // A network load balancer is measured for its bill alone.
                let metrics: &[Metric] = match balancer.kind.as_str() {
                    "application" => &BALANCER_METRICS,
                    "network" => &[Metric::CapacityUnits],
                    _ => continue,
                };
                if !seen.insert(&balancer.arn) {
                    continue;
                }
                queries.extend(metrics.iter().map(|metric| Query {
                    subject: balancer.arn.clone(),
                    balancer: balancer.arn.clone(),
                    metric: *metric,
                }));
            }
            for group in self.groups_told(&watch.belongings) {
                let is_measured = |arn: &&String| arn.contains("/app/") || arn.contains("/net/");
                let behind = group.balancers.iter().find(is_measured);
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

    /// The meters of all NAT gateways, which tell those that nothing uses, and of buckets.
    fn meters_of<'a>(&self, all: impl Iterator<Item = &'a Belongings>) -> Vec<(String, Meter)> {
        let mut meters = BTreeSet::new();
        for gateway in self.paid_gateways() {
            meters.extend(meter::GATEWAY.map(|meter| (gateway.id.clone(), meter)));
        }
        for belongings in all {
            for bucket in &belongings.buckets {
                meters.extend(meter::bucket().map(|meter| (bucket.clone(), meter)));
            }
        }
        Vec::from_iter(meters)
    }
}

fn has_groups(one: &Belongings) -> bool {
    !one.load_balancers.is_empty()
        || !one.target_groups.is_empty()
        || !one.services.is_empty()
        || !one.tags.is_empty()
        || !one.instances.is_empty()
}

fn is_tagged<'a>(mut all: impl Iterator<Item = &'a Belongings>) -> bool {
    all.any(|one| !one.tags.is_empty())
}
