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
/// Directories in each other at most: each takes stack while the archive is made.
const MOST_DEEP: usize = 128;
/// Characters of a path that a message shows.
const SHOWN: usize = 160;

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

/// The longest Dockerfile, in bytes: it is kept whole, and an empty file can say that it is endless.
const MOST_DOCKERFILE: u64 = 1 << 20;

/// A Dockerfile as it was read.
pub(crate) struct Dockerfile {
    /// Where it is in the directory that is sent.
    path: PathBuf,
    /// What it says.
    pub(crate) text: String,
    metadata: std::fs::Metadata,
}

/// Reads the Dockerfile of a directory. Neither it nor a directory on the way to it may be a link:
/// an engine follows it to another file.
pub(crate) fn dockerfile(dir: &Path, name: &str) -> io::Result<Dockerfile> {
    let dir = dir.canonicalize()?;
    let found = dir.join(name).canonicalize()?;
    let metadata = found.metadata()?;
    if found != dir.join(name) || !metadata.is_file() {
        return Err(io::Error::other("it must be a file of its own, and no link may lead to it"));
    }
    if metadata.len() > MOST_DOCKERFILE {
        return Err(io::Error::other(format!("it is longer than {MOST_DOCKERFILE} bytes")));
    }
    let path = Path::new(name).components().collect();
    Ok(Dockerfile { path, text: std::fs::read_to_string(found)?, metadata })
}

/// Begins to send a directory; what cannot be read ends it with an error. The Dockerfile is sent
/// as it was read, whatever became of it and whatever is left out.
pub(crate) fn send(dir: &Path, dockerfile: Dockerfile, ignored: Ignored) -> Receiver<Piece> {
    let Dockerfile { path, text, metadata } = dockerfile;
    let files = Files { dir: dir.to_owned(), dockerfile: path, ignored };
    send_archive(move |archive| {
        archive.follow_symlinks(false);
        files.add(archive, Path::new(""))?;
        // The last of all, so that nothing takes its place.
        let mut header = tar::Header::new_gnu();
        header.set_metadata(&metadata);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, &files.dockerfile, text.as_bytes())
    })
}

/// Begins to send an archive that is there already.
pub(crate) fn send_file(archive: &Path) -> Receiver<Piece> {
    let archive = archive.to_owned();
    send_pieces(move |pieces| {
        let mut file = std::fs::File::open(&archive).map_err(|error| of(&archive, &error))?;
        io::copy(&mut file, pieces)?;
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
        let dir = self.dir.join(within);
        if within.components().count() > MOST_DEEP {
            let why = format!("more than {MOST_DEEP} directories are in each other");
            return Err(of(&dir, &io::Error::other(why)));
        }
        let entries = std::fs::read_dir(&dir).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|error| of(&dir, &error))?;
        // In one order, so that the same files make the same archive.
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (name, path) = (within.join(entry.file_name()), entry.path());
            if name.as_os_str() == ".git" {
                continue;
            }
            let kind = entry.file_type().map_err(|error| of(&path, &error))?;
            let is_out = self.ignored.has(&name);
            if kind.is_dir() {
                if !is_out {
                    archive.append_dir(&name, &path).map_err(|error| of(&path, &error))?;
                }
                if !is_out || self.ignored.has_exceptions() {
                    self.add(archive, &name)?;
                }
            // The Dockerfile is sent by itself, and what would lead its path elsewhere is not.
            } else if !is_out
                && !self.dockerfile.starts_with(&name)
                && (kind.is_file() || kind.is_symlink())
            {
                let added = archive.append_path_with_name(&path, &name);
                added.map_err(|error| of(&path, &error))?;
            }
            // Sockets, pipes and devices are nothing that a build could read.
        }
        Ok(())
    }
}

/// An error with the file that it is of, or with the beginning of a path that is too long to show.
fn of(path: &Path, error: &io::Error) -> io::Error {
    let path = path.display().to_string();
    let shown: String = path.chars().take(SHOWN).collect();
    let more = if shown.len() < path.len() { "…" } else { "" };
    io::Error::new(error.kind(), format!("{shown}{more}: {error}"))
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
        let dockerfile = dockerfile(dir, "./out/Dockerfile").unwrap();
        // What became of it since does not count.
        std::fs::write(dir.join("out/Dockerfile"), "other text").unwrap();
        let mut pieces = send(dir, dockerfile, ignored);
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
            ("out/below/kept".to_owned(), 4, None),
            ("out/Dockerfile".to_owned(), 4, None),
        ];
        assert_eq!(entries, expected);
    }

    #[tokio::test]
    async fn a_dockerfile_is_no_link_and_none_leads_to_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        std::fs::create_dir_all(dir.join("real/below")).unwrap();
        std::fs::write(dir.join("real/below/Dockerfile"), "FROM x").unwrap();
        std::os::unix::fs::symlink("real", dir.join("in")).unwrap();
        std::os::unix::fs::symlink(dir.join("real/below/Dockerfile"), dir.join("link")).unwrap();
        for name in ["in/below/Dockerfile", "link", "real", "real/below/../below/Dockerfile"] {
            assert!(dockerfile(&dir, name).is_err(), "{name}");
        }
        let long = std::fs::File::create(dir.join("long")).unwrap();
        long.set_len(MOST_DOCKERFILE + 1).unwrap();
        assert!(dockerfile(&dir, "long").is_err());
        std::fs::remove_file(dir.join("long")).unwrap();
        // A directory that has become a link since leads it nowhere.
        let read = dockerfile(&dir, "real/below/Dockerfile").unwrap();
        std::fs::rename(dir.join("real"), dir.join("other")).unwrap();
        std::os::unix::fs::symlink("other", dir.join("real")).unwrap();
        let mut pieces = send(&dir, read, Ignored::default());
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.recv().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        let mut archive = tar::Archive::new(bytes.as_slice());
        let name = |entry: io::Result<tar::Entry<'_, _>>| -> String {
            entry.unwrap().path().unwrap().display().to_string()
        };
        let names: Vec<String> = archive.entries().unwrap().map(name).collect();
        let expected = ["in", "link", "other", "other/below", "other/below/Dockerfile"];
        assert_eq!(names[..5], expected);
        assert_eq!(names[5..], ["real/below/Dockerfile"]);
    }

    #[tokio::test]
    async fn directories_without_end_are_refused() {
        for (levels, is_sent) in [(MOST_DEEP, true), (MOST_DEEP + 1, false)] {
            let temp = tempfile::tempdir().unwrap();
            std::fs::write(temp.path().join("Dockerfile"), "FROM x").unwrap();
            std::fs::create_dir_all(temp.path().join("d/".repeat(levels))).unwrap();
            let read = dockerfile(temp.path(), "Dockerfile").unwrap();
            let mut pieces = send(temp.path(), read, Ignored::default());
            let mut ended = Ok(());
            while let Some(piece) = pieces.recv().await {
                ended = piece.map(|_| ());
            }
            assert_eq!(ended.is_ok(), is_sent, "{ended:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("Dockerfile"), "FROM x").unwrap();
        let read = dockerfile(temp.path(), "Dockerfile").unwrap();
        let gone = temp.path().join("gone");
        let mut pieces = send(&gone, read, Ignored::default());
        let error = pieces.recv().await.unwrap().unwrap_err();
        assert!(error.to_string().starts_with(&gone.display().to_string()), "{error}");
    }
}
