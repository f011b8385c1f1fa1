//! `pilothouse shell INSTANCE`: a shell in an instance, with this terminal.
//!
//! The engine is asked first, on the operators' socket: it says no to whom it does not know and
//! writes down who asked. The shell itself is opened by this process, with what its user may do.

mod contained;
mod raw;

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command as Process, ExitCode};

use color_eyre::Result;
use pilothouse_api::inspection::{Inspection, ProcessFacts};
use pilothouse_core::command::Command;
use pilothouse_core::instance::Instance;
use pilothouse_core::state::State;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{ask, name, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Shell {
    /// Its name, as `pilothouse instances` shows it; the cockpit's short one where it is only one's
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// Say what went wrong until somebody has read it: the cockpit covers it otherwise
    #[arg(long, hide = true)]
    from_cockpit: bool,
}

/// Opens it, and ends as it ends.
pub fn run(place: &Place, shell: &Shell) -> Result<ExitCode> {
    let opened = open(place, shell);
    if let (Err(error), true) = (&opened, shell.from_cockpit) {
        out::error(&format!("{error:#}"));
        out::question("Enter goes back to the cockpit ");
        // Whoever cannot answer goes back at once.
        let _ = std::io::stdin().read_line(&mut String::new());
    }
    opened
}

fn open(place: &Place, shell: &Shell) -> Result<ExitCode> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let why =
            "a shell needs a terminal for its input and output; `pilothouse inspect` needs none";
        return Err(failed(Failure::Usage, why));
    }
    let (id, found, state) = ask::run(async {
        let client = ask::operator(place);
        let state = ask::patiently(&client, client.state()).await?.state;
        let id = name::instance(&state, &shell.instance)?;
        client.submit(Command::OpenShell { id: id.clone() }).await?;
        let found = client.inspect(&id).await?;
        Ok((id, found, state))
    })?;
    match found {
        Inspection::Container(facts) => {
            out::line(&format!("{id}: a shell in its container; `exit` leaves it"));
            contained::run(&facts.id)
        }
        Inspection::Process(facts) => {
            let instance = state.instances.get(&id).ok_or_else(|| {
                failed(Failure::Refused, format!("{id} is gone: there is no shell to open"))
            })?;
            out::line(&format!("{id}: a shell in its directory; `exit` leaves it"));
            Err(own(&state, instance, &facts))
        }
    }
}

/// Becomes a shell in the instance's directory, with its variables but for secrets. Returns only
/// where that fails.
fn own(state: &State, instance: &Instance, facts: &ProcessFacts) -> color_eyre::Report {
    let program = std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
    let mut shell = Process::new(&program);
    shell.current_dir(&facts.dir).envs(variables(state, instance));
    let error = shell.exec();
    let program = program.to_string_lossy().into_owned();
    failed(Failure::Failed, format!("cannot run {program} in {}: {error}", facts.dir))
}

/// The variables that an instance has and that are no secrets.
fn variables(state: &State, instance: &Instance) -> Vec<(String, String)> {
    let environment = state.environments.get(&instance.environment);
    let release = environment.and_then(|one| one.releases.get(&instance.release));
    let mut env = std::collections::BTreeMap::new();
    if let Some(release) = release {
        env.extend(release.service.env.clone());
        env.extend(release.env.clone());
    }
    if let Some(address) = instance.address() {
        env.insert("PORT".to_owned(), address.port().to_string());
    }
    env.insert("PILOTHOUSE_RELEASE".to_owned(), instance.release.to_string());
    env.insert("PILOTHOUSE_ENVIRONMENT".to_owned(), instance.environment.name.to_string());
    env.insert("PILOTHOUSE_INSTANCE".to_owned(), instance.id.to_string());
    env.into_iter().collect()
}
