//! Rules, targets and instances in words.

use super::search::Unregistered;
use super::seen::{
    Action, Check, Condition, Ec2Instance, Ec2State, Group, Rule, Target, TargetState,
};

/// A rule in words: `GET /admin/* from 10.0.0.0/8 → admin`.
pub fn rule(rule: &Rule, groups: &[Group]) -> String {
    let said = conditions(&rule.conditions);
    let what = if said.is_empty() { "all else".to_owned() } else { said };
    let actions: Vec<String> = rule.actions.iter().map(|one| action(one, groups)).collect();
    let does = if actions.is_empty() { "nothing".to_owned() } else { actions.join(", ") };
    format!("{what} → {does}")
}

/// The conditions in the order in which a request is written, whatever AWS's order.
fn conditions(all: &[Condition]) -> String {
    let mut said: Vec<(u8, String)> = all
        .iter()
        .map(|condition| match condition {
            Condition::Method(list) => (0, list.join("|")),
            Condition::Host(list) => (1, list.join("|")),
            Condition::Path(list) => (2, list.join("|")),
            Condition::Query(list) => (3, format!("?{}", list.join("|"))),
            Condition::Header(name, list) => (4, format!("with {name}: {}", list.join("|"))),
            Condition::Source(list) => (5, format!("from {}", list.join("|"))),
            Condition::Other(name) => (6, format!("where {name}")),
        })
        .collect();
    said.sort_by_key(|(place, _)| *place);
    // A host and a path are one address.
    let mut text = String::new();
    for (index, (place, one)) in said.iter().enumerate() {
        let is_path = *place == 2 && one.starts_with('/');
        let joins = is_path && index > 0 && said.get(index - 1).is_some_and(|(at, _)| *at == 1);
        if !text.is_empty() && !joins && *place != 3 {
            text.push(' ');
        }
        text.push_str(one);
    }
    text
}

fn action(action: &Action, groups: &[Group]) -> String {
    match action {
        Action::Forward(targets) => {
            let sum: u64 = targets.iter().map(|(_, weight)| u64::from(*weight)).sum();
            let share = |weight: u32| (u64::from(weight) * 100).checked_div(sum).unwrap_or(0);
            let said: Vec<String> = targets
                .iter()
                .map(|(arn, weight)| match targets.len() {
                    1 => group_name(arn, groups),
                    _ => format!("{} {}%", group_name(arn, groups), share(*weight)),
                })
                .collect();
            said.join(" + ")
        }
        Action::Redirect(status, to) => format!("{status} {to}"),
        Action::Fixed(status) => format!("answers {status}"),
        Action::Other(name) => name.clone(),
    }
}

/// A target group's name: AWS writes it into the ARN too.
pub fn group_name(arn: &str, groups: &[Group]) -> String {
    let known = groups.iter().find(|group| group.arn == arn).map(|group| group.name.clone());
    known.unwrap_or_else(|| arn.split('/').nth(1).unwrap_or(arn).to_owned())
}

/// Why instances that are named have no target's health, and what to write where it may have been
/// missed.
pub fn unregistered(one: &Unregistered) -> String {
    let Unregistered { instances, searched, candidates } = one;
    let (it, its) = if instances.len() == 1 { ("it", "its") } else { ("them", "their") };
    if searched < candidates {
        return format!(
            "not found in {searched} of the {candidates} target groups of {its} VPC: name {its} \
             groups in `target_groups`"
        );
    }
    format!("no target group of {its} VPC has {it}, so that no load balancer checks {it}")
}

/// A target's state in a word.
pub fn target(state: &TargetState) -> &str {
    match state {
        TargetState::Initial => "initial",
        TargetState::Healthy => "healthy",
        TargetState::Unhealthy => "unhealthy",
        TargetState::Unused => "unused",
        TargetState::Draining => "draining",
        TargetState::Unavailable => "unavailable",
        TargetState::Other(text) => text,
    }
}

/// An instance's state in a word.
pub fn instance(state: &Ec2State) -> &str {
    match state {
        Ec2State::Pending => "pending",
        Ec2State::Running => "running",
        Ec2State::ShuttingDown => "shutting-down",
        Ec2State::Terminated => "terminated",
        Ec2State::Stopping => "stopping",
        Ec2State::Stopped => "stopped",
        Ec2State::Unsaid => "unknown",
        Ec2State::Other(text) => text,
    }
}

/// How many of an instance's status checks pass: `2/2 checks`; none where it has none.
pub fn checks(instance: &Ec2Instance) -> Option<String> {
    let checks = instance.checks.as_ref().filter(|_| instance.state == Ec2State::Running)?;
    if checks.all().any(|check| *check == Check::Initializing) {
        return Some("checks begin".to_owned());
    }
    let passed = checks.all().filter(|check| **check == Check::Ok).count();
    Some(format!("{passed}/{} checks", checks.all().count()))
}

/// Why a target is in its state, in a sentence, after AWS's codes (Elastic Load Balancing API
/// Reference, `TargetHealth`).
pub fn reason(target: &Target, group: &Group) -> Option<String> {
    let path = group.check_path.as_deref().unwrap_or("/");
    let wanted = group.check_matcher.as_deref().unwrap_or("200");
    let said = target.said.as_deref().unwrap_or_default();
    Some(match target.reason.as_deref()? {
        "Elb.RegistrationInProgress" => "it is being registered".to_owned(),
        "Elb.InitialHealthChecking" => {
            format!("{path} is asked for the first times; requests come once it passed")
        }
        "Target.ResponseCodeMismatch" => {
            let answered = between(said, '[', ']');
            let answered = answered.map_or("something else".to_owned(), ToOwned::to_owned);
            format!("{path} answered {answered}, and {wanted} is wanted")
        }
        "Target.Timeout" => format!(
            "{path} did not answer in time: look whether it listens and its security group lets \
             the load balancer in"
        ),
        "Target.FailedHealthChecks" => {
            format!("{path} cannot be asked: the connection is refused or breaks")
        }
        "Target.NotRegistered" => "it is not registered in this target group".to_owned(),
        "Target.NotInUse" => {
            "no rule sends to this target group, or its zone is not the load balancer's".to_owned()
        }
        "Target.InvalidState" => "the instance is stopped or terminated".to_owned(),
        "Target.IpUnusable" => "the load balancer has this address itself".to_owned(),
        "Target.DeregistrationInProgress" => {
            "it finishes what it has and gets nothing new".to_owned()
        }
        "Target.HealthCheckDisabled" => "its health is not checked".to_owned(),
        "Elb.InternalError" => "the load balancer failed inside: AWS's own fault".to_owned(),
        code => match said {
            "" => code.to_owned(),
            said => format!("{said} ({code})"),
        },
    })
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inner, _)| inner)
}
