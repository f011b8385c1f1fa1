//! How a deployment moves.

use pilothouse_core::spec::{Strategy, allowed};

use crate::ProblemKind;
use crate::found::Found;
use crate::section::Section;

/// Reads `min_healthy`, `max`, `drain`, `bake` and `auto_rollback`.
pub(super) fn read(section: &Section<'_>, instances: u32, found: &mut Found<'_>) -> Strategy {
    let usual = Strategy::default();
    let min =
        section.get("min_healthy").and_then(|field| field.percent(found, allowed::MIN_HEALTHY));
    let max = section.get("max").and_then(|field| field.percent(found, allowed::MAX));
    let drain = section.get("drain").and_then(|field| field.duration(found, allowed::DRAIN, "30s"));
    let bake = section.get("bake").and_then(|field| field.duration(found, allowed::BAKE, "2m"));
    let auto_rollback = section.get("auto_rollback").and_then(|field| field.flag(found));
    let strategy = Strategy {
        min_healthy_percent: min.unwrap_or(usual.min_healthy_percent),
        max_percent: max.unwrap_or(usual.max_percent),
        drain: drain.unwrap_or(usual.drain),
        bake: bake.unwrap_or(usual.bake),
        auto_rollback: auto_rollback.unwrap_or(usual.auto_rollback),
    };
    check_room(section, instances, strategy.max_percent, found);
    strategy
}

/// A new instance starts before an old one stops, so the maximum must leave room for one more.
fn check_room(section: &Section<'_>, instances: u32, max: u32, found: &mut Found<'_>) {
    let most = u64::from(instances) * u64::from(max) / 100;
    let Some(field) = section.get("max").filter(|_| most <= u64::from(instances)) else {
        return;
    };
    let needed = (u64::from(instances) * 100 + 100).div_ceil(u64::from(instances));
    let message = format!(
        "max = {max} leaves no room: {max}% of {instances} is {most}, and a deployment starts a \
         new instance before it stops an old one"
    );
    let help = format!("write max = {needed} or more, or raise instances");
    found.add(ProblemKind::Conflict, field.at, &message, &help);
}
