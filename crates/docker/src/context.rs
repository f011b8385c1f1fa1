//! What a build may read: the files of a directory, as the archive that an engine takes.
//!
//! Links are sent as links and never followed, so that a build sees nothing of the host but the
//! directory. `.git` is left out: it holds history, hooks and perhaps credentials. So is what
//! `.dockerignore` names.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::ignored::Ignored;
use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many pieces wait for the engine at most, and how large one is.
const PIECES: usize = 8;
const PIECE: usize = 64 << 10;

/// A piece of the archive, or why there are no more.
pub(crate) type Piece = Result<Bytes, io::Error>;

/// Where a directory really is, which must be within another.
pub(crate) fn within(dir: &Path, within: &Path) -> io::Result<PathBuf> {
    let (dir, within) = (dir.canonicalize()?, within.canonicalize()?);
    if dir.starts_with(&within) {
        return Ok(dir);
    }
    Err(io::Error::other("a link leads out of the workspace"))
}

/// The Dockerfile of a directory, which must lie in it, whatever links on the way say.
pub(crate) fn dockerfile(dir: &Path, name: &str) -> io::Result<String> {
    std::fs::read_to_string(within(&dir.join(name), dir)?)
}

/// Begins to send a directory; what cannot be read ends it with an error. The Dockerfile is sent
/// whatever is left out, because the engine reads it.
pub(crate) fn send(dir: &Path, dockerfile: &str, ignored: Ignored) -> Receiver<Piece> {
    let files = Files { dir: dir.to_owned(), dockerfile: dockerfile.into(), ignored };
    send_archive(move |archive| {
        archive.follow_symlinks(false);
        files.add(archive, Path::new(""))
    })
}

/// Begins to send an archive that is there already.
pub(crate) fn send_file(archive: &Path) -> Receiver<Piece> {
    let archive = archive.to_owned();
    send_pieces(move |pieces| {
        io::copy(&mut std::fs::File::open(&archive)?, pieces)?;
        pieces.flush()
    })
}

/// Begins to send an archive that `fill` fills.
pub(crate) fn send_archive(
    fill: impl FnOnce(&mut tar::Builder<&mut Pieces>) -> io::Result<()> + Send + 'static,
) -> Receiver<Piece> {
    send_pieces(move |pieces| archive(fill, pieces))
}

fn send_pieces(
    write: impl FnOnce(&mut Pieces) -> io::Result<()> + Send + 'static,
) -> Receiver<Piece> {
    let (sender, receiver) = channel(PIECES);
    // It ends when everything was sent, or when nobody takes the next piece.
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { sender, piece: BytesMut::with_capacity(PIECE) };
        if let Err(error) = write(&mut pieces) {
            // Nobody to tell: the build was broken off.
            let _ = pieces.sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn archive(
    fill: impl FnOnce(&mut tar::Builder<&mut Pieces>) -> io::Result<()>,
    pieces: &mut Pieces,
) -> io::Result<()> {
    let mut archive = tar::Builder::new(&mut *pieces);
    // Engines do not read the form that GNU tar has for files with holes.
    archive.sparse(false);
    fill(&mut archive)?;
    archive.finish()?;
    drop(archive);
    pieces.flush()
}

/// The files of a directory, without those that are left out.
struct Files {
    dir: PathBuf,
    dockerfile: PathBuf,
    ignored: Ignored,
}

impl Files {
    fn add(&self, archive: &mut tar::Builder<&mut Pieces>, within: &Path) -> io::Result<()> {
        let entries = std::fs::read_dir(self.dir.join(within))?;
        let mut entries: Vec<_> = entries.collect::<io::Result<_>>()?;
        // In one order, so that the same files make the same archive.
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = within.join(entry.file_name());
            if name.as_os_str() == ".git" {
                continue;
            }
            let kind = entry.file_type()?;
            let is_out = name != self.dockerfile && self.ignored.has(&name);
            if kind.is_dir() {
                if !is_out {
                    archive.append_dir(&name, entry.path())?;
                }
                let may_hold = self.ignored.has_exceptions() || self.dockerfile.starts_with(&name);
                if !is_out || may_hold {
                    self.add(archive, &name)?;
                }
            } else if !is_out && (kind.is_file() || kind.is_symlink()) {
                archive.append_path_with_name(entry.path(), &name)?;
            }
            // Sockets, pipes and devices are nothing that a build could read.
        }
        Ok(())
    }
}

/// Gathers what is written into pieces worth sending.
pub(crate) struct Pieces {
    sender: Sender<Piece>,
    piece: BytesMut,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = self.piece.split().freeze();
        if piece.is_empty() {
            return Ok(());
        }
        let sent = self.sender.blocking_send(Ok(piece));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_never_leaves_the_workspace_by_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let workspace = temp.path().join("workspace");
        std::fs::create_dir_all(workspace.join("app/inner")).unwrap();
        std::fs::create_dir(temp.path().join("secret")).unwrap();
        std::os::unix::fs::symlink("../secret", workspace.join("out")).unwrap();
        std::os::unix::fs::symlink("app", workspace.join("in")).unwrap();
        std::os::unix::fs::symlink("/", workspace.join("root")).unwrap();
        for inside in [".", "app", "in/inner"] {
            assert!(within(&workspace.join(inside), &workspace).is_ok(), "{inside}");
        }
        for outside in ["out", "root", "root/etc", "in/../../secret", "nothing"] {
            assert!(within(&workspace.join(outside), &workspace).is_err(), "{outside}");
        }
    }

    #[tokio::test]
    async fn files_and_links_are_sent_and_what_is_left_out_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        std::fs::create_dir_all(dir.join("a/.git")).unwrap();
        std::fs::create_dir_all(dir.join(".git")).unwrap();
        std::fs::write(dir.join(".git/config"), "secret").unwrap();
        std::fs::write(dir.join("a/b"), "text").unwrap();
        std::fs::create_dir_all(dir.join("out/below")).unwrap();
        for name in ["out/Dockerfile", "out/secret", "out/below/kept", "out/below/not"] {
            std::fs::write(dir.join(name), "text").unwrap();
        }
        std::fs::write(dir.join(".dockerignore"), "out\n!out/below/kept\n").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.join("link")).unwrap();
        let ignored = Ignored::of(dir).unwrap();
        let mut pieces = send(dir, "out/Dockerfile", ignored);
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.recv().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries: Vec<(String, u64, Option<String>)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let link = entry.link_name().unwrap().map(|link| link.display().to_string());
                (entry.path().unwrap().display().to_string(), entry.size(), link)
            })
            .collect();
        let expected = [
            (".dockerignore".to_owned(), 20, None),
            ("a".to_owned(), 0, None),
            ("a/.git".to_owned(), 0, None),
            ("a/b".to_owned(), 4, None),
            ("link".to_owned(), 0, Some("/etc/passwd".to_owned())),
            ("out/Dockerfile".to_owned(), 4, None),
            ("out/below/kept".to_owned(), 4, None),
        ];
        assert_eq!(entries, expected);
    }
}
