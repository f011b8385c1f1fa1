//! Whether a journal has all the records that were durable, and what is noted where it has.
//!
//! Responsible for comparing what was read with the mark and the epoch, and for the order in which
//! both are written at a start. It must not read segments or snapshots.

use std::fs::File;
use std::path::Path;

use super::disk::DiskError;
use super::epoch::{self, Known};
use super::error::OpenError;
use super::mark::{self, Mark};
use super::open::Read;
use super::{Epoch, Loss, Options, Seq, segment};

/// Refuses a journal that ends before a record that was durable, or of which nobody knows whether
/// it does.
pub fn complete(
    dir: &Path,
    known: &Known,
    mark: Result<Option<u64>, OpenError>,
    read: &Read,
    told: Epoch,
) -> Result<(), OpenError> {
    let last = read.last();
    // What is known to be gone is told first: it says how much, also where the mark cannot be read.
    let durable = known.durable.max(mark.as_ref().ok().copied().flatten().unwrap_or(0));
    if last < durable {
        return Err(OpenError::Lost { dir: dir.to_path_buf(), from: last + 1, to: durable });
    }
    let mark = mark?;
    if mark.is_none() && known.has_mark {
        return Err(OpenError::Mark { path: mark::path(dir), why: "the file is missing" });
    }
    let dir = || dir.to_path_buf();
    if mark.is_none() && read.active.is_none() && last > 0 {
        return Err(OpenError::Missing { dir: dir(), from: last + 1, to: last + 1 });
    }
    if told.0 > known.epoch {
        return Err(OpenError::Older { dir: dir(), known: known.epoch, told: told.0 });
    }
    if read.epoch > known.epoch {
        let why = format!(
            "start {} of an engine began the newest segment, and the file knows of {} starts only",
            read.epoch, known.epoch
        );
        return Err(OpenError::Epoch { path: epoch::path(&dir()), why });
    }
    Ok(())
}

/// What is lost where a loss is accepted; everything else is refused all the same.
pub fn loss_of(complete: Result<(), OpenError>, last: u64) -> Result<Option<Loss>, OpenError> {
    let to = match complete {
        Ok(()) => return Ok(None),
        Err(OpenError::Lost { to, .. }) => to,
        Err(
            OpenError::Mark { .. }
            | OpenError::Missing { .. }
            | OpenError::Older { .. }
            | OpenError::Epoch { .. },
        ) => last,
        Err(other) => return Err(other),
    };
    Ok(Some(Loss { after: Seq(last), to: Seq(to) }))
}

/// Makes the epoch durable and the mark, but for one that tells of records which are lost: it stays
/// until the journal says so itself, with the first append.
pub fn begin(
    dir: &Path,
    known: &Known,
    read: &Read,
    epoch: u64,
    loss: Option<Loss>,
    options: &Options,
) -> Result<Option<Mark>, OpenError> {
    let disk = &options.disk;
    if loss.is_some() {
        epoch::write(disk, dir, &Known { epoch, ..*known })?;
        return Ok(None);
    }
    if let Some(active) = &read.active {
        // What a killed engine wrote and never synced is whole in memory only.
        let path = segment::path(dir, active.first);
        let file = File::open(&path).map_err(|error| DiskError::new("open", &path, error))?;
        disk.sync(&file, &path)?;
    }
    let durable = read.last();
    let mark = Mark::create(disk, dir, durable)?;
    epoch::write(disk, dir, &Known { epoch, durable, has_mark: true })?;
    Ok(Some(mark))
}
