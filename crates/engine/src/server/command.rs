//! Everything that changes something: commands, and "look now".

use hyper::Request;
use hyper::body::Incoming;
use pilothouse_api::types::{CommandRequest, LookRequest};
use pilothouse_core::command::Command;
use pilothouse_core::run::Trigger;
use pilothouse_core::spec::ProjectSpec;
use pilothouse_core::text::printable;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::actor::Actor;
use super::answer::{Answer, Refusal, json};
use super::backend::Backend;
use super::read::late;
use super::request::{self, Query};
use super::settings::ServeLimits;

/// Takes a command from an operator.
pub(super) async fn command<B: Backend>(
    backend: &B,
    limits: &ServeLimits,
    actor: Actor,
    request: Request<Incoming>,
) -> Answer {
    Query::of(&request, &[])?;
    let body = request::body(request, limits).await?;
    let request: CommandRequest = read(&body)?;
    if let Command::Apply { spec } = &request.command {
        refuse_unknown(&body, spec)?;
    }
    submit(backend, limits, actor, request.command).await
}

/// Takes "look now" from a hook. Whatever the body names, it can become nothing but a look.
pub(super) async fn look<B: Backend>(
    backend: &B,
    limits: &ServeLimits,
    actor: Actor,
    request: Request<Incoming>,
) -> Answer {
    Query::of(&request, &[])?;
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

/// Refuses a specification with a field that nobody knows: it may say what must not happen.
///
/// The journal and clients read what a later engine writes, so the types themselves let such a field
/// pass. What was sent is held against what was understood.
fn refuse_unknown(body: &[u8], spec: &ProjectSpec) -> Result<(), Refusal> {
    let given: Value = read(body)?;
    let understood = serde_json::to_value(spec)
        .map_err(|error| Refusal::invalid(format!("the specification cannot be kept: {error}")))?;
    match unknown(&given["command"]["apply"]["spec"], &understood) {
        None => Ok(()),
        Some(path) => {
            let why = format!("a specification has no field {}", printable(&path, 200));
            Err(Refusal::invalid(why))
        }
    }
}

/// Where something was given that was not understood. What is empty is left out of what is written.
fn unknown(given: &Value, understood: &Value) -> Option<String> {
    match (given, understood) {
        (Value::Object(given), Value::Object(understood)) => {
            given.iter().find_map(|(name, value)| match understood.get(name) {
                Some(known) => Some(joined(name, &unknown(value, known)?)),
                None => (!is_empty(value)).then(|| name.clone()),
            })
        }
        (Value::Array(given), Value::Array(understood)) => {
            given.iter().zip(understood).enumerate().find_map(|(index, (value, known))| {
                Some(joined(&format!("[{index}]"), &unknown(value, known)?))
            })
        }
        _ => None,
    }
}

fn joined(outer: &str, inner: &str) -> String {
    let dot = if inner.starts_with('[') { "" } else { "." };
    format!("{outer}{dot}{inner}")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // The kit takes a list for the fields of a type in their order, which nobody means.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::invalid("the body is not what is expected: an object of JSON"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("the body is not what is expected: {error}")))
}
