//! What all doors do with a request before they look at it: its version, its query, its body.

use std::str::FromStr;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Request, StatusCode};
use pilothouse_api::query;
use pilothouse_api::types::API_VERSION;
use pilothouse_core::command::RejectionKind;
use pilothouse_core::text::printable;

use super::answer::Refusal;
use super::route::Found;
use super::settings::ServeLimits;

/// The path after the version, if it is the version that this engine speaks.
pub(super) fn versioned(path: &str) -> Result<&str, Refusal> {
    let rest = path.strip_prefix("/v").unwrap_or("");
    let split = rest.find('/').unwrap_or(rest.len());
    let (version, rest) = rest.split_at(split);
    let Some(version) = whole::<u32>(version) else {
        return Err(no_such_path(path));
    };
    if version == API_VERSION {
        return Ok(rest);
    }
    let older = if version > API_VERSION {
        "the engine is older than the client: update the engine and start it anew"
    } else {
        "the client is older than the engine: update the client"
    };
    Err(Refusal::new(
        StatusCode::NOT_FOUND,
        RejectionKind::Invalid,
        format!(
            "this engine speaks API version {API_VERSION}, and version {version} was asked for; {older}"
        ),
    ))
}

/// Reads a number that is written in digits alone: one of Rust's may have a sign before it.
pub(super) fn whole<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The route that was found, or why there is none.
pub(super) fn only<'a, T>(found: Found<'a, T>, path: &str) -> Result<(T, &'a str), Refusal> {
    match found {
        Found::Route(route, id) => Ok((route, id)),
        Found::OtherMethod(method) => {
            let why = format!("{} takes only {method}", printable(path, 80));
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut refusal = Refusal::new(status, RejectionKind::Invalid, why);
            refusal.allow = Some(method);
            Err(refusal)
        }
        Found::Nothing => Err(no_such_path(path)),
    }
}

fn no_such_path(path: &str) -> Refusal {
    let path = printable(path, 80);
    Refusal::new(
        StatusCode::NOT_FOUND,
        RejectionKind::NotFound,
        format!("there is no {path} here; /v{API_VERSION}/openapi.json lists what there is"),
    )
}

/// A query's values by name. A name that is not known, or stands twice, is an error, so that no wish
/// is lost.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads a request's query.
    pub(super) fn of<B>(request: &Request<B>, known: &[&str]) -> Result<Self, Refusal> {
        let text = request.uri().query().unwrap_or("");
        let Some(pairs) = query::pairs(text) else {
            return Err(Refusal::invalid("the query is not percent-encoded UTF-8"));
        };
        if let Some((name, _)) = pairs.iter().find(|(n, _)| !known.contains(&n.as_str())) {
            let name = printable(name, 40);
            let known = match known {
                [] => "nothing can be asked here".to_owned(),
                known => format!("known: {}", known.join(", ")),
            };
            return Err(Refusal::invalid(format!("the query has an unknown {name}; {known}")));
        }
        let twice = |at: usize| pairs[..at].iter().any(|(name, _)| *name == pairs[at].0);
        if let Some(at) = (0..pairs.len()).find(|at| twice(*at)) {
            return Err(Refusal::invalid(format!("the query has {} twice", pairs[at].0)));
        }
        Ok(Self { pairs })
    }

    /// A value as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(n, _)| n == name)?;
        Some(value)
    }

    /// A value as a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name)
            .map(|text| {
                whole(text).ok_or_else(|| {
                    let text = printable(text, 40);
                    Refusal::invalid(format!("{name} must be a whole number, not \"{text}\""))
                })
            })
            .transpose()
    }
}

/// Takes a request's body, within its limits. One that says that it is too large is not waited for.
pub(super) async fn body(
    request: Request<Incoming>,
    limits: &ServeLimits,
) -> Result<Bytes, Refusal> {
    let most = limits.body_bytes;
    let invalid = |status, why| Err(Refusal::new(status, RejectionKind::Invalid, why));
    let too_large = || {
        let why = format!("the body is larger than {most} bytes");
        invalid(StatusCode::PAYLOAD_TOO_LARGE, why)
    };
    let announced = request.body().size_hint().lower();
    if usize::try_from(announced).unwrap_or(usize::MAX) > most {
        return too_large();
    }
    let collected = Limited::new(request.into_body(), most).collect();
    match tokio::time::timeout(limits.body_within, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(error)) => {
            invalid(StatusCode::BAD_REQUEST, format!("the body could not be read: {error}"))
        }
        Err(_) => invalid(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not come within {:?}", limits.body_within),
        ),
    }
}
