//! What the tasks of ECS services cost, each by what it takes itself.
//!
//! While one task definition takes the place of another, tasks of both run.

use std::collections::BTreeSet;

use super::super::seen::Takes;
use super::super::watched::Watched;
use super::things::USED;
use super::till::Till;
use crate::cost::Quantity;

/// The capacity provider of Fargate, which is a launch type too, and that of what it has left over.
const FARGATE: &str = "FARGATE";
/// See [`FARGATE`].
const SPOT: &str = "FARGATE_SPOT";
/// GiB of a task's disk that are in its price (AWS Fargate pricing).
const FREE_DISK: u32 = 20;

pub(super) fn services(till: &mut Till, watched: &Watched) {
    for service in &watched.services {
        // Each region may have a service of this cluster and name, and all are paid.
        let region = &watched.access.region;
        till.of(&format!("{region}/{}/{}", service.cluster, service.name));
        let paid = service.paid_by_what_they_take();
        let mut noted = BTreeSet::new();
        for (takes, count) in &paid {
            // What is paid otherwise is said once, however much each takes.
            if takes.on != [FARGATE] && !noted.insert((&takes.on, takes.is_arm)) {
                continue;
            }
            tasks(till, &service.name, takes, *count);
        }
        let count: u32 = paid.iter().map(|(_, count)| count).sum();
        if service.is_public && count > 0 {
            till.buy("public IPv4", USED, Quantity::whole(count), &service.name, "");
        }
    }
}

/// What tasks of a service run on that take the same.
fn tasks(till: &mut Till, name: &str, takes: &Takes, count: u32) {
    let kind = if takes.is_arm { "Fargate ARM" } else { "Fargate" };
    let on: Vec<&str> = takes.on.iter().map(String::as_str).collect();
    match on.as_slice() {
        [FARGATE] => fargate(till, name, takes, count),
        [SPOT] => till.note(&format!("{kind} spot"), name, "spot capacity: its price moves"),
        on if on.contains(&SPOT) => {
            let note = "some of its tasks may run on spot, whose price moves";
            till.note(&format!("{kind} and spot"), name, note);
        }
        // Nobody said, as where a deployment controller of somebody else decides.
        [] => till.note("ECS service", name, "what its tasks run on was not said"),
        ["EXTERNAL"] => {
            let note = "each host of one's own has a price by the hour";
            till.note("ECS service on EXTERNAL", name, note);
        }
        // Tasks on instances are paid with the instances.
        on => {
            let what = format!("ECS service on {}", on.join(" + "));
            till.note(&what, name, "paid with the cluster's instances");
        }
    }
}

/// Tasks on Fargate alone.
fn fargate(till: &mut Till, name: &str, takes: &Takes, count: u32) {
    let (kind, vcpu, memory) = if takes.is_arm {
        ("Fargate ARM", "Fargate-ARM-vCPU-Hours:perCPU", "Fargate-ARM-GB-Hours")
    } else {
        ("Fargate", "Fargate-vCPU-Hours:perCPU (Linux x86)", "Fargate-GB-Hours (Linux x86)")
    };
    match (&takes.system, takes.vcpu_milli, takes.memory_mib) {
        (Some(system), ..) => till.note(kind, name, &format!("{system} has a price of its own")),
        (None, Some(vcpu_milli), Some(memory_mib)) => {
            let each = Quantity(u64::from(vcpu_milli)).each(count);
            till.buy(&format!("{kind} vCPU"), vcpu, each, name, "");
            let gb = Quantity(u64::from(memory_mib) * 1000 / 1024).each(count);
            till.buy(&format!("{kind} memory"), memory, gb, name, "");
        }
        (None, ..) => till.note(kind, name, "its task definition was not read"),
    }
    if takes.disk_gib.is_some_and(|gib| gib > FREE_DISK) {
        till.note(&format!("{kind} disk"), name, "beyond 20 GiB it has a price of its own");
    }
}
