//! The command line: one file per verb.

pub mod add;
pub mod apply;
pub mod attach;
pub mod audit;
pub mod aws;
pub mod branches;
pub mod cancel;
pub mod check;
pub mod contain;
pub mod convert;
pub mod cost;
pub mod demo;
pub mod deploy;
pub mod deployments;
pub mod doctor;
pub mod down;
pub mod edge;
pub mod iam_policy;
pub mod init;
pub mod inspect;
pub mod instances;
pub mod keys;
pub mod logs;
pub mod look;
pub mod remove;
pub mod restart;
pub mod rollback;
pub mod run;
pub mod runs;
pub mod serve;
pub mod shell;
#[cfg(test)]
mod shown;
pub mod start;
pub mod status;
pub mod stop;
pub mod supervise;
pub mod watch;

use std::process::ExitCode;
pub mod version;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, Parser, Subcommand};
use color_eyre::Result;

use crate::exit::{Failure, failed};
use crate::find::Place;

/// From commit to served traffic, in one terminal.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    attach: attach::Attach,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what runs where, whether it is healthy and what is going on
    Status(status::Status),
    /// List branches, their heads and their newest runs
    Branches(branches::Branches),
    /// List runs, the newest first
    Runs(runs::Runs),
    /// List deployments and how they ended, the newest first
    Deployments(deployments::Deployments),
    /// Make something current in an environment
    Deploy(deploy::Deploy),
    /// Make an earlier good release current again
    Rollback(rollback::Rollback),
    /// Print the log of a run or an instance
    Logs(logs::Logs),
    /// List instances by the names that other verbs take, and how they are
    Instances(instances::Instances),
    /// Show what the container engine or the system says of an instance
    Inspect(inspect::Inspect),
    /// Open a shell in an instance
    Shell(shell::Shell),
    /// Replace an instance by a new one of the same release
    Restart(restart::Restart),
    /// Stop an instance, and leave its place empty
    Stop(stop::Stop),
    /// Start again what was stopped in an environment
    Start(start::Start),
    /// Cancel a run or a deployment
    Cancel(cancel::Cancel),
    /// Run the pipeline for a branch's head
    Run(run::Run),
    /// Look at the repositories, and at AWS where it is watched, now
    Look(look::Look),
    /// Add a project
    Add(add::Add),
    /// Propose both files for a repository that has none
    Init(init::Init),
    /// Make the operator's files active
    Apply(apply::Apply),
    /// Take a project down and forget it
    Remove(remove::Remove),
    /// Look on in the cockpit, and change nothing
    Watch(watch::Watch),
    /// Show what each environment costs by the hour, here and at AWS
    Cost(cost::Cost),
    /// Show what is seen in accounts at AWS that are only watched
    Aws(aws::Aws),
    /// Print the least policy of AWS that lets an account be watched
    IamPolicy,
    /// Show who asked for what
    Audit(audit::Audit),
    /// Judge Jenkinsfiles offline: whether they are right, and what would run
    Check(check::Check),
    /// Write the pilothouse.toml that a Jenkinsfile says, as far as it says one
    Convert(convert::Convert),
    /// Print the cockpit's keys, or check a file of them
    Keys(keys::Keys),
    /// Look for what is wrong, and say what mends it
    Doctor(doctor::Doctor),
    /// Show which release this and the engine are
    Version(version::Version),
    /// Stop the engine, or with --all everything
    Down(down::Down),
    /// Run the engine in this terminal
    Serve(serve::Serve),
    /// Show the whole path, live, on a repository made for the occasion
    Demo(demo::Demo),
    /// Run the service that the demonstration deploys
    #[command(hide = true)]
    DemoService,
    /// Run the engine in a session of its own
    #[command(hide = true)]
    Background,
    /// Run the load balancer (the engine does this)
    #[command(hide = true)]
    Edge(edge::Edge),
}

/// Does what the command line says.
pub fn run(cli: &Cli) -> Result<ExitCode> {
    let place = &cli.place;
    if cli.attach.is_read_only() && !matches!(cli.verb, None | Some(Verb::Watch(_))) {
        let why = "--read-only is the cockpit's, and this does something else: leave it out";
        return Err(failed(Failure::Usage, why));
    }
    match &cli.verb {
        None => return attach::run(place, &cli.attach),
        Some(Verb::Watch(watch)) => return watch::run(place, watch),
        Some(Verb::Demo(demo)) => return demo::run(demo),
        Some(Verb::Shell(shell)) => return shell::run(place, shell),
        Some(Verb::Check(check)) => check::run(check),
        Some(Verb::Convert(convert)) => convert::run(convert),
        Some(Verb::IamPolicy) => {
            iam_policy::run();
            return Ok(ExitCode::SUCCESS);
        }
        Some(Verb::DemoService) => demo::serve(),
        Some(Verb::Status(status)) => status::run(place, status),
        Some(Verb::Branches(branches)) => branches::run(place, branches),
        Some(Verb::Runs(runs)) => runs::run(place, runs),
        Some(Verb::Deployments(deployments)) => deployments::run(place, deployments),
        Some(Verb::Deploy(deploy)) => deploy::run(place, deploy),
        Some(Verb::Rollback(rollback)) => rollback::run(place, rollback),
        Some(Verb::Logs(logs)) => logs::run(place, logs),
        Some(Verb::Instances(instances)) => instances::run(place, instances),
        Some(Verb::Inspect(inspect)) => inspect::run(place, inspect),
        Some(Verb::Restart(restart)) => restart::run(place, restart),
        Some(Verb::Stop(stop)) => stop::run(place, stop),
        Some(Verb::Start(start)) => start::run(place, start),
        Some(Verb::Cancel(cancel)) => cancel::run(place, cancel),
        Some(Verb::Run(run)) => run::run(place, run),
        Some(Verb::Look(look)) => look::run(place, look),
        Some(Verb::Add(add)) => add::run(place, add),
        Some(Verb::Init(init)) => init::run(place, init),
        Some(Verb::Apply(apply)) => apply::run(place, apply),
        Some(Verb::Remove(remove)) => remove::run(place, remove),
        Some(Verb::Cost(cost)) => cost::run(place, cost),
        Some(Verb::Aws(aws)) => aws::run(place, aws),
        Some(Verb::Audit(audit)) => audit::run(place, audit),
        Some(Verb::Keys(keys)) => keys::run(keys),
        Some(Verb::Doctor(doctor)) => doctor::run(place, doctor),
        Some(Verb::Version(version)) => version::run(place, version),
        Some(Verb::Down(down)) => down::run(place, down),
        Some(Verb::Serve(serve)) => serve::run(place, serve),
        Some(Verb::Background) => crate::start::background(place),
        Some(Verb::Edge(edge)) => edge::run(edge),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The first of some options that name a place and that the command line says for a verb which does
/// not heed it. What the environment says is meant for the other verbs.
fn said(verb: &str, options: &[&'static str]) -> Option<&'static str> {
    let all = Cli::command().try_get_matches().ok()?;
    let of_verb = all.subcommand_matches(verb)?;
    let is_said = |option: &&str| of_verb.value_source(option) == Some(ValueSource::CommandLine);
    options.iter().copied().find(is_said)
}
