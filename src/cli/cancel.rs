//! `pilothouse cancel`: ends a run or a deployment.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::state::State;
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{ask, name, out};

/// What is to be ended.
#[derive(Debug, clap::Args)]
pub struct Cancel {
    /// A run, such as 12, or a deployment, such as d3
    #[arg(value_name = "RUN|DEPLOYMENT")]
    what: String,
    /// Cancel also the deployment that waits behind this one
    #[arg(long)]
    waiting: bool,
    /// Print what the engine answered as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    unasked: ask::Unasked,
}

/// Asks for it.
pub fn run(place: &Place, cancel: &Cancel) -> Result<()> {
    let (command, said) = match (name::deployment(&cancel.what), name::run(&cancel.what)) {
        (Some(id), _) => {
            let said = format!("{id} is being cancelled: aborted, or rolled back if traffic moved");
            (Command::CancelDeployment { id, waiting: cancel.waiting }, said)
        }
        (None, Some(id)) => (Command::CancelRun { id }, format!("run {id} is being cancelled")),
        (None, None) => {
            let what = printable(&cancel.what, 40);
            let why = format!("{what} is neither a run, such as 12, nor a deployment, such as d3");
            return Err(failed(Failure::Usage, why));
        }
    };
    ask::run(async {
        let client = ask::operator(place);
        let accepted = ask::patiently(&client, client.submit(command.clone())).await?;
        if cancel.json {
            return out::json(&accepted);
        }
        out::line(&said);
        // It is cancelled whether or not anybody can say what that leads to.
        let snapshot = client.state().await.ok();
        if let Some(told) = snapshot.and_then(|snapshot| unwell(&snapshot.state, &command)) {
            out::line(&told);
        }
        Ok(())
    })
}

/// That nothing is well of what a cancelled deployment goes back to, or leaves as it was.
fn unwell(state: &State, command: &Command) -> Option<String> {
    let Command::CancelDeployment { id, .. } = command else { return None };
    let deployment = state.deployments.get(id)?;
    let previous = deployment.previous.filter(|_| state.goes_back_to_unwell(deployment))?;
    let key = &deployment.environment;
    Some(format!("no instance of {previous} is well now: `pilothouse instances {key}` says why"))
}
