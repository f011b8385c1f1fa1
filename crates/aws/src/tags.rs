//! Tags of load balancers, target groups and ECS services: by them they are chosen.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::ServiceField;
use pilothouse_core::aws::{ServiceName, Tags, Trouble, policy};

use crate::failure::trouble;
use crate::{Count, PAGES, repeated, text, told, too_many};

/// Load balancers and target groups whose tags are told at once, the most that this API takes.
const AT_ONCE: usize = 20;
/// Clusters, and ECS services of one, on a page, the most that this API takes.
const PAGE: i32 = 100;
/// ECS services that are described at once, the most that this API takes.
const SERVICES: usize = 10;

/// The tags of load balancers and target groups, by ARN: of each that is asked for, if only that it
/// has none. Where one was removed meanwhile, none of
/// those that were asked with it is told of until the next time.
pub(crate) async fn of(
    client: &aws_sdk_elasticloadbalancingv2::Client,
    count: &Count,
    arns: &[String],
) -> Result<BTreeMap<String, Tags>, Trouble> {
    let action = policy::DESCRIBE_TAGS;
    let mut found = BTreeMap::new();
    for arns in arns.chunks(AT_ONCE) {
        count.request();
        let answer = client.describe_tags().set_resource_arns(Some(arns.to_vec())).send().await;
        let answer = answer.map_err(|error| trouble(action, &error))?;
        for one in told(action, answer.tag_descriptions.as_ref())? {
            let tags = one.tags().iter().map(|tag| (text(tag.key()), text(tag.value())));
            found.insert(text(one.resource_arn()), tags.collect());
        }
        // Each that was asked for is answered; one that is left out has none.
        for arn in arns {
            found.entry(arn.clone()).or_default();
        }
    }
    Ok(found)
}

/// The tags of all ECS services.
pub(crate) async fn of_services(
    client: &aws_sdk_ecs::Client,
    count: &Count,
) -> Result<BTreeMap<ServiceName, Tags>, Trouble> {
    let mut found = BTreeMap::new();
    for cluster in clusters(client, count).await? {
        let services = services(client, count, &cluster).await?;
        let action = policy::DESCRIBE_SERVICES;
        for services in services.chunks(SERVICES) {
            count.request();
            let request = client.describe_services().cluster(&cluster).include(ServiceField::Tags);
            let answer = request.set_services(Some(services.to_vec())).send().await;
            let answer = answer.map_err(|error| trouble(action, &error))?;
            for one in told(action, answer.services.as_ref())? {
                let name = ServiceName {
                    cluster: text(Some(last(&cluster))),
                    service: text(one.service_name()),
                };
                let tags = one.tags().iter().map(|tag| (text(tag.key()), text(tag.value())));
                found.insert(name, tags.collect());
            }
        }
    }
    Ok(found)
}

/// All clusters, by ARN.
pub(crate) async fn clusters(
    client: &aws_sdk_ecs::Client,
    count: &Count,
) -> Result<Vec<String>, Trouble> {
    let action = policy::LIST_CLUSTERS;
    let mut pages = client.list_clusters().max_results(PAGE).into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        let is_last = page.next_token().is_none_or(str::is_empty);
        found.extend(told(action, page.cluster_arns)?);
        if is_last {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

/// All services of a cluster, by ARN.
async fn services(
    client: &aws_sdk_ecs::Client,
    count: &Count,
    cluster: &str,
) -> Result<Vec<String>, Trouble> {
    let action = policy::LIST_SERVICES;
    let request = client.list_services().cluster(cluster).max_results(PAGE);
    let mut pages = request.into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        let is_last = page.next_token().is_none_or(str::is_empty);
        found.extend(told(action, page.service_arns)?);
        if is_last {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

/// The last part of an ARN, which is the name.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
