//! ECS: services, their tasks, and the task definitions that they run.

mod definition;

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    AssignPublicIp, CapacityProviderStrategyItem, DesiredStatus, LaunchType, Service,
    Task as EcsTask,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pilothouse_core::aws::policy;
use pilothouse_core::aws::seen::{EcsDeployment, EcsService, Takes, Task};
use pilothouse_core::aws::{ServiceName, Trouble, TroubleKind};

pub(crate) use self::definition::Definitions;
use self::definition::vcpu_milli;
use crate::failure::trouble;
use crate::{Count, point, repeated, text, told};

/// Services that ECS describes at once.
const SERVICES: usize = 10;
/// Tasks that ECS describes at once, and pages of a service's tasks that are read at most.
const TASKS: usize = 100;
/// See [`TASKS`].
const TASK_PAGES: usize = 10;
/// Stopped tasks of a service that are told of.
const STOPPED: i32 = 5;

/// What is answered where a service, or all of its cluster, is not there any more (Amazon ECS API
/// Reference, `ListTasks`).
const GONE: [&str; 2] = ["ServiceNotFoundException", "ClusterNotFoundException"];

pub(crate) async fn services(
    client: &Client,
    count: &Count,
    definitions: &Definitions,
    names: &[ServiceName],
) -> Result<Vec<EcsService>, Trouble> {
    let action = policy::DESCRIBE_SERVICES;
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in names {
        clusters.entry(&name.cluster).or_default().push(name.service.clone());
    }
    let mut found = Vec::new();
    for (cluster, services) in clusters {
        for names in services.chunks(SERVICES) {
            count.request();
            let request = client.describe_services().cluster(cluster);
            let answer = request.set_services(Some(names.to_vec())).send().await;
            let answer = match answer {
                // A cluster that is not there has no services, which is told by their names.
                Err(error) if error.code() == Some("ClusterNotFoundException") => continue,
                answer => answer.map_err(|error| trouble(action, &error))?,
            };
            for one in told(action, answer.services.as_ref())? {
                let mut service = service(cluster, one);
                // One that was deleted is told of for a while, and nothing of it can be asked for.
                if service.is_gone() {
                    found.push(service);
                    continue;
                }
                let defined = define(client, count, definitions, one, &mut service).await;
                let told = match defined {
                    // What else is denied is asked for, so that both are named.
                    Err(trouble) if trouble.kind == TroubleKind::Denied => {
                        let other = tell(client, count, &service).await.err();
                        let both = [Some(&trouble), other.as_ref()].into_iter().flatten();
                        return Err(Trouble::together(both).unwrap_or(trouble));
                    }
                    Err(trouble) => return Err(trouble),
                    Ok(()) => tell(client, count, &service).await?,
                };
                service.tasks = tasks(client, count, definitions, &told.0).await?;
                service.has_more = told.1;
                found.push(service);
            }
        }
    }
    Ok(found)
}

/// The last part of an ARN.
fn short(arn: Option<&str>) -> String {
    let arn = arn.unwrap_or_default();
    text(Some(arn.rsplit('/').next().unwrap_or(arn)))
}

fn number(count: i32) -> u32 {
    u32::try_from(count).unwrap_or(0)
}

fn service(cluster: &str, one: &Service) -> EcsService {
    let primary = one.deployments().iter().find(|one| one.status() == Some("PRIMARY"));
    let rollout = primary.and_then(|one| {
        let state = text(Some(one.rollout_state()?.as_str()));
        Some((state, text(one.rollout_state_reason())))
    });
    let network = one.network_configuration().and_then(|one| one.awsvpc_configuration());
    let assigned = network.and_then(|network| network.assign_public_ip());
    let (launch, providers) = if let Some(launch) = launched(one.launch_type()) {
        (launch, Vec::new())
    } else {
        let providers = providers(one.capacity_provider_strategy());
        (providers.join(" + "), providers)
    };
    let groups = one.load_balancers().iter().filter_map(|one| one.target_group_arn());
    EcsService {
        cluster: cluster.to_owned(),
        name: text(one.service_name()),
        state: text(one.status()),
        desired: number(one.desired_count()),
        running: number(one.running_count()),
        pending: number(one.pending_count()),
        launch,
        providers,
        is_public: assigned == Some(&AssignPublicIp::Enabled),
        definition: short(one.task_definition()),
        rollout,
        failed: primary.map_or(0, |one| number(one.failed_tasks())),
        groups: groups.map(|arn| text(Some(arn))).collect(),
        ..EcsService::default()
    }
}

/// Reads what a service's task definitions say of it.
async fn define(
    client: &Client,
    count: &Count,
    definitions: &Definitions,
    one: &Service,
    service: &mut EcsService,
) -> Result<(), Trouble> {
    if let Some(arn) = one.task_definition() {
        let known = definitions.one(client, count, arn).await?;
        service.images = known.images;
        service.vcpu_milli = known.takes.vcpu_milli;
        service.memory_mib = known.takes.memory_mib;
        service.is_arm = known.takes.is_arm;
        service.system = known.takes.system;
        service.disk_gib = known.takes.disk_gib;
    }
    service.deployments = deployments(client, count, definitions, one).await?;
    Ok(())
}

/// The deployments of a service that have tasks, with what these take.
async fn deployments(
    client: &Client,
    count: &Count,
    definitions: &Definitions,
    of: &Service,
) -> Result<Vec<EcsDeployment>, Trouble> {
    let mut found = Vec::new();
    for one in of.deployments().iter().filter(|one| one.running_count() + one.pending_count() > 0) {
        let takes = match one.task_definition() {
            Some(arn) => definitions.one(client, count, arn).await?.takes,
            None => Takes::default(),
        };
        let on = match launched(one.launch_type()) {
            Some(launch) => vec![launch],
            None => providers(one.capacity_provider_strategy()),
        };
        let (running, pending) = (number(one.running_count()), number(one.pending_count()));
        found.push(EcsDeployment { running, pending, takes: Takes { on, ..takes } });
    }
    Ok(found)
}

fn launched(on: Option<&LaunchType>) -> Option<String> {
    on.map(|on| text(Some(on.as_str())))
}

/// The capacity providers that tasks may run on: each has a price of its own.
fn providers(strategy: &[CapacityProviderStrategyItem]) -> Vec<String> {
    let takes = |one: &&CapacityProviderStrategyItem| one.base() > 0 || one.weight() > 0;
    strategy.iter().filter(takes).map(|one| text(Some(one.capacity_provider()))).collect()
}

/// Tells of the tasks of a service, and where not all of it runs of the last ones that stopped; and
/// whether more run than are told of.
async fn tell(
    client: &Client,
    count: &Count,
    of: &EcsService,
) -> Result<(Vec<EcsTask>, bool), Trouble> {
    let (mut arns, has_more) = list(client, count, of, DesiredStatus::Running).await?;
    let is_settled = of.rollout.as_ref().is_none_or(|(state, _)| state == "COMPLETED");
    if of.running < of.desired || !is_settled {
        arns.extend(list(client, count, of, DesiredStatus::Stopped).await?.0);
    }
    let action = policy::DESCRIBE_TASKS;
    let mut found = Vec::new();
    for arns in arns.chunks(TASKS) {
        count.request();
        let request = client.describe_tasks().cluster(&of.cluster);
        let answer = request.set_tasks(Some(arns.to_vec())).send().await;
        let answer = answer.map_err(|error| trouble(action, &error))?;
        found.extend(told(action, answer.tasks)?);
    }
    Ok((found, has_more))
}

/// The tasks that are told of, with what each takes.
async fn tasks(
    client: &Client,
    count: &Count,
    definitions: &Definitions,
    told: &[EcsTask],
) -> Result<Vec<Task>, Trouble> {
    let mut found = Vec::new();
    for one in told {
        let told = task(one);
        let arn = one.task_definition_arn().filter(|_| told.is_paid());
        let takes = match arn {
            Some(arn) => Some(definitions.one(client, count, arn).await?.takes),
            None => None,
        };
        found.push(Task { takes: takes.map(|takes| own(one, takes)), ..told });
    }
    found.sort_by(|a, b| (a.stopped.is_some(), &a.id).cmp(&(b.stopped.is_some(), &b.id)));
    Ok(found)
}

/// Tasks of a service by ARN, and whether there are more.
async fn list(
    client: &Client,
    count: &Count,
    of: &EcsService,
    status: DesiredStatus,
) -> Result<(Vec<String>, bool), Trouble> {
    let action = policy::LIST_TASKS;
    let is_stopped = status == DesiredStatus::Stopped;
    let request = client.list_tasks().cluster(&of.cluster).service_name(&of.name);
    let request = request.desired_status(status);
    let request = if is_stopped { request.max_results(STOPPED) } else { request };
    let mut pages = request.into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..if is_stopped { 1 } else { TASK_PAGES } {
        count.request();
        let page = match pages.next().await.ok_or_else(|| repeated(action))? {
            // It was deleted meanwhile, which is nothing of the other services.
            Err(error) if error.code().is_some_and(|code| GONE.contains(&code)) => {
                return Ok((found, false));
            }
            page => page.map_err(|error| trouble(action, &error))?,
        };
        found.extend(told(action, page.task_arns.as_ref())?.iter().cloned());
        if page.next_token().is_none_or(str::is_empty) {
            return Ok((found, false));
        }
    }
    Ok((found, true))
}

/// What a task takes: what is said of it goes before its definition (Amazon ECS API Reference,
/// `Task`).
fn own(one: &EcsTask, definition: Takes) -> Takes {
    let provider = one.capacity_provider_name().filter(|name| !name.is_empty());
    let on = provider.map(|name| text(Some(name))).or_else(|| launched(one.launch_type()));
    let memory = one.memory().and_then(|mib| mib.parse().ok());
    let disk = one.ephemeral_storage().map(|disk| number(disk.size_in_gib()));
    Takes {
        on: on.into_iter().collect(),
        vcpu_milli: vcpu_milli(one.cpu()).or(definition.vcpu_milli),
        memory_mib: memory.or(definition.memory_mib),
        disk_gib: disk.or(definition.disk_gib),
        ..definition
    }
}

fn task(one: &EcsTask) -> Task {
    let details = one.attachments().iter().flat_map(|one| one.details());
    let ip = details.into_iter().find(|one| one.name() == Some("privateIPv4Address"));
    let said = one.containers().iter().find_map(|one| one.reason());
    let stopped = one.stopped_reason().map(|why| match said {
        Some(said) => format!("{} ({})", text(Some(why)), text(Some(said))),
        None => text(Some(why)),
    });
    Task {
        id: short(one.task_arn()),
        state: text(one.last_status()),
        health: text(one.health_status().map(|health| health.as_str())),
        definition: short(one.task_definition_arn()),
        zone: text(one.availability_zone()),
        started_at: point(one.started_at()),
        ip: ip.and_then(|one| one.value()).map(|ip| text(Some(ip))),
        stopped,
        takes: None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{AwsVpcConfiguration, EphemeralStorage, NetworkConfiguration};

    use super::*;

    #[test]
    fn a_service_runs_on_every_provider_that_takes_tasks() {
        let of = |strategy: &[(&str, i32, i32)]| {
            let items = strategy.iter().map(|(name, base, weight)| {
                let item = CapacityProviderStrategyItem::builder().capacity_provider(*name);
                item.base(*base).weight(*weight).build().unwrap()
            });
            let one = Service::builder().set_capacity_provider_strategy(Some(items.collect()));
            let one = service("shop", &one.build());
            (one.launch, one.providers)
        };
        let both = of(&[("FARGATE", 1, 0), ("FARGATE_SPOT", 0, 3)]);
        assert_eq!(both.0, "FARGATE + FARGATE_SPOT");
        assert_eq!(both.1, ["FARGATE", "FARGATE_SPOT"]);
        assert_eq!(of(&[("FARGATE", 0, 0), ("FARGATE_SPOT", 0, 1)]).1, ["FARGATE_SPOT"]);
        assert_eq!(of(&[]), (String::new(), Vec::new()));
        let typed = Service::builder().launch_type(LaunchType::Ec2).build();
        let typed = service("shop", &typed);
        assert_eq!((typed.launch.as_str(), typed.providers), ("EC2", Vec::new()));
    }

    #[test]
    fn a_task_says_itself_what_it_runs_on_and_takes_where_it_does() {
        let definition = || Takes {
            vcpu_milli: Some(250),
            memory_mib: Some(512),
            is_arm: true,
            ..Takes::default()
        };
        let plain = EcsTask::builder().launch_type(LaunchType::Fargate);
        let expected = Takes { on: vec!["FARGATE".to_owned()], ..definition() };
        assert_eq!(own(&plain.clone().build(), definition()), expected);
        let disk = EphemeralStorage::builder().size_in_gib(30).build();
        let more = plain.capacity_provider_name("FARGATE_SPOT").cpu("1024").memory("2048");
        let expected = Takes {
            on: vec!["FARGATE_SPOT".to_owned()],
            vcpu_milli: Some(1000),
            memory_mib: Some(2048),
            disk_gib: Some(30),
            ..definition()
        };
        assert_eq!(own(&more.ephemeral_storage(disk).build(), definition()), expected);
    }

    #[test]
    fn tasks_have_public_addresses_where_the_service_assigns_them() {
        let of = |assigned: AssignPublicIp| {
            let network = AwsVpcConfiguration::builder().subnets("s-1").assign_public_ip(assigned);
            let network = network.build().unwrap();
            let network = NetworkConfiguration::builder().awsvpc_configuration(network).build();
            service("shop", &Service::builder().network_configuration(network).build()).is_public
        };
        assert!(of(AssignPublicIp::Enabled) && !of(AssignPublicIp::Disabled));
    }
}
