//! What demonstrations that were killed have left: it is ended and removed by the next one.

use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::directory::Directory;
use super::image::Image;
use crate::cli::down;
use pilothouse_engine::places::Places;

use crate::find::Place;
use crate::{ask, out};

/// Ends and removes each of this user's demonstrations below a directory whose owner is gone.
pub fn clear(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for directory in paths.iter().filter_map(|path| Directory::take(path)) {
        let path = directory.path().display();
        out::error(&format!(
            "an earlier demonstration was killed; ending what it left in {path} …"
        ));
        if let Err(error) = end(&directory) {
            let state = directory.state();
            let state = state.display();
            out::error(&format!(
                "it is left, because {error:#}; to end and remove it: pilothouse --state {state} \
                 down --all --yes && chmod -R u+w {path} && rm -r {path}"
            ));
        } else if directory.note().keep {
            out::error(&format!(
                "nothing of it runs any more; its directory stays, as asked: {path}"
            ));
        }
    }
}

fn end(directory: &Directory) -> Result<()> {
    let place = Place { state: Some(directory.state()), ..Place::default() };
    down::halt(&place)?;
    if let Some(name) = &directory.note().image {
        let id =
            std::fs::read_to_string(directory.state().join(Places::ENGINE_ID)).unwrap_or_default();
        ask::run(async { Image::found(name).await?.remove(id.trim()).await })?;
    }
    directory.leave().wrap_err("its directory cannot be removed")
}
