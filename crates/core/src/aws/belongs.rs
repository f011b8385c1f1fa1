//! An account as it was last read, and what of it belongs to an environment.
//!
//! What could not be read keeps what was read before, and says since when.

use std::collections::{BTreeMap, BTreeSet};

use super::asking::Content;
use super::book::Book;
use super::meter::Meter;
use super::seen::{
    Address, Balancer, Checks, Ec2Instance, Ec2State, EcsService, Gateway, Group, Identity,
    Listener, Series, Target, Volume,
};
use super::trouble::{Trouble, TroubleKind};
use super::wanted::Name;
use super::{
    AwsWatch, Belongings, Calls, Freshness, Part, ServiceName, Tags, Watched, bill, search,
};
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
    /// Tags, by the ARN of a load balancer or target group.
    pub tags: BTreeMap<String, Tags>,
    /// Targets, by target group.
    pub targets: BTreeMap<String, Vec<Target>>,
    /// The targets of groups that were looked into for instances, by target group.
    pub registered: BTreeMap<String, BTreeSet<String>>,
    /// Tags, by ECS service.
    pub service_tags: BTreeMap<ServiceName, Tags>,
    /// ECS services that belong to any environment.
    pub services: Vec<EcsService>,
    /// What was measured, by load balancer or target group.
    pub metrics: BTreeMap<String, Vec<Series>>,
    /// What meters say, by NAT gateway or bucket.
    pub meters: BTreeMap<String, BTreeMap<Meter, u64>>,
    /// Prices that AWS's list gave.
    pub book: Book,
    /// How fresh they are.
    pub prices: Freshness,
    /// What all environments name.
    pub named: BTreeSet<Name>,
    /// What of it each part was not read for since it was named.
    pub unasked: BTreeMap<Part, BTreeSet<Name>>,
    /// What every part met, since which none was read.
    pub failed: Option<Trouble>,
}

impl Inventory {
    /// Takes in what came of an ask.
    pub fn take(&mut self, part: Part, at: Timestamp, came: Result<Content, Trouble>) {
        let fresh = self.parts.entry(part).or_default();
        match came {
            Err(trouble) => fresh.trouble = Some(trouble),
            Ok(content) => {
                *fresh = Freshness { at: Some(at), trouble: None };
                self.unasked.remove(&part);
                if part != Part::Identity {
                    self.failed = None;
                }
                self.put(content);
            }
        }
    }

    /// Notes the same trouble on every part that is watched.
    pub fn fail_all(&mut self, trouble: &Trouble) {
        for fresh in self.parts.values_mut() {
            fresh.trouble = Some(trouble.clone());
        }
        self.failed = Some(trouble.clone());
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
            Content::Tags(all) => self.tags = all,
            Content::Health(all) => self.targets = all,
            Content::Registrations(all) => self.registered = search::ids(all),
            Content::ServiceTags(all) => self.service_tags = all,
            Content::Services(all) => self.services = all,
            Content::Metrics(all) => self.metrics = all,
            Content::Meters(all) => self.meters = all,
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

    pub(super) fn balancers_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Balancer> {
        self.balancers.iter().filter(|one| {
            belongings.load_balancers.contains(&one.name)
                || belongings.fits(self.tags.get(&one.arn))
        })
    }

    pub(super) fn groups_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Group> {
        let balancers: Vec<&String> = self.balancers_of(belongings).map(|one| &one.arn).collect();
        let registered: Vec<&String> =
            self.services_of(belongings).flat_map(|one| &one.groups).collect();
        self.groups.iter().filter(move |group| {
            belongings.target_groups.contains(&group.name)
                || belongings.fits(self.tags.get(&group.arn))
                || registered.contains(&&group.arn)
                || group.balancers.iter().any(|arn| balancers.contains(&arn))
        })
    }

    /// The ECS services that are named, and those that have the tags.
    pub(super) fn service_names<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = ServiceName> + 'a {
        let tagged = self.service_tags.iter().filter(|(_, tags)| belongings.fits(Some(tags)));
        belongings.services.iter().cloned().chain(tagged.map(|(name, _)| name.clone()))
    }

    fn services_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a EcsService> {
        let names: BTreeSet<ServiceName> = self.service_names(belongings).collect();
        self.services.iter().filter(move |one| {
            let is_it =
                |name: &ServiceName| name.cluster == one.cluster && name.service == one.name;
            names.iter().any(is_it)
        })
    }

    /// The NAT gateways of the networks that anything of an environment is in.
    pub(super) fn gateways_of<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Gateway> {
        let networks = self.networks_of(belongings);
        self.paid_gateways().filter(move |one| networks.contains(one.vpc.as_str()))
    }

    /// How many NAT gateways may be of an environment's ECS services: those of a network of which
    /// it has nothing else, where services of it are in a network that ECS does not name.
    pub(super) fn gateways_unsure(&self, belongings: &Belongings) -> usize {
        let is_placed = |service: &EcsService| {
            let own = |group: &&Group| service.groups.contains(&group.arn);
            self.groups.iter().filter(own).any(|group| !group.vpc.is_empty())
        };
        let is_unsure = |one: &EcsService| {
            !one.is_gone() && one.desired + one.running > 0 && one.launch != "EXTERNAL"
        };
        let mut services = self.services_of(belongings).filter(|one| is_unsure(one));
        if services.all(is_placed) {
            return 0;
        }
        let networks = self.networks_of(belongings);
        self.paid_gateways().filter(|one| !networks.contains(one.vpc.as_str())).count()
    }

    /// Those that there are: one that is made, deleted or failed is not paid.
    pub(super) fn paid_gateways(&self) -> impl Iterator<Item = &Gateway> {
        self.gateways.iter().filter(|one| one.state == "available")
    }

    /// The NAT gateways that may be an environment's and paid: AWS did not say in which state or
    /// network they are.
    pub(super) fn gateways_unsaid<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Gateway> {
        const KNOWN: [&str; 5] = ["pending", "available", "deleting", "deleted", "failed"];
        let networks = self.networks_of(belongings);
        self.gateways.iter().filter(move |one| {
            let is_paid = one.state == "available";
            let may_be_paid = is_paid || !KNOWN.contains(&one.state.as_str());
            let may_be_of = networks.contains(one.vpc.as_str()) || one.vpc.is_empty();
            let is_sure = is_paid && !one.vpc.is_empty();
            !networks.is_empty() && may_be_paid && may_be_of && !is_sure
        })
    }

    /// The networks that an environment's load balancers, target groups and instances are in.
    fn networks_of<'a>(&'a self, belongings: &'a Belongings) -> BTreeSet<&'a str> {
        let balancers = self.balancers_of(belongings).map(|one| one.vpc.as_str());
        let groups = self.groups_of(belongings).map(|one| one.vpc.as_str());
        let alive = |one: &&Ec2Instance| one.state != Ec2State::Terminated;
        let instances = self.instances_of(belongings).filter(alive).map(|one| one.vpc.as_str());
        let all = balancers.chain(groups).chain(instances);
        all.filter(|vpc| !vpc.is_empty()).collect()
    }

    pub(super) fn instances_of<'a>(
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
            belongings.fits(Some(&one.tags))
                || belongings.instances.contains(&one.id)
                || targets.contains(one.id.as_str())
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
        let absent = self.absent(belongings);
        let mut watched = Watched {
            identity: self.identity.clone(),
            stopped: self.stopped.clone(),
            parts: self.parts_of(belongings),
            beside: self.parts_beside(watch),
            every,
            calls,
            prices: self.prices.clone(),
            metric_price: bill::of_metrics(&watch.access.region, &self.book),
            instances: self
                .instances_of(belongings)
                .map(|one| Ec2Instance { checks: self.checks.get(&one.id).cloned(), ..one.clone() })
                .collect(),
            services: self.services_of(belongings).cloned().collect(),
            balancers: self
                .balancers_of(belongings)
                .map(|one| Balancer {
                    listeners: self.listeners.get(&one.arn).cloned().unwrap_or_default(),
                    gap: self.gap(one),
                    metrics: measured(&one.arn),
                    ..one.clone()
                })
                .collect(),
            groups: self
                .groups_told(belongings)
                .map(|one| Group {
                    targets: self.targets.get(&one.arn).cloned().unwrap_or_default(),
                    is_unread: !self.targets.contains_key(&one.arn),
                    lacks_hosts: self.lacks_hosts_of(one),
                    metrics: measured(&one.arn),
                    ..one.clone()
                })
                .collect(),
            absent: absent.iter().map(|(what, _)| what.clone()).collect(),
            absent_by: absent.into_iter().collect(),
            unregistered: self.unregistered(belongings),
            ..Watched::new(key.clone(), watch.access.clone())
        };
        watched.bill = bill::bill(self, &watched, belongings);
        watched
    }
}
