//! Keeps a copy of the state current: a snapshot, then events, over every loss of the connection.
//!
//! Memory is bounded by the channel: a reader that is slow makes this stop reading, the engine
//! then drops it to a fresh snapshot. Folding events is the reader's business.

use std::time::Duration;

use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::{Client, ClientError, StreamItem};
use crate::types::{Samples, Sighting, Snapshot, life_of};

/// What a follower is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Everything anew: what was held before is to be dropped. The connection is live.
    Snapshot(Box<Snapshot>),
    /// The connection is live again, and what was held is still a place to go on from.
    Live,
    /// Something happened, right after what was told before.
    Record(Box<Recorded>),
    /// What is measured now.
    Samples(Box<Samples>),
    /// What is seen at AWS.
    Sighting(Box<Sighting>),
    /// The engine does not answer: what is held grows old until `Live` or `Snapshot`.
    Lost {
        /// Why, by kind.
        why: ClientError,
    },
}

/// A copy of the state that is kept current until this is dropped.
pub struct Follow {
    updates: Receiver<Update>,
    task: JoinHandle<()>,
}

impl Follow {
    /// Waits for the next update. May be dropped while it waits without losing anything; none
    /// only once the runtime is going down.
    pub async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }

    /// Takes the next update if it is there already.
    pub fn try_next(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to follow.
pub(super) fn start(client: Client, samples: bool) -> Follow {
    let (sender, updates) = channel(client.limits.updates.max(1));
    let task = tokio::spawn(run(client, samples, sender));
    Follow { updates, task }
}

/// What the reader holds: a place, and the life of the engine that it belongs to.
struct Held {
    seq: Seq,
    life: String,
}

/// How one connection ended.
enum End {
    /// What is held is no place to go on from, and whether anything came before that was told.
    Reset { after_some: bool },
    /// The connection is gone.
    Lost(ClientError),
    /// Nobody reads any more.
    Unread,
}

async fn run(client: Client, samples: bool, sender: Sender<Update>) {
    let mut held = None;
    let mut failures = 0;
    let mut resets = 0;
    loop {
        match attach(&client, samples, &mut held, &mut failures, &sender).await {
            End::Reset { after_some } => {
                held = None;
                resets = if after_some { 0 } else { resets + 1 };
                // The first costs no time; an engine that resets again and again is not hammered.
                if resets > 1 {
                    tokio::time::sleep(back_off(&client, resets - 2)).await;
                }
            }
            End::Unread => return,
            End::Lost(why) => {
                if sender.send(Update::Lost { why }).await.is_err() {
                    return;
                }
                tokio::time::sleep(back_off(&client, failures)).await;
                failures += 1;
            }
        }
    }
}

fn back_off(client: &Client, failures: u32) -> Duration {
    let limits = &client.limits;
    let factor = 1u32 << failures.min(16);
    limits.retry_first.saturating_mul(factor).min(limits.retry_most)
}

async fn attach(
    client: &Client,
    samples: bool,
    held: &mut Option<Held>,
    failures: &mut u32,
    sender: &Sender<Update>,
) -> End {
    let resumes = held.is_some();
    let place = match held {
        Some(place) => place,
        None => match client.state().await {
            Err(why) => return End::Lost(why),
            Ok(snapshot) => {
                let place = held.insert(Held { seq: snapshot.seq, life: life_of(&snapshot.state) });
                let snapshot = Update::Snapshot(Box::new(snapshot));
                if sender.send(snapshot).await.is_err() {
                    return End::Unread;
                }
                place
            }
        },
    };
    let mut stream = match client.events(Some(place.seq), samples).await {
        Ok(stream) => stream,
        Err(why) => return End::Lost(why),
    };
    if stream.life() != place.life {
        return End::Reset { after_some: false };
    }
    *failures = 0;
    if resumes && sender.send(Update::Live).await.is_err() {
        return End::Unread;
    }
    let mut after_some = false;
    loop {
        let update = match stream.next().await {
            Ok(Some(StreamItem::Record(record))) => {
                place.seq = record.seq;
                Update::Record(record)
            }
            Ok(Some(StreamItem::Samples(samples))) => Update::Samples(samples),
            Ok(Some(StreamItem::Sighting(sighting))) => Update::Sighting(sighting),
            Ok(Some(StreamItem::Reset)) => return End::Reset { after_some },
            Ok(None) => return End::Lost(client.protocol("it closed the stream of events")),
            Err(why) => return End::Lost(why),
        };
        if sender.send(update).await.is_err() {
            return End::Unread;
        }
        after_some = true;
    }
}
