//! Which requests are refused before any rule is asked.
//!
//! Responsible for refusing what two servers could read in two ways (request smuggling: RFC
//! 9112, sections 3.2, 6.1 and 11.2). It never repairs such a request.

use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::http::uri::Scheme;
use hyper::{Method, StatusCode, Version};

use crate::fields;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// HTTP/1.1 without a host, or with an unusable one.
    Host,
    /// More than one host.
    Hosts,
    /// A length and a transfer encoding.
    Length,
    /// A head whose bytes are not known, behind a body that is not well formed.
    Unseen,
    /// A line that ends with a line feed alone.
    Line,
    /// An encoding besides `chunked`, which forwarding would lose.
    Encoding,
    /// `CONNECT`, which this proxy does not do.
    Method,
    /// `*` with a method that is not `OPTIONS`, or a bare authority.
    Target,
    /// The announced body is larger than allowed.
    Body,
}

impl Refused {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Hosts | Self::Length | Self::Unseen | Self::Line | Self::Target => {
                StatusCode::BAD_REQUEST
            }
            Self::Encoding => StatusCode::NOT_IMPLEMENTED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Host => "bad request: the Host field is missing or malformed\n",
            Self::Hosts => "bad request: more than one Host field\n",
            Self::Length => "bad request: both Content-Length and Transfer-Encoding\n",
            Self::Unseen => "bad request: nobody knows where it begins\n",
            Self::Line => "bad request: a line of the head ends without a carriage return\n",
            Self::Encoding => "the only Transfer-Encoding known here is chunked\n",
            Self::Method => "CONNECT is not allowed here\n",
            Self::Target => "bad request: the target is neither a path nor an address\n",
            Self::Body => "the request body is larger than allowed\n",
        }
    }
}

/// Checks a request's head; `raw` is its bytes, or nothing where they are not known.
pub(crate) fn admit(parts: &Parts, raw: &[u8], body_limit: u64) -> Result<(), Refused> {
    // Nobody may be let past that cannot be judged.
    if raw.is_empty() {
        return Err(Refused::Unseen);
    }
    // The codec takes such a line, which others do not (RFC 9112, section 2.2).
    if lines(raw).any(|line| !line.ends_with(b"\r\n")) {
        return Err(Refused::Line);
    }
    if parts.method == Method::CONNECT {
        return Err(Refused::Method);
    }
    // RFC 9112, sections 3.2.3 and 3.2.4.
    let is_bare = parts.uri.authority().is_some() && parts.uri.scheme().is_none();
    let is_other = parts.uri.scheme().is_some_and(|it| ![Scheme::HTTP, Scheme::HTTPS].contains(it));
    if is_bare || is_other || (parts.uri.path() == "*" && parts.method != Method::OPTIONS) {
        return Err(Refused::Target);
    }
    let headers = &parts.headers;
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(Refused::Hosts),
        (None, None) if parts.version == Version::HTTP_11 => return Err(Refused::Host),
        (None, None) => {}
        (Some(host), None) if is_host(host.as_bytes()) => {}
        (Some(_), None) => return Err(Refused::Host),
    }
    // An absolute-form target's authority takes the Host field's place.
    let authority = parts.uri.authority().map(|named| fields::authority_host(named.as_str()));
    if authority.is_some_and(|named| !is_host(named.as_bytes())) {
        return Err(Refused::Host);
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        // The codec drops a length that follows an encoding: the fields do not show it, but there
        // are fewer of them than were sent, without the first line and the last.
        let sent = lines(raw).count().saturating_sub(2);
        if headers.contains_key(CONTENT_LENGTH) || sent > headers.len() {
            return Err(Refused::Length);
        }
        if !fields::is_plainly_framed(headers) {
            return Err(Refused::Encoding);
        }
    }
    if announced(headers).is_some_and(|length| length > body_limit) {
        return Err(Refused::Body);
    }
    Ok(())
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Allows what RFC 3986 (3.2.2, 3.2.3) allows in a host with a port, and no more: a colon stands
/// within the brackets of an address, or before digits.
fn is_host(host: &[u8]) -> bool {
    let is_allowed =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
    let name = host.iter().rposition(|&byte| byte == b']').map_or(host, |end| &host[end + 1..]);
    let port = name.iter().position(|&byte| byte == b':').map_or(&[][..], |at| &name[at + 1..]);
    host.len() <= 300
        && host.iter().all(is_allowed)
        && port.len() <= 5
        && port.iter().all(u8::is_ascii_digit)
}

/// The lines of a head with their ends.
fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split_inclusive(|&byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_and_ports() {
        for host in ["shop.localhost:8080", "[::1]:80", "127.0.0.1", "xn--9n2bp8q.test", "", "a:"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a/b", "a b", "a@b", "a#b", "a?b", "a\\b", "\u{e9}", "a:b", "a:1:2", "[::1]:x"]
        {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
