//! The routing table that the state asks for.
//!
//! Derived from the state alone, so that what the edge should serve is never a thing of its own
//! that could be forgotten. Publishing it and reading it back is an effect.

mod left_out;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::deployment::EnvironmentKey;
use crate::event::Event;
use crate::id::{InstanceId, ReleaseNumber};
use crate::instance::{Instance, InstancePhase, Role};
use crate::pipeline::Health;
use crate::routing::{
    Action, Condition, HealthCheck, Listener, Role as TargetRole, Rule, StatusRange, Table, Target,
    TargetGroup,
};
use crate::spec::RuleActionSpec;
use crate::state::{Edge, Environment, State};

pub use left_out::left_out;
use left_out::{Standing, standings};

/// Builds the table that the state asks for, without version and epoch. What an edge would refuse is
/// left out, because it would refuse all the others with it: [`left_out()`] tells.
pub fn wanted(state: &State) -> Table {
    let mut groups = BTreeMap::new();
    for instance in state.instances.values() {
        add_target(state, instance, &mut groups);
    }
    let serving: BTreeSet<&EnvironmentKey> = state
        .instances
        .values()
        .filter(|instance| instance.role == Role::Active)
        .map(|instance| &instance.environment)
        .collect();
    let table = Table {
        listeners: listeners(state, &serving, &standings(state)),
        target_groups: groups.into_values().collect(),
        ..Table::default()
    };
    table.seal(0, 0)
}

/// Failures in a row after which a table that the edge does not take is told: one passes by itself.
const TOLD_AFTER: u32 = 2;

/// Why the edge does not serve the table that the state asks for, where it answers and does not
/// take it: what waits for that table goes no further.
pub fn refused(edge: &Edge) -> Option<&str> {
    let is_behind = edge.connected && edge.active.as_ref() != Some(&edge.wanted);
    edge.error.as_deref().filter(|_| is_behind && edge.failures >= TOLD_AFTER)
}

/// Failures in a row after which what somebody takes away no longer waits for the edge: more than
/// three seconds of its saying no.
const ENDS_AFTER: u32 = 4;

/// Questions in a row without an answer after which what is halted no longer waits for the edge.
/// Two make the engine start another one, which would have answered before these are over.
const LOST_AFTER: u32 = 6;

/// Whether everything is to end and the edge answers no question: its process is ended at last.
pub(crate) fn is_lost(state: &State) -> bool {
    state.halting && !state.edge.connected && state.edge.failures >= LOST_AFTER
}

/// Whether an environment that somebody takes away ends without a table that no longer has it. It
/// is to be gone, and an edge that does not take its table, or is lost, may never do so. Requests
/// that still come for it are answered 502: its proof ends with it.
pub(crate) fn ends_without(state: &State, key: &EnvironmentKey) -> bool {
    let removing = || state.environments.get(key).is_some_and(|one| one.removing);
    let is_refused = state.edge.failures >= ENDS_AFTER && refused(&state.edge).is_some();
    is_lost(state) || (is_refused && (state.halting || removing()))
}

/// The name of an environment's target group.
pub fn group_of(key: &EnvironmentKey) -> String {
    key.to_string()
}

/// What the table calls a release: `shop/production/r41`.
pub fn release_of(key: &EnvironmentKey, release: ReleaseNumber) -> String {
    format!("{key}/{release}")
}

/// Tells whether an event can change the table, so that the digest is not computed for others.
pub fn may_change(event: &Event) -> bool {
    use crate::event::{EngineEvent, EnvironmentEvent, ProjectEvent};
    match event {
        Event::Engine(EngineEvent::Started { .. }) => true,
        Event::Engine(
            EngineEvent::RecordsLost { .. }
            | EngineEvent::HaltAsked { .. }
            | EngineEvent::Forgot { .. },
        ) => false,
        Event::Project(event) => {
            matches!(event, ProjectEvent::Applied { .. } | ProjectEvent::Removed { .. })
        }
        Event::Environment(event) => {
            matches!(event, EnvironmentEvent::Specified { .. } | EnvironmentEvent::Removed { .. })
        }
        // What is answered where nothing serves depends on whether a release is current.
        Event::Instance(_) | Event::Deployment(_) => true,
        Event::Run(_) | Event::Edge(_) | Event::Containers(_) => false,
    }
}

/// What the table says of an instance; nothing where it is no target.
pub(crate) fn target_of(state: &State, id: &InstanceId) -> Option<Target> {
    target(state.instances.get(id)?)
}

fn target(instance: &Instance) -> Option<Target> {
    let InstancePhase::Running { address, proof, proved, over: false, .. } = &instance.phase else {
        return None;
    };
    let role = match instance.role {
        Role::None => return None,
        // What is drained goes on being checked, so that a rollback finds it healthy.
        Role::Standby | Role::Drained => TargetRole::Standby,
        // One that was started again is checked and gets nothing until its socket is known to be its
        // own: anybody may have taken the address meanwhile.
        Role::Active if !proved => TargetRole::Standby,
        Role::Active => TargetRole::Active,
        Role::Draining => TargetRole::Draining,
    };
    Some(Target {
        id: instance.id.to_string(),
        address: *address,
        release: release_of(&instance.environment, instance.release),
        role,
        proof: proof.clone(),
        ill: instance.ill,
        health: None,
    })
}

fn add_target<'a>(
    state: &State,
    instance: &'a Instance,
    groups: &mut BTreeMap<&'a EnvironmentKey, TargetGroup>,
) {
    let target = target(instance);
    // Its rules ask for the group, whoever is in it.
    if target.is_none() && instance.role != Role::Active {
        return;
    }
    let Some(release) = state
        .environments
        .get(&instance.environment)
        .and_then(|environment| environment.releases.get(&instance.release))
    else {
        return;
    };
    let group = groups.entry(&instance.environment).or_insert_with(|| {
        let id = group_of(&instance.environment);
        // Every target carries its own release's check: two releases can have different paths.
        TargetGroup {
            environment: id.clone(),
            id,
            health: HealthCheck::default(),
            targets: Vec::new(),
        }
    });
    let health = Some(check(&release.service.health));
    group.targets.extend(target.map(|target| Target { health, ..target }));
}

fn check(health: &Health) -> HealthCheck {
    HealthCheck {
        path: health.path.clone(),
        interval: health.interval.duration(),
        timeout: health.timeout.duration(),
        healthy_threshold: health.healthy_threshold,
        unhealthy_threshold: health.unhealthy_threshold,
        matcher: vec![StatusRange { from: health.matcher.0, to: health.matcher.1 }],
    }
}

/// One listener per address, so that projects can share an address and its rules stay in order.
fn listeners(
    state: &State,
    serving: &BTreeSet<&EnvironmentKey>,
    standings: &BTreeMap<&EnvironmentKey, Standing>,
) -> Vec<Listener> {
    let addresses: BTreeSet<SocketAddr> = state
        .projects
        .values()
        .flat_map(|project| project.spec.load_balancer.listen.iter().copied())
        .collect();
    addresses
        .into_iter()
        .map(|address| Listener {
            id: address.to_string(),
            addresses: vec![address],
            rules: rules(state, address, serving, standings),
            default: Action::fixed(404, "no rule matched this host and path\n"),
            trusted_proxies: trusted(state, address),
        })
        .collect()
}

fn trusted(state: &State, address: SocketAddr) -> Vec<crate::routing::Cidr> {
    let mut blocks: Vec<_> = state
        .projects
        .values()
        .filter(|project| project.spec.load_balancer.listen.contains(&address))
        .flat_map(|project| project.spec.load_balancer.trusted_proxies.iter().copied())
        .collect();
    blocks.sort();
    blocks.dedup();
    blocks
}

fn rules(
    state: &State,
    address: SocketAddr,
    serving: &BTreeSet<&EnvironmentKey>,
    standings: &BTreeMap<&EnvironmentKey, Standing>,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (key, environment) in &state.environments {
        let listens = state
            .projects
            .get(&key.project)
            .is_some_and(|project| project.spec.load_balancer.listen.contains(&address));
        let Some(domain) = environment.spec.domain.as_deref().filter(|_| listens) else {
            continue;
        };
        match standings.get(key) {
            None => {
                let serves = serving.contains(key);
                rules.extend(environment_rules(serves, key, environment, domain));
            }
            Some(Standing::Closed { .. }) => rules.push(Rule {
                priority: 0,
                conditions: vec![host(domain)],
                action: Action::fixed(503, format!("the rules of {key} cannot be followed\n")),
            }),
            Some(Standing::Absent { .. }) => {}
        }
    }
    for (rule, priority) in rules.iter_mut().zip(1..) {
        rule.priority = priority;
    }
    rules
}

fn environment_rules(
    serves: bool,
    key: &EnvironmentKey,
    environment: &Environment,
    domain: &str,
) -> Vec<Rule> {
    let host = host(domain);
    let forward = match environment.current {
        _ if serves => Action::forward(group_of(key)),
        // Its instances are starting, or will.
        Some(_) => Action::fixed(503, format!("no healthy instance of {key}\n")),
        None => Action::fixed(503, format!("no release of {key} serves\n")),
    };
    let mut own: Vec<_> = environment.spec.rules.iter().collect();
    own.sort_by_key(|rule| rule.priority);
    let mut rules: Vec<Rule> = own
        .into_iter()
        .map(|rule| Rule {
            priority: 0,
            conditions: [&host].into_iter().chain(&rule.conditions).cloned().collect(),
            action: match &rule.action {
                RuleActionSpec::Forward => forward.clone(),
                RuleActionSpec::Answer(action) => action.clone(),
            },
        })
        .collect();
    rules.push(Rule { priority: 0, conditions: vec![host], action: forward });
    rules
}

fn host(domain: &str) -> Condition {
    Condition::Host { patterns: vec![domain.to_owned()] }
}
