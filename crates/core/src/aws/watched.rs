//! What clients are told of an environment that is watched at AWS.
//!
//! A document is sent when something in it changed; that nothing did is told by [`WatchedAge`]
//! alone. What could not be read keeps what was seen last, with the time at which it was seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Access;
use super::bill::Bill;
use super::recent::Lately;
use super::search::Unregistered;
use super::seen::{Balancer, Ec2Instance, EcsService, Group, Identity};
use super::trouble::Trouble;
use crate::cost::NanoUsd;
use crate::deployment::EnvironmentKey;
use crate::time::{Millis, Timestamp};

/// What is known of an environment that is watched at AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The environment.
    pub environment: EnvironmentKey,
    /// How its account is reached.
    pub access: Access,
    /// Who AWS says that we are; none before it was asked.
    pub identity: Option<Identity>,
    /// Why nothing at all is read, where nothing is.
    pub stopped: Option<Trouble>,
    /// How fresh each part is.
    pub parts: BTreeMap<Part, Freshness>,
    /// Those of them that nothing of the environment is in: they are read for others of the account,
    /// and tell at most what is idle there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub beside: BTreeSet<Part>,
    /// How often it is looked at now.
    pub every: Millis,
    /// What looking took.
    pub calls: Calls,
    /// How fresh the prices of AWS's own list are: when they were last asked for, and why not since.
    #[serde(default)]
    pub prices: Freshness,
    /// The price of asking for a thousand metrics, where it is known.
    #[serde(default)]
    pub metric_price: Option<NanoUsd>,
    /// Its EC2 instances.
    pub instances: Vec<Ec2Instance>,
    /// Its ECS services.
    pub services: Vec<EcsService>,
    /// Its load balancers.
    pub balancers: Vec<Balancer>,
    /// Its target groups, with their targets.
    pub groups: Vec<Group>,
    /// What the operator's file names and the account does not have, a sentence each.
    pub absent: Vec<String>,
    /// The parts that tell that each of these is not there, by its sentence: it is as old as they
    /// are. An engine of before says it of none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub absent_by: BTreeMap<String, BTreeSet<Part>>,
    /// The instances that the operator's file names and no target group has, where that is known.
    #[serde(default)]
    pub unregistered: Option<Unregistered>,
    /// What it costs by the hour.
    pub bill: Bill,
}

/// What moved in a document in which nothing else did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedAge {
    /// The environment.
    pub environment: EnvironmentKey,
    /// How fresh each part is.
    pub parts: BTreeMap<Part, Freshness>,
    /// How often it is looked at now.
    pub every: Millis,
    /// What looking took.
    pub calls: Calls,
}

/// A part of an account that is read by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Who we are.
    Identity,
    /// EC2 instances.
    Instances,
    /// Their status checks.
    Checks,
    /// Volumes.
    Volumes,
    /// Elastic IP addresses.
    Addresses,
    /// NAT gateways.
    Gateways,
    /// Load balancers.
    Balancers,
    /// Listeners and rules.
    Rules,
    /// Target groups.
    Groups,
    /// Tags of load balancers and target groups.
    Tags,
    /// Targets and their health.
    Health,
    /// The targets of groups that instances are looked for in.
    Registrations,
    /// Tags of ECS services.
    ServiceTags,
    /// ECS services and their tasks.
    Services,
    /// Metrics.
    Metrics,
    /// What NAT gateways and buckets are paid by.
    Meters,
}

/// How fresh a part is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// When it was last read; none before the first time.
    pub at: Option<Timestamp>,
    /// Why it could not be read since then; none where the last attempt succeeded.
    pub trouble: Option<Trouble>,
}

/// What looking at an account took since the engine began to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Since when.
    pub since: Timestamp,
    /// Requests that were sent, repeated ones and failed ones included.
    pub requests: u64,
    /// Metrics that were asked for, which alone cost something.
    pub metrics: u64,
    /// What of it was of late; none from an engine that does not say.
    #[serde(default)]
    pub lately: Option<Lately>,
}

impl Calls {
    /// What was sent of late, as far as that is known.
    pub fn lately(&self) -> Lately {
        let Self { since, requests, metrics, lately } = *self;
        lately.unwrap_or(Lately { since, requests, metrics })
    }
}

impl Part {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Instances => "EC2 instances",
            Self::Checks => "status checks",
            Self::Volumes => "volumes",
            Self::Addresses => "addresses",
            Self::Gateways => "NAT gateways",
            Self::Balancers => "load balancers",
            Self::Rules => "rules",
            Self::Groups => "target groups",
            Self::Tags => "tags",
            Self::Health => "target health",
            Self::Registrations => "registrations",
            Self::ServiceTags => "ECS tags",
            Self::Services => "ECS services",
            Self::Metrics => "metrics",
            Self::Meters => "meters",
        }
    }
}

impl Watched {
    /// A document before anything was read.
    pub fn new(environment: EnvironmentKey, access: Access) -> Self {
        Self {
            environment,
            access,
            identity: None,
            stopped: None,
            parts: BTreeMap::new(),
            beside: BTreeSet::new(),
            every: Millis(0),
            calls: Calls::default(),
            prices: Freshness::default(),
            metric_price: None,
            instances: Vec::new(),
            services: Vec::new(),
            balancers: Vec::new(),
            groups: Vec::new(),
            absent: Vec::new(),
            absent_by: BTreeMap::new(),
            unregistered: None,
            bill: Bill::default(),
        }
    }

    /// Whether all that differs from another document is what [`WatchedAge`] tells. A trouble that
    /// came or went is more than that.
    pub fn differs_in_age_alone(&self, other: &Self) -> bool {
        let troubles = |one: &Self| -> Vec<(Part, Option<Trouble>)> {
            let parts = one.parts.iter();
            parts.map(|(part, fresh)| (*part, fresh.trouble.clone())).collect()
        };
        let same_age = Self {
            parts: other.parts.clone(),
            every: other.every,
            calls: other.calls,
            ..self.clone()
        };
        same_age == *other && troubles(self) == troubles(other)
    }

    /// What moved since a document that differs in nothing else.
    pub fn age(&self) -> WatchedAge {
        WatchedAge {
            environment: self.environment.clone(),
            parts: self.parts.clone(),
            every: self.every,
            calls: self.calls,
        }
    }

    /// Takes in what moved.
    pub fn follow(&mut self, age: WatchedAge) {
        (self.parts, self.every, self.calls) = (age.parts, age.every, age.calls);
    }

    /// How fresh the parts are that something of the environment is in, or may be.
    pub fn own_parts(&self) -> impl Iterator<Item = (Part, &Freshness)> {
        let own = self.parts.iter().filter(|(part, _)| !self.beside.contains(part));
        own.map(|(part, fresh)| (*part, fresh))
    }

    /// Whether a part is watched, and something of the environment is in it, or may be.
    pub fn is_own(&self, part: Part) -> bool {
        self.parts.contains_key(&part) && !self.beside.contains(&part)
    }

    /// Since when a part is not known to be true: it could not be read since, or whoever reads it
    /// fell silent. None where it is fresh; the first of all times where it was never read.
    pub fn stale_since(&self, part: Part, now: Timestamp) -> Option<Timestamp> {
        let fresh = self.parts.get(&part);
        let Some(at) = fresh.and_then(|fresh| fresh.at) else { return Some(Timestamp(0)) };
        let failed = fresh.is_some_and(|fresh| fresh.trouble.is_some()) || self.stopped.is_some();
        let silent = now.since(at) > self.silence_of(part);
        (failed || silent).then_some(at)
    }

    /// After how long without a word a part counts as stale: one that is read in every round
    /// sooner than others, whichever made the rounds late.
    pub fn silence_of(&self, part: Part) -> Millis {
        if part.is_quick() {
            return Millis(self.every.0.saturating_mul(QUICK).max(FEWEST.0));
        }
        let slow = if part.is_slow() { SLOW } else { 1 };
        Millis(self.silence().0.saturating_mul(slow))
    }

    /// When anything of the account was last seen; none where nothing ever was. Who we are says
    /// nothing of what is there.
    pub fn seen_at(&self) -> Option<Timestamp> {
        let parts = self.parts.iter().filter(|(part, _)| **part != Part::Identity);
        parts.filter_map(|(_, fresh)| fresh.at).max()
    }

    /// After how long without a word something that was read counts as stale.
    pub fn silence(&self) -> Millis {
        Millis(self.every.0.saturating_mul(SILENT).max(FEWEST.0))
    }

    /// The first trouble, that of everything before that of a part, with all that is denied.
    pub fn trouble(&self) -> Option<Trouble> {
        let parts: Vec<_> =
            self.own_parts().filter_map(|(_, fresh)| fresh.trouble.as_ref()).collect();
        self.stopped.clone().or_else(|| Trouble::together(parts.into_iter()))
    }
}

/// After how many intervals without a word something counts as stale: parts that seldom change are
/// read every sixth time.
const SILENT: u64 = 8;
/// The same of parts that are read in every round.
const QUICK: u64 = 4;
/// How much later what is read only now and then counts as stale.
const SLOW: u64 = 6;
/// See [`SILENT`]; what is looked at very often may take a while all the same.
const FEWEST: Millis = Millis::seconds(15);
