//! Writes snapshots. The state, which can be large, is written once for all who ask at a time,
//! away from the threads that the kernel runs on, and kept only as long as it is being sent.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::StatusCode;
use hyper::body::Frame;
use pilothouse_api::types::{API_VERSION, Degraded};
use pilothouse_core::command::RejectionKind;
use pilothouse_core::id::Seq;
use pilothouse_core::room::Room;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::actor::Actor;
use super::answer::{Answer, Refusal, no_room, with_body};
use super::share::Share;
use crate::publish::Publisher;

/// A state, written out.
#[derive(Debug)]
struct Written {
    /// Which state it is. The state itself is not kept: whoever is slow to take the text would hold
    /// that too.
    state: Weak<State>,
    seq: Seq,
    text: Vec<u8>,
}

/// Keeps the text alive for as long as any response sends it, and a share of the memory for
/// answers taken for as long as this response does.
struct Sent {
    written: Arc<Written>,
    _share: Share,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.written.text
    }
}

/// Writes snapshots.
#[derive(Debug)]
pub(super) struct Snapshots {
    newest: Mutex<Weak<Written>>,
    /// Bytes of the text that was written last.
    length: AtomicUsize,
    /// One at a time: who comes meanwhile finds it written.
    turn: Arc<Semaphore>,
}

impl Default for Snapshots {
    fn default() -> Self {
        let turn = Arc::new(Semaphore::new(1));
        Self { newest: Mutex::default(), length: AtomicUsize::default(), turn }
    }
}

impl Snapshots {
    /// Bytes that the next state has at most, as far as the last one tells.
    pub(super) fn length(&self) -> usize {
        let last = self.length.load(Ordering::Relaxed);
        last + last / 8
    }

    /// The snapshot as one client sees it. The share is of the memory for answers.
    pub(super) async fn answer(
        &self,
        publisher: &Publisher,
        actor: &Actor,
        now: Timestamp,
        mut share: Share,
    ) -> Answer {
        let written = self.written(publisher).await?;
        share.resize(written.text.len()).map_err(|_| no_room())?;
        let head = head(written.seq, actor, now, (publisher.degraded(), publisher.room()))?;
        let state = Bytes::from_owner(Sent { written, _share: share });
        let parts = [head, state, Bytes::from_static(b"}")];
        let frames = parts.map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let body = StreamBody::new(futures_util::stream::iter(frames)).boxed();
        Ok(with_body(StatusCode::OK, "application/json", body))
    }

    async fn written(&self, publisher: &Publisher) -> Result<Arc<Written>, Refusal> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| not_written())?;
        // Only now: who waits holds no state.
        let state = publisher.state();
        if let Some(written) = self.newest().upgrade()
            && std::ptr::eq(written.state.as_ptr(), Arc::as_ptr(&state))
        {
            return Ok(written);
        }
        // The turn goes along: a client that leaves meanwhile does not end what was begun for it.
        let writing = tokio::task::spawn_blocking(move || {
            let mut text = serde_json::to_vec(&*state)?;
            text.shrink_to_fit();
            let written = Written { state: Arc::downgrade(&state), seq: state.seq, text };
            Ok::<_, serde_json::Error>((Arc::new(written), turn))
        });
        let Ok(Ok((written, _turn))) = writing.await else {
            return Err(not_written());
        };
        self.length.store(written.text.len(), Ordering::Relaxed);
        *self.newest() = Arc::downgrade(&written);
        Ok(written)
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Weak<Written>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything of a [`pilothouse_api::types::Snapshot`] before its state.
fn head(
    seq: Seq,
    actor: &Actor,
    now: Timestamp,
    (degraded, room): (Option<Degraded>, Option<Room>),
) -> Result<Bytes, Refusal> {
    let engine = text(&env!("CARGO_PKG_VERSION"))?;
    let access = text(&actor.door.access())?;
    let name = text(&actor.name)?;
    let degraded = match degraded {
        Some(degraded) => format!("\"degraded\":{},", text(&degraded)?),
        None => String::new(),
    };
    let room = match room {
        Some(room) => format!("\"room\":{},", text(&room)?),
        None => String::new(),
    };
    let head = format!(
        "{{\"api\":{API_VERSION},\"engine\":{engine},\"access\":{access},\"actor\":{name},\"now\":{},{degraded}{room}\"seq\":{seq},\"state\":",
        now.0
    );
    Ok(head.into())
}

fn text(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| not_written())
}

fn not_written() -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        RejectionKind::Invalid,
        "the engine could not write its state; its log says why",
    )
}
