//! Looks how much room the state directory's filesystem has, whether or not somebody is attached.
//! What that means, `core::room` decides.

use std::io;
use std::path::Path;
use std::time::Duration;

use pilothouse_core::room::Room;
use tokio::time::Instant;

use crate::places::Places;
use crate::publish::Publisher;

/// The shortest time between two looks.
const BETWEEN: Duration = Duration::from_secs(2);

/// Looks once in a while, and tells the engine's log when it becomes too little.
#[derive(Default)]
pub(crate) struct Looker {
    at: Option<Instant>,
    was_scarce: bool,
}

impl Looker {
    /// Looks, where the last look is long enough ago.
    pub async fn look(&mut self, places: &Places, publisher: &Publisher) {
        if self.at.is_some_and(|at| at.elapsed() < BETWEEN) {
            return;
        }
        self.at = Some(Instant::now());
        let root = places.root().to_owned();
        // A filesystem that is far away may take its time.
        let room = tokio::task::spawn_blocking(move || measure(&root).ok()).await.ok().flatten();
        let scarce = room.and_then(Room::scarce);
        let is_scarce = scarce.is_some();
        if is_scarce && !self.was_scarce {
            let Room { free, free_files, .. } = room.unwrap_or_default();
            let dir = places.root().display();
            tracing::warn!(free, free_files, %dir, "little room is left for the state");
        }
        self.was_scarce = is_scarce;
        publisher.set_room(room);
    }
}

/// How much room the filesystem of a directory has (statvfs(3)).
pub fn measure(dir: &Path) -> io::Result<Room> {
    let found = rustix::fs::statvfs(dir)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    // A filesystem without a fixed table of files says that it has none at all.
    let counts = found.f_files > 0;
    Ok(Room {
        free: bytes(found.f_bavail),
        total: bytes(found.f_blocks),
        free_files: counts.then_some(found.f_favail),
        files: counts.then_some(found.f_files),
    })
}
