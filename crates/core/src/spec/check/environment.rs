//! What is wrong with environments.

use super::{Found, NAME, each, rules, variables};
use crate::aws::{Access, AwsWatch, Belongings, ServiceName};
use crate::container::{Docker, Limits};
use crate::id::is_name;
use crate::spec::allowed::watch::shape;
use crate::spec::allowed::{self, Owner, container, watch};
use crate::spec::{EnvironmentSpec, Runtime, SecretSource, Strategy};
use crate::text::{printable, quoted};

pub(super) fn check(environments: &[EnvironmentSpec], found: &mut Found) {
    let places = each("environments", environments);
    let names = places.iter().map(|(place, spec)| (format!("{place}.name"), spec.name.as_str()));
    found.twice(names.collect::<Vec<_>>().into_iter(), "give each environment a name of its own");
    for (index, (place, spec)) in places.iter().enumerate().take(allowed::ENVIRONMENTS) {
        one(place, spec, found);
        branches(place, spec, environments.get(..index).unwrap_or_default(), found);
    }
}

fn one(place: &str, spec: &EnvironmentSpec, found: &mut Found) {
    let at = |field: &str| format!("{place}.{field}");
    let name = spec.name.as_str();
    if !is_name(name) {
        let message = format!("{} cannot name an environment", quoted(name));
        found.say(&at("name"), &message, NAME);
    } else if spec.preview && name.len() > allowed::PREVIEW_NAME {
        let message = "the name is too long for previews, whose names end in their branch's";
        let help = format!("use at most {} characters", allowed::PREVIEW_NAME);
        found.say(&at("name"), message, &help);
    }
    let most = allowed::DOLLARS * 1_000_000;
    let budget = spec.budget_micro_usd_per_hour.unwrap_or(0);
    found.within(&at("budget_micro_usd_per_hour"), budget, &(0..=most), "");
    found.within(&at("keep_releases"), spec.keep_releases, &allowed::KEEP, "");
    strategy(&at("strategy"), &spec.strategy, found);
    variables(&at("env"), &spec.env, Owner::Instance, found);
    secrets(&at("secrets"), spec, found);
    if let Some(domain) = &spec.domain
        && let Some(wrong) = allowed::domain(
            domain,
            spec.preview,
            "write shop.localhost, in a preview {branch}.shop.localhost",
        )
    {
        found.add(&at("domain"), wrong);
    }
    rules::check(&at("rules"), spec, found);
    match &spec.runtime {
        Runtime::Local => {}
        Runtime::Docker(own) => docker(&at("runtime.docker"), own, found),
        Runtime::AwsWatch(own) => {
            watched(place, spec, found);
            belongs(&at("runtime.aws_watch"), own, found);
        }
    }
    if spec.runtime.watch().is_none() {
        found.within(&at("instances"), spec.instances, &allowed::INSTANCES, "");
    }
}

/// What is only watched has nothing that a deployment needs.
fn watched(place: &str, spec: &EnvironmentSpec, found: &mut Found) {
    for (field, is_there) in [
        ("branches", !spec.branches.is_empty()),
        ("preview", spec.preview),
        ("domain", spec.domain.is_some()),
        ("instances", spec.instances != 0),
        ("rules", !spec.rules.is_empty()),
        ("env", !spec.env.is_empty()),
        ("secrets", !spec.secrets.is_empty()),
    ] {
        if is_there {
            let message = "it is of deployments, and this environment is only watched";
            found.say(&format!("{place}.{field}"), message, "leave it empty");
        }
    }
}

fn branches(place: &str, spec: &EnvironmentSpec, before: &[EnvironmentSpec], found: &mut Found) {
    let place = format!("{place}.branches");
    if spec.preview && spec.branches.is_empty() {
        let message = "a preview belongs to a branch, and none is named";
        found.say(&place, message, allowed::BRANCH_HELP);
    }
    found.most(&place, spec.branches.len(), allowed::BRANCHES);
    let places = each(&place, &spec.branches);
    for (place, branch) in places.iter().take(allowed::BRANCHES) {
        if let Some(wrong) = allowed::branch(branch) {
            found.add(place, wrong);
        }
        let takes = |taken: &&String| *taken == *branch || allowed::covers(taken, branch);
        for other in before.iter().take(allowed::ENVIRONMENTS) {
            let taken = other.branches.iter().take(allowed::BRANCHES).find(takes);
            if let Some(taken) = taken {
                let (name, taken) = (printable(other.name.as_str(), 60), quoted(taken));
                let message = format!("{taken} feeds {name} already");
                found.say(place, &message, "let each branch feed one environment");
            }
        }
    }
    let own = places.into_iter().map(|(place, branch)| (place, branch.as_str()));
    found.twice(own, "name each branch once");
}

fn strategy(place: &str, spec: &Strategy, found: &mut Found) {
    let Strategy { min_healthy_percent, max_percent, drain, bake, auto_rollback: _ } = spec;
    let at = |field: &str| format!("{place}.{field}");
    found.within(&at("min_healthy_percent"), *min_healthy_percent, &allowed::MIN_HEALTHY, "");
    found.within(&at("max_percent"), *max_percent, &allowed::MAX, "");
    for (field, length, range) in [("drain", drain, allowed::DRAIN), ("bake", bake, allowed::BAKE)]
    {
        found.within(&at(field), length.0, &(range.start().0..=range.end().0), " ms");
    }
}

fn secrets(place: &str, spec: &EnvironmentSpec, found: &mut Found) {
    if spec.preview && !spec.secrets.is_empty() {
        let message = "previews get no secrets: anybody who can push a branch could read them";
        found.say(place, message, "leave them out");
    }
    found.most(place, spec.secrets.len(), allowed::SECRETS);
    for (name, source) in spec.secrets.iter().take(allowed::SECRETS) {
        let place = format!("{place}.{}", printable(name, 60));
        if let Some(wrong) = allowed::variable(name, Owner::Instance) {
            found.add(&place, wrong);
        }
        if spec.env.contains_key(name) {
            found.say(&place, "it is in env and in secrets", "keep it in secrets alone");
        }
        match source {
            SecretSource::File(path) => {
                let odd = allowed::line(path).map(|why| format!("the path {why}"));
                if let Some(message) = odd.or_else(|| allowed::secret_path(path)) {
                    found.say(&place, &message, "give the whole path, beginning with /");
                }
            }
            SecretSource::Command(argv) => {
                let help = "give a program and its arguments";
                let count = argv.len();
                if !(1..=allowed::ARGUMENTS).contains(&count) {
                    found.say(&place, &format!("there are {count} words"), help);
                }
                let wrong =
                    argv.iter().enumerate().find_map(|(at, one)| allowed::argument(at, one));
                if let Some(message) = wrong {
                    found.say(&place, message, help);
                }
            }
        }
    }
}

fn docker(place: &str, spec: &Docker, found: &mut Found) {
    let Docker { reach: _, volumes, network: own, limits: Limits { memory, milli_cpus } } = spec;
    let at = |field: &str| format!("{place}.{field}");
    found.most(&at("volumes"), volumes.len(), container::MOST);
    for (place, volume) in each(&at("volumes"), volumes) {
        path(&format!("{place}.source"), &volume.source, found);
        path(&format!("{place}.target"), &volume.target, found);
    }
    if let Some(own) = own {
        network(&at("network"), own, found);
        if let Some(wrong) = container::own_network(own) {
            found.add(&at("network"), wrong);
        }
    }
    if let Some(memory) = memory {
        found.within(&at("limits.memory"), *memory, &container::MEMORY, " bytes");
    }
    if let Some(milli) = milli_cpus {
        found.within(&at("limits.milli_cpus"), *milli, &container::MILLI_CPUS, "");
    }
}

pub(super) fn path(place: &str, path: &str, found: &mut Found) {
    if let Some(message) = container::path(path) {
        found.say(place, &message, "give an absolute path without .., : and commas");
    }
}

pub(super) fn network(place: &str, name: &str, found: &mut Found) {
    if let Some(wrong) = container::network(name, "give the name of a network, as backend") {
        found.add(place, wrong);
    }
}

fn belongs(place: &str, spec: &AwsWatch, found: &mut Found) {
    let AwsWatch { access, belongings } = spec;
    let Access { account, region, profile, role } = access;
    let mut note = |field: &str, wrong: Option<String>, help: &str| {
        if let Some(message) = wrong {
            found.say(&format!("{place}.{field}"), &message, help);
        }
    };
    note("access.account", watch::account(account), "give the account's twelve digits");
    note("access.region", watch::region(region), "give a region, as us-east-1");
    for (field, text) in [("access.profile", profile), ("access.role", role)] {
        let odd = text.as_deref().and_then(allowed::line);
        note(field, odd.map(|why| format!("it {why}")), "give one line of text");
    }
    let help = "give an ARN, as arn:aws:iam::123456789012:role/pilothouse-watch";
    note("access.role", role.as_deref().and_then(watch::role), help);
    let Belongings { tags, instances, load_balancers, target_groups, services, buckets } =
        belongings;
    note(
        "belongings",
        belongings.is_empty().then(|| "nothing belongs to it".to_owned()),
        "name a load balancer, tags, target groups, services, instances or buckets",
    );
    for service in services {
        let is_one = ServiceName::parse(&service.to_string()).as_ref() == Some(service);
        let wrong = || format!("{} is no ECS service", quoted(&service.to_string()));
        note("belongings.services", (!is_one).then(wrong), "give a cluster and a service");
    }
    for (shape, names) in [
        (shape::INSTANCE, instances),
        (shape::BALANCER, load_balancers),
        (shape::GROUP, target_groups),
        (shape::bucket(Some(region)), buckets),
    ] {
        for name in names {
            note(&format!("belongings.{}", shape.key), watch::shaped(&shape, name), shape.help);
        }
    }
    for (key, value) in tags {
        note("belongings.tags", watch::tag(key, value), "give a tag that a thing at AWS can have");
    }
    for (field, count) in [
        ("belongings.services", services.len()),
        ("belongings.instances", instances.len()),
        ("belongings.load_balancers", load_balancers.len()),
        ("belongings.target_groups", target_groups.len()),
        ("belongings.buckets", buckets.len()),
    ] {
        found.most(&format!("{place}.{field}"), count, watch::MOST);
    }
    found.most(&format!("{place}.belongings.tags"), tags.len(), shape::TAGS);
}
