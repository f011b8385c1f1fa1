//! `pilothouse deploy`: shows what would change, asks, and stays until it is done.

use std::time::Duration;

use color_eyre::Result;
use pilothouse_core::command::{Command, DeployWhat, Reply};
use pilothouse_core::deployment::{DeploymentKind, EnvironmentKey};
use pilothouse_core::id::{ReleaseNumber, RunId};
use pilothouse_core::plan::{Plan, Side, plan};
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed, refused};
use crate::find::Place;
use crate::out::{self, Tone};
use crate::wait::{self, Telling};
use crate::{ask, name};

/// What is to be made current, and where.
#[derive(Debug, clap::Args)]
pub struct Deploy {
    /// Where: an environment, such as production or shop/production
    #[arg(value_name = "[PROJECT/]ENVIRONMENT")]
    environment: String,
    /// What this run built, instead of what is ready
    #[arg(long, value_name = "N", value_parser = name::run_argument, group = "what")]
    run: Option<RunId>,
    /// This earlier release
    #[arg(long, value_name = "rN", value_parser = name::release, group = "what")]
    release: Option<ReleaseNumber>,
    /// What this environment of the same project runs; nothing is rebuilt
    #[arg(long, value_name = "[PROJECT/]ENVIRONMENT", group = "what")]
    from: Option<String>,
    #[command(flatten)]
    how: How,
}

/// How a change is confirmed and waited for.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct How {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Show the plan and do nothing
    #[arg(long)]
    plan: bool,
    /// Print JSON: the plan with --plan, and with --yes the deployment once it is over
    #[arg(long)]
    json: bool,
    /// Stay until it is over (this is what happens anyway)
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Return as soon as the engine has accepted it
    #[arg(long)]
    no_wait: bool,
    /// Seconds to stay at most; the deployment goes on afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u64,
}

/// Does it.
pub fn run(place: &Place, deploy: &Deploy) -> Result<()> {
    let what = match (deploy.run, deploy.release, &deploy.from) {
        (Some(run), _, _) => DeployWhat::Run(run),
        (_, Some(release), _) => DeployWhat::Rollback(Some(release)),
        (_, _, Some(from)) => DeployWhat::Promotion(from.as_str().into()),
        (None, None, None) => DeployWhat::Ready,
    };
    change(place, &deploy.environment, what, &deploy.how)
}

/// Shows the plan, asks, submits it with its hash, and waits for its end.
pub fn change(place: &Place, environment: &str, what: DeployWhat, how: &How) -> Result<()> {
    ask::run(async {
        let (client, snapshot) = ask::look(place).await?;
        let key = name::environment(&snapshot.state, environment)?;
        let what = within(&key, what)?;
        let plan = plan(&snapshot.state, &key, &what).map_err(|why| refused(&why))?;
        if how.plan && how.json {
            return out::json(&plan);
        }
        if how.json && !how.yes {
            let why = "nothing was done: with --json nobody is asked; say --plan or --yes";
            return Err(failed(Failure::Usage, why));
        }
        if !how.json {
            show(&plan);
        }
        if how.plan {
            return Ok(());
        }
        ask::may_change(&snapshot)?;
        ask::confirm(how.yes, "go on?")?;
        let command =
            Command::Deploy { environment: key.clone(), what, plan: Some(plan.hash.clone()) };
        let accepted = client.submit(command).await?;
        let Reply::DeploymentQueued(id) = accepted.reply else {
            return Err(failed(
                Failure::Failed,
                "the engine queued no deployment; look at `status`",
            ));
        };
        if how.no_wait && !how.wait {
            if how.json {
                return out::json(&accepted);
            }
            out::line(&format!("{id} is in the queue of {key}"));
            return Ok(());
        }
        let telling = if how.json { Telling::Json } else { Telling::Lines };
        let within = Duration::from_secs(how.timeout);
        wait::deployment(&client, id, &key, accepted.seq, within, telling).await
    })
}

/// A promotion from an environment whose project was named too: that has to be the same one.
fn within(key: &EnvironmentKey, what: DeployWhat) -> Result<DeployWhat> {
    let DeployWhat::Promotion(from) = &what else { return Ok(what) };
    match from.as_str().split_once('/') {
        None => Ok(what),
        Some((project, name)) if project == key.project.as_str() => {
            Ok(DeployWhat::Promotion(name.into()))
        }
        Some(_) => {
            let from = printable(from.as_str(), 80);
            let why = format!(
                "{from} is of another project than {key}: an artifact is promoted within its own"
            );
            Err(failed(Failure::Usage, why))
        }
    }
}

/// Prints a plan.
fn show(plan: &Plan) {
    let key = &plan.environment;
    let to = plan.to.release;
    out::line(&match &plan.kind {
        DeploymentKind::Deploy => format!("deploy {to} to {key}"),
        DeploymentKind::Rollback if plan.is_forward() => format!("bring {to} back to {key}"),
        DeploymentKind::Rollback => format!("roll {key} back to {to}"),
        DeploymentKind::Promotion { from } => {
            format!("promote what {from} serves to {key} as {to}; nothing is rebuilt")
        }
    });
    match &plan.from {
        Some(from) => out::line(&format!("  from  {}", side(from))),
        None => out::line("  from  nothing serves"),
    }
    out::line(&format!("  to    {}", side(&plan.to)));
    for (number, step) in plan.steps.iter().enumerate() {
        let label = if number == 0 { "will" } else { "" };
        out::line(&format!("  {label:<4}  {}", printable(step, 300)));
    }
    out::line(&format!("  undo  {}", printable(&plan.undo, 300)));
    for warning in &plan.warnings {
        let label = out::paint(Tone::Warn, "note");
        out::line(&format!("  {label}  {}", printable(warning, 300)));
    }
}

fn side(side: &Side) -> String {
    format!("{}  {}  {}", side.release, side.commit.short(), printable(&side.subject, 100))
}
