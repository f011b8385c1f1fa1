//! What is seen at AWS of environments that are only watched, and the rows that it makes.

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_core::aws::seen::{Group, TargetState};
use pilothouse_core::aws::{Part, Trouble, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::State;
use pilothouse_core::time::Millis;

use super::{Model, Pane, RowKey};

/// What is seen at AWS, by environment.
pub type Sightings = BTreeMap<EnvironmentKey, Watched>;

/// A row of something at AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedRef {
    /// The environment that it belongs to.
    pub key: EnvironmentKey,
    /// What it is.
    pub what: Thing,
}

/// What a row of something at AWS is, by its place in what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The account itself.
    Account,
    /// Who looks at it.
    By,
    /// A part that cannot be read.
    Unread(Part),
    /// Something that the operator's file names and that is not there.
    Absent(usize),
    /// Instances that no target group has.
    Unregistered,
    /// An EC2 instance.
    Instance(usize),
    /// An ECS service.
    Service(usize),
    /// A task of a service.
    Task(usize, usize),
    /// A load balancer.
    Balancer(usize),
    /// A rule of a listener of a load balancer.
    Rule(usize, usize, usize),
    /// A target group.
    Group(usize),
    /// A target of a target group.
    Target(usize, usize),
}

impl Model {
    /// Takes in what is seen.
    pub fn see(&mut self, sighting: Sighting) {
        match sighting {
            Sighting::Whole(watched) => {
                self.watched.insert(watched.environment.clone(), *watched);
            }
            Sighting::Age(age) => {
                if let Some(watched) = self.watched.get_mut(&age.environment) {
                    watched.follow(age);
                }
            }
        }
        forget_gone(&mut self.watched, &self.replica);
        self.index.shown.is_moved = true;
    }

    /// What is seen of an environment, as long as it is one that is watched.
    pub fn watched_at(&self, row: &WatchedRef) -> Option<&Watched> {
        self.watched.get(&row.key)
    }

    /// Whether rows of several environments that are watched stand together.
    pub fn watched_together(&self) -> bool {
        self.scope().is_none() && self.watched.len() > 1
    }

    /// The rows of a pane, before any filter.
    pub fn watched_rows(&self, pane: Pane) -> Vec<WatchedRef> {
        let scope = self.scope();
        let shown = self.watched.iter().filter(|(key, _)| scope.is_none_or(|one| one == *key));
        shown
            .flat_map(|(key, watched)| {
                let things = match pane {
                    Pane::Containers => containers(watched),
                    Pane::Targets => targets(watched),
                    Pane::Branches | Pane::Jobs | Pane::Cost => Vec::new(),
                };
                things.into_iter().map(|what| WatchedRef { key: key.clone(), what })
            })
            .collect()
    }

    /// What a row is known by, as long as it is there.
    pub fn watched_name(&self, row: &WatchedRef) -> Option<String> {
        Some(format!("{} {}", row.key, name(self.watched_at(row)?, row.what)?))
    }

    /// The row that is known by a name.
    pub fn watched_named(&self, name: &str) -> Option<WatchedRef> {
        let panes = [Pane::Containers, Pane::Targets];
        let mut rows = panes.into_iter().flat_map(|pane| self.watched_rows(pane));
        rows.find(|row| self.watched_name(row).as_deref() == Some(name))
    }

    /// The name of the selected row, where it is of something at AWS.
    pub fn watched_selected(&self) -> Option<String> {
        let pane = self.ui.focus;
        match self.row_key(pane, self.cursor_row(pane)) {
            Some(RowKey::Watched(_, name)) if self.ui.views.is_empty() => Some(name),
            _ => None,
        }
    }

    /// How long until something that is seen grows stale because nobody tells of it any more.
    pub fn watched_silence(&self) -> Option<Millis> {
        let left = |watched: &Watched| {
            let parts = watched.parts.iter().filter(|(part, _)| !part.is_slow());
            let left = parts.filter_map(|(part, fresh)| {
                let silent = self.now.since(fresh.at?);
                Some(watched.silence_of(*part).0.saturating_sub(silent.0) + 1)
            });
            left.filter(|left| *left > 1).min()
        };
        self.watched.values().filter_map(left).min().map(Millis)
    }
}

/// Whether a part's trouble is told in the pane of targets.
pub fn is_of_targets(part: Part) -> bool {
    match part {
        Part::Balancers
        | Part::Rules
        | Part::Groups
        | Part::Tags
        | Part::Health
        | Part::Registrations
        | Part::Metrics => true,
        Part::Identity
        | Part::Instances
        | Part::Checks
        | Part::Volumes
        | Part::Addresses
        | Part::Gateways
        | Part::ServiceTags
        | Part::Services
        | Part::Meters => false,
    }
}

/// Forgets what is seen of environments that are watched no more.
pub fn forget_gone(watched: &mut Sightings, state: &State) {
    watched.retain(|key, _| {
        let known = state.environments.get(key);
        known.is_some_and(|known| known.spec.runtime.watch().is_some())
    });
}

/// Trouble that every part has: it is told once, and not part by part. That we know who we are
/// heals none of it, nor does what is measured, which tells of nothing that there is; where nothing
/// was ever read, it need not be the same.
pub fn trouble_of_all(watched: &Watched) -> Option<Trouble> {
    if watched.stopped.is_some() {
        return watched.stopped.clone();
    }
    let tells = |part: &Part| *part != Part::Identity && !part.is_paid();
    let parts = watched.parts.iter().filter(|(part, _)| tells(part));
    let mut troubles = parts.map(|(_, fresh)| fresh.trouble.as_ref());
    let first = troubles.next()??;
    let was_seen = watched.seen_at().is_some();
    let is_like = |other: &Trouble| other.kind == first.kind || !was_seen;
    let is_of_all = troubles.all(|other| other.is_some_and(is_like));
    is_of_all.then(|| watched.trouble().unwrap_or_else(|| first.clone()))
}

fn unread(watched: &Watched, of_targets: bool) -> impl Iterator<Item = Thing> {
    let of_all = trouble_of_all(watched).is_some();
    let parts = watched.own_parts().filter(move |(part, fresh)| {
        !of_all && fresh.trouble.is_some() && is_of_targets(*part) == of_targets
    });
    parts.map(|(part, _)| Thing::Unread(part))
}

fn containers(watched: &Watched) -> Vec<Thing> {
    let mut things = vec![Thing::Account, Thing::By];
    things.extend((0..watched.absent.len()).map(Thing::Absent));
    things.extend(unread(watched, false));
    things.extend((0..watched.instances.len()).map(Thing::Instance));
    for (place, service) in watched.services.iter().enumerate() {
        things.push(Thing::Service(place));
        things.extend((0..service.tasks.len()).map(|task| Thing::Task(place, task)));
    }
    things
}

fn targets(watched: &Watched) -> Vec<Thing> {
    let mut things: Vec<Thing> = unread(watched, true).collect();
    // As of targets: the worst group first, and otherwise by name.
    let mut groups: Vec<(usize, &Group)> = watched.groups.iter().enumerate().collect();
    groups.sort_by_cached_key(|(_, group)| {
        let states = group.targets.iter().map(|one| rank(&one.state));
        let hole = watched.is_hole(group).then_some(0);
        states.chain(hole).min().unwrap_or(u8::MAX)
    });
    for (place, group) in groups {
        things.push(Thing::Group(place));
        let mut targets: Vec<usize> = (0..group.targets.len()).collect();
        // Those that need a person's eye come first, and stay in AWS's order otherwise.
        targets.sort_by_key(|target| group.targets.get(*target).map(|one| rank(&one.state)));
        things.extend(targets.into_iter().map(|target| Thing::Target(place, target)));
    }
    for (place, balancer) in watched.balancers.iter().enumerate() {
        things.push(Thing::Balancer(place));
        for (listener, rules) in balancer.listeners.iter().enumerate() {
            let rules = 0..rules.rules.len();
            things.extend(rules.map(|rule| Thing::Rule(place, listener, rule)));
        }
    }
    // It may be meant so, as of workers.
    things.extend(watched.unregistered.as_ref().map(|_| Thing::Unregistered));
    things
}

fn rank(state: &TargetState) -> u8 {
    match state {
        TargetState::Unhealthy => 0,
        TargetState::Unavailable | TargetState::Other(_) => 1,
        TargetState::Initial => 2,
        TargetState::Draining => 3,
        TargetState::Unused => 4,
        TargetState::Healthy => 5,
    }
}

fn name(watched: &Watched, what: Thing) -> Option<String> {
    Some(match what {
        Thing::Account => watched.access.account.clone(),
        Thing::By => "by".to_owned(),
        Thing::Unregistered => "unregistered".to_owned(),
        Thing::Unread(part) => part.name().to_owned(),
        Thing::Absent(place) => watched.absent.get(place)?.clone(),
        Thing::Instance(place) => watched.instances.get(place)?.id.clone(),
        Thing::Service(place) => {
            let service = watched.services.get(place)?;
            format!("{}/{}", service.cluster, service.name)
        }
        Thing::Task(place, task) => watched.services.get(place)?.tasks.get(task)?.id.clone(),
        Thing::Balancer(place) => watched.balancers.get(place)?.arn.clone(),
        Thing::Rule(place, listener, rule) => {
            let listener = watched.balancers.get(place)?.listeners.get(listener)?;
            let priority = listener.rules.get(rule)?.priority;
            format!("{} {priority:?}", listener.arn)
        }
        Thing::Group(place) => watched.groups.get(place)?.arn.clone(),
        Thing::Target(place, target) => {
            let group = watched.groups.get(place)?;
            let target = group.targets.get(target)?;
            format!("{} {}:{:?}", group.arn, target.id, target.port)
        }
    })
}
