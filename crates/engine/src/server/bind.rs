//! Opens the sockets: with the right mode from their first moment, and never beside an engine
//! that already listens.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt as _, PermissionsExt, chown,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::actor::Door;

use crate::remove;

/// How long an engine that listens may take to show it.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);

/// Connections that may wait to be let in, per socket.
const BACKLOG: u32 = 1024;

/// Who may open a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketUse {
    /// The file's mode. On Linux writing to it is what connecting needs (unix(7)).
    pub mode: u32,
    /// The file's group, where it is not the engine's own.
    pub group: Option<u32>,
}

/// Where the sockets are and who may open them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// The directory that they are in. Made if it is not there.
    pub directory: PathBuf,
    /// `engine.sock`.
    pub operator: SocketUse,
    /// `watch.sock`.
    pub watch: SocketUse,
    /// `trigger.sock`.
    pub trigger: SocketUse,
}

impl SocketSettings {
    /// Sockets of one user, which nobody else may open.
    pub fn personal(directory: impl Into<PathBuf>) -> Self {
        let own = SocketUse { mode: 0o600, group: None };
        Self { directory: directory.into(), operator: own, watch: own, trigger: own }
    }

    /// Sockets of an installed engine, for a group of operators and a group of watchers.
    pub fn installed(
        directory: impl Into<PathBuf>,
        operators: Option<u32>,
        watchers: Option<u32>,
    ) -> Self {
        let of = |group| SocketUse { mode: 0o660, group };
        Self {
            directory: directory.into(),
            operator: of(operators),
            watch: of(watchers),
            trigger: of(operators),
        }
    }

    /// Where a socket is.
    pub fn path(&self, door: Door) -> PathBuf {
        self.directory.join(match door {
            Door::Operator => "engine.sock",
            Door::Watch => "watch.sock",
            Door::Trigger => "trigger.sock",
        })
    }

    fn socket_use(&self, door: Door) -> SocketUse {
        match door {
            Door::Operator => self.operator,
            Door::Watch => self.watch,
            Door::Trigger => self.trigger,
        }
    }

    /// The directory's mode: one that others may pass through where a socket is for others too.
    fn directory_mode(&self) -> u32 {
        let modes = self.operator.mode | self.watch.mode | self.trigger.mode;
        if modes & 0o066 == 0 { 0o700 } else { 0o711 }
    }
}

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An engine listens already.
    #[error("an engine already listens at {path}; attach to it, or stop it first", path = path.display())]
    AlreadyListens {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket is in the way.
    #[error("{path} is in the way and is no socket; move it away", path = path.display())]
    NotASocket {
        /// What is in the way.
        path: PathBuf,
    },
    /// Somebody else could put sockets of their own into the directory.
    #[error(
        "{directory} is not safe for the engine's sockets: {why}; choose a directory that only the engine's user may write",
        directory = directory.display()
    )]
    UnsafeDirectory {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system refused.
    #[error("cannot {what} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The open sockets. Dropping it closes and removes them.
#[derive(Debug)]
pub struct Bound {
    pub(super) listeners: Vec<(Door, UnixListener)>,
    files: Vec<(PathBuf, u64)>,
    /// Held for as long as the sockets are open, so that two engines that start at once do not
    /// both find a dead socket and replace it.
    _lock: File,
}

impl Bound {
    /// Opens all sockets, or none. Dead ones that a crash left behind are replaced.
    pub async fn open(settings: &SocketSettings) -> Result<Self, BindError> {
        prepare(settings)?;
        let lock = lock(settings)?;
        let mut bound = Self { listeners: Vec::new(), files: Vec::new(), _lock: lock };
        let doors = [Door::Operator, Door::Watch, Door::Trigger];
        for door in doors {
            refuse_living(&settings.path(door)).await?;
        }
        let workshop = settings.directory.join(format!(".b{}", std::process::id()));
        let made = make_workshop(&workshop)
            .and_then(|()| doors.iter().try_for_each(|door| bound.add(settings, *door, &workshop)));
        // What stays behind there can be reached by nobody and is removed by the next start.
        let _ = remove::tree(&workshop);
        made.map(|()| bound)
    }

    fn add(
        &mut self,
        settings: &SocketSettings,
        door: Door,
        workshop: &Path,
    ) -> Result<(), BindError> {
        let path = settings.path(door);
        let made = workshop.join("e");
        let SocketUse { mode, group } = settings.socket_use(door);
        let listener = listen(&made).map_err(failed("listen at", &path))?;
        if group.is_some() {
            chown(&made, None, group).map_err(failed("give the group to", &path))?;
        }
        fs::set_permissions(&made, Permissions::from_mode(mode))
            .map_err(failed("set the mode of", &path))?;
        let inode = fs::symlink_metadata(&made).map_err(failed("look at", &path))?.ino();
        fs::rename(&made, &path).map_err(failed("put in place", &path))?;
        self.files.push((path, inode));
        self.listeners.push((door, listener));
        Ok(())
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        for (path, inode) in &self.files {
            // Only what is still this engine's own.
            if fs::symlink_metadata(path).is_ok_and(|file| file.ino() == *inode) {
                // A socket that stays behind is dead, which the next start sees.
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BindError {
    let path = path.to_owned();
    move |source| BindError::Io { what, path, source }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    socket.listen(BACKLOG)
}

/// Makes the directory, or sees that only the engine's user and root can write to it.
fn prepare(settings: &SocketSettings) -> Result<(), BindError> {
    let directory = &settings.directory;
    let mode = settings.directory_mode();
    let missing = matches!(fs::metadata(directory), Err(e) if e.kind() == ErrorKind::NotFound);
    if missing {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("make the directory", directory))?;
    }
    let found = fs::metadata(directory).map_err(failed("look at", directory))?;
    let unsafe_because = |why| {
        let directory = directory.clone();
        Err(BindError::UnsafeDirectory { directory, why })
    };
    let own = nix::unistd::geteuid().as_raw();
    if !found.is_dir() {
        return unsafe_because("it is no directory");
    }
    if found.uid() != own && found.uid() != 0 {
        return unsafe_because("it belongs to another user");
    }
    if found.mode() & 0o022 != 0 {
        return unsafe_because("others may write to it");
    }
    let wanted = (found.mode() & 0o7777) | mode;
    if found.uid() == own && wanted != found.mode() & 0o7777 {
        fs::set_permissions(directory, Permissions::from_mode(wanted))
            .map_err(failed("set the mode of", directory))?;
    }
    Ok(())
}

fn lock(settings: &SocketSettings) -> Result<File, BindError> {
    let path = settings.directory.join("sockets.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed("open", &path))?;
    // Whoever can open it can lock it, and keep every engine from starting. An older one may have
    // left it open to all.
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(failed("set the mode of", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(BindError::AlreadyListens { path: settings.path(Door::Operator) })
        }
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// Refuses a socket that somebody listens on, and anything that is no socket.
async fn refuse_living(path: &Path) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", path)(error)),
        Ok(found) if !found.file_type().is_socket() => {
            let path = path.to_owned();
            return Err(BindError::NotASocket { path });
        }
        Ok(_) => {}
    }
    let connected = tokio::time::timeout(ALIVE_WITHIN, UnixStream::connect(path)).await;
    match connected {
        Ok(Err(error)) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Ok(()),
            // Its queue is full: somebody has it open.
            ErrorKind::WouldBlock => Err(BindError::AlreadyListens { path: path.to_owned() }),
            _ => Err(failed("connect to", path)(error)),
        },
        Ok(Ok(_)) | Err(_) => Err(BindError::AlreadyListens { path: path.to_owned() }),
    }
}

/// Makes the directory in which sockets get their mode before anybody can reach them.
fn make_workshop(path: &Path) -> Result<(), BindError> {
    remove::tree(path).map_err(failed("clear", path))?;
    DirBuilder::new().mode(0o700).create(path).map_err(failed("make the directory", path))
}
