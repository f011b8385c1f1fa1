//! Everything that changes something: commands, and "look now".

use hyper::Request;
use hyper::body::Incoming;
use pilothouse_api::types::{CommandRequest, LookRequest};
use pilothouse_core::command::Command;
use pilothouse_core::run::Trigger;
use serde::de::DeserializeOwned;

use super::actor::Actor;
use super::answer::{Answer, Refusal, json};
use super::backend::Backend;
use super::read::late;
use super::request;
use super::settings::ServeLimits;

/// Takes a command from an operator.
pub(super) async fn command<B: Backend>(
    backend: &B,
    limits: &ServeLimits,
    actor: Actor,
    request: Request<Incoming>,
) -> Answer {
    let body = request::body(request, limits).await?;
    let request: CommandRequest = read(&body)?;
    submit(backend, limits, actor, request.command).await
}

/// Takes "look now" from a hook. Whatever the body names, it can become nothing but a look.
pub(super) async fn look<B: Backend>(
    backend: &B,
    limits: &ServeLimits,
    actor: Actor,
    request: Request<Incoming>,
) -> Answer {
    let body = request::body(request, limits).await?;
    let asked: LookRequest = if body.is_empty() { LookRequest::default() } else { read(&body)? };
    let command = Command::Look { project: asked.project, trigger: Trigger::Hook };
    submit(backend, limits, actor, command).await
}

async fn submit<B: Backend>(
    backend: &B,
    limits: &ServeLimits,
    actor: Actor,
    command: Command,
) -> Answer {
    let most = limits.answer_within;
    match tokio::time::timeout(most, backend.submit(actor, command)).await {
        Ok(reply) => json(&reply?),
        Err(_) => Err(late(most)),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("the body is not what is expected: {error}")))
}
