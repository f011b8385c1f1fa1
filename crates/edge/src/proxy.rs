//! One request, from its head to the head of its answer.
//!
//! Responsible for the order of things: admit, plan, send, pass the answer on, and turn what
//! went wrong into a page.
//!
//! Interim answers of a target (RFC 9110, section 15.2), such as 103 Early Hints, go no further than
//! the codec, which has no way to send them: the answer that follows is passed on. Of them a client
//! gets the 100 that the edge sends by itself, and the 101 that it asked for.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, Version};

use crate::admit::admit;
use crate::body::{Answer, Lease, Outgoing};
use crate::counters::add;
use crate::fields::{self, DIGEST, RELEASE, TARGET};
use crate::flight::{Flight, Sent};
use crate::heads::Behind;
use crate::link::{Phase, Verdict};
use crate::page::Cause;
use crate::plan::{Next, Plan, plan};
use crate::session::Session;
use crate::tunnel::Tunnel;
use crate::worker::Worker;

/// Answers one request.
///
/// All that needs no waiting happens before there is a future, which stays small that way.
pub(crate) fn answer(
    session: &Rc<Session>,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
    let Session { worker, link, .. } = &**session;
    add(&worker.edge.totals.requests);
    let behind = match request.body() {
        body if body.is_end_stream() => Behind::Length(0),
        body => body.size_hint().exact().map_or(Behind::Chunks, Behind::Length),
    };
    let raw = link.begin(behind);
    let is_old = request.version() < Version::HTTP_11;
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let admitted = admit(&parts, &raw, worker.edge.settings.limits.body_bytes);
    link.give_back(raw);
    let begun = match admitted {
        Err(refused) => Err(Box::new(refusal(worker, refused.status(), refused.text()))),
        Ok(()) => route(session, parts, body, on_upgrade),
    };
    let session = Rc::clone(session);
    async move {
        let mut response = match begun {
            Err(response) => *response,
            Ok(departure) => departure.answer(&session).await,
        };
        let is_switch = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        // HTTP/1.0 knows the end of a body without a length by the end of the connection alone.
        let is_endless = is_old && response.body().size_hint().exact().is_none();
        if (session.link.verdict() == Verdict::Finish || is_endless) && !is_switch {
            response = closing(response);
        }
        if is_old && response.headers().contains_key(CONNECTION) {
            // Otherwise the codec adds that it keeps the connection, where the client asked.
            *response.version_mut() = Version::HTTP_10;
        }
        if matches!(response.body(), Answer::Whole(_)) && !is_switch {
            session.link.end();
        }
        Ok(response)
    }
}

/// A request that a target is to answer, and what is needed once it has.
struct Departure {
    flight: Flight,
    upgrade: Option<Box<(HeaderValue, OnUpgrade)>>,
    probe: Option<HeaderValue>,
}

impl Departure {
    async fn answer(self, session: &Rc<Session>) -> Response<Answer> {
        let (mut response, released) = match self.flight.land().await {
            Ok(sent) => {
                let released = self.probe.as_ref().and_then(|_| released(&sent));
                (deliver(session, sent, self.upgrade), released)
            }
            Err(cause) => (page(&session.worker, cause), None),
        };
        if let Some(digest) = self.probe {
            show(&mut response, digest, released);
        }
        response
    }
}

/// Answers an admitted request, or sends it on its way, as the table says.
fn route(
    session: &Rc<Session>,
    mut parts: Parts,
    body: Incoming,
    on_upgrade: OnUpgrade,
) -> Result<Departure, Box<Response<Answer>>> {
    let Session { worker, link, entry } = &**session;
    let Plan { next, probe, is_trusted } = plan(&worker.edge, entry, &parts, worker.random());
    let mut response = match next {
        Next::Answer(response) => response,
        Next::Fail(cause) => Box::new(page(worker, cause)),
        Next::Forward { group, claim } => {
            let upgrade = fields::upgrade(&parts);
            let sender =
                fields::Sender { peer: &entry.peer_text, is_trusted, port: &entry.port_text };
            fields::to_target(&mut parts, sender, upgrade.as_ref());
            let body = Outgoing::new(body, worker.edge.settings.limits.body_bytes, link);
            if body.is_chunked() {
                // Without the field the codec sends no body with the methods that seldom have one.
                parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            let request = Request::from_parts(parts, body);
            let flight = Flight::start(session, group, claim, request);
            let upgrade = upgrade.map(|protocol| Box::new((protocol, on_upgrade)));
            return Ok(Departure { flight, upgrade, probe });
        }
    };
    if let Some(digest) = probe {
        show(&mut response, digest, None);
    }
    Err(response)
}

/// Who answered: the release and the target's id.
type Released = Option<(HeaderValue, HeaderValue)>;

fn released(sent: &Sent) -> Released {
    let target = &sent.claim.target.target;
    let release = HeaderValue::from_str(&target.release).ok()?;
    Some((release, HeaderValue::from_str(&target.id).ok()?))
}

/// Tells a prober by which table it was routed, and who answered.
fn show(response: &mut Response<Answer>, digest: HeaderValue, released: Released) {
    let headers = response.headers_mut();
    headers.insert(DIGEST, digest);
    if let Some((release, target)) = released {
        headers.insert(RELEASE, release);
        headers.insert(TARGET, target);
    }
}

/// Passes a target's answer on.
fn deliver(
    session: &Rc<Session>,
    sent: Sent,
    upgrade: Option<Box<(HeaderValue, OnUpgrade)>>,
) -> Response<Answer> {
    let Session { worker, link, .. } = &**session;
    let Sent { mut response, line, claim } = sent;
    let status = response.status();
    claim.target.counters.answered(status.as_u16(), claim.started.elapsed());
    if status != StatusCode::SWITCHING_PROTOCOLS {
        link.enter(Phase::Answering);
        fields::to_client(response.headers_mut(), None);
        let (mut parts, body) = response.into_parts();
        parts.version = Version::HTTP_11;
        let lease = Lease { claim, line, session: Rc::clone(session) };
        return Response::from_parts(parts, Answer::stream(body, lease));
    }
    let Some((protocol, client)) = upgrade.map(|asked| *asked) else {
        claim.failed();
        return page(worker, Cause::Unasked);
    };
    link.upgrade();
    let target = hyper::upgrade::on(&mut response);
    let chosen = response.headers().get(hyper::header::UPGRADE).cloned().unwrap_or(protocol);
    fields::to_client(response.headers_mut(), Some(&chosen));
    let timeout = worker.edge.settings.limits.tunnel_timeout;
    worker.start(Tunnel { client, target, claim, link: Arc::clone(link), timeout });
    let (parts, _) = response.into_parts();
    Response::from_parts(parts, Answer::none())
}

/// Makes the page for a cause.
fn page(worker: &Worker, cause: Cause) -> Response<Answer> {
    let response = plain(cause.status(), cause.text());
    worker.edge.totals.answered(cause.status().as_u16());
    match cause {
        Cause::NoListener | Cause::BodyTooLarge | Cause::BodyLate | Cause::BodyBroken => {
            closing(response)
        }
        Cause::NoTarget
        | Cause::Unreachable
        | Cause::ConnectTimeout
        | Cause::BrokenAnswer
        | Cause::Unasked
        | Cause::Timeout
        | Cause::Cut
        | Cause::Path
        | Cause::Redirect => response,
    }
}

/// Refuses a request and ends its connection, since where the next one begins is uncertain.
fn refusal(worker: &Worker, status: StatusCode, text: &'static str) -> Response<Answer> {
    worker.edge.totals.answered(status.as_u16());
    closing(plain(status, text))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Answer> {
    let mut response = Response::new(Answer::text(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    response
}

fn closing(mut response: Response<Answer>) -> Response<Answer> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_output<F, R>(_: F) -> usize
    where
        F: Fn(&Rc<Session>, Request<Incoming>) -> R,
    {
        size_of::<R>()
    }

    #[test]
    fn the_future_that_is_copied_with_each_request_stays_small() {
        let size = size_of_output(answer);
        assert!(size <= 1200, "{size} bytes");
    }
}
