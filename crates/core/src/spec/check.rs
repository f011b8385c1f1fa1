//! What is wrong with a whole specification.
//!
//! The reader of the operator's file refuses all of this too, and says where it stands in the file;
//! a specification can come by the API from somebody who never had a file. It never looks at the
//! state, which [`decide`](crate::decide) does.

mod environment;
mod rules;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::allowed::{self, Owner, Wrong};
use super::{LoadBalancerSpec, ProjectSpec};
use crate::id::is_name;
use crate::text::{printable, quoted};

/// The most problems that are gathered of one specification.
const MOST: usize = 20;
/// What a name is made of.
const NAME: &str = "use 1 to 40 of a-z, 0-9 and -, beginning with a letter";

/// One thing that is wrong with a specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `environments[0].domain`.
    pub place: String,
    /// What is wrong with it.
    pub message: String,
    /// What is allowed.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.message, self.help)
    }
}

impl ProjectSpec {
    /// Finds what is wrong; an empty list means that it may become active.
    pub fn check(&self) -> Vec<Problem> {
        let Self {
            name,
            repository,
            poll,
            trusted: _,
            environments,
            load_balancer,
            step_env,
            keep_runs,
            grants,
        } = self;
        let mut found = Found::default();
        if !is_name(name.as_str()) {
            let message = format!("{} cannot name a project", quoted(name.as_str()));
            found.add("name", (message, NAME.to_owned()));
        }
        if let Some(message) = allowed::line(repository) {
            found.say("repository", message, allowed::REPOSITORY);
        } else if let Some(wrong) = allowed::repository(repository) {
            found.add("repository", wrong);
        }
        found.within("poll", poll.0, &(allowed::POLL.start().0..=allowed::POLL.end().0), " ms");
        found.within("keep_runs", *keep_runs, &allowed::KEEP_RUNS, "");
        variables("step_env", step_env, Owner::Step, &mut found);
        found.most("grants.volumes_below", grants.volumes_below.len(), allowed::container::MOST);
        for (place, path) in each("grants.volumes_below", &grants.volumes_below) {
            environment::path(&place, path, &mut found);
        }
        found.most("grants.networks", grants.networks.len(), allowed::container::MOST);
        for (place, name) in each("grants.networks", &grants.networks) {
            environment::network(&place, name, &mut found);
        }
        check_listen(load_balancer, &mut found);
        found.most("environments", environments.len(), allowed::ENVIRONMENTS);
        environment::check(environments, &mut found);
        found.0
    }
}

fn check_listen(spec: &LoadBalancerSpec, found: &mut Found) {
    let LoadBalancerSpec { listen, trusted_proxies } = spec;
    let place = "load_balancer.listen";
    if listen.is_empty() {
        found.say(place, "there is no address", "give 1 to 50, as 127.0.0.1:8080");
    }
    found.most(place, listen.len(), allowed::ADDRESSES);
    for (index, address) in listen.iter().enumerate().take(allowed::ADDRESSES) {
        if let Some(wrong) = allowed::address(*address) {
            found.add(&format!("{place}[{index}]"), wrong);
            continue;
        }
        let before = listen.iter().take(index);
        if let Some(other) = before.into_iter().find(|one| allowed::overlap(**one, *address)) {
            let message = format!("{address} cannot be listened on beside {other}");
            let help = "keep one of the two; an unspecified address takes its port everywhere";
            found.say(&format!("{place}[{index}]"), &message, help);
        }
    }
    found.most("load_balancer.trusted_proxies", trusted_proxies.len(), allowed::ADDRESSES);
}

fn variables(place: &str, variables: &BTreeMap<String, String>, owner: Owner, found: &mut Found) {
    found.most(place, variables.len(), allowed::VARIABLES);
    for (name, value) in variables.iter().take(allowed::VARIABLES) {
        let place = format!("{place}.{}", printable(name, 60));
        if let Some(wrong) = allowed::variable(name, owner) {
            found.add(&place, wrong);
        }
        if let Some(message) = allowed::value(value) {
            found.say(&place, message, "give at most 64 KiB of text");
        }
    }
}

/// The items of a list with their places, as many as any list has.
fn each<'a, T>(place: &str, items: &'a [T]) -> Vec<(String, &'a T)> {
    let items = items.iter().take(allowed::VARIABLES).enumerate();
    items.map(|(index, item)| (format!("{place}[{index}]"), item)).collect()
}

/// The problems found so far.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, place: &str, (message, help): Wrong) {
        if self.0.len() < MOST {
            self.0.push(Problem { place: place.to_owned(), message, help });
        }
    }

    fn say(&mut self, place: &str, message: &str, help: &str) {
        self.add(place, (message.to_owned(), help.to_owned()));
    }

    /// Notes a number that is out of its range.
    fn within<N: PartialOrd + fmt::Display + Copy>(
        &mut self,
        place: &str,
        number: N,
        range: &std::ops::RangeInclusive<N>,
        unit: &str,
    ) {
        if !range.contains(&number) {
            let help = format!("give {} to {}{unit}", range.start(), range.end());
            self.say(place, &format!("{number}{unit} is out of range"), &help);
        }
    }

    /// Notes a list that is too long.
    fn most(&mut self, place: &str, count: usize, most: usize) {
        if count > most {
            self.say(place, &format!("there are {count}"), &format!("give at most {most}"));
        }
    }

    /// Notes what comes twice.
    fn twice<T: Eq + std::hash::Hash + fmt::Display>(
        &mut self,
        items: impl Iterator<Item = (String, T)>,
        help: &str,
    ) {
        let mut seen = HashSet::new();
        for (place, item) in items {
            let message = format!("{} comes twice", quoted(&item.to_string()));
            if !seen.insert(item) {
                self.say(&place, &message, help);
            }
        }
    }
}
