//! `pilothouse audit`: who asked for what, and what came of it.

use std::num::NonZero;

use color_eyre::Result;
use pilothouse_core::command::{Command, DeployWhat};

use crate::ask;
use crate::find::Place;
use crate::out::{self, Table, Tone};

/// How much of it.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// Only the newest
    #[arg(long, value_name = "N", default_value = "50")]
    limit: NonZero<u32>,
    /// Print JSON: `at` in milliseconds since the Unix epoch, `actor`, `what`, `refused`
    #[arg(long)]
    json: bool,
}

/// Shows it, oldest first.
pub fn run(place: &Place, audit: &Audit) -> Result<()> {
    let entries = ask::run(async {
        let (client, _) = ask::look(place).await?;
        Ok(client.audit(audit.limit.get()).await?)
    })?;
    if audit.json {
        return out::json(&entries);
    }
    let mut table = Table::new(&["WHEN", "WHO", "ANSWER", "WHAT"]);
    for entry in entries {
        let (tone, answer) = match entry.refused {
            None => (Tone::Good, "accepted".to_owned()),
            Some(_) => (Tone::Warn, "refused".to_owned()),
        };
        table.toned([
            (Tone::Plain, out::rfc3339(entry.at)),
            (Tone::Plain, entry.actor),
            (tone, answer),
            (Tone::Plain, sentence(&entry.what)),
        ]);
        table.notes(entry.refused.as_slice());
    }
    if table.is_empty() {
        out::line("nobody has asked for anything yet");
    } else {
        table.print(0)?;
    }
    Ok(())
}

/// What was asked for, as people say it; as it was written where this program cannot read it.
fn sentence(what: &str) -> String {
    let Ok(command) = serde_json::from_str::<Command>(what) else { return what.to_owned() };
    match command {
        Command::Apply { spec } => format!("apply {}", spec.name),
        Command::Look { project: Some(project), .. } => format!("look at {project}"),
        Command::Look { project: None, .. } => "look at all repositories".to_owned(),
        Command::StartRun { project, branch } => format!("run {branch} of {project}"),
        Command::CancelRun { id } => format!("cancel run {id}"),
        Command::Deploy { environment, what, .. } => match what {
            DeployWhat::Ready => format!("deploy what is ready to {environment}"),
            DeployWhat::Run(run) => format!("deploy {run} to {environment}"),
            DeployWhat::Rollback(Some(release)) => format!("roll {environment} back to {release}"),
            DeployWhat::Rollback(None) => format!("roll {environment} back"),
            DeployWhat::Promotion(from) => format!("promote {from} to {environment}"),
        },
        Command::CancelDeployment { id, waiting: false } => format!("cancel {id}"),
        Command::CancelDeployment { id, waiting: true } => format!("cancel {id} --waiting"),
        Command::RestartInstance { id } => format!("restart {id}"),
        Command::CallOff { id } => format!("call {id} off"),
        Command::StopInstance { id, force: false } => format!("stop {id}"),
        Command::StopInstance { id, force: true } => format!("stop {id} whatever serves then"),
        Command::OpenShell { id } => format!("open a shell in {id}"),
        Command::StartInstances { environment } => {
            format!("start what is stopped in {environment}")
        }
        Command::RemoveProject { project } => format!("remove {project}"),
        Command::Halt => "stop everything".to_owned(),
    }
}
