//! `pilothouse remove`: takes a project down and lets it leave the state.

use std::time::Duration;

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::id::ProjectName;
use pilothouse_core::state::State;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::follow::Copy;
use crate::{ask, name, out};

/// Which project is to go.
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// The project
    project: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

/// Shows what would end, asks, and waits until all of it is gone.
pub fn run(place: &Place, remove: &Remove) -> Result<()> {
    ask::run(async {
        let client = ask::operator(place);
        let snapshot = ask::patiently(&client, client.state()).await?;
        ask::may_change(&snapshot)?;
        let (project, found) = name::project(&snapshot.state, &remove.project)?;
        // Whoever was not patient enough the first time waits for what goes on.
        if !found.removing {
            plan(place, &snapshot.state, project);
            ask::confirm(remove.yes, &format!("remove {project}?"))?;
            client.submit(Command::RemoveProject { project: project.clone() }).await?;
        }
        let within = Duration::from_secs(remove.timeout);
        let gone = async {
            let mut copy = Copy::of(&client).await?;
            while copy.state().projects.get(project).is_some_and(|project| project.removing) {
                copy.change().await?;
            }
            Result::<bool>::Ok(!copy.state().projects.contains_key(project))
        };
        let Ok(is_gone) = tokio::time::timeout(within, gone).await else {
            let why = format!(
                "{project} is not gone after {within:?}; its removal goes on, see `pilothouse status`"
            );
            return Err(failed(Failure::Timeout, why));
        };
        if is_gone? {
            out::line(&format!("{project} is removed"));
            return Ok(());
        }
        let why = format!("{project} was added again meanwhile, and stays");
        Err(failed(Failure::Refused, why))
    })
}

fn plan(place: &Place, state: &State, project: &ProjectName) {
    out::line(&format!("this removes {project}: its repository is looked at no more, and"));
    for (key, environment) in state.environments.iter().filter(|(key, _)| key.project == *project) {
        let count = state.instances_of(key).filter(|one| !one.is_gone()).count();
        let domain = environment.spec.domain.as_deref().unwrap_or("no domain");
        out::line(&match count {
            0 => format!("  {key} goes; nothing of it runs"),
            count => format!("  {key} stops: {count} × of {domain}, after they have drained"),
        });
    }
    let own = |id| state.runs.get(id).filter(|run| run.project == *project);
    for run in state.live_runs.iter().filter_map(own) {
        out::line(&format!("  run {} of {} is cancelled", run.id, shown(run.branch.as_str())));
    }
    out::line(
        "  its runs and releases are forgotten; logs go from the disk later, those of instances last",
    );
    let file = place.project_file(project.as_str());
    out::line(&if file.exists() {
        let file = shown(&file.display().to_string());
        format!("{file} stays: the next `pilothouse apply` would bring it back, so delete that too")
    } else {
        "no operator's file of it is there; its repository stays as it is".to_owned()
    });
}

fn shown(text: &str) -> String {
    pilothouse_core::text::printable(text, 300)
}
