//! Where the engine's sockets, its state and the operator's files are.
//!
//! A client looks for `--socket`, then `PILOTHOUSE_SOCKET`, then the installed engine's place,
//! then the personal one; it never starts a personal engine beside an installed one.

use std::path::{Path, PathBuf};

/// Where an installed engine has its sockets.
const INSTALLED: &str = "/run/pilothouse";

/// The place of everything of one engine.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// The engine's socket
    #[arg(long, global = true, env = "PILOTHOUSE_SOCKET", value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The state directory of a personal engine
    #[arg(long, global = true, env = "PILOTHOUSE_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The directory of the operator's files
    #[arg(long, global = true, env = "PILOTHOUSE_CONFIG", value_name = "DIR")]
    pub config: Option<PathBuf>,
}

impl Place {
    /// The personal engine's state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| {
            std::env::var_os("XDG_STATE_HOME")
                .map_or_else(|| home().join(".local/state"), PathBuf::from)
                .join("pilothouse")
        })
    }

    /// The directory of the operator's files.
    pub fn config_dir(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| {
            if self.is_installed() {
                return PathBuf::from("/etc/pilothouse");
            }
            std::env::var_os("XDG_CONFIG_HOME")
                .map_or_else(|| home().join(".config"), PathBuf::from)
                .join("pilothouse")
        })
    }

    /// The file of a project.
    pub fn project_file(&self, name: &str) -> PathBuf {
        self.config_dir().join("projects").join(format!("{name}.toml"))
    }

    /// The operators' socket.
    pub fn operator_socket(&self) -> PathBuf {
        self.socket_named("engine.sock")
    }

    /// The watchers' socket.
    pub fn watch_socket(&self) -> PathBuf {
        self.socket_named("watch.sock")
    }

    /// Whether an installed engine is meant, which nobody but its service starts.
    pub fn is_installed(&self) -> bool {
        self.socket.is_none() && self.state.is_none() && Path::new(INSTALLED).is_dir()
    }

    /// Whether the state directory is another user's, who runs the engine there.
    pub fn is_anothers(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let own = rustix::process::geteuid().as_raw();
        std::fs::metadata(self.state_dir()).is_ok_and(|found| found.uid() != own)
    }

    fn socket_named(&self, name: &str) -> PathBuf {
        if let Some(socket) = &self.socket {
            // A directory stands for the sockets in it.
            return if socket.is_dir() { socket.join(name) } else { socket.clone() };
        }
        if self.is_installed() {
            return Path::new(INSTALLED).join(name);
        }
        self.state_dir().join("run").join(name)
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}
