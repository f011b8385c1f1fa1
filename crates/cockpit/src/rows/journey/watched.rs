//! The way through what is only watched at AWS.

use pilothouse_core::aws::seen::{Balancer, Ec2Instance, Ec2State, EcsService, Gap};
use pilothouse_core::aws::{Belongings, Part, Watched};
use pilothouse_core::time::Timestamp;

use super::super::Cell;
use super::super::watched::instance_mark_once;
use super::super::watched::targets::{balancer_mark, healthy};
use super::{Leg, rank};
use crate::model::{Model, trouble_of_all};
use crate::theme::Mark;
use crate::width;

/// What is to be known of it first, in few words: why it is not seen, what of it is worst where not
/// all is as it should be, or what answers.
pub fn state(model: &Model, watched: &Watched) -> Cell {
    let legs = legs(model, watched);
    let (whose, rest) = legs.split_first().map_or((None, &[][..]), |(one, rest)| (Some(one), rest));
    if let Some(whose) = whose.filter(|leg| !leg.is_fine()) {
        return Cell::state(whose.mark.unwrap_or(Mark::Unknown), whose.short.clone());
    }
    let ill = rest.iter().filter(|leg| !leg.is_fine());
    let worst = ill.max_by_key(|leg| leg.mark.map(rank));
    let told = worst.or_else(|| rest.iter().rev().find(|leg| leg.mark == Some(Mark::Ok)));
    let told = told.or(rest.last());
    told.map_or_else(
        || Cell::state(Mark::None, "seen"),
        |leg| {
            // The sign says already that it is not known.
            let short = leg.short.trim_start_matches("? ");
            Cell::state(leg.mark.unwrap_or(Mark::None), leg.long.clone()).or(short.to_owned())
        },
    )
}

/// Whose it is, what runs, and what answers.
pub(super) fn legs(model: &Model, watched: &Watched) -> Vec<Leg> {
    let now = model.known_at();
    let trouble = trouble_of_all(watched);
    let place = format!("{} {}", watched.access.account, watched.access.region);
    let whose = match (trouble, watched.identity.is_some()) {
        (Some(trouble), _) => {
            Leg::new(Mark::Error, format!("{place} {}", trouble.kind.name()), trouble.kind.name())
        }
        (None, false) => Leg::new(Mark::Running, format!("{place} asking"), "asking"),
        (None, true) => Leg::new(Mark::Ok, place, watched.access.account.clone()),
    };
    let mut legs = vec![whose.letter("aws")];
    let hosts = hosts(model, watched, now);
    let targets = targets_of(model, watched, now);
    let is_well = targets.as_ref().map_or(hosts.have, |targets| targets.have) > 0;
    legs.extend(missing(model, watched, is_well, now));
    // Before anything was read nobody knows that it has none.
    let has_hosts = !watched.beside.contains(&Part::Instances) || watched.is_own(Part::Services);
    legs.extend(has_hosts.then(|| hosts.leg(("instances", "inst", "i"))));
    legs.extend(targets.map(|targets| targets.leg(("targets", "tgt", "t"))));
    legs
}

/// What runs: hosts and tasks that are known to be well, of those that there should be. One that
/// ended for ever or is about to is wanted no more.
fn hosts(model: &Model, watched: &Watched, now: Timestamp) -> Count {
    let is_wanted =
        |one: &&Ec2Instance| !matches!(one.state, Ec2State::ShuttingDown | Ec2State::Terminated);
    let hosts = watched.instances.iter().filter(is_wanted);
    let are = |mark| hosts.clone().filter(|one| instance_mark_once(one) == mark).count();
    let tasks = |count: fn(&EcsService) -> u32| -> usize {
        watched.services.iter().map(|one| usize::try_from(count(one)).unwrap_or(0)).sum()
    };
    let untold = tasks(|one| one.untold().unwrap_or(0));
    let mut parts = vec![Part::Instances, Part::Services];
    // Only what runs is checked, and checks that were never read say nothing of when.
    let runs = hosts.clone().any(|one| one.state == Ec2State::Running);
    let once =
        |part: &Part| runs && watched.parts.get(part).is_some_and(|fresh| fresh.at.is_some());
    parts.extend([Part::Checks].into_iter().filter(once));
    let want = hosts.clone().count() + tasks(|one| one.desired);
    if want == 0 {
        // That there is nothing is known by those who bring something alone.
        parts.extend(BRING);
    }
    let is_by_tags = named(model, watched).is_some_and(|named| !named.tags.is_empty());
    if is_by_tags {
        // What nobody read the tags of may be one more.
        parts.extend(TAGS.into_iter().filter(|part| is_never(watched, *part)));
    }
    Count {
        have: are(Mark::Ok) + tasks(EcsService::well).saturating_sub(untold),
        unknown: are(Mark::Unknown) + untold,
        want,
        known: age_of(watched, &parts, now),
    }
}

/// Parts by which it is found out what there is.
const BRING: [Part; 5] =
    [Part::Balancers, Part::Groups, Part::Tags, Part::ServiceTags, Part::Health];

/// Parts by which it is found out what has the tags that are named.
const TAGS: [Part; 2] = [Part::Tags, Part::ServiceTags];

/// What the operator's file names of an environment.
fn named<'a>(model: &'a Model, watched: &Watched) -> Option<&'a Belongings> {
    let watch = model.environment(&watched.environment)?.spec.runtime.watch()?;
    Some(&watch.belongings)
}

/// Whether a part that something of an environment may be in was never read.
fn is_never(watched: &Watched, part: Part) -> bool {
    watched.is_own(part) && watched.parts.get(&part).is_some_and(|fresh| fresh.at.is_none())
}

/// What answers, where there may be something that does.
fn targets_of(model: &Model, watched: &Watched, now: Timestamp) -> Option<Count> {
    let never = |part| is_never(watched, part);
    let is_unknown = named(model, watched).is_some_and(|named| {
        let tagged = !named.tags.is_empty();
        let behind = !named.load_balancers.is_empty() || tagged;
        let hosted = !named.instances.is_empty();
        let grouped = behind
            || hosted
            || !named.target_groups.is_empty()
            || watched.services.iter().any(|one| !one.groups.is_empty());
        // A host that is named is found to be a target by what is said of targets alone: of those
        // that groups have which may have it, and of their health.
        behind && never(Part::Balancers)
            || grouped && never(Part::Groups)
            || tagged && TAGS.into_iter().any(never)
            || hosted && [Part::Registrations, Part::Health].into_iter().any(never)
    });
    if is_unknown {
        return Some(Count { have: 0, want: 0, unknown: 0, known: Known::Never });
    }
    let has_some = !watched.groups.is_empty() || !never(Part::Health);
    (watched.is_own(Part::Health) && has_some).then(|| targets(watched, now))
}

fn targets(watched: &Watched, now: Timestamp) -> Count {
    let counts = watched.groups.iter().map(healthy);
    let (have, want) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Count { have, want, unknown: 0, known: age_of(watched, &[Part::Health], now) }
}

/// What should be there and is not: it is worst where nothing else is well, or a load balancer
/// answers nobody.
fn missing(model: &Model, watched: &Watched, is_well: bool, now: Timestamp) -> Option<Leg> {
    let all = watched.missing(now);
    let first = all.iter().find(|one| one.since.is_none()).or(all.first())?;
    let answers_none = |one: &Balancer| {
        balancer_mark(one) == Mark::Error || one.gap.as_ref().is_some_and(Gap::is_all)
    };
    let is_down = watched.balancers.iter().any(answers_none) || lacks_balancer(model, watched);
    let (mark, was) = match first.since {
        Some(_) => (Mark::Stale, "was "),
        None if is_down || !is_well => (Mark::Error, ""),
        None => (Mark::Warn, ""),
    };
    let more = match all.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let long = match first.since {
        Some(_) => format!("was: {}{more}", first.what),
        None => format!("{}{more}", first.what),
    };
    let short = format!("{was}{} missing", all.len());
    Some(Leg::new(mark, width::clean(&long), short).letter("gone").tiny("gone"))
}

/// Whether a load balancer is not there that the operator's file names.
fn lacks_balancer(model: &Model, watched: &Watched) -> bool {
    let named = named(model, watched).map_or(&[][..], |named| &named.load_balancers);
    let is_there = |name: &String| watched.balancers.iter().any(|one| one.name == *name);
    // Before they were read none is known to be absent.
    !watched.absent.is_empty()
        && watched.parts.get(&Part::Balancers).is_some_and(|fresh| fresh.at.is_some())
        && !named.iter().all(is_there)
}

/// Whether a count is known: as it is, as it was, or not at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Now,
    Once,
    Never,
}

/// How well parts are known, of those that are watched.
fn age_of(watched: &Watched, parts: &[Part], now: Timestamp) -> Known {
    let parts = parts.iter().filter(|part| watched.is_own(**part));
    let since: Vec<_> = parts.map(|part| watched.stale_since(*part, now)).collect();
    match since.iter().flatten().min() {
        _ if since.is_empty() => Known::Never,
        None => Known::Now,
        Some(Timestamp(0)) => Known::Never,
        Some(_) => Known::Once,
    }
}

/// How many are well, of so many.
struct Count {
    have: usize,
    /// Of how many it is not known.
    unknown: usize,
    want: usize,
    known: Known,
}

impl Count {
    fn leg(&self, (long, short, tiny): (&str, &str, &str)) -> Leg {
        let Self { have, unknown, want, known } = *self;
        if known == Known::Never || (unknown > 0 && unknown == want) {
            return Leg::new(Mark::Unknown, format!("{long} unknown"), format!("? {short}"));
        }
        let stale = known == Known::Once;
        let count = format!("{have}/{want}");
        let mark = match have {
            0 if want == 0 => Mark::None,
            _ if stale => Mark::Stale,
            _ if unknown > 0 => Mark::Unknown,
            0 => Mark::Error,
            _ if have < want => Mark::Warn,
            _ => Mark::Ok,
        };
        let was = if stale { "was " } else { "" };
        let beside = if unknown > 0 { format!(", {unknown} unknown") } else { String::new() };
        Leg::new(mark, format!("{was}{count} {long}{beside}"), format!("{was}{count} {short}"))
            .letter(short)
            .tiny(format!("{count}{tiny}"))
    }
}
