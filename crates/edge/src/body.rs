//! The bodies that pass through.
//!
//! Responsible for streaming in both directions without collecting, for the limit on request
//! bodies, and for giving an upstream connection back exactly when its answer has ended.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::claim::Claim;
use crate::line::Line;
use crate::link::Link;
use crate::session::Session;

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The other side's connection failed.
    #[error("the body broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// More arrived than is allowed.
    #[error("the body is larger than allowed")]
    TooLarge,
}

/// A request body on its way to a target.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// There is none.
    Empty,
    /// The client's, as it arrives.
    Stream {
        /// The client's body.
        body: Incoming,
        /// How many bytes may still come.
        left: u64,
        /// Where to note that more came.
        link: Arc<Link>,
    },
}

impl Outgoing {
    pub(crate) fn new(body: Incoming, limit: u64, link: &Arc<Link>) -> Self {
        if body.is_end_stream() {
            return Self::Empty;
        }
        Self::Stream { body, left: limit, link: Arc::clone(link) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Says whether there is a body whose length only its end will tell.
    pub(crate) fn is_chunked(&self) -> bool {
        !self.is_empty() && self.size_hint().exact().is_none()
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self::Stream { body, left, link } = &mut *self else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(cx);
        link.owes_body.store(polled.is_pending(), Ordering::Relaxed);
        let Some(frame) = ready!(polled) else {
            return Poll::Ready(None);
        };
        let frame = frame?;
        let length = frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(0));
        let Some(rest) = left.checked_sub(length) else {
            link.is_too_large.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        };
        *left = rest;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream { body, .. } => body.size_hint(),
        }
    }
}

/// A response body on its way to a client.
pub(crate) enum Answer {
    /// One that the edge made, or none.
    Whole(Option<Bytes>),
    /// A target's, as it arrives.
    Stream(Streamed),
}

/// A target's body, and what must go back when it ends.
pub(crate) struct Streamed {
    body: Incoming,
    lease: Option<Lease>,
}

/// What a request holds until its answer has ended.
pub(crate) struct Lease {
    pub(crate) claim: Claim,
    pub(crate) line: Line,
    pub(crate) session: Rc<Session>,
}

impl Lease {
    /// Gives the connection back to the pool: the answer has ended.
    fn end(self) {
        self.session.link.end();
        self.session.worker.pool.put(&self.claim.target, self.line);
    }
}

impl Answer {
    pub(crate) fn text(text: &'static str) -> Self {
        Self::Whole(Some(Bytes::from_static(text.as_bytes())))
    }

    pub(crate) fn none() -> Self {
        Self::Whole(None)
    }

    /// Streams a target's body; a body that has ended already gives everything back at once.
    pub(crate) fn stream(body: Incoming, lease: Lease) -> Self {
        Self::Stream(Streamed { body, lease: Some(lease) })
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let streamed = match &mut *self {
            Self::Whole(bytes) => return Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Self::Stream(streamed) => streamed,
        };
        match ready!(Pin::new(&mut streamed.body).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => {
                if let Some(lease) = streamed.lease.take() {
                    lease.claim.failed();
                }
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                if let Some(lease) = streamed.lease.take() {
                    lease.end();
                }
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Stream(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(0))
            }
            Self::Stream(streamed) => streamed.body.size_hint(),
        }
    }
}

impl Drop for Streamed {
    /// The codec drops a body whose end it knows without asking for it; one that is dropped
    /// before its end takes its upstream connection along.
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take()
            && self.body.is_end_stream()
        {
            lease.end();
        }
    }
}
