//! The cockpit in a terminal: the only code that touches one.
//!
//! The view is pure and lives in a crate of its own; here are the loop around it, the terminal's
//! modes, and what must be put right when it ends. The engine does not notice any of it.

mod clipboard;
mod colour;
mod encode;
mod files;
mod look;
mod parse;
mod price;
mod run;
mod screen;
mod seen;
mod signals;
mod tasks;
mod tty;

use std::process::ExitCode;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_api::client::Client;
use pilothouse_cockpit::model::Guide;
use pilothouse_cockpit::{Link, Model};

use crate::clock::wall;
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out;

pub(crate) use look::Look;
use run::{Begin, Cockpit, Ended};
use seen::Seen;
use tty::Tty;

/// Attaches to an engine until the person leaves, and gives the exit code. A guide tells a person
/// who is shown around what to do next.
pub(crate) fn attach(
    place: &Place,
    client: Client,
    look: &Look,
    read_only: bool,
    guide: Option<Guide>,
) -> Result<ExitCode> {
    let usage = |error: tty::TtyError| failed(Failure::Usage, error.to_string());
    tty::check_term(std::env::var("TERM").ok().as_deref()).map_err(usage)?;
    let (theme, keymap, problems) = look.read()?;
    let tty = Tty::open().map_err(usage)?;
    let mut model = Model::new(keymap, wall());
    model.problems = problems;
    model.price = price::price;
    model.guide = guide;
    model.offset_minutes = offset_minutes();
    let seen_file = seen::file(place);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("cannot start the cockpit")?;
    tty.guard_panics();
    let given_back = GiveBack(tty.clone());
    tty.take(look.has_mouse())?;
    let begin = Begin {
        model,
        theme,
        client,
        tty: tty.clone(),
        mouse: look.has_mouse(),
        read_only,
        place,
        away: seen::read(&seen_file),
    };
    let (ended, cockpit) = runtime.block_on(async {
        let mut cockpit = Cockpit::new(begin);
        let ended = cockpit.run().await;
        (ended, cockpit)
    });
    let ended = ended.wrap_err("the cockpit's loop failed")?;
    if ended != Ended::Gone && cockpit.awaits_answer() {
        tty.swallow_answer();
    }
    drop(given_back);
    remember(&cockpit.model, &seen_file);
    let is_shown_around = cockpit.model.guide.is_some();
    Ok(leave(ended, (!is_shown_around).then(|| goes_on(&cockpit.model))))
}

/// Fails where there is no terminal to attach to.
pub(crate) fn check() -> Result<()> {
    tty::check_streams().map_err(|error| failed(Failure::Usage, error.to_string()))
}

/// Gives the terminal back, however this ends.
struct GiveBack(Tty);

impl Drop for GiveBack {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

fn remember(model: &Model, file: &std::path::Path) {
    if model.has_state() {
        // By the engine's clock, as all that happens.
        seen::write(file, Seen { seq: model.replica.seq, at: model.known_at() });
    }
}

/// Says what goes on, where that is to be said, and gives the exit code.
fn leave(ended: Ended, last_words: Option<String>) -> ExitCode {
    let signal = match ended {
        Ended::Quit => None,
        Ended::Signal(number) => Some(number),
        // The terminal's end is a hang-up, whether its signal came or not.
        Ended::Gone => return ExitCode::from(129),
    };
    if let Some(words) = last_words {
        out::line(&words);
    }
    let code = signal.map(|number| u8::try_from(128 + number).unwrap_or(u8::MAX));
    code.map_or(ExitCode::SUCCESS, ExitCode::from)
}

/// One line about what happens now without a person looking.
fn goes_on(model: &Model) -> String {
    let back = "come back with `pilothouse`";
    match &model.link {
        Link::Live => {
            let work = [
                count(model.replica.executing().count(), "run"),
                count(model.replica.live_deployments.len(), "deployment"),
            ];
            let work: Vec<String> = work.into_iter().flatten().collect();
            if work.is_empty() {
                format!("the engine goes on; {back}")
            } else {
                format!("the engine goes on: {} under way; {back}", work.join(" and "))
            }
        }
        Link::Lost { .. } | Link::Connecting => {
            "the engine did not answer when you left; `pilothouse` starts it where it has stopped"
                .to_owned()
        }
        Link::Refused { why } => why.clone(),
    }
}

fn count(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    }
}

/// How far this place's time of day is from UTC's, in minutes.
fn offset_minutes() -> i32 {
    jiff::Zoned::now().offset().seconds() / 60
}
