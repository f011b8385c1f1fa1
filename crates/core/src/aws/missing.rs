//! What should be there and is not, or does not serve: counts of what is there do not tell it.

use super::seen::{Balancer, Group};
use super::watched::{Part, Watched};
use crate::time::Timestamp;

/// What is missing of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is, for people: `there is no load balancer shop`.
    pub what: String,
    /// Of when that is, where it may no longer be so.
    pub since: Option<Timestamp>,
}

/// The parts that tell what the operator's file names.
const NAMED: [Part; 6] =
    [Part::Balancers, Part::Groups, Part::Services, Part::Instances, Part::Tags, Part::ServiceTags];
/// The parts that tell that requests are sent where nothing is.
const SENT: [Part; 3] = [Part::Groups, Part::Rules, Part::Health];

impl Watched {
    /// What the operator's file names and the account does not have, what was deleted, what does
    /// not serve, and where requests are sent to though nothing is there.
    pub fn missing(&self, now: Timestamp) -> Vec<Missing> {
        let of = |what: String, parts: &[Part]| Missing { what, since: self.old(parts, now) };
        let absent = self.absent.iter().map(|what| of(what.clone(), &NAMED));
        let gone = self.services.iter().filter(|one| one.is_gone()).map(|one| {
            let what = format!("the ECS service {}/{} was deleted", one.cluster, one.name);
            of(what, &[Part::Services])
        });
        let idle = self.balancers.iter().filter(|one| !one.serves()).map(|one| {
            let state = if one.state.is_empty() { "in an unknown state" } else { &one.state };
            of(format!("the load balancer {} is {state}", one.name), &[Part::Balancers])
        });
        let empty = self
            .groups
            .iter()
            .filter(|one| self.is_hole(one))
            .map(|one| of(format!("the target group {} has no target", one.name), &SENT));
        absent.chain(gone).chain(idle).chain(empty).collect()
    }

    /// Whether requests are sent to a target group that has no target.
    pub fn is_hole(&self, group: &Group) -> bool {
        let was_read = |part| self.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
        let sends = |arn: &String| {
            let listeners = self.balancers.iter().find(|one| one.arn == *arn);
            let listeners = listeners.map_or(&[][..], |one| &one.listeners);
            let mut rules = listeners.iter().flat_map(|one| &one.rules);
            // Of a load balancer of others, or one whose rules were not read, nobody knows what it sends.
            rules.any(|rule| rule.sends_to(&group.arn))
        };
        was_read(Part::Health) && group.targets.is_empty() && group.balancers.iter().any(sends)
    }

    /// Of when the oldest of parts is that were read, where not all of them are fresh.
    fn old(&self, parts: &[Part], now: Timestamp) -> Option<Timestamp> {
        let parts = parts.iter().filter(|part| self.parts.contains_key(part));
        let since = parts.filter_map(|part| self.stale_since(*part, now));
        since.filter(|at| at.0 > 0).min()
    }
}

impl Balancer {
    /// Whether it does all that it should (Elastic Load Balancing API Reference,
    /// `LoadBalancerState`).
    pub fn serves(&self) -> bool {
        self.state == "active"
    }
}
