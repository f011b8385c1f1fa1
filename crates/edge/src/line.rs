//! A connection to a target, and how much the target may say before it answers.
//!
//! The codec passes over interim answers (RFC 9110, section 15.2), however many there are, and for as
//! long as more arrive it lets nobody else have the thread. So what comes before the head of an answer
//! is counted, and more than two heads' worth of it ends the connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::SendRequest;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::body::Outgoing;

/// Nothing is awaited, and whatever is read belongs to an answer.
const ANY: u64 = u64::MAX;

/// The sending end of a connection. It is boxed, since it is moved with each request.
pub(crate) struct Line(Box<Ends>);

struct Ends {
    sender: SendRequest<Outgoing>,
    awaited: Arc<Awaited>,
}

/// What may come of an answer that is awaited before its head, in bytes.
#[derive(Debug)]
pub(crate) struct Awaited {
    /// So many may still be read.
    left: AtomicU64,
    /// So many may to begin with.
    most: u64,
}

impl Awaited {
    /// Whether the target said too much before its answer, so that the connection has ended.
    pub(crate) fn is_too_much(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// What came of sending: an answer's head, or why there is none.
pub(crate) type Answered = Result<hyper::Response<Incoming>, TrySendError<Request<Outgoing>>>;

impl Line {
    pub(crate) fn new(sender: SendRequest<Outgoing>, awaited: Arc<Awaited>) -> Self {
        Self(Box::new(Ends { sender, awaited }))
    }

    /// Sends a request, and waits for its answer's head.
    pub(crate) fn ask(
        &mut self,
        request: Request<Outgoing>,
    ) -> impl Future<Output = Answered> + use<> {
        self.0.awaited.left.store(self.0.awaited.most, Ordering::Relaxed);
        self.0.sender.try_send_request(request)
    }

    /// The head is there: whatever is read from now on is its body.
    pub(crate) fn has_answered(&self) {
        self.0.awaited.left.store(ANY, Ordering::Relaxed);
    }

    /// Whether the target said too much before its answer, so that the connection has ended.
    pub(crate) fn said_too_much(&self) -> bool {
        self.0.awaited.is_too_much()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.sender.is_closed()
    }

    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.sender.poll_ready(cx)
    }
}

/// A target's socket, which counts what is read before an answer's head.
#[derive(Debug)]
pub(crate) struct TargetIo<S> {
    stream: S,
    awaited: Arc<Awaited>,
}

impl<S> TargetIo<S> {
    /// One that is asked by a [`Line`]: so many bytes may come before each answer's head.
    pub(crate) fn new(stream: S, most: u64) -> Self {
        Self { stream, awaited: Arc::new(Awaited { left: AtomicU64::new(ANY), most }) }
    }

    /// One that is asked once, and by which so many bytes are read at most.
    pub(crate) fn once(stream: S, most: u64) -> Self {
        Self { stream, awaited: Arc::new(Awaited { left: AtomicU64::new(most), most }) }
    }

    /// What is counted.
    pub(crate) fn awaited(&self) -> Arc<Awaited> {
        Arc::clone(&self.awaited)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TargetIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.awaited.left.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::Error::other("too much came before an answer")));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if left != ANY {
            // The task that waits for the head runs on this thread as well, and not meanwhile.
            let read = (buf.filled().len() - before) as u64;
            self.awaited.left.store(left.saturating_sub(read), Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TargetIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
