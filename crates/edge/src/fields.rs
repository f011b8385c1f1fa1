//! What a proxy does to header fields.
//!
//! Responsible for hop-by-hop fields (RFC 9110, section 7.6.1), for `X-Forwarded-*`, and for
//! the fields that only the edge may speak. Hop-by-hop fields go first, since a client can name
//! any field in `Connection`; what the edge adds comes last.

use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
    UPGRADE,
};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{Uri, Version};

/// A request that shows the table's probe token here is told who answered.
pub(crate) const PROBE: HeaderName = HeaderName::from_static("x-pilothouse-probe");
/// The release that answered.
pub(crate) const RELEASE: HeaderName = HeaderName::from_static("x-pilothouse-release");
/// The target that answered.
pub(crate) const TARGET: HeaderName = HeaderName::from_static("x-pilothouse-target");
/// The digest of the table by which the request was routed.
pub(crate) const DIGEST: HeaderName = HeaderName::from_static("x-pilothouse-digest");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Says whether a field is for one connection only, whatever `Connection` says.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Says whether a client may not tell the field to a target, and whether only a trusted one may.
fn is_private(name: &str, is_trusted: bool) -> bool {
    let is_forgeable = !is_trusted || name.contains('_');
    // What frames a body is written by the edge alone, in whichever spelling it is read.
    let is_framing = matches!(name, "content_length" | "transfer_encoding");
    is_framing
        // CGI gives `Proxy` to a program by the name of the variable that sets its own proxy.
        || matches!(name, "expect" | "proxy" | "x-pilothouse-probe")
        || (is_forgeable && is_a_proxys(name))
}

/// Says whether targets believe that a proxy wrote the field.
///
/// CGI, WSGI and their likes give a program the names with `_` for `-`, so that either spelling
/// is the same variable. A proxy writes the one with `-`; the other comes from whoever asked it.
fn is_a_proxys(name: &str) -> bool {
    let begins = |wanted: &str| {
        name.len() >= wanted.len()
            && name.bytes().zip(wanted.bytes()).all(|(a, b)| a == b || (a == b'_' && b == b'-'))
    };
    let is = |wanted: &str| name.len() == wanted.len() && begins(wanted);
    is("forwarded") || is("x-real-ip") || begins("x-forwarded-") || begins("x-pilothouse-")
}

/// Says whether only the edge tells the field to a client.
fn is_own(name: &str) -> bool {
    matches!(name, "x-pilothouse-release" | "x-pilothouse-target" | "x-pilothouse-digest")
}

/// Who sent a request, as far as the fields of the forwarded one must tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<'a> {
    /// The TCP peer.
    pub(crate) peer: &'a HeaderValue,
    /// Whether the listener trusts the peer as a proxy.
    pub(crate) is_trusted: bool,
    /// The port of the listener.
    pub(crate) port: &'a HeaderValue,
}

/// Joins all `X-Forwarded-For` lines.
pub(crate) fn forwarded_for(headers: &HeaderMap) -> String {
    let mut joined = String::new();
    for value in headers.get_all(FORWARDED_FOR) {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value.to_str().unwrap_or("unreadable"));
    }
    joined
}

/// Finds the protocol that the client wants to upgrade to, if this proxy takes part in it.
///
/// `h2c` is not: it would carry requests past every rule.
pub(crate) fn upgrade(parts: &Parts) -> Option<HeaderValue> {
    let protocol = parts.headers.get(UPGRADE)?;
    if parts.version != Version::HTTP_11 || !names(&parts.headers, "upgrade") {
        return None;
    }
    let mut protocols = protocol.to_str().ok()?.split(',').map(str::trim);
    let is_http = protocols.any(|one| {
        let name = one.as_bytes();
        name.eq_ignore_ascii_case(b"h2c")
            || name.get(..4).is_some_and(|n| n.eq_ignore_ascii_case(b"http"))
    });
    (!is_http).then(|| protocol.clone())
}

/// Says whether a body is encoded by nothing, or by `chunked` once.
///
/// The codec undoes `chunked` and nothing else, and the field is for one connection only: a
/// body in another encoding would be passed on without what says so.
pub(crate) fn is_plainly_framed(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Turns a client's request head into the one that a target gets.
pub(crate) fn to_target(parts: &mut Parts, sender: Sender<'_>, upgrade: Option<&HeaderValue>) {
    rewrite_target(parts);
    let headers = &mut parts.headers;
    let chain = if sender.is_trusted { forwarded_for(headers) } else { String::new() };
    let kept = [FORWARDED_PROTO, FORWARDED_HOST, FORWARDED_PORT]
        .map(|name| sender.is_trusted.then(|| headers.get(name).cloned()).flatten());
    strip(headers, |name| is_private(name, sender.is_trusted));
    set_forwarded(headers, sender, chain, kept);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
}

/// Makes an absolute-form target one in origin form; its authority is the host (RFC 9112,
/// section 3.2.2).
fn rewrite_target(parts: &mut Parts) {
    let Some(authority) = parts.uri.authority() else {
        return;
    };
    if let Ok(host) = HeaderValue::from_str(authority_host(authority.as_str())) {
        parts.headers.insert(HOST, host);
    }
    let target = match parts.uri.path_and_query().map(PathAndQuery::as_str) {
        // An empty path is sent as `/`; the query stands right behind the authority then.
        None | Some("") => Ok(PathAndQuery::from_static("/")),
        Some(target) if target.starts_with('/') => target.parse(),
        Some(query) => format!("/{query}").parse(),
    };
    // All of it was parsed before, and a slash begins every path. Were it not so, the request
    // would lose its path rather than reach a target in the form that is for proxies.
    parts.uri = target.map_or_else(|_| Uri::from_static("/"), Uri::from);
}

/// Leaves out what stands before an `@`: user information is no part of a host.
pub(crate) fn authority_host(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn set_forwarded(
    headers: &mut HeaderMap,
    sender: Sender<'_>,
    mut chain: String,
    kept: [Option<HeaderValue>; 3],
) {
    let [proto, host, port] = kept;
    let chain = if chain.is_empty() {
        Some(sender.peer.clone())
    } else {
        chain.push_str(", ");
        chain.push_str(sender.peer.to_str().unwrap_or_default());
        HeaderValue::try_from(chain).ok()
    };
    match chain {
        Some(chain) => headers.insert(FORWARDED_FOR, chain),
        None => headers.remove(FORWARDED_FOR),
    };
    headers.insert(FORWARDED_PROTO, proto.unwrap_or(HeaderValue::from_static("http")));
    match host.or_else(|| headers.get(HOST).cloned()) {
        Some(host) => headers.insert(FORWARDED_HOST, host),
        None => headers.remove(FORWARDED_HOST),
    };
    headers.insert(FORWARDED_PORT, port.unwrap_or_else(|| sender.port.clone()));
}

/// Turns a target's response head into the one that the client gets.
pub(crate) fn to_client(headers: &mut HeaderMap, upgrade: Option<&HeaderValue>) {
    if strip(headers, is_own) {
        // The encoding decided where the body ends (RFC 9112, section 6.3), so a length lies.
        headers.remove(CONTENT_LENGTH);
    }
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
}

/// Removes hop-by-hop fields, those that `Connection` names included, and those that are
/// unwanted besides; says whether a transfer encoding was among them. Most heads have none, so one
/// pass looks for them before any is removed.
fn strip(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) -> bool {
    let unwanted = headers.keys().filter(|name| {
        let name = name.as_str();
        is_hop_by_hop(name) || is_unwanted(name)
    });
    let mut unwanted: Vec<HeaderName> = unwanted.cloned().collect();
    let is_encoded = unwanted.contains(&TRANSFER_ENCODING);
    if unwanted.contains(&CONNECTION) {
        for value in headers.get_all(CONNECTION) {
            unwanted.extend(value.as_bytes().split(|&byte| byte == b',').filter_map(named));
        }
    }
    for name in &unwanted {
        headers.remove(name);
    }
    is_encoded
}

/// Reads a name in `Connection`; the host and the framing are no hop's to remove.
fn named(token: &[u8]) -> Option<HeaderName> {
    let token = token.trim_ascii();
    if token.eq_ignore_ascii_case(b"keep-alive") {
        // Removed anyway, and common: not worth making a name.
        return None;
    }
    HeaderName::from_bytes(token).ok().filter(|name| *name != HOST && *name != CONTENT_LENGTH)
}

fn names(headers: &HeaderMap, token: &str) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| {
        let mut tokens = value.as_bytes().split(|&byte| byte == b',');
        tokens.any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}
