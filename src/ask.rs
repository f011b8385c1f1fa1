//! Asks the engine on behalf of a verb, and the person in front of the terminal.

use std::future::Future;
use std::io::IsTerminal as _;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_api::client::{Client, ClientError};
use pilothouse_api::types::{Access, Snapshot, Version};
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out;

/// `--yes` of a verb that asks nothing, so that a script can give it to every verb that changes
/// something.
#[derive(Debug, clap::Args)]
pub struct Unasked {
    /// Nothing is asked: taken as by the verbs that ask
    #[arg(long, short)]
    yes: bool,
}

/// Runs what talks to the engine, on this thread.
pub fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("cannot start the runtime")?
        .block_on(work)
}

/// The engine at the operators' socket.
pub fn operator(place: &Place) -> Client {
    Client::new(place.operator_socket())
}

/// How long an engine that is there may take to answer before that is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for an answer of the engine, and says so where it takes long: an engine that hangs is no
/// reason for a terminal that says nothing.
pub async fn patiently<T>(client: &Client, answer: impl Future<Output = T>) -> T {
    let mut answer = std::pin::pin!(answer);
    if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut answer).await {
        return answer;
    }
    let socket = out::path(client.socket());
    out::error(&format!("waits for the engine at {socket}, which is there and does not answer"));
    answer.await
}

/// Fetches a snapshot for a verb that only reads: a user who may not open the operators' socket
/// looks through the watchers'.
pub async fn look(place: &Place) -> Result<(Client, Snapshot)> {
    let client = operator(place);
    match patiently(&client, client.state()).await {
        Err(ClientError::NotPermitted { .. }) if place.watch_socket() != client.socket() => {
            let client = Client::new(place.watch_socket());
            let snapshot = patiently(&client, client.state()).await?;
            Ok((client, told(snapshot)))
        }
        answer => Ok((client, told(answer?))),
    }
}

/// Asks who answers, as [`look`] does.
pub async fn version(place: &Place) -> Result<Version, ClientError> {
    let client = operator(place);
    match client.version().await {
        Err(ClientError::NotPermitted { .. }) if place.watch_socket() != client.socket() => {
            Client::new(place.watch_socket()).version().await
        }
        answer => answer,
    }
}

/// Says beside whatever is shown that it is old, where the engine follows nothing.
fn told(snapshot: Snapshot) -> Snapshot {
    if let Some(degraded) = &snapshot.degraded {
        let age = out::ago(snapshot.now, degraded.since);
        let why = printable(&degraded.why, 400);
        out::error(&format!(
            "the engine accepts nothing, and all it knows is {age} old: {why}; remove files or mend \
             the disk, and it goes on by itself"
        ));
    }
    snapshot
}

/// Refuses to whoever may only watch, before a plan is shown or a file is written for nothing.
pub fn may_change(snapshot: &Snapshot) -> Result<()> {
    match snapshot.access {
        Access::Operator => Ok(()),
        Access::Watcher => {
            let why = "this is the watchers' socket, and watching changes nothing";
            Err(failed(Failure::Refused, why))
        }
    }
}

/// Asks for a yes, or fails: only a person at a terminal can be asked.
pub fn confirm(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let why = "nothing was done: this is no terminal, so nobody can confirm; say --yes";
        return Err(failed(Failure::Refused, why));
    }
    out::question(&format!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).wrap_err("cannot read the answer")?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(failed(Failure::Refused, "nothing was done: it was not confirmed"))
}
