//! Writes snapshots. The state, which can be large, is written once for all who ask at a time,
//! away from the threads that the kernel runs on, and kept only as long as it is being sent.

use std::convert::Infallible;
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
use super::answer::{Answer, Refusal, with_body};

/// A state, written out.
#[derive(Debug)]
struct Written {
    state: Arc<State>,
    text: Vec<u8>,
}

/// Keeps the text alive for as long as any response sends it.
struct Shared(Arc<Written>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0.text
    }
}

/// Writes snapshots.
#[derive(Debug)]
pub(super) struct Snapshots {
    newest: Mutex<Weak<Written>>,
    /// One at a time: who comes meanwhile finds it written.
    turn: Semaphore,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self { newest: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Snapshots {
    /// The snapshot as one client sees it.
    pub(super) async fn answer(
        &self,
        state: Arc<State>,
        actor: &Actor,
        now: Timestamp,
        (degraded, room): (Option<Degraded>, Option<Room>),
    ) -> Answer {
        let head = head(state.seq, actor, now, (degraded, room))?;
        let written = self.written(state).await?;
        let parts = [head, Bytes::from_owner(Shared(written)), Bytes::from_static(b"}")];
        let frames = parts.map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let body = StreamBody::new(futures_util::stream::iter(frames)).boxed();
        Ok(with_body(StatusCode::OK, "application/json", body))
    }

    async fn written(&self, state: Arc<State>) -> Result<Arc<Written>, Refusal> {
        let _turn = self.turn.acquire().await.map_err(|_| not_written())?;
        if let Some(written) = self.newest().upgrade()
            && Arc::ptr_eq(&written.state, &state)
        {
            return Ok(written);
        }
        let written = tokio::task::spawn_blocking(move || {
            let text = serde_json::to_vec(&*state)?;
            Ok::<_, serde_json::Error>(Arc::new(Written { state, text }))
        });
        let Ok(Ok(written)) = written.await else {
            return Err(not_written());
        };
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
