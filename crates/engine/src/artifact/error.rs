//! What can go wrong with artifacts, by kind.

use std::path::PathBuf;

use super::Digest;
use crate::journal::DiskError;

/// Says why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Somebody removes while others add or read, or the reverse. Trying again later helps.
    #[error("the artifact store is busy: try again")]
    Busy,
    /// The store has no such artifact.
    #[error("there is no artifact {digest} in the store: build it again")]
    Absent {
        /// The artifact.
        digest: Digest,
    },
    /// The store's bytes are not what they were when they were sealed.
    #[error(
        "artifact {digest} is damaged in the store: {}: {why}. It must not be used; build it \
         again and check the disk", path.display()
    )]
    Damaged {
        /// The artifact.
        digest: Digest,
        /// The manifest's or object's file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The destination is something else.
    #[error(
        "{} is there already and is not artifact {digest}: remove it or choose another place",
        dest.display()
    )]
    Occupied {
        /// The destination.
        dest: PathBuf,
        /// The artifact that was to be unpacked.
        digest: Digest,
    },
    /// The destination has no name or no parent directory.
    #[error("{} is not a place to unpack to: name a directory in an existing one", dest.display())]
    NoPlace {
        /// The destination.
        dest: PathBuf,
    },
    /// The disk refused.
    #[error("artifact store: {source}{}", full(source))]
    Disk {
        /// What the disk answered.
        #[from]
        source: DiskError,
    },
}

/// Says why a tree was not sealed. No artifact appeared.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A path to seal is absolute, empty, has `..` in it, or goes through a link.
    #[error("cannot seal {path:?}: {why}")]
    Path {
        /// The path, as it was given.
        path: PathBuf,
        /// Why it cannot be used.
        why: &'static str,
    },
    /// A path to seal is not there.
    #[error("cannot seal {path:?}: it is not there. Does the step write it?")]
    Absent {
        /// The path, relative to the tree.
        path: PathBuf,
    },
    /// A link points out of the tree, or could.
    #[error(
        "cannot seal the link {path:?} to {target:?}: it leaves the tree. A link must be \
         relative, and go up only at its start and only within the tree"
    )]
    Link {
        /// The link, relative to the tree.
        path: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// Something is neither file nor directory nor link.
    #[error("cannot seal {path:?}: it is neither a file, a directory nor a link")]
    Kind {
        /// The path, relative to the tree.
        path: PathBuf,
    },
    /// The tree is larger than an artifact may be.
    #[error("cannot seal {path:?}: with it the artifact has more than {limit} {what}")]
    TooLarge {
        /// Where the limit was reached, relative to the tree.
        path: PathBuf,
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] ArtifactError),
}

impl From<DiskError> for SealError {
    fn from(error: DiskError) -> Self {
        Self::Store(error.into())
    }
}

fn full(error: &DiskError) -> &'static str {
    if error.is_full() { ". Remove files, or keep fewer artifacts" } else { "" }
}
