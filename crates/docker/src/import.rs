//! Images of nothing but files of this machine, where no other image is at hand.

use std::path::{Path, PathBuf};

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Receiver;

use crate::context::{self, Piece};
use crate::engine::Docker;
use crate::error::{Error, Kind, from};

/// A file of this machine, and where the image has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageFile {
    /// The path on this machine; a link is followed.
    pub source: PathBuf,
    /// The absolute path in the image.
    pub target: PathBuf,
}

impl Docker {
    /// Makes an image of files, under a name of the form `NAME:TAG`.
    pub async fn import(&self, name: &str, files: Vec<ImageFile>) -> Result<(), Error> {
        let pieces = context::send_archive(move |archive| {
            for file in &files {
                let within = file.target.strip_prefix("/").unwrap_or(&file.target);
                archive.append_path_with_name(&file.source, within)?;
            }
            Ok(())
        });
        self.import_pieces(name, pieces).await
    }

    /// Makes an image of a whole root that is kept as an archive of tar.
    pub async fn import_archive(&self, name: &str, archive: &Path) -> Result<(), Error> {
        self.import_pieces(name, context::send_file(archive)).await
    }

    async fn import_pieces(&self, name: &str, mut pieces: Receiver<Piece>) -> Result<(), Error> {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        let options =
            CreateImageOptionsBuilder::default().from_src("-").repo(repository).tag(tag).build();
        let pieces = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx));
        let body = bollard::body_try_stream(pieces);
        let mut importing = self.client.create_image(Some(options), Some(body), None);
        while let Some(step) = importing.next().await {
            step.map_err(|raw| from(&format!("make the image {name}"), &raw))?;
        }
        drop(importing);
        match self.image(name).await? {
            Some(_) => Ok(()),
            None => Err(Error::new(Kind::Broken, format!("{name} was made and is not there"))),
        }
    }
}
