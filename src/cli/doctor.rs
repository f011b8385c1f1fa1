//! `pilothouse doctor`: what is wrong or will be, and what mends it.

mod aws;
pub mod docker;
mod engine;
mod files;
mod records;
mod system;

use color_eyre::Result;
use pilothouse_core::text::printable;
use pilothouse_engine::places::Places;
use serde::Serialize;

use crate::ask;
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out::{self, Tone};

/// How it is shown.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at. A list of these is `doctor --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// How it stands.
    level: Level,
    /// What was looked at.
    what: &'static str,
    /// What was found.
    found: String,
    /// What mends it; null where there is nothing to mend.
    mend: Option<String>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and there is something to know.
    Warn,
    /// It does not work.
    Fail,
}

impl Check {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, found: found.into(), mend: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, found: found.into(), mend: Some(mend.into()) }
    }

    fn fail(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Fail, what, found: found.into(), mend: Some(mend.into()) }
    }

    /// Whether it tells of processes beside which no engine starts.
    fn is_displaced(&self) -> bool {
        self.what == records::PROCESS && self.level == Level::Fail
    }
}

/// Looks at everything; fails where something does not work.
pub fn run(place: &Place, doctor: &Doctor) -> Result<()> {
    let mut checks = system::checks(place);
    checks.extend(records::checks(place));
    let specs = files::checks(place, &mut checks)?;
    let edge = ask::run(engine::checks(place, &mut checks))?;
    files::ports(&specs, &edge, &mut checks);
    ask::run(async {
        docker::checks(&specs, &mut checks).await;
        if let Some(state) = records::known(place) {
            checks.extend(docker::images(&Places::new(place.state_dir()), &state).await);
        }
        if checks.iter().any(|one| one.what == "engine" && one.level != Level::Fail) {
            checks.extend(aws::checks(place).await);
        }
        Ok(())
    })?;
    if doctor.json {
        out::json(&checks)?;
    } else {
        checks.iter().for_each(show);
    }
    let failing = checks.iter().filter(|check| check.level == Level::Fail).count();
    match failing {
        0 => Ok(()),
        1 => Err(failed(Failure::Failed, "1 thing does not work")),
        many => Err(failed(Failure::Failed, format!("{many} things do not work"))),
    }
}

/// The longest sentence that is shown, in characters.
const LINE: usize = 1000;

fn show(check: &Check) {
    let (tone, word) = match check.level {
        Level::Ok => (Tone::Good, "ok  "),
        Level::Warn => (Tone::Warn, "warn"),
        Level::Fail => (Tone::Bad, "fail"),
    };
    let word = out::paint(tone, word);
    out::line(&format!("{word}  {:<12}  {}", check.what, printable(&check.found, LINE)));
    if let Some(mend) = &check.mend {
        out::line(&format!("{:20}→ {}", "", printable(mend, LINE)));
    }
}
