//! What should be there and is not, or does not serve: counts of what is there do not tell it.

use super::belongs::Inventory;
use super::seen::{Action, Balancer, EcsService, Gap, Group, Listener, Rule, Target, TargetState};
use super::watched::{Part, Watched};
use super::words;
use crate::time::Timestamp;

/// What is missing of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is, for people: `there is no load balancer shop`.
    pub what: String,
    /// Of when that is, where it may no longer be so.
    pub since: Option<Timestamp>,
    /// What is wrong with it, where it is there, in a word or two: `rollout failed`.
    pub ill: Option<&'static str>,
}

impl Missing {
    /// All of these in few words: `2 missing`.
    pub fn briefly(all: &[Self]) -> String {
        match all {
            [Self { ill: Some(ill), .. }] => (*ill).to_owned(),
            _ if all.iter().any(|one| one.ill.is_some()) => format!("{} wrong", all.len()),
            _ => format!("{} missing", all.len()),
        }
    }
}

/// The parts that tell what the operator's file names, whichever of them tells of which name.
const NAMED: [Part; 6] =
    [Part::Balancers, Part::Groups, Part::Services, Part::Instances, Part::Tags, Part::ServiceTags];
/// The parts that tell that requests are sent where nothing is.
const SENT: [Part; 3] = [Part::Groups, Part::Rules, Part::Health];
/// The parts that tell whether a load balancer sends requests anywhere.
const LEADS: [Part; 3] = [Part::Balancers, Part::Rules, Part::Groups];

impl Watched {
    /// What the operator's file names and the account does not have, what was deleted, what does
    /// not serve, and where requests are sent to though nothing is there.
    pub fn missing(&self, now: Timestamp) -> Vec<Missing> {
        let of = |what: String, parts: &[Part]| {
            let since = self.old(parts, now);
            Missing { what, since, ill: None }
        };
        let absent = self
            .absent
            .iter()
            .map(|what| (what.clone(), self.absent_since(what, now)))
            .map(|(what, since)| Missing { what, since, ill: None });
        let gone = self.deleted().into_iter().map(|what| of(what, &[Part::Services]));
        let failed = self.services.iter().filter_map(|one| {
            let (state, why) = one.rollout.as_ref()?;
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            let said =
                format!("the rollout of the ECS service {}/{} failed{why}", one.cluster, one.name);
            let failed = Missing { ill: Some("rollout failed"), ..of(said, &[Part::Services]) };
            (state == "FAILED").then_some(failed)
        });
        let failing = self.services.iter().filter(|one| one.is_failing()).map(|one| {
            let said = format!(
                "the rollout of the ECS service {}/{} goes on, and {} tasks of it failed in a row",
                one.cluster, one.name, one.failed
            );
            Missing { ill: Some("rollout failing"), ..of(said, &[Part::Services]) }
        });
        let failed = failed.chain(failing);
        let idle = self.balancers.iter().filter(|one| !one.serves()).map(|one| {
            let state = if one.state.is_empty() { "in an unknown state" } else { &one.state };
            let said = format!("the load balancer {} is {state}", one.name);
            Missing { ill: Some("not active"), ..of(said, &[Part::Balancers]) }
        });
        let gaps = self.balancers.iter().filter_map(|one| {
            let gap = one.gap.as_ref()?.said();
            Some(of(format!("the load balancer {} {gap}", one.name), &LEADS))
        });
        let empty = self
            .groups
            .iter()
            .filter(|one| self.is_hole(one))
            .map(|one| of(format!("the target group {} has no target", one.name), &SENT));
        absent.chain(gone).chain(failed).chain(idle).chain(gaps).chain(empty).collect()
    }

    /// The ECS services that were deleted, a sentence each.
    pub(super) fn deleted(&self) -> Vec<String> {
        let gone = self.services.iter().filter(|one| one.is_gone());
        let said =
            |one: &EcsService| format!("the ECS service {}/{} was deleted", one.cluster, one.name);
        gone.map(said).collect()
    }

    /// Of when it is that something which the operator's file names is not there, by its sentence,
    /// where that may no longer be so.
    pub fn absent_since(&self, what: &str, now: Timestamp) -> Option<Timestamp> {
        match self.absent_by.get(what) {
            Some(parts) => self.old(parts, now),
            None => self.old(&NAMED, now),
        }
    }

    /// Whether requests are sent to a target group that has no target.
    pub fn is_hole(&self, group: &Group) -> bool {
        let sends = |arn: &String| {
            let listeners = self.balancers.iter().find(|one| one.arn == *arn);
            let listeners = listeners.map_or(&[][..], |one| &one.listeners);
            let mut rules = listeners.iter().flat_map(|one| &one.rules);
            // Of a load balancer of others, or one whose rules were not read, nobody knows what it sends.
            rules.any(|rule| rule.sends_to(&group.arn))
        };
        self.knows_targets(group) && group.targets.is_empty() && group.balancers.iter().any(sends)
    }

    /// Whether the targets of a group were ever read: that others' were says nothing of its own.
    pub fn knows_targets(&self, group: &Group) -> bool {
        let was_read = self.parts.get(&Part::Health).is_some_and(|fresh| fresh.at.is_some());
        was_read && !group.is_unread
    }

    /// Of when the oldest of parts is that were read, where not all of them are fresh.
    fn old<'a>(
        &self,
        parts: impl IntoIterator<Item = &'a Part>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        // A part beside an environment, in which nothing of it is or may be, says nothing of it.
        let parts = parts.into_iter().filter(|part| self.is_own(**part));
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

impl Gap {
    /// What of a load balancer it is, for people: `has no listener`.
    pub fn said(&self) -> String {
        match self {
            Self::Listener => "has no listener".to_owned(),
            Self::Rule => "sends requests nowhere".to_owned(),
            Self::Group(name) | Self::GroupAlone(name) => {
                format!("sends to the target group {name}, which is not there")
            }
        }
    }

    /// Whether no request at all is answered.
    pub fn is_all(&self) -> bool {
        match self {
            Self::Listener | Self::Rule | Self::GroupAlone(_) => true,
            Self::Group(_) => false,
        }
    }
}

impl Inventory {
    /// Why requests that reach a load balancer are answered by nobody, as far as its rules and the
    /// account's target groups were read. One that is not active says so by its state.
    pub(super) fn gap(&self, one: &Balancer) -> Option<Gap> {
        let listeners = self.listeners.get(&one.arn).filter(|_| one.serves())?;
        if listeners.is_empty() {
            return Some(Gap::Listener);
        }
        // Every listener has a rule: of one without any it was not told what it does.
        let leads = |one: &Listener| {
            one.rules.is_empty() || one.rules.iter().any(|rule| self.leads_somewhere(rule))
        };
        let leads = listeners.iter().any(leads);
        let gone = self.unknown_group(listeners).map(|arn| words::group_name(arn, &self.groups));
        match gone {
            Some(name) if leads => Some(Gap::Group(name)),
            Some(name) => Some(Gap::GroupAlone(name)),
            None => (!leads).then_some(Gap::Rule),
        }
    }

    /// Whether instances are targets of a group that were not read as instances. One that is about to
    /// be none any more does not count.
    pub(super) fn lacks_hosts_of(&self, group: &Group) -> bool {
        let targets = self.targets.get(&group.arn).map_or(&[][..], Vec::as_slice);
        let is_over = |one: &&Target| {
            one.state == TargetState::Draining
                // The target is stopped or terminated (Elastic Load Balancing API Reference,
                // `TargetHealth`).
                || one.reason.as_deref() == Some("Target.InvalidState")
        };
        let is_known = |one: &Target| self.instances.iter().any(|host| host.id == one.id);
        group.target_kind == "instance"
            && targets.iter().filter(|one| !is_over(one)).any(|one| !is_known(one))
    }

    /// Whether rules send to a target group that was not there when groups were last read.
    pub fn sends_to_unknown(&self) -> bool {
        self.listeners.values().any(|listeners| self.unknown_group(listeners).is_some())
    }

    fn unknown_group<'a>(&self, listeners: &'a [Listener]) -> Option<&'a String> {
        let actions = listeners.iter().flat_map(|one| &one.rules).flat_map(|one| &one.actions);
        let to = actions.filter_map(|action| match action {
            Action::Forward(to) => Some(to),
            Action::Redirect(..) | Action::Fixed(_) | Action::Other(_) => None,
        });
        let mut to = to.flatten().filter(|(_, weight)| *weight > 0).map(|(arn, _)| arn);
        to.find(|arn| !self.may_have_group(arn))
    }

    /// Whether what a rule does last is more than to refuse: what comes before it, as to ask who
    /// somebody is, decides nothing. A group of weight 0 gets nothing.
    fn leads_somewhere(&self, rule: &Rule) -> bool {
        match rule.actions.last() {
            Some(Action::Forward(to)) => {
                to.iter().any(|(arn, weight)| *weight > 0 && self.may_have_group(arn))
            }
            Some(Action::Fixed(status)) => !status.starts_with(['4', '5']),
            Some(Action::Redirect(..) | Action::Other(_)) | None => true,
        }
    }

    /// Whether a target group is there, or groups were never read.
    fn may_have_group(&self, arn: &str) -> bool {
        let was_read = self.parts.get(&Part::Groups).is_some_and(|fresh| fresh.at.is_some());
        !was_read || self.groups.iter().any(|group| group.arn == arn)
    }
}
