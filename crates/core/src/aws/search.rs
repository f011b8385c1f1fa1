//! Which target groups the instances are registered in that the operator names.
//!
//! Nothing at AWS says it of an instance: groups are looked into one by one, so that only those are
//! looked into that may have it, seldom, and not more than a limit. What is found is told for its
//! health alone: other targets of such a group are somebody else's, and so is its load balancer.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::belongs::Inventory;
use super::seen::{Ec2Instance, Ec2State, Group, Target};
use super::{Belongings, Part};

/// Target groups that are looked into for one environment.
const MOST: usize = 50;

/// Instances that the operator names and no target group has, as far as groups were looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unregistered {
    /// The instances, by id.
    pub instances: Vec<String>,
    /// How many target groups were looked into.
    pub searched: usize,
    /// How many there are that may have them.
    pub candidates: usize,
}

/// The ids of targets, by target group.
pub(super) type Registered = BTreeMap<String, BTreeSet<String>>;

/// What the targets of these groups are.
pub(super) fn ids(all: BTreeMap<String, Vec<Target>>) -> Registered {
    let ids = |targets: Vec<Target>| targets.into_iter().map(|target| target.id).collect();
    all.into_iter().map(|(arn, targets)| (arn, ids(targets))).collect()
}

impl Inventory {
    fn named<'a>(&'a self, belongings: &'a Belongings) -> impl Iterator<Item = &'a Ec2Instance> {
        self.instances.iter().filter(|one| belongings.instances.contains(&one.id))
    }

    /// The target groups that may have an instance which is named: those of its network that are
    /// not the environment's already, the ones behind a load balancer first.
    fn candidates(&self, belongings: &Belongings) -> Vec<&Group> {
        let own: BTreeSet<&str> = self.groups_of(belongings).map(|one| one.arn.as_str()).collect();
        let networks: BTreeSet<&str> = self
            .named(belongings)
            .map(|one| one.vpc.as_str())
            .filter(|vpc| !vpc.is_empty())
            .collect();
        let may_have = |group: &&Group| {
            matches!(group.target_kind.as_str(), "instance" | "ip")
                && networks.contains(group.vpc.as_str())
                && !own.contains(group.arn.as_str())
        };
        let mut all: Vec<&Group> = self.groups.iter().filter(may_have).collect();
        all.sort_by_key(|group| (group.balancers.is_empty(), &group.arn));
        all
    }

    /// The target groups to look into, by ARN.
    pub(super) fn searched(&self, belongings: &Belongings) -> Vec<String> {
        let all = self.candidates(belongings).into_iter().take(MOST);
        all.map(|group| group.arn.clone()).collect()
    }

    /// The target groups that have an instance which is named, and are not the environment's
    /// otherwise.
    pub(super) fn groups_found<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Group> {
        let named: Vec<&Ec2Instance> = self.named(belongings).collect();
        let has = move |group: &&Group| {
            let targets = self.registered.get(&group.arn);
            targets.is_some_and(|ids| named.iter().any(|one| is_in(ids, one)))
        };
        self.candidates(belongings).into_iter().filter(has)
    }

    /// The target groups whose health is told of an environment.
    pub(super) fn groups_told<'a>(
        &'a self,
        belongings: &'a Belongings,
    ) -> impl Iterator<Item = &'a Group> {
        self.groups_of(belongings).chain(self.groups_found(belongings))
    }

    /// The instances that are named and in no target group; none where that is not known, or each
    /// is in one.
    pub(super) fn unregistered(&self, belongings: &Belongings) -> Option<Unregistered> {
        let was_read = |part| {
            let fresh = self.parts.get(&part);
            fresh.is_some_and(|fresh| fresh.at.is_some()) && !self.is_unasked_of(part, belongings)
        };
        let candidates = self.candidates(belongings).len();
        let has_own = self.groups_of(belongings).next().is_some();
        let is_known = was_read(Part::Instances)
            && was_read(Part::Groups)
            && (candidates == 0 || was_read(Part::Registrations))
            && (!has_own || was_read(Part::Health))
            && self.groups_of(belongings).all(|group| self.targets.contains_key(&group.arn));
        let own = |group: &Group| -> Option<BTreeSet<String>> {
            let targets = self.targets.get(&group.arn)?;
            Some(targets.iter().map(|target| target.id.clone()).collect())
        };
        let own: Vec<BTreeSet<String>> = self.groups_of(belongings).filter_map(own).collect();
        // One that ended for ever is told as missing, and is meant to be nowhere.
        let is_lonely = |one: &&Ec2Instance| {
            let ended = matches!(one.state, Ec2State::ShuttingDown | Ec2State::Terminated);
            !ended && !own.iter().chain(self.registered.values()).any(|ids| is_in(ids, one))
        };
        let lonely = self.named(belongings).filter(is_lonely).map(|one| one.id.clone());
        let instances: Vec<String> = lonely.filter(|_| is_known).collect();
        let searched = candidates.min(MOST);
        (!instances.is_empty()).then_some(Unregistered { instances, searched, candidates })
    }
}

/// Whether an instance is one of these targets, by its id or by its address.
fn is_in(targets: &BTreeSet<String>, one: &Ec2Instance) -> bool {
    targets.contains(&one.id) || one.private_ip.as_ref().is_some_and(|ip| targets.contains(ip))
}
