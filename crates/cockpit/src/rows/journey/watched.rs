//! The way through what is only watched at AWS.

use pilothouse_core::aws::seen::{Ec2Instance, Ec2State, EcsService};
use pilothouse_core::aws::{Part, Watched};
use pilothouse_core::time::Timestamp;

use super::super::Cell;
use super::super::watched::instance_mark;
use super::super::watched::targets::healthy;
use super::{Leg, rank};
use crate::model::{Model, trouble_of_all};
use crate::theme::Mark;

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
    // One whose checks fail runs, and is no more there than one that does not.
    let running = |one: &&Ec2Instance| {
        one.state == Ec2State::Running && instance_mark(watched, one, now) != Mark::Error
    };
    let tasks = |count: fn(&EcsService) -> u32| -> usize {
        watched.services.iter().map(|one| usize::try_from(count(one)).unwrap_or(0)).sum()
    };
    let have = watched.instances.iter().filter(running).count() + tasks(EcsService::well);
    let want = watched.instances.len() + tasks(|one| one.desired);
    let of = [Part::Instances, Part::Services];
    legs.push(counted(have, want, age_of(watched, &of, now), ("instances", "inst", "i")));
    let counts = watched.groups.iter().map(healthy);
    let (well, all) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if watched.parts.contains_key(&Part::Health) {
        let known = age_of(watched, &[Part::Health], now);
        legs.push(counted(well, all, known, ("targets", "tgt", "t")));
    }
    legs
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
    let parts = parts.iter().filter(|part| watched.parts.contains_key(part));
    let since: Vec<_> = parts.map(|part| watched.stale_since(*part, now)).collect();
    match since.iter().flatten().min() {
        _ if since.is_empty() => Known::Never,
        None => Known::Now,
        Some(Timestamp(0)) => Known::Never,
        Some(_) => Known::Once,
    }
}

fn counted(have: usize, want: usize, known: Known, names: (&str, &str, &str)) -> Leg {
    if known == Known::Never {
        return Leg::new(Mark::Unknown, format!("{} unknown", names.0), format!("? {}", names.1));
    }
    let stale = known == Known::Once;
    let count = format!("{have}/{want}");
    let mark = match have {
        _ if stale => Mark::Stale,
        0 if want == 0 => Mark::None,
        0 => Mark::Error,
        _ if have < want => Mark::Warn,
        _ => Mark::Ok,
    };
    let was = if stale { "was " } else { "" };
    let (long, short, tiny) = names;
    Leg::new(mark, format!("{was}{count} {long}"), format!("{was}{count} {short}"))
        .letter(short)
        .tiny(format!("{count}{tiny}"))
}
