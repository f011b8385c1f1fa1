//! Sending one request, again where that is safe.
//!
//! Responsible for which connection and which target each attempt uses. Trying again is safe
//! when nothing was sent, or when the request is idempotent and has no body (RFC 9110, section
//! 9.2.2); it happens at most `ATTEMPTS - 1` times.

use std::future::poll_fn;
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri};

use crate::body::Outgoing;
use crate::claim::Claim;
use crate::counters::add;
use crate::edge::now_ms;
use crate::fields;
use crate::line::{Answered, Line};
use crate::page::Cause;
use crate::session::Session;
use crate::upstream::{ConnectError, connect};

/// How often one request is sent at most.
const ATTEMPTS: usize = 4;

/// A request that was answered, with what it holds.
pub(crate) struct Sent {
    pub(crate) response: Response<Incoming>,
    pub(crate) line: Line,
    pub(crate) claim: Claim,
}

/// A request on its way to a target.
pub(crate) struct Flight {
    journey: Journey,
    claim: Claim,
    way: Way,
    /// A copy, if sending again is safe although the first was sent.
    spare: Option<Box<Spare>>,
}

/// The head of a request without a body, to send it once more.
///
/// Nearly all are dropped unused, so that fields are copied as a list, which is cheaper than a map.
struct Spare {
    method: Method,
    uri: Uri,
    fields: Vec<(HeaderName, HeaderValue)>,
}

/// What stays the same however often a request is sent.
struct Journey {
    session: Rc<Session>,
    group: Arc<str>,
    tried: Vec<u64>,
}

/// How a request is sent first.
enum Way {
    /// By a kept connection, which has it already.
    Kept(Line, Sending),
    /// By a connection that is to be opened.
    New(Box<Request<Outgoing>>),
}

/// Waits for an answer's head. Boxed, since it has room for the whole request.
type Sending = Pin<Box<dyn Future<Output = Answered>>>;

/// Why sending once brought no answer.
enum Setback {
    /// Nothing reached the target's program; the request is whole.
    Unsent(Claim, Box<Request<Outgoing>>, ConnectError),
    /// A kept connection had ended before the request was written.
    Closed(Claim, Box<Request<Outgoing>>),
    /// It was sent, and no answer came.
    Broken(Claim),
    /// It must not be tried again.
    Failed(Claim, Cause),
}

/// What came of waiting for an answer's head; none is a timeout.
type Head = Option<Answered>;

impl Flight {
    /// Sends by a kept connection, if there is one.
    pub(crate) fn start(
        session: &Rc<Session>,
        group: Arc<str>,
        claim: Claim,
        request: Request<Outgoing>,
    ) -> Self {
        let spare = is_replayable(&request).then(|| Box::new(Spare::of(&request)));
        let way = match session.worker.pool.take(&claim.target) {
            Some(mut line) => {
                session.link.wait();
                let sending = line.ask(request);
                Way::Kept(line, Box::pin(sending))
            }
            None => Way::New(Box::new(request)),
        };
        let journey = Journey { session: Rc::clone(session), group, tried: Vec::new() };
        Self { journey, claim, way, spare }
    }

    /// Sends until a target answers, or until trying again would not be safe.
    ///
    /// A kept connection that answers is the way of nearly all requests; everything else is
    /// boxed, since the size of this future is copied with each request.
    pub(crate) async fn land(self) -> Result<Sent, Cause> {
        let Self { journey, claim, way, spare } = self;
        let first = match way {
            Way::Kept(line, mut sending) => {
                let head = journey.head(&mut sending).await;
                journey.outcome(head, line, claim, true)
            }
            Way::New(request) => Box::pin(journey.on_new_connection(claim, *request)).await,
        };
        match first {
            Ok(sent) => Ok(sent),
            Err(setback) => Box::pin(journey.again(setback, spare)).await,
        }
    }
}

impl Spare {
    fn of(request: &Request<Outgoing>) -> Self {
        let copy = |(name, value): (&HeaderName, &HeaderValue)| (name.clone(), value.clone());
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            fields: request.headers().iter().map(copy).collect(),
        }
    }

    fn request(&self) -> Request<Outgoing> {
        let mut request = Request::new(Outgoing::Empty);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        // Fields of one name stay in their order.
        request.headers_mut().extend(self.fields.iter().cloned());
        request
    }
}

impl Journey {
    /// Tries again for as long as that is safe.
    async fn again(
        mut self,
        mut setback: Setback,
        mut spare: Option<Box<Spare>>,
    ) -> Result<Sent, Cause> {
        let mut may_reuse = true;
        for _ in 1..ATTEMPTS {
            let (claim, request) = self.next(setback, &mut spare, &mut may_reuse)?;
            add(&self.session.worker.edge.totals.retried);
            let kept = may_reuse.then(|| self.session.worker.pool.take(&claim.target)).flatten();
            let sent = match kept {
                Some(mut line) => {
                    self.session.link.wait();
                    let head = self.head(&mut pin!(line.ask(request))).await;
                    self.outcome(head, line, claim, true)
                }
                None => self.on_new_connection(claim, request).await,
            };
            match sent {
                Ok(sent) => return Ok(sent),
                Err(other) => setback = other,
            }
        }
        Err(self.give_up(&setback))
    }

    /// Says why there is no answer, and counts it where the target is at fault.
    fn give_up(&self, setback: &Setback) -> Cause {
        let (last, cause) = match setback {
            Setback::Failed(
                _,
                cause @ (Cause::BodyBroken | Cause::BodyTooLarge | Cause::BodyLate),
            ) => return *cause,
            Setback::Failed(last, cause) => (last, *cause),
            Setback::Unsent(last, _, why) => {
                self.doubt(last, *why);
                (last, cause_of(*why))
            }
            Setback::Closed(last, _) | Setback::Broken(last) => (last, Cause::BrokenAnswer),
        };
        last.failed();
        cause
    }

    /// Finds what to send next and to whom, if sending again is safe.
    fn next(
        &mut self,
        setback: Setback,
        spare: &mut Option<Box<Spare>>,
        may_reuse: &mut bool,
    ) -> Result<(Claim, Request<Outgoing>), Cause> {
        match setback {
            Setback::Failed(..) => Err(self.give_up(&setback)),
            Setback::Unsent(last, whole, why) => {
                self.doubt(&last, why);
                last.failed();
                Ok((self.other(&last).ok_or(cause_of(why))?, *whole))
            }
            Setback::Closed(last, whole) if *may_reuse => {
                *may_reuse = false;
                Ok((self.same(last)?, *whole))
            }
            // A new one ends as soon as it is there: somebody listens in the place of a target
            // that is gone. Nothing was sent, so that another may be asked.
            Setback::Closed(last, whole) => {
                last.failed();
                Ok((self.other(&last).ok_or(Cause::BrokenAnswer)?, *whole))
            }
            Setback::Broken(last) => {
                let Some(copy) = spare.take() else {
                    return Err(self.give_up(&Setback::Broken(last)));
                };
                if *may_reuse {
                    // A kept connection may have ended of age: the target gets a new one.
                    *may_reuse = false;
                    let request = copy.request();
                    *spare = Some(copy);
                    return Ok((self.same(last)?, request));
                }
                // It breaks on a new one too, so that the target is about to end. Another is asked
                // once and no more, in case the request is what ends them.
                last.failed();
                Ok((self.other(&last).ok_or(Cause::BrokenAnswer)?, copy.request()))
            }
        }
    }

    /// Sends once, by a connection that is opened for it.
    async fn on_new_connection(
        &self,
        claim: Claim,
        request: Request<Outgoing>,
    ) -> Result<Sent, Setback> {
        let worker = &self.session.worker;
        let limits = &worker.edge.settings.limits;
        let mut line = match connect(&claim, &worker.pool, limits).await {
            Ok(line) => line,
            Err(_) if claim.is_cut() => return Err(Setback::Failed(claim, Cause::Cut)),
            Err(why) => return Err(Setback::Unsent(claim, Box::new(request), why)),
        };
        self.session.link.wait();
        let head = self.head(&mut pin!(line.ask(request))).await;
        self.outcome(head, line, claim, false)
    }

    /// Says what came of sending once.
    fn outcome(
        &self,
        head: Head,
        line: Line,
        claim: Claim,
        is_kept: bool,
    ) -> Result<Sent, Setback> {
        let said_too_much = line.said_too_much();
        let mut error = match head {
            // A target cannot answer what it has not been sent.
            None if self.session.link.owes_body.load(Ordering::Relaxed) => {
                return Err(Setback::Failed(claim, Cause::BodyLate));
            }
            None => return Err(Setback::Failed(claim, Cause::Timeout)),
            Some(Ok(response)) if fields::is_plainly_framed(response.headers()) => {
                line.has_answered();
                return Ok(Sent { response, line, claim });
            }
            Some(Ok(_)) => return Err(Setback::Failed(claim, Cause::BrokenAnswer)),
            Some(Err(error)) => error,
        };
        if self.session.link.is_too_large.load(Ordering::Relaxed) {
            return Err(Setback::Failed(claim, Cause::BodyTooLarge));
        }
        if claim.is_cut() {
            return Err(Setback::Failed(claim, Cause::Cut));
        }
        if error.error().is_user() {
            return Err(Setback::Failed(claim, Cause::BodyBroken));
        }
        if said_too_much {
            return Err(Setback::Failed(claim, Cause::BrokenAnswer));
        }
        Err(match error.take_message() {
            Some(whole) => Setback::Closed(claim, Box::new(whole)),
            None if error.error().is_parse() && !is_kept => {
                Setback::Failed(claim, Cause::BrokenAnswer)
            }
            None => Setback::Broken(claim),
        })
    }

    /// Waits for the answer's head until the worker's sweep finds that it is late.
    async fn head<F>(&self, sending: &mut Pin<F>) -> Head
    where
        F: DerefMut<Target: Future<Output = Answered>>,
    {
        poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(sent) => Poll::Ready(Some(sent)),
            Poll::Pending if self.session.link.is_late() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Takes a target out that nobody listens at, until a check says otherwise.
    fn doubt(&self, claim: &Claim, why: ConnectError) {
        if why == ConnectError::Refused && claim.target.suspect(why.text(), now_ms()) {
            tracing::warn!(
                target_id = %claim.target.target.id,
                address = %claim.target.target.address,
                "a request's connection was refused; checking the target now"
            );
            self.session.worker.edge.changed();
        }
    }

    fn other(&mut self, last: &Claim) -> Option<Claim> {
        self.tried.push(last.target.key);
        Claim::take_other(&self.session.worker.edge, &self.group, &self.tried)
    }

    /// Keeps the target for another attempt, unless it takes no new requests any more.
    fn same(&mut self, last: Claim) -> Result<Claim, Cause> {
        if !last.target.is_leaving() {
            return Ok(last);
        }
        self.other(&last).ok_or(Cause::BrokenAnswer)
    }
}

fn cause_of(why: ConnectError) -> Cause {
    match why {
        ConnectError::Timeout => Cause::ConnectTimeout,
        ConnectError::Refused | ConnectError::Other => Cause::Unreachable,
    }
}

fn is_replayable(request: &Request<Outgoing>) -> bool {
    let is_idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    );
    is_idempotent && request.body().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_makes_the_same_head_each_time() {
        let request = Request::put("/shop?page=2")
            .header("cookie", "a=1")
            .header("host", "shop.localhost")
            .header("cookie", "b=2")
            .header("x-forwarded-for", "192.0.2.7");
        let request = request.body(Outgoing::Empty).unwrap();
        let spare = Spare::of(&request);
        for made in [spare.request(), spare.request()] {
            assert_eq!(made.method(), request.method());
            assert_eq!(made.uri(), request.uri());
            assert_eq!(made.version(), request.version());
            assert_eq!(made.headers(), request.headers());
            assert!(made.body().is_empty());
        }
    }
}
