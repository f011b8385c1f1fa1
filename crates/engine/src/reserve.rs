//! Room on the disk that a start of the engine needs, kept while none starts.
//!
//! Whatever has filled the disk is ended by the engine, which has to start for that. A start makes
//! directories and replaces files, and on most filesystems each takes a block.

use std::fs::File;
use std::io;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::journal::Ahead;
use crate::places::Places;

/// How much is kept.
const ROOM: Ahead = Ahead::of(256 << 10);
/// Time between two looks whether it is there.
const LOOK: Duration = Duration::from_secs(1);

/// The file that has the room, and no bytes.
pub(crate) struct Reserve {
    file: File,
    ahead: Ahead,
}

impl Reserve {
    /// Gives back what is kept, for a start. An engine that has the journal's lock calls it.
    pub(crate) fn spend(places: &Places) -> io::Result<Self> {
        let path = places.root().join("reserve");
        let file = File::options().write(true).create(true).truncate(false).open(path)?;
        let mut ahead = ROOM;
        ahead.give_back(&file, 0);
        Ok(Self { file, ahead })
    }

    /// Takes it anew, as far as there is any, now and whenever there is.
    pub(crate) async fn keep(mut self, stop: CancellationToken) {
        loop {
            self.ahead.keep(&self.file, 0);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}
