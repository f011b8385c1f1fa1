//! The way through what is only watched at AWS.

use pilothouse_core::aws::seen::{Balancer, Ec2Instance, Ec2State, EcsService, Gap};
use pilothouse_core::aws::{Belongings, Missing, Part, Watched};
use pilothouse_core::time::Timestamp;

use super::super::Cell;
use super::super::watched::instance_mark_once;
use super::super::watched::targets::{balancer_mark, healthy, unchecked};
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
    // Of what is as bad what answers goes before what runs, and before both what was missing: nobody
    // knows that it is back.
    let was_gone = |leg: &Leg| leg.letter == GONE && leg.mark == Some(Mark::Stale);
    // What is missing or ill is not hidden by some of which nobody knows.
    let worst = ill.max_by_key(|leg| (!leg.is_doubt, leg.mark.map(rank), was_gone(leg)));
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

/// What stands at the sign of what is missing.
const GONE: &str = "gone";

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
    let untold = tasks(untold);
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
    let named = named(model, watched);
    if named.is_some_and(|named| !named.tags.is_empty()) {
        // What nobody read the tags of may be one more.
        parts.extend(TAGS.into_iter().filter(|part| is_never(watched, *part)));
    }
    Count {
        have: are(Mark::Ok) + tasks(well),
        unknown: are(Mark::Unknown) + untold,
        want,
        is_part: named.is_some_and(|named| lacks_hosts(watched, named)),
        known: age_of(watched, &parts, now),
    }
}

/// Of how many of the tasks that there should be of a service it is not known how they are.
fn untold(one: &EcsService) -> u32 {
    one.untold().unwrap_or(0).min(one.desired.saturating_sub(well(one)))
}

/// How many of the tasks that there should be of a service are known to be well. What it has beyond
/// these, as while one release takes the place of another, stands for no other's.
fn well(one: &EcsService) -> u32 {
    one.well().saturating_sub(one.untold().unwrap_or(0)).min(one.desired)
}

/// Whether there may be more hosts, behind what was never read.
fn lacks_hosts(watched: &Watched, named: &Belongings) -> bool {
    let behind = !named.load_balancers.is_empty() || !named.tags.is_empty();
    let grouped = behind || !named.target_groups.is_empty() || has_groups(watched);
    let mut of_hosts = watched.groups.iter().filter(|one| one.target_kind == "instance");
    let mut lacking = watched.groups.iter();
    lacking.any(|one| one.lacks_hosts)
        || behind && is_never(watched, Part::Balancers)
        || grouped && is_never(watched, Part::Groups)
        || of_hosts.any(|one| !watched.knows_targets(one))
}

/// Whether a service says that it is registered in target groups.
fn has_groups(watched: &Watched) -> bool {
    watched.services.iter().any(|one| !one.groups.is_empty())
}

/// Whether a service is registered in a group that is not told: one that it moved to may be there,
/// as long as groups cannot be read.
fn may_lack_group(watched: &Watched, now: Timestamp) -> bool {
    let is_told = |arn: &String| watched.groups.iter().any(|one| one.arn == *arn);
    let mut registered = watched.services.iter().flat_map(|one| &one.groups);
    !are_now(watched, &[Part::Groups], now) && !registered.all(is_told)
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

/// The parts by which it is found out which targets there are, as far as its operator's file names
/// what they tell of.
fn bring_targets(model: &Model, watched: &Watched) -> Vec<Part> {
    let Some(named) = named(model, watched) else { return Vec::new() };
    let tagged = !named.tags.is_empty();
    let behind = !named.load_balancers.is_empty() || tagged;
    let hosted = !named.instances.is_empty();
    let grouped = behind || hosted || !named.target_groups.is_empty() || has_groups(watched);
    let served = !named.services.is_empty() || tagged;
    // A host that is named is found to be a target by where it is, and by what is said of targets
    // alone: of those that groups have which may have it, and of their health.
    let all = [
        (behind, Part::Balancers),
        (grouped, Part::Groups),
        (tagged, Part::Tags),
        (tagged, Part::ServiceTags),
        (served, Part::Services),
        (hosted, Part::Instances),
        (hosted, Part::Registrations),
        (hosted, Part::Health),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, part)| part).collect()
}

/// What answers, where there may be something that does.
fn targets_of(model: &Model, watched: &Watched, now: Timestamp) -> Option<Count> {
    let never = |part| is_never(watched, part);
    let bring = bring_targets(model, watched);
    let may_have_others = watched.groups.is_empty() && may_lack_group(watched, now);
    if may_have_others || bring.iter().any(|part| never(*part)) {
        return Some(Count { known: Known::Never, ..Count::default() });
    }
    let has_some = !watched.groups.is_empty() || !never(Part::Health);
    (watched.is_own(Part::Health) && has_some).then(|| targets(watched, bring, now))
}

fn targets(watched: &Watched, mut bring: Vec<Part>, now: Timestamp) -> Count {
    let counts = watched.groups.iter().map(healthy);
    let (have, want) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let unknown = watched.groups.iter().map(unchecked).sum();
    bring.push(Part::Health);
    // That some are ill is so whichever more there may be; that all are well is not.
    let parts = if have + unknown < want { &[Part::Health][..] } else { &bring };
    let is_untold = watched.groups.iter().any(|one| !watched.knows_targets(one));
    let is_part = is_untold || may_lack_group(watched, now);
    Count { have, want, unknown, is_part, known: age_of(watched, parts, now) }
}

/// What should be there and is not: it is worst where nothing else is well, or a load balancer
/// answers nobody. What is so now goes before what was, and neither counts for the other.
fn missing(model: &Model, watched: &Watched, is_well: bool, now: Timestamp) -> Option<Leg> {
    let (old, new): (Vec<_>, Vec<_>) =
        watched.missing(now).into_iter().partition(|one| one.since.is_some());
    let first = new.first().or(old.first())?;
    let more = |was: &str, count: usize| match count {
        0 => String::new(),
        count => format!(" and {was}{count} more"),
    };
    let (mark, long, short) = if new.is_empty() {
        let more = more("", old.len() - 1);
        (
            Mark::Stale,
            format!("was: {}{more}", first.what),
            format!("was {}", Missing::briefly(&old)),
        )
    } else {
        let is_down = answers_none(watched, now) || lacks_balancer(model, watched, now);
        let mark = if is_down || !is_well { Mark::Error } else { Mark::Warn };
        let more = more("", new.len() - 1) + &more("was ", old.len());
        (mark, format!("{}{more}", first.what), Missing::briefly(&new))
    };
    Some(Leg::new(mark, width::clean(&long), short).letter(GONE).tiny(GONE))
}

/// Whether these parts tell what is so now.
fn are_now(watched: &Watched, parts: &[Part], now: Timestamp) -> bool {
    parts.iter().all(|part| watched.stale_since(*part, now).is_none())
}

/// Whether a load balancer is known to answer nobody now.
fn answers_none(watched: &Watched, now: Timestamp) -> bool {
    let is_read = are_now(watched, &[Part::Balancers], now);
    let are_rules = are_now(watched, &[Part::Rules, Part::Groups], now);
    let answers_none = |one: &Balancer| {
        balancer_mark(one) == Mark::Error || are_rules && one.gap.as_ref().is_some_and(Gap::is_all)
    };
    is_read && watched.balancers.iter().any(answers_none)
}

/// Whether a load balancer is not there now that the operator's file names.
fn lacks_balancer(model: &Model, watched: &Watched, now: Timestamp) -> bool {
    let named = named(model, watched).map_or(&[][..], |named| &named.load_balancers);
    let is_there = |name: &String| watched.balancers.iter().any(|one| one.name == *name);
    !watched.absent.is_empty()
        && are_now(watched, &[Part::Balancers], now)
        && !named.iter().all(is_there)
}

/// Whether a count is known: as it is, as it was, or not at all.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Known {
    #[default]
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
#[derive(Default)]
struct Count {
    have: usize,
    /// Of how many it is not known.
    unknown: usize,
    want: usize,
    /// Whether there may be more of which nothing was ever read.
    is_part: bool,
    known: Known,
}

impl Count {
    fn leg(&self, (long, short, tiny): (&str, &str, &str)) -> Leg {
        let Self { have, unknown, want, is_part, known } = *self;
        // Of nothing in part nobody knows whether it is nothing.
        let is_none = unknown == want && (unknown > 0 || is_part);
        if known == Known::Never || is_none {
            let is_doubt = known != Known::Never && !is_part;
            let leg = Leg::new(Mark::Unknown, format!("{long} unknown"), format!("? {short}"));
            return Leg { is_doubt, ..leg };
        }
        let stale = known == Known::Once;
        let count = format!("{have}/{want}");
        let mark = match have {
            0 if want == 0 => Mark::None,
            _ if stale => Mark::Stale,
            _ if unknown > 0 && have + unknown >= want => Mark::Unknown,
            0 if unknown == 0 => Mark::Error,
            _ if have < want => Mark::Warn,
            _ if is_part => Mark::Unknown,
            _ => Mark::Ok,
        };
        let is_doubt = mark == Mark::Unknown;
        let was = if stale { "was " } else { "" };
        let beside = match unknown {
            0 if is_part => ", in part".to_owned(),
            0 => String::new(),
            unknown => format!(", {unknown} unknown"),
        };
        let leg =
            Leg::new(mark, format!("{was}{count} {long}{beside}"), format!("{was}{count} {short}"))
                .letter(short)
                .tiny(format!("{count}{tiny}"));
        Leg { is_doubt, ..leg }
    }
}
