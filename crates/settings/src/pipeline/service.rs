//! How one instance is run and stopped.

use std::collections::BTreeMap;

use pilothouse_core::pipeline::{Health, Run, Service, Stop};
use pilothouse_core::time::Millis;

use super::elsewhere::operators;
use super::health;
use crate::ProblemKind;
use crate::container::image;
use crate::found::Found;
use crate::section::Field;
use crate::suggest::listed;
use crate::value::duration::HOUR;
use crate::value::quoted;
use pilothouse_core::spec::allowed::Owner;

const KEYS: [&str; 6] = ["run", "image", "port", "env", "health", "stop"];
const STOP_KEYS: [&str; 2] = ["signal", "grace"];
/// Signals that ask a process to end and that it can act on.
const SIGNALS: [&str; 6] = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2"];

/// Reads `[service]`.
///
/// Where the artifact is an image, the image says what runs unless `run` does.
pub(super) fn read(field: &Field<'_>, is_image: bool, found: &mut Found<'_>) -> Option<Service> {
    let section = field.section("[service]", &KEYS, found)?;
    section.refuse_unknown(found, |key| operators(key, &KEYS));
    let run = if let Some(field) = section.get("run") {
        field.program(found)
    } else if is_image {
        Some(Run::Image)
    } else {
        let help = "write run = \"exec ./server\"; it must listen on 127.0.0.1:$PORT";
        section.miss(found, "run", help);
        None
    };
    let image = section.get("image").and_then(|field| {
        if is_image {
            let message = "the artifact is an image already, and the service runs in it";
            let help = "leave `image` out here, or let the artifact be files";
            found.add(ProblemKind::Conflict, field.key_at.clone(), message, help);
        }
        image(&field, found)
    });
    let port = section.get("port").and_then(|field| field.count(found, 1..=65_535));
    let port = port.and_then(|port| u16::try_from(port).ok());
    let env = section
        .get("env")
        .map_or_else(BTreeMap::new, |field| field.variables(found, Owner::Instance));
    let health =
        section.get("health").map_or_else(Health::default, |field| health::read(&field, found));
    let stop = section.get("stop").map_or_else(Stop::default, |field| stop(&field, found));
    Some(Service { run: run?, image, port, env, health, stop })
}

fn stop(field: &Field<'_>, found: &mut Found<'_>) -> Stop {
    let mut stop = Stop::default();
    let Some(section) = field.section("[service.stop]", &STOP_KEYS, found) else {
        return stop;
    };
    section.refuse_unknown(found, |key| operators(key, &STOP_KEYS));
    if let Some(field) = section.get("grace") {
        let grace = field.duration(found, Millis(0)..=HOUR, "10s");
        stop.grace = grace.unwrap_or(stop.grace);
    }
    if let Some(field) = section.get("signal") {
        let help = format!("write signal = \"TERM\"; there are {}", listed(&SIGNALS));
        if let Some(text) = field.text(found, &help) {
            let upper = text.to_uppercase();
            let name = upper.strip_prefix("SIG").unwrap_or(&upper);
            if SIGNALS.contains(&name) {
                name.clone_into(&mut stop.signal);
            } else {
                let message = format!("{} is no signal that asks to end", quoted(text));
                field.wrong(found, &message, &help);
            }
        }
    }
    stop
}
