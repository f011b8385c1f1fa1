//! What answers behind target groups and is none of what is priced.

use std::collections::BTreeSet;

use super::super::seen::{EcsService, Group, TargetState};
use super::super::watched::Watched;
use super::till::Till;

/// Notes each group behind which something answers that is not on the bill.
pub(super) fn all(till: &mut Till, watched: &Watched) {
    for group in watched.groups.iter().filter(|one| !one.targets.is_empty()) {
        let why = match group.target_kind.as_str() {
            "lambda" => "a function is paid by use, which is not measured",
            "instance" if group.lacks_hosts => "not all instances behind it were read yet",
            "ip" if has_strangers(watched, group) => "what answers at an address is not known",
            "alb" if has_other_balancers(watched, group) => {
                "the load balancer behind it is not among these"
            }
            _ => continue,
        };
        till.note(&format!("targets by {}", group.target_kind), &group.name, why);
    }
}

/// Whether a load balancer answers that is not on this bill.
fn has_other_balancers(watched: &Watched, group: &Group) -> bool {
    let is_known = |arn: &String| watched.balancers.iter().any(|one| one.arn == *arn);
    group.targets.iter().any(|one| !is_known(&one.id))
}

/// Whether more addresses answer than are of instances and of tasks that are on this bill.
fn has_strangers(watched: &Watched, group: &Group) -> bool {
    let services: Vec<&EcsService> =
        watched.services.iter().filter(|one| one.groups.contains(&group.arn)).collect();
    let tasks = services.iter().flat_map(|one| &one.tasks);
    let of_tasks: BTreeSet<&str> = tasks.clone().filter_map(|one| one.ip.as_deref()).collect();
    let hosts = watched.instances.iter();
    let of_hosts: BTreeSet<&str> = hosts.filter_map(|one| one.private_ip.as_deref()).collect();
    // A task that starts or ends is a target before or after it is told of as a task.
    let is_settled = |state: &TargetState| {
        !matches!(state, TargetState::Initial | TargetState::Draining) || services.is_empty()
    };
    let settled = group.targets.iter().filter(|one| is_settled(&one.state));
    let addresses: BTreeSet<&str> = settled.map(|one| one.id.as_str()).collect();
    let strangers: Vec<&&str> = addresses.difference(&of_tasks).collect();
    let strangers = strangers.into_iter().filter(|one| !of_hosts.contains(**one));
    // An address may be that of a task whose own is not told, as none of IPv6 is.
    let (old, new): (Vec<&str>, Vec<&str>) =
        strangers.copied().partition(|address| !address.contains(':'));
    let paid = |one: &&EcsService| one.running.saturating_add(one.pending);
    let paid: u32 = services.iter().map(paid).fold(0, u32::saturating_add);
    let paid = usize::try_from(paid).unwrap_or(usize::MAX);
    let told = tasks.filter(|one| one.is_paid() && one.ip.is_some()).count();
    old.len() > paid.saturating_sub(told) || new.len() > paid
}
