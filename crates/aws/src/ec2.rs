//! EC2: instances, their checks, volumes, addresses and NAT gateways.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    EbsStatusSummary, Instance, InstanceLifecycleType, InstanceState, InstanceStateName,
    InstanceStatusSummary, NatGateway, PlatformValues, SummaryStatus, Tenancy,
};
use pilothouse_core::aws::Trouble;
use pilothouse_core::aws::policy;
use pilothouse_core::aws::seen::{Address, Check, Checks, Ec2Instance, Ec2State, Gateway, Volume};

use crate::failure::trouble;
use crate::{Count, PAGES, point, repeated, text, told, too_many};

/// Things on a page: half of the most that EC2 takes, so that one comes in time on a slow line.
const PAGE: i32 = 500;
/// Instances whose checks are asked for at once, the most that EC2 takes by id.
const AT_ONCE: usize = 100;
/// What AWS calls a system that costs nothing by itself.
const LINUX: &str = "Linux/UNIX";

pub(crate) async fn instances(client: &Client, count: &Count) -> Result<Vec<Ec2Instance>, Trouble> {
    let action = policy::DESCRIBE_INSTANCES;
    let mut pages = client.describe_instances().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        let instances =
            told(action, page.reservations.as_ref())?.iter().flat_map(|one| one.instances());
        found.extend(instances.map(instance));
        if page.next_token().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

fn instance(one: &Instance) -> Ec2Instance {
    let tags: BTreeMap<String, String> =
        one.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect();
    let tenancy = one.placement().and_then(|placement| placement.tenancy());
    let is_shared = matches!(tenancy, None | Some(Tenancy::Default));
    let platform = match (one.platform_details(), one.platform()) {
        _ if !is_shared => Some("dedicated hardware".to_owned()),
        (Some(LINUX) | None, None) => None,
        (Some(LINUX) | None, Some(PlatformValues::Windows)) => Some("Windows".to_owned()),
        (Some(LINUX) | None, Some(other)) => Some(text(Some(other.as_str()))),
        (Some(details), _) => Some(text(Some(details))),
    };
    let volumes = one.block_device_mappings().iter().filter_map(|one| one.ebs()?.volume_id());
    Ec2Instance {
        id: text(one.instance_id()),
        name: tags.get("Name").cloned().unwrap_or_default(),
        state: state(one.state()),
        kind: text(one.instance_type().map(aws_sdk_ec2::types::InstanceType::as_str)),
        zone: text(one.placement().and_then(|placement| placement.availability_zone())),
        vpc: text(one.vpc_id()),
        launched_at: point(one.launch_time()),
        private_ip: one.private_ip_address().map(|ip| text(Some(ip))),
        public_ip: one.public_ip_address().map(|ip| text(Some(ip))),
        checks: None,
        platform,
        is_spot: one.instance_lifecycle() == Some(&InstanceLifecycleType::Spot),
        volumes: volumes.map(|id| text(Some(id))).collect(),
        tags,
    }
}

fn state(state: Option<&InstanceState>) -> Ec2State {
    match state.and_then(InstanceState::name) {
        Some(InstanceStateName::Pending) => Ec2State::Pending,
        Some(InstanceStateName::Running) => Ec2State::Running,
        Some(InstanceStateName::ShuttingDown) => Ec2State::ShuttingDown,
        Some(InstanceStateName::Terminated) => Ec2State::Terminated,
        Some(InstanceStateName::Stopping) => Ec2State::Stopping,
        Some(InstanceStateName::Stopped) => Ec2State::Stopped,
        Some(other) => Ec2State::Other(text(Some(other.as_str()))),
        None => Ec2State::Unsaid,
    }
}

pub(crate) async fn checks(
    client: &Client,
    count: &Count,
    ids: &[String],
) -> Result<BTreeMap<String, Checks>, Trouble> {
    let action = policy::DESCRIBE_INSTANCE_STATUS;
    let mut found = BTreeMap::new();
    for ids in ids.chunks(AT_ONCE) {
        count.request();
        let request = client.describe_instance_status().set_instance_ids(Some(ids.to_vec()));
        let answer = request.send().await.map_err(|error| trouble(action, &error))?;
        for one in told(action, answer.instance_statuses.as_ref())? {
            let volumes = one.attached_ebs_status().and_then(EbsStatusSummary::status);
            let checks = Checks {
                system: check(one.system_status().and_then(InstanceStatusSummary::status)),
                instance: check(one.instance_status().and_then(InstanceStatusSummary::status)),
                volumes: volumes
                    .filter(|status| **status != SummaryStatus::NotApplicable)
                    .map(|status| check(Some(status))),
            };
            found.insert(text(one.instance_id()), checks);
        }
    }
    Ok(found)
}

fn check(status: Option<&SummaryStatus>) -> Check {
    match status {
        Some(SummaryStatus::Ok) => Check::Ok,
        Some(SummaryStatus::Impaired) => Check::Impaired,
        Some(SummaryStatus::Initializing) => Check::Initializing,
        Some(_) | None => Check::Unknown,
    }
}

pub(crate) async fn volumes(client: &Client, count: &Count) -> Result<Vec<Volume>, Trouble> {
    let action = policy::DESCRIBE_VOLUMES;
    let mut pages = client.describe_volumes().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        let volumes = told(action, page.volumes.as_ref())?;
        found.extend(volumes.iter().map(|one| Volume {
            id: text(one.volume_id()),
            kind: text(one.volume_type().map(aws_sdk_ec2::types::VolumeType::as_str)),
            size: number(one.size()).unwrap_or(0),
            iops: number(one.iops()),
            throughput: number(one.throughput()),
            instance: one.attachments().first().and_then(|one| one.instance_id()).map(Into::into),
        }));
        if page.next_token().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

fn number(count: Option<i32>) -> Option<u32> {
    count.and_then(|count| u32::try_from(count).ok())
}

pub(crate) async fn addresses(client: &Client, count: &Count) -> Result<Vec<Address>, Trouble> {
    let action = policy::DESCRIBE_ADDRESSES;
    count.request();
    let answer = client.describe_addresses().send().await;
    let answer = answer.map_err(|error| trouble(action, &error))?;
    Ok(told(action, answer.addresses.as_ref())?.iter().map(address).collect())
}

fn address(one: &aws_sdk_ec2::types::Address) -> Address {
    let users = [one.association_id(), one.instance_id(), one.network_interface_id()];
    Address {
        ip: text(one.public_ip()),
        is_used: users.into_iter().flatten().any(|id| !id.is_empty()),
        instance: one.instance_id().filter(|id| !id.is_empty()).map(|id| text(Some(id))),
    }
}

pub(crate) async fn gateways(client: &Client, count: &Count) -> Result<Vec<Gateway>, Trouble> {
    let action = policy::DESCRIBE_NAT_GATEWAYS;
    let mut pages = client.describe_nat_gateways().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        found.extend(told(action, page.nat_gateways.as_ref())?.iter().map(gateway));
        if page.next_token().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

fn gateway(one: &NatGateway) -> Gateway {
    let addresses = one.nat_gateway_addresses().iter();
    let public = addresses.filter(|one| one.public_ip().is_some_and(|ip| !ip.is_empty()));
    Gateway {
        id: text(one.nat_gateway_id()),
        state: text(one.state().map(aws_sdk_ec2::types::NatGatewayState::as_str)),
        vpc: text(one.vpc_id()),
        addresses: u32::try_from(public.count()).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{NatGatewayAddress, Placement};

    use super::*;

    #[test]
    fn what_has_another_price_than_plain_linux_on_shared_hardware_says_what_it_is() {
        let of = |tenancy: Tenancy, details: &str| {
            let placement = Placement::builder().tenancy(tenancy).build();
            let one = Instance::builder().placement(placement).platform_details(details).build();
            instance(&one).platform
        };
        assert_eq!(of(Tenancy::Default, LINUX), None);
        assert_eq!(of(Tenancy::Dedicated, LINUX).as_deref(), Some("dedicated hardware"));
        assert_eq!(of(Tenancy::Host, "Windows").as_deref(), Some("dedicated hardware"));
        assert_eq!(of(Tenancy::Default, "Windows").as_deref(), Some("Windows"));
        let none = Instance::builder().build();
        assert_eq!((instance(&none).platform, instance(&none).state), (None, Ec2State::Unsaid));
        let old = Instance::builder().platform(PlatformValues::Windows).build();
        assert_eq!(instance(&old).platform.as_deref(), Some("Windows"));
    }

    #[test]
    fn public_addresses_are_those_of_whom_they_are_paid_for() {
        let address_of = |ip: Option<&str>| {
            NatGatewayAddress::builder().set_public_ip(ip.map(ToOwned::to_owned)).build()
        };
        let one = NatGateway::builder()
            .nat_gateway_addresses(address_of(Some("203.0.113.7")))
            .nat_gateway_addresses(address_of(Some("203.0.113.8")))
            .nat_gateway_addresses(address_of(None));
        assert_eq!(gateway(&one.build()).addresses, 2);
        let one = aws_sdk_ec2::types::Address::builder().association_id("a-1").instance_id("i-1");
        let of_instance = address(&one.build());
        assert_eq!((of_instance.is_used, of_instance.instance.as_deref()), (true, Some("i-1")));
        let none = aws_sdk_ec2::types::Address::builder().instance_id("").build();
        assert_eq!((address(&none).is_used, address(&none).instance), (false, None));
    }
}
