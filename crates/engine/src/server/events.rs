//! The event stream of one client.
//!
//! It holds one frame at a time: what the client does not take stays in the ring that all share.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::HeaderValue;
use hyper::{Request, StatusCode};
use pilothouse_api::types::{LIFE_HEADER, life_of};
use pilothouse_core::id::Seq;
use tokio_util::sync::CancellationToken;

use super::actor::Door;
use super::answer::{Answer, Body, Refusal, with_body};
use super::request::{Query, whole};
use crate::publish::{HEARTBEAT, Item, Publisher, Reset, Subscription, reset_frame};

/// Where a stream stands.
enum Place {
    /// It goes on.
    On(Box<Subscription>),
    /// It has one last thing to say.
    Reset(Reset),
    /// It is over.
    Over,
}

/// Begins a stream.
pub(super) fn answer<B>(
    request: &Request<B>,
    publisher: &Publisher,
    door: Door,
    heartbeat: Duration,
    stop: CancellationToken,
) -> Answer {
    let query = Query::of(request, &["after", "samples"])?;
    let after = after(request, &query)?;
    let samples = query.text("samples") == Some("1");
    let place = match publisher.subscribe(door.access(), after, samples) {
        Ok(subscription) => Place::On(Box::new(subscription)),
        Err(reset) => Place::Reset(reset),
    };
    // The first sign of life goes out with the head, so that the client knows that it is heard.
    let first = stream::iter([Ok(Frame::data(HEARTBEAT))]);
    let rest = stream::unfold((place, stop), move |(place, stop)| async move {
        let (frame, place) = next(place, heartbeat, &stop).await?;
        Some((Ok::<_, Infallible>(Frame::data(frame)), (place, stop)))
    });
    let body: Body = StreamBody::new(stream::StreamExt::chain(first, rest)).boxed();
    let mut response = with_body(StatusCode::OK, "text/event-stream", body);
    if let Ok(life) = HeaderValue::from_str(&life_of(&publisher.state())) {
        response.headers_mut().insert(LIFE_HEADER, life);
    }
    Ok(response)
}

/// The place to go on after: the standard's header, which a browser sends by itself when it
/// connects again, wins over the query that it was first opened with.
fn after<B>(request: &Request<B>, query: &Query) -> Result<Option<Seq>, Refusal> {
    let Some(header) = request.headers().get("last-event-id") else {
        return Ok(query.number("after")?.map(Seq));
    };
    let text = header.to_str().unwrap_or("");
    if text.is_empty() {
        return Ok(None);
    }
    match whole(text) {
        Some(seq) => Ok(Some(Seq(seq))),
        None => Err(Refusal::invalid("last-event-id must be a whole number")),
    }
}

async fn next(
    place: Place,
    heartbeat: Duration,
    stop: &CancellationToken,
) -> Option<(Bytes, Place)> {
    let mut subscription = match place {
        Place::Over => return None,
        Place::Reset(why) => return Some((reset_frame(why)?, Place::Over)),
        Place::On(subscription) => subscription,
    };
    let item = tokio::select! {
        biased;
        () = stop.cancelled() => return None,
        item = tokio::time::timeout(heartbeat, subscription.next()) => item,
    };
    match item {
        Err(_) => Some((HEARTBEAT, Place::On(subscription))),
        Ok(Item::Record(frame) | Item::Samples(frame)) => Some((frame, Place::On(subscription))),
        Ok(Item::Reset(why)) => Some((reset_frame(why)?, Place::Over)),
    }
}
