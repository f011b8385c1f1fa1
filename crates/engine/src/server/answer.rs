//! Responses: JSON, refusals with the right status, and what every response carries.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use pilothouse_api::types::{API_HEADER, API_VERSION};
use pilothouse_core::command::{Rejection, RejectionKind};
use serde::Serialize;

use super::share::Share;

/// The body of every response.
pub(super) type Body = BoxBody<Bytes, Infallible>;

/// A response, or a refusal that becomes one.
pub(super) type Answer = Result<Response<Body>, Refusal>;

/// Why a request is refused, and the status that says so.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) rejection: Rejection,
    /// The method that the path takes, where the request had another.
    pub(super) allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with a status of its own.
    pub(super) fn new(status: StatusCode, kind: RejectionKind, why: impl Into<String>) -> Self {
        Self { status, rejection: Rejection::new(kind, why), allow: None }
    }

    /// A request that makes no sense.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Rejection::new(RejectionKind::Invalid, why).into()
    }

    /// The refusal as a response.
    pub(super) fn response(self) -> Response<Body> {
        let mut response = json_or_empty(self.status, &self.rejection);
        if let Some(method) = self.allow {
            let method = HeaderValue::from_static(method);
            response.headers_mut().insert(ALLOW, method);
        }
        response
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self { status: status_of(rejection.kind), rejection, allow: None }
    }
}

fn status_of(kind: RejectionKind) -> StatusCode {
    match kind {
        RejectionKind::NotFound => StatusCode::NOT_FOUND,
        RejectionKind::Conflict | RejectionKind::Busy | RejectionKind::PlanChanged => {
            StatusCode::CONFLICT
        }
        RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RejectionKind::Full => StatusCode::TOO_MANY_REQUESTS,
        RejectionKind::Forbidden => StatusCode::FORBIDDEN,
        RejectionKind::Degraded => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A response of JSON that is never large.
pub(super) fn json(value: &impl Serialize) -> Answer {
    Ok(text_of(StatusCode::OK, written(value)?.into()))
}

/// A response of JSON that can be large: it holds its share of the memory for answers until it is
/// sent, or its client is gone.
pub(super) fn json_in(mut share: Share, value: &impl Serialize) -> Answer {
    let mut text = written(value)?;
    text.shrink_to_fit();
    share.resize(text.len()).map_err(|_| no_room())?;
    Ok(text_of(StatusCode::OK, Bytes::from_owner(Held { text, _share: share })))
}

/// A text that is being sent, and its share of the memory for answers.
struct Held {
    text: Vec<u8>,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// There is no memory for an answer.
pub(super) fn no_room() -> Refusal {
    let why = "more answers wait on this socket for your clients, or for all, to take them than \
               are kept; take them, end some of yours, or try again later";
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, RejectionKind::Full, why)
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|error| broken("an answer could not be written", &error))
}

/// The engine failed at what it should be able to do.
pub(super) fn broken(what: &'static str, error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, what);
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        RejectionKind::Invalid,
        "the engine could not write its answer; its log says why",
    )
}

fn json_or_empty(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_vec(value).unwrap_or_default();
    text_of(status, text.into())
}

/// A response of JSON that is written already.
pub(super) fn text_of(status: StatusCode, text: Bytes) -> Response<Body> {
    let body = Full::new(text).boxed();
    with_body(status, "application/json", body)
}

/// A response.
pub(super) fn with_body(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(API_HEADER, HeaderValue::from(API_VERSION));
    response
}
