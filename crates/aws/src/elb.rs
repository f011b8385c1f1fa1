//! Elastic Load Balancing: load balancers, listeners, rules, target groups and targets.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action as ElbAction, IpAddressType, LoadBalancer, LoadBalancerSchemeEnum, Rule as ElbRule,
    RuleCondition, TargetGroup, TargetHealth, TargetHealthDescription, TargetHealthStateEnum,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pilothouse_core::aws::Trouble;
use pilothouse_core::aws::policy;
use pilothouse_core::aws::seen::{
    Action, Balancer, Condition, Group, Listener, Rule, Target, TargetState,
};

use crate::failure::trouble;
use crate::{Count, PAGES, repeated, text, told, too_many};

/// Things on a page, the most that this API takes.
const PAGE: i32 = 400;

pub(crate) async fn balancers(client: &Client, count: &Count) -> Result<Vec<Balancer>, Trouble> {
    let action = policy::DESCRIBE_LOAD_BALANCERS;
    let mut pages = client.describe_load_balancers().page_size(PAGE).into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        found.extend(told(action, page.load_balancers.as_ref())?.iter().map(balancer));
        if page.next_marker().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

fn balancer(one: &LoadBalancer) -> Balancer {
    let state = one.state().and_then(|state| state.code());
    let zones = one.availability_zones().iter().map(|zone| text(zone.zone_name()));
    Balancer {
        arn: text(one.load_balancer_arn()),
        name: text(one.load_balancer_name()),
        kind: text(one.r#type().map(|kind| kind.as_str())),
        state: text(state.map(|state| state.as_str())),
        is_public: one.scheme() == Some(&LoadBalancerSchemeEnum::InternetFacing),
        is_scheme_unsaid: one.scheme().is_none(),
        is_ipv6_alone: one.ip_address_type() == Some(&IpAddressType::DualstackWithoutPublicIpv4),
        zones: zones.collect(),
        domain: text(one.dns_name()),
        vpc: text(one.vpc_id()),
        listeners: Vec::new(),
        gap: None,
        metrics: Vec::new(),
    }
}

/// Listeners with their rules. A load balancer that was removed meanwhile has none.
pub(crate) async fn rules(
    client: &Client,
    count: &Count,
    arns: &[String],
) -> Result<BTreeMap<String, Vec<Listener>>, Trouble> {
    let mut found = BTreeMap::new();
    for arn in arns {
        let mut listeners = listeners_of(client, count, arn).await?;
        listeners.sort_by_key(|listener| listener.port);
        found.insert(arn.clone(), listeners);
    }
    Ok(found)
}

async fn listeners_of(client: &Client, count: &Count, arn: &str) -> Result<Vec<Listener>, Trouble> {
    let action = policy::DESCRIBE_LISTENERS;
    let mut pages = client.describe_listeners().load_balancer_arn(arn).into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = match pages.next().await.ok_or_else(|| repeated(action))? {
            Err(error) if error.code() == Some("LoadBalancerNotFound") => return Ok(found),
            page => page.map_err(|error| trouble(action, &error))?,
        };
        for one in told(action, page.listeners.as_ref())? {
            let arn = text(one.listener_arn());
            found.push(Listener {
                rules: rules_of(client, count, &arn).await?,
                arn,
                protocol: text(one.protocol().map(|protocol| protocol.as_str())),
                port: port(one.port()).unwrap_or(0),
            });
        }
        if page.next_marker().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

async fn rules_of(client: &Client, count: &Count, listener: &str) -> Result<Vec<Rule>, Trouble> {
    let action = policy::DESCRIBE_RULES;
    let mut pages = client.describe_rules().listener_arn(listener).into_paginator().send();
    let mut rules = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = match pages.next().await.ok_or_else(|| repeated(action))? {
            Err(error) if error.code() == Some("ListenerNotFound") => return Ok(in_order(rules)),
            page => page.map_err(|error| trouble(action, &error))?,
        };
        rules.extend(told(action, page.rules.as_ref())?.iter().map(rule));
        if page.next_marker().is_none_or(str::is_empty) {
            return Ok(in_order(rules));
        }
    }
    Err(too_many(action))
}

/// The default is matched last.
fn in_order(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
    rules
}

fn rule(one: &ElbRule) -> Rule {
    let mut actions: Vec<&ElbAction> = one.actions().iter().collect();
    actions.sort_by_key(|action| action.order().unwrap_or(0));
    Rule {
        priority: one.priority().and_then(|priority| priority.parse().ok()),
        conditions: one.conditions().iter().map(condition).collect(),
        actions: actions.into_iter().map(action).collect(),
    }
}

fn texts(list: &[String]) -> Vec<String> {
    list.iter().map(|one| text(Some(one))).collect()
}

/// A condition. What has a list of its own is read from there, and older answers have it above. One
/// that has none of the values which are known here is told by its field alone, and never as one that
/// every request meets.
fn condition(one: &RuleCondition) -> Condition {
    let field = one.field().unwrap_or_default();
    let listed = |own: Option<(&[String], &[String])>| {
        let (values, expressions) = own.unwrap_or_default();
        let above = if values.is_empty() && expressions.is_empty() { one.values() } else { values };
        let expressions = expressions.iter().map(|one| text(Some(&format!("~{one}"))));
        let all: Vec<String> = texts(above).into_iter().chain(expressions).collect();
        Some(all).filter(|all| !all.is_empty())
    };
    let known = match field {
        "host-header" => {
            let own = one.host_header_config().map(|c| (c.values(), c.regex_values()));
            listed(own).map(Condition::Host)
        }
        "path-pattern" => {
            let own = one.path_pattern_config().map(|c| (c.values(), c.regex_values()));
            listed(own).map(Condition::Path)
        }
        "http-request-method" => {
            let own = one.http_request_method_config().map(|c| (c.values(), &[][..]));
            listed(own).map(Condition::Method)
        }
        "source-ip" => {
            let own = one.source_ip_config().map(|c| (c.values(), &[][..]));
            listed(own).map(Condition::Source)
        }
        "http-header" => {
            let config = one.http_header_config();
            let name = text(config.and_then(|config| config.http_header_name()));
            let own = config.map(|c| (c.values(), c.regex_values()));
            listed(own).map(|list| Condition::Header(name, list))
        }
        "query-string" => {
            let pairs = one.query_string_config().map_or(&[][..], |config| config.values());
            let pair =
                |pair: &aws_sdk_elasticloadbalancingv2::types::QueryStringKeyValuePair| match pair
                    .key()
                {
                    Some(key) => format!("{}={}", text(Some(key)), text(pair.value())),
                    None => text(pair.value()),
                };
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            (!pairs.is_empty()).then_some(Condition::Query(pairs))
        }
        _ => None,
    };
    known.unwrap_or_else(|| Condition::Other(text(Some(field))))
}

fn action(one: &ElbAction) -> Action {
    let kind = one.r#type().map_or("", |kind| kind.as_str());
    if let (Some(to), "redirect") = (one.redirect_config(), kind) {
        let status = to.status_code().map_or("", |code| code.as_str()).trim_start_matches("HTTP_");
        let protocol = to.protocol().unwrap_or("#{protocol}").to_lowercase();
        let (host, path) = (to.host().unwrap_or("#{host}"), to.path().unwrap_or("/#{path}"));
        // What is not said stays as it was in the request (Elastic Load Balancing API Reference,
        // `RedirectActionConfig`).
        let port = to.port().unwrap_or("#{port}");
        let query = match to.query() {
            None | Some("#{query}" | "") => String::new(),
            Some(query) => format!("?{query}"),
        };
        let address = format!("{protocol}://{host}:{port}{path}{query}");
        return Action::Redirect(text(Some(status)), text(Some(&address)));
    }
    if let (Some(fixed), "fixed-response") = (one.fixed_response_config(), kind) {
        return Action::Fixed(text(fixed.status_code()));
    }
    if kind == "forward" {
        let groups = one.forward_config().map_or(&[][..], |config| config.target_groups());
        let weight = |weight: Option<i32>| weight.and_then(|one| u32::try_from(one).ok());
        let mut targets: Vec<(String, u32)> = groups
            .iter()
            .map(|group| (text(group.target_group_arn()), weight(group.weight()).unwrap_or(1)))
            .collect();
        if targets.is_empty() {
            targets.extend(one.target_group_arn().map(|arn| (text(Some(arn)), 1)));
        }
        return Action::Forward(targets);
    }
    Action::Other(text(Some(kind)))
}

pub(crate) async fn groups(client: &Client, count: &Count) -> Result<Vec<Group>, Trouble> {
    let action = policy::DESCRIBE_TARGET_GROUPS;
    let mut pages = client.describe_target_groups().page_size(PAGE).into_paginator().send();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        count.request();
        let page = pages.next().await.ok_or_else(|| repeated(action))?;
        let page = page.map_err(|error| trouble(action, &error))?;
        found.extend(told(action, page.target_groups.as_ref())?.iter().map(group));
        if page.next_marker().is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    Err(too_many(action))
}

fn group(one: &TargetGroup) -> Group {
    let grpc = |code: &str| format!("gRPC {code}");
    let matcher = one.matcher().and_then(|matcher| {
        let http = matcher.http_code().map(str::to_owned);
        http.or_else(|| matcher.grpc_code().map(grpc))
    });
    Group {
        arn: text(one.target_group_arn()),
        name: text(one.target_group_name()),
        protocol: text(one.protocol().map(|protocol| protocol.as_str())),
        port: port(one.port()),
        target_kind: text(one.target_type().map(|kind| kind.as_str())),
        check_path: one
            .health_check_path()
            .filter(|_| one.health_check_enabled() != Some(false))
            .map(|path| text(Some(path))),
        check_matcher: matcher.map(|matcher| text(Some(&matcher))),
        vpc: text(one.vpc_id()),
        balancers: texts(one.load_balancer_arns()),
        ..Group::default()
    }
}

/// The targets of each group. One that was removed meanwhile has none.
pub(crate) async fn health(
    client: &Client,
    count: &Count,
    arns: &[String],
) -> Result<BTreeMap<String, Vec<Target>>, Trouble> {
    let action = policy::DESCRIBE_TARGET_HEALTH;
    let mut found = BTreeMap::new();
    for arn in arns {
        count.request();
        let answer = client.describe_target_health().target_group_arn(arn).send().await;
        let answer = match answer {
            Err(error) if error.code() == Some("TargetGroupNotFound") => continue,
            answer => answer.map_err(|error| trouble(action, &error))?,
        };
        let targets = told(action, answer.target_health_descriptions.as_ref())?;
        found.insert(arn.clone(), targets.iter().map(target).collect());
    }
    Ok(found)
}

fn target(one: &TargetHealthDescription) -> Target {
    let (target, health) = (one.target(), one.target_health());
    let reason = health.and_then(|health| health.reason());
    let zone = target.and_then(|target| target.availability_zone());
    Target {
        id: text(target.and_then(|target| target.id())),
        port: port(target.and_then(|target| target.port())),
        zone: zone.map(|zone| text(Some(zone))),
        state: state(health),
        reason: reason.map(|reason| text(Some(reason.as_str()))),
        said: health.and_then(|health| health.description()).map(|said| text(Some(said))),
    }
}

fn state(health: Option<&TargetHealth>) -> TargetState {
    match health.and_then(|health| health.state()) {
        Some(TargetHealthStateEnum::Initial) => TargetState::Initial,
        Some(TargetHealthStateEnum::Healthy) => TargetState::Healthy,
        Some(TargetHealthStateEnum::Unhealthy) => TargetState::Unhealthy,
        Some(TargetHealthStateEnum::Unused) => TargetState::Unused,
        Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => {
            TargetState::Draining
        }
        Some(TargetHealthStateEnum::Unavailable) => TargetState::Unavailable,
        None => TargetState::Other("unknown".to_owned()),
        Some(other) => TargetState::Other(text(Some(other.as_str()))),
    }
}

fn port(port: Option<i32>) -> Option<u16> {
    port.and_then(|port| u16::try_from(port).ok())
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        ActionTypeEnum, RedirectActionConfig, RedirectActionStatusCodeEnum,
    };

    use super::*;

    /// Amazon ELB API Reference, `PathPatternConditionConfig`: `RegexValues`.
    #[test]
    fn a_condition_by_an_expression_or_of_an_unknown_shape_is_never_one_that_all_meet() {
        use aws_sdk_elasticloadbalancingv2::types::{
            HttpHeaderConditionConfig, PathPatternConditionConfig,
        };

        let path = PathPatternConditionConfig::builder().regex_values("^/v[0-9]+/");
        let rule = RuleCondition::builder().field("path-pattern");
        let regex = rule.clone().path_pattern_config(path.build()).build();
        assert_eq!(condition(&regex), Condition::Path(vec!["~^/v[0-9]+/".to_owned()]));
        let header = HttpHeaderConditionConfig::builder().http_header_name("User-Agent");
        let header = header.values("curl/*").regex_values("^b.t").build();
        let both = RuleCondition::builder().field("http-header").http_header_config(header).build();
        let list = vec!["curl/*".to_owned(), "~^b.t".to_owned()];
        assert_eq!(condition(&both), Condition::Header("User-Agent".to_owned(), list));
        assert_eq!(condition(&rule.clone().build()), Condition::Other("path-pattern".to_owned()));
        let above = rule.values("/a").build();
        assert_eq!(condition(&above), Condition::Path(vec!["/a".to_owned()]));
    }

    #[test]
    fn a_group_that_is_asked_by_grpc_wants_a_code_of_grpc() {
        use aws_sdk_elasticloadbalancingv2::types::Matcher;

        let wanted = |matcher: Matcher| {
            group(&TargetGroup::builder().matcher(matcher).build()).check_matcher
        };
        assert_eq!(wanted(Matcher::builder().grpc_code("0").build()).as_deref(), Some("gRPC 0"));
        assert_eq!(wanted(Matcher::builder().http_code("200").build()).as_deref(), Some("200"));
    }

    #[test]
    fn a_redirect_is_told_with_its_port_and_query_and_what_stays_as_it_was() {
        let of = |config: aws_sdk_elasticloadbalancingv2::types::builders::RedirectActionConfigBuilder| {
            let config = config.status_code(RedirectActionStatusCodeEnum::Http302).build();
            let one = ElbAction::builder().r#type(ActionTypeEnum::Redirect);
            match action(&one.redirect_config(config).build()) {
                Action::Redirect(_, to) => to,
                other => format!("{other:?}"),
            }
        };
        let plain = RedirectActionConfig::builder;
        let host = plain().host("x.example");
        assert_eq!(of(host.clone()), "#{protocol}://x.example:#{port}/#{path}");
        let whole = host.protocol("HTTPS").port("443").path("/a").query("q=1");
        assert_eq!(of(whole), "https://x.example:443/a?q=1");
        assert_eq!(of(plain().query("#{query}")), "#{protocol}://#{host}:#{port}/#{path}");
    }
}
