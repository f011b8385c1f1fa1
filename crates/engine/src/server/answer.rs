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

/// A response of JSON.
pub(super) fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(text) => Ok(text_of(StatusCode::OK, text.into())),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                RejectionKind::Invalid,
                "the engine could not write its answer; its log says why",
            ))
        }
    }
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
