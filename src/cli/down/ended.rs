//! What has stopped with an engine that was to end everything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use color_eyre::Result;
use pilothouse_core::state::State;
use pilothouse_engine::kernel::look;
use pilothouse_engine::left::{self, Displaced, LivingEdge};
use pilothouse_engine::places::Places;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out;

/// How long the last supervisors of an engine that has ended may take to end as well.
const WITHIN: Duration = Duration::from_secs(2);
/// Time between two looks.
const STEP: Duration = Duration::from_millis(20);

/// Tells what has stopped with an engine that was asked to end everything and has ended: it may have
/// been killed meanwhile, and is not believed that the load balancer has. The locks of what runs
/// tell, where the state directory is known and may be read, and the journal whose they are. `before`
/// is what the engine knew when it was asked.
pub(super) fn ended(place: &Place, before: &State) -> Result<&'static str> {
    let unknown = "the engine has ended, and whatever of runs, instances and the load balancer has \
                   not is told in its log";
    if place.socket.is_some() || place.is_installed() {
        return Ok(unknown);
    }
    let places = Places::new(place.state_dir());
    let read = look(&places.journal(), left::table_epoch(&places)).ok().flatten();
    let strangers = left::strangers(&places, read.as_ref().map_or(before, |(state, _)| state));
    let is_known = |unit: &PathBuf| strangers.iter().all(|stranger| stranger.unit != *unit);
    let until = Instant::now() + WITHIN;
    let mut living = living(&places);
    while living.iter().any(is_known) && Instant::now() < until {
        std::thread::park_timeout(STEP);
        living = self::living(&places);
    }
    for stranger in strangers.iter().filter(|one| living.contains(&one.unit)) {
        let ends = stranger
            .supervisor
            .map_or_else(String::new, |pid| format!("; `kill {pid}; kill -CONT {pid}` ends it"));
        out::error(&format!("{stranger}{ends}"));
    }
    let displaced = left::displaced(&places);
    if !displaced.is_empty() {
        return Err(failed(Failure::Failed, still_runs(&displaced)));
    }
    let known: Vec<&PathBuf> = living.iter().filter(|unit| is_known(unit)).collect();
    match (known.as_slice(), left::edge(&places)) {
        ([], Ok(None)) if !living.is_empty() => {
            let why = "all that the journal knows has stopped, and what is named above runs on";
            Err(failed(Failure::Failed, why))
        }
        ([], Ok(None)) => {
            Ok("the engine, all runs and instances and the load balancer have stopped")
        }
        ([], Ok(Some(edge))) => Err(failed(Failure::Failed, without_edge(&edge))),
        ([], Err(_)) => Ok(unknown),
        ([first, others @ ..], edge) => {
            let more = match others.len() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            let edge = edge.is_ok_and(|edge| edge.is_some());
            let edge = if edge { ", and so does the load balancer" } else { "" };
            let why = format!(
                "the engine ended before everything had stopped: what runs for {}{more} lives{edge}; \
                 `pilothouse down --all` stops what is left",
                out::path(first)
            );
            Err(failed(Failure::Failed, why))
        }
    }
}

/// That processes run which are of no engine, and what ends them.
pub(super) fn still_runs(all: &[Displaced]) -> String {
    format!(
        "the state directory was removed, moved away or put back while {} of its processes ran, which run on. \
         Put it back in its place, where it was moved away, or end them, with what they serve: `{}`",
        all.len(),
        left::end_displaced(all)
    )
}

/// The units that live.
fn living(places: &Places) -> Vec<PathBuf> {
    left::units(places).filter(|unit| left::lives(unit)).collect()
}

fn without_edge(edge: &LivingEdge) -> String {
    format!(
        "the engine, all runs and instances have stopped, and {edge} (or `pilothouse down --all`, \
         once more)"
    )
}
