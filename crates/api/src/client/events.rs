//! What happens, as it happens, over one connection.
//!
//! It never hides a gap: where a record is missing the stream says that a fresh snapshot is
//! needed. Connecting again is not its business.

use std::collections::VecDeque;
use std::future::pending;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use tokio::time::timeout;

use super::exchange::{self, Driver};
use super::sse::{SseEvent, SseParser};
use super::{Client, ClientError};
use crate::types::{LIFE_HEADER, Samples, Sighting};

/// What an event stream brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// Something happened.
    Record(Box<Recorded>),
    /// What is measured now. Older measurements may have been left out.
    Samples(Box<Samples>),
    /// What is seen at AWS.
    Sighting(Box<Sighting>),
    /// What was held is no place to go on from: a fresh snapshot is needed. Nothing follows.
    Reset,
}

/// What happens, as it happens.
pub struct EventStream {
    client: Client,
    driver: Option<Driver>,
    body: Incoming,
    parser: SseParser,
    events: VecDeque<SseEvent>,
    last: Option<Seq>,
    life: String,
    ended: bool,
}

/// Begins to listen.
pub(super) async fn open(
    client: &Client,
    after: Option<Seq>,
    samples: bool,
) -> Result<EventStream, ClientError> {
    let path = if samples { "/events?samples=1" } else { "/events" };
    let stream = exchange::connect(client).await?;
    let id = after.map(|seq| seq.0);
    let head = async {
        let (response, mut driver) =
            exchange::send(client, stream, Method::GET, path, Bytes::new(), id).await?;
        let (status, version) = (response.status(), exchange::version_of(&response));
        if status.is_success() {
            exchange::judge(client, status, version, &[])?;
            return Ok((response, driver));
        }
        let body = exchange::collect(client, response.into_body(), &mut driver, exchange::SENTENCE)
            .await?;
        exchange::judge(client, status, version, &body)?;
        Err(client.protocol(&format!("status {status}")))
    };
    let (response, driver) = timeout(client.limits.answer, head)
        .await
        .unwrap_or_else(|_| Err(exchange::late(client, client.limits.answer)))?;
    let life = response.headers().get(LIFE_HEADER);
    let life = life.and_then(|life| life.to_str().ok()).unwrap_or("");
    Ok(EventStream {
        life: life.to_owned(),
        client: client.clone(),
        driver: Some(driver),
        body: response.into_body(),
        parser: SseParser::new(client.limits.event_bytes),
        events: VecDeque::new(),
        last: after,
        ended: false,
    })
}

impl EventStream {
    /// Names the life of the engine that answers: see [`crate::types::life_of`].
    pub fn life(&self) -> &str {
        &self.life
    }

    /// The last record that was seen.
    pub fn last(&self) -> Option<Seq> {
        self.last
    }

    /// Waits for what happens next; none once the engine closed the stream. May be dropped while
    /// it waits without losing anything.
    pub async fn next(&mut self) -> Result<Option<StreamItem>, ClientError> {
        while !self.ended {
            if let Some(event) = self.events.pop_front() {
                if let Some(item) = self.item(&event)? {
                    self.ended = item == StreamItem::Reset;
                    return Ok(Some(item));
                }
                continue;
            }
            let silence = self.client.limits.silence;
            let Ok(chunk) = timeout(silence, self.chunk()).await else {
                return Err(exchange::late(&self.client, silence));
            };
            let Some(chunk) = chunk? else {
                self.ended = true;
                break;
            };
            self.parser
                .push(&chunk, &mut self.events)
                .map_err(|error| self.client.protocol(&error))?;
        }
        Ok(None)
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let driver = async {
                match &mut self.driver {
                    Some(driver) => driver.await,
                    None => pending().await,
                }
            };
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                // The body holds what is left, and why it ended.
                _ = driver => {
                    self.driver = None;
                    continue;
                }
            };
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(self.client.protocol(&error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    fn item(&mut self, event: &SseEvent) -> Result<Option<StreamItem>, ClientError> {
        match event.name.as_str() {
            "record" => {
                let record: Box<Recorded> = self.client.read(event.data.as_bytes())?;
                Ok(self.place(record))
            }
            "samples" => {
                let samples = self.client.read(event.data.as_bytes())?;
                Ok(Some(StreamItem::Samples(samples)))
            }
            "sighting" => {
                let sighting = self.client.read(event.data.as_bytes())?;
                Ok(Some(StreamItem::Sighting(sighting)))
            }
            "reset" => Ok(Some(StreamItem::Reset)),
            // A later engine may tell more than this client knows of.
            _ => Ok(None),
        }
    }

    /// Keeps a record that follows the one before it; records have no gaps.
    fn place(&mut self, record: Box<Recorded>) -> Option<StreamItem> {
        if let Some(last) = self.last {
            if record.seq <= last {
                return None;
            }
            if record.seq != last.next() {
                return Some(StreamItem::Reset);
            }
        }
        self.last = Some(record.seq);
        Some(StreamItem::Record(record))
    }
}
