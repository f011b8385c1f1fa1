//! What becomes of an admitted request: an answer by the edge itself, or a claim on a target.
//!
//! Responsible for asking the table once per request, and for building what the rules may look
//! at. It waits for nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use pilothouse_core::routing::{
    Action, Fixed, HeaderLookup, Listener, Redirect, RequestPath, RequestView,
};

use crate::body::Answer;
use crate::claim::Claim;
use crate::edge::Edge;
use crate::fields::{self, PROBE};
use crate::live::{Active, LiveTarget};
use crate::page::Cause;

/// Where a request came in.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The listener's address as the table writes it.
    pub(crate) address: SocketAddr,
    /// The bound port.
    pub(crate) port: u16,
    /// The TCP peer.
    pub(crate) peer: IpAddr,
    /// The peer as a field's value, made once per connection.
    pub(crate) peer_text: HeaderValue,
    /// The port as a field's value, made once per connection.
    pub(crate) port_text: HeaderValue,
}

/// What becomes of a request.
pub(crate) struct Plan {
    pub(crate) next: Next,
    /// The digest of the table that decided, for a request that shows the probe token.
    pub(crate) probe: Option<HeaderValue>,
    /// Whether the listener trusts the peer as a proxy.
    pub(crate) is_trusted: bool,
}

/// What comes next.
pub(crate) enum Next {
    /// A target answers.
    Forward {
        /// The group to ask again if the first target cannot be reached.
        group: Arc<str>,
        /// The first target.
        claim: Claim,
    },
    /// The edge answers.
    Answer(Box<Response<Answer>>),
    /// The edge says why nobody answers.
    Fail(Cause),
}

/// Decides by one load of the table.
pub(crate) fn plan(edge: &Arc<Edge>, entry: &Entry, parts: &Parts, random: u64) -> Plan {
    let Ok(path) = RequestPath::read(parts.uri.path()) else {
        return Plan { next: Next::Fail(Cause::Path), probe: None, is_trusted: false };
    };
    let choose = |active: &Active| choose(active, entry, parts, &path, random);
    let (claim, mut plan) = Claim::take(edge, choose);
    plan.next = match (plan.next, claim) {
        (Draft::Forward(group), Some(claim)) => Draft::Ready(Next::Forward { group, claim }),
        (Draft::Forward(_), None) => Draft::Ready(Next::Fail(Cause::NoTarget)),
        (ready @ Draft::Ready(_), _) => ready,
    };
    let next = match plan.next {
        Draft::Ready(next) => next,
        Draft::Forward(_) => Next::Fail(Cause::NoTarget),
    };
    Plan { next, probe: plan.probe, is_trusted: plan.is_trusted }
}

/// A plan whose claim may still be missing.
enum Draft {
    Forward(Arc<str>),
    Ready(Next),
}

struct Drafted {
    next: Draft,
    probe: Option<HeaderValue>,
    is_trusted: bool,
}

fn choose(
    active: &Active,
    entry: &Entry,
    parts: &Parts,
    path: &RequestPath<'_>,
    random: u64,
) -> (Option<Arc<LiveTarget>>, Drafted) {
    let Some(listener) = active.listener_at(entry.address) else {
        let next = Draft::Ready(Next::Fail(Cause::NoListener));
        return (None, Drafted { next, probe: None, is_trusted: false });
    };
    let is_trusted = listener.trusts(entry.peer);

    let probe = probe(active, parts);
    let fields = Fields(&parts.headers);
    let source = client(listener, entry.peer, is_trusted, parts);
    let request = view(parts, path, source, &fields);
    // Whoever shows the token asks which release answers here, whatever the rules answer others.
    let action = match probe {
        Some(_) => listener.route_proof(request.host),
        None if listener.is_unclear(&request) => {
            let next = Draft::Ready(Next::Fail(Cause::Path));
            return (None, Drafted { next, probe, is_trusted });
        }
        None => listener.route(&request),
    };
    let (target, next) = match action {
        Action::Forward(forward) => {
            let group = forward.choose(random).and_then(|id| active.groups.get(id));
            match group {
                Some(group) => (group.choose(&[]).cloned(), Draft::Forward(Arc::clone(&group.id))),
                None => (None, Draft::Ready(Next::Fail(Cause::NoTarget))),
            }
        }
        Action::Redirect(redirect) => {
            let came = if is_trusted { came(&parts.headers) } else { None };
            let (scheme, port) = came.unwrap_or(("http", entry.port));
            (None, Draft::Ready(redirected(redirect, &request, scheme, port)))
        }
        Action::Fixed(fixed) => (None, Draft::Ready(Next::Answer(Box::new(fixed_answer(fixed))))),
    };
    (target, Drafted { next, probe, is_trusted })
}

fn client(listener: &Listener, peer: IpAddr, is_trusted: bool, parts: &Parts) -> IpAddr {
    if is_trusted { listener.client_ip(peer, &fields::forwarded_for(&parts.headers)) } else { peer }
}

/// The digest, if the request shows the table's token.
fn probe(active: &Active, parts: &Parts) -> Option<HeaderValue> {
    let shown = parts.headers.get(PROBE)?.as_bytes();
    let token = active.table.probe_token.as_bytes();
    // Looks at every byte, so that the time it takes tells nothing about the token.
    let differs = shown.iter().zip(token).fold(0, |seen, (a, b)| seen | (a ^ b));
    if token.is_empty() || shown.len() != token.len() || differs != 0 {
        return None;
    }
    HeaderValue::from_str(&active.table.digest).ok()
}

/// Header fields as rules look them up.
struct Fields<'a>(&'a HeaderMap);

impl HeaderLookup for Fields<'_> {
    fn any(&self, name: &str, accept: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        self.0.get_all(name).iter().any(|value| accept(value.as_bytes()))
    }
}

fn view<'a>(
    parts: &'a Parts,
    path: &'a RequestPath<'a>,
    source: IpAddr,
    headers: &'a Fields<'a>,
) -> RequestView<'a> {
    let authority = match parts.uri.authority() {
        Some(authority) => fields::authority_host(authority.as_str()),
        None => parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default(),
    };
    RequestView {
        method: parts.method.as_str(),
        host: without_port(authority),
        path,
        query: parts.uri.query(),
        source,
        headers,
    }
}

/// Leaves out the port, and the dot that ends a name in full (RFC 3986, section 3.2.2); an IPv6
/// address keeps its brackets.
fn without_port(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        Some(_) | None => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// The scheme and the port by which a request came to a proxy that is trusted, if it says so; where
/// it names no port, the scheme's own.
fn came(headers: &HeaderMap) -> Option<(&'static str, u16)> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (scheme, usual) = match text("x-forwarded-proto")? {
        proto if proto.eq_ignore_ascii_case("https") => ("https", 443),
        proto if proto.eq_ignore_ascii_case("http") => ("http", 80),
        _ => return None,
    };
    let port = text("x-forwarded-port").and_then(|port| port.parse().ok());
    Some((scheme, port.unwrap_or(usual)))
}

fn redirected(redirect: &Redirect, request: &RequestView<'_>, scheme: &str, port: u16) -> Next {
    let location = redirect.location(request, scheme, port);
    let status = StatusCode::from_u16(redirect.status);
    match (HeaderValue::from_str(&location), status) {
        (Ok(location), Ok(status)) => {
            let mut response = Response::new(Answer::none());
            *response.status_mut() = status;
            response.headers_mut().insert(LOCATION, location);
            Next::Answer(Box::new(response))
        }
        (Err(_), _) | (_, Err(_)) => Next::Fail(Cause::Redirect),
    }
}

fn fixed_answer(fixed: &Fixed) -> Response<Answer> {
    let body = (!fixed.body.is_empty()).then(|| Bytes::copy_from_slice(fixed.body.as_bytes()));
    let mut response = Response::new(Answer::Whole(body));
    // Both were checked before the table became active.
    *response.status_mut() = StatusCode::from_u16(fixed.status).unwrap_or(StatusCode::OK);
    if let Ok(kind) = HeaderValue::from_str(&fixed.content_type) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn a_host_is_the_same_with_a_port_and_with_a_dot_behind_it() {
        for (authority, host) in [
            ("shop.test", "shop.test"),
            ("shop.test:80", "shop.test"),
            ("shop.test.:80", "shop.test"),
            ("shop.test.", "shop.test"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(without_port(authority), host);
        }
    }
}
