//! The pages that the edge shows when no target's answer can be shown.
//!
//! Responsible for naming the kind of cause and nothing that is secret: no address, no target,
//! no table.

use hyper::StatusCode;

/// The whole answer to a request whose head did not arrive in time.
pub(crate) const HEAD_LATE: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 47\r\n\
    Connection: close\r\n\r\n\
    408: the request's head did not arrive in time\n";

/// The whole answer to a large head that came in pieces while many others did.
pub(crate) const HEAD_TOO_MUCH: &[u8] = b"HTTP/1.1 431 Request Header Fields Too Large\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 52\r\n\
    Connection: close\r\n\r\n\
    431: too large while many other heads arrive slowly\n";

/// Why there is no target's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No listener of the active table has this address any more.
    NoListener,
    /// The group has no target that may be asked.
    NoTarget,
    /// No target could be connected to.
    Unreachable,
    /// Connecting took too long.
    ConnectTimeout,
    /// The target closed the connection, or sent what is no HTTP answer.
    BrokenAnswer,
    /// The target switched protocols though nobody asked it to.
    Unasked,
    /// The target took too long to answer.
    Timeout,
    /// The target was drained and the request outlived its deadline.
    Cut,
    /// The body grew larger than allowed.
    BodyTooLarge,
    /// The client took too long to send its body.
    BodyLate,
    /// The client's own body ended early or was malformed.
    BodyBroken,
    /// Servers would read the path in different ways.
    Path,
    /// The redirect's location would not be a valid field.
    Redirect,
}

impl Cause {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Unreachable | Self::BrokenAnswer | Self::Unasked => StatusCode::BAD_GATEWAY,
            Self::NoListener | Self::NoTarget => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectTimeout | Self::Timeout | Self::Cut => StatusCode::GATEWAY_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken | Self::Path | Self::Redirect => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoListener => "503: nothing is served at this address any more\n",
            Self::NoTarget => "503: no healthy instance\n",
            Self::Unreachable => "502: the instance could not be reached\n",
            Self::ConnectTimeout => "504: the instance did not accept the connection in time\n",
            Self::BrokenAnswer => "502: the instance gave no valid answer\n",
            Self::Unasked => "502: the instance switched protocols without being asked\n",
            Self::Timeout => "504: the instance did not answer in time\n",
            Self::Cut => "504: the instance did not answer in the time that it had to finish\n",
            Self::BodyTooLarge => "the request body is larger than allowed\n",
            Self::BodyLate => "408: the request body did not arrive in time\n",
            Self::BodyBroken => "bad request: the body is incomplete or malformed\n",
            Self::Path => "bad request: the path can be read in more than one way\n",
            Self::Redirect => "bad request: the target cannot be redirected\n",
        }
    }
}
