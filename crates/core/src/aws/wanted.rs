//! What the operator's file names, and for which of it a part was not read yet.
//!
//! A part that was last read before something was named says nothing of it: neither that it is not
//! there, nor that it costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::belongs::Inventory;
use super::seen::Group;
use super::{AwsWatch, Belongings, Freshness, Part, ServiceName, Tags};

/// Something that the operator's file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// What has all of these tags.
    Tags(Tags),
    /// An EC2 instance, by id.
    Instance(String),
    /// A load balancer.
    Balancer(String),
    /// A target group.
    Group(String),
    /// An ECS service.
    Service(ServiceName),
    /// A bucket.
    Bucket(String),
}

impl Name {
    /// The parts that tell whether it is there at all.
    pub(super) fn told_by(&self) -> &'static [Part] {
        match self {
            Self::Tags(_) => {
                &[Part::Balancers, Part::Groups, Part::Tags, Part::ServiceTags, Part::Instances]
            }
            Self::Instance(_) => &[Part::Instances],
            Self::Balancer(_) => &[Part::Balancers],
            Self::Group(_) => &[Part::Groups],
            Self::Service(_) => &[Part::Services],
            // Its meters tell of no bucket whether it is there.
            Self::Bucket(_) => &[],
        }
    }

    /// The parts that tell of it and of what it brings.
    fn parts(&self) -> &'static [Part] {
        match self {
            Self::Tags(_) => &[
                Part::Balancers,
                Part::Groups,
                Part::Tags,
                Part::ServiceTags,
                Part::Health,
                Part::Services,
                Part::Instances,
                Part::Metrics,
            ],
            Self::Instance(_) => &[Part::Instances, Part::Groups, Part::Registrations],
            Self::Balancer(_) => &[Part::Balancers, Part::Groups, Part::Health, Part::Metrics],
            Self::Group(_) => &[Part::Groups, Part::Health],
            Self::Service(_) => &[Part::Services, Part::Groups, Part::Health],
            Self::Bucket(_) => &[Part::Meters],
        }
    }
}

impl Belongings {
    /// All that it names.
    pub(super) fn names(&self) -> impl Iterator<Item = Name> + '_ {
        let tags = (!self.tags.is_empty()).then(|| Name::Tags(self.tags.clone()));
        tags.into_iter()
            .chain(self.load_balancers.iter().cloned().map(Name::Balancer))
            .chain(self.target_groups.iter().cloned().map(Name::Group))
            .chain(self.instances.iter().cloned().map(Name::Instance))
            .chain(self.services.iter().cloned().map(Name::Service))
            .chain(self.buckets.iter().cloned().map(Name::Bucket))
    }
}

impl Inventory {
    /// Notes what is named now. What was not before has to be asked for, whatever was read.
    pub fn want<'a>(&mut self, watches: impl Iterator<Item = &'a AwsWatch>) {
        let names: BTreeSet<Name> = watches.flat_map(|one| one.belongings.names()).collect();
        for unasked in self.unasked.values_mut() {
            unasked.retain(|name| names.contains(name));
        }
        for name in names.difference(&self.named) {
            for part in name.parts() {
                self.unasked.entry(*part).or_default().insert(name.clone());
            }
        }
        self.named = names;
    }

    /// Notes that nothing of a part is there to be asked for, so that nothing of it is stale.
    pub fn pass_over(&mut self, part: Part) {
        self.parts.remove(&part);
        self.unasked.remove(&part);
    }

    /// Whether a part was not read yet since something was named.
    pub(super) fn is_unasked(&self, part: Part, name: &Name) -> bool {
        self.unasked.get(&part).is_some_and(|names| names.contains(name))
    }

    /// Whether a part was not read yet since anything was named that belongs to an environment.
    pub(super) fn is_unasked_of(&self, part: Part, belongings: &Belongings) -> bool {
        belongings.names().any(|name| self.is_unasked(part, &name))
    }

    /// How fresh each part is for an environment: not read yet where it was not since something of
    /// it was named. What is measured has lines of its own, which say so.
    pub(super) fn parts_of(&self, belongings: &Belongings) -> BTreeMap<Part, Freshness> {
        let mut parts = self.parts.clone();
        let unread = self.unasked.keys().filter(|part| !part.is_paid());
        for part in unread.filter(|part| self.is_unasked_of(**part, belongings)) {
            let fresh = parts.entry(*part).or_default();
            let trouble = fresh.trouble.take().or_else(|| self.failed.clone());
            *fresh = Freshness { at: None, trouble };
        }
        parts
    }

    /// The parts that nothing of an environment is in: alone in its account it would not ask for
    /// them, or for what is idle there alone.
    pub(super) fn parts_beside(&self, watch: &AwsWatch) -> BTreeSet<Part> {
        let belongings = &watch.belongings;
        let is_own = |part: Part| match part {
            Part::Identity => true,
            Part::Instances | Part::Volumes | Part::Addresses => self.may_have_hosts(belongings),
            Part::Gateways => has_network(belongings),
            _ => {
                self.ask(part, &[watch]).is_some()
                    || (!part.is_paid() && self.is_unasked_of(part, belongings))
            }
        };
        self.parts.keys().copied().filter(|part| !is_own(*part)).collect()
    }

    /// Whether instances may be an environment's: by themselves, or as targets of a group.
    fn may_have_hosts(&self, belongings: &Belongings) -> bool {
        let was_read = |part| self.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
        let is_of_hosts = |group: &Group| group.target_kind == "instance";
        !belongings.tags.is_empty()
            || !belongings.instances.is_empty()
            || self.groups_of(belongings).any(is_of_hosts)
            || (has_network(belongings) && !was_read(Part::Groups))
    }
}

/// Whether anything is named that is in a network.
pub(super) fn has_network(belongings: &Belongings) -> bool {
    let buckets = Vec::new();
    !Belongings { buckets, ..belongings.clone() }.is_empty()
}
