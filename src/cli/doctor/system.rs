//! What this machine offers.

use std::io::ErrorKind;
use std::net::ToSocketAddrs as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pilothouse_core::room::Scarce;
use pilothouse_core::text::first_line;
use pilothouse_engine::room::measure;
use pilothouse_engine::root::foreign;

use super::Check;
use crate::find::Place;

/// The oldest git that is known to have what is used (`fetch --porcelain` and the like came
/// later and are not).
const GIT: (u32, u32) = (2, 20);
/// Fewer inotify instances or watches than this are used up by others soon.
const INOTIFY: [(&str, u64); 2] = [("max_user_instances", 128), ("max_user_watches", 8192)];

/// What mends a filesystem that cannot hold more files.
const FILES: &str = "remove files, however small: without more, builds and deployments fail";

/// Looks at it.
pub fn checks(place: &Place) -> Vec<Check> {
    let mut checks = vec![git(), shell()];
    checks.extend(state_dir(place));
    checks.push(localhost());
    checks.extend(logind());
    checks.extend(INOTIFY.iter().filter_map(|(name, least)| inotify(name, *least)));
    checks
}

fn git() -> Check {
    let mend = "install git; every look at a repository uses it";
    let output = Command::new("git").arg("--version").stdin(Stdio::null()).output();
    let text = match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Check::fail("git", format!("git fails: {}", first_line(&said, 200)), mend);
        }
        Err(error) => return Check::fail("git", format!("git cannot be run: {error}"), mend),
    };
    let shown = first_line(&text, 80);
    match version(&text) {
        Some(version) if version < GIT => {
            let (major, minor) = GIT;
            Check::warn("git", shown, format!("update it to {major}.{minor} or later"))
        }
        Some(_) => Check::ok("git", shown),
        None => Check::warn("git", shown, "its version cannot be read"),
    }
}

/// The first two numbers of `git version 2.39.5 (Apple Git-154)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let text = text.strip_prefix("git version ")?;
    let mut parts = text.split(['.', ' ', '-', '\n']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn shell() -> Check {
    let path = Path::new("/bin/sh");
    match path.metadata() {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => {
            Check::ok("shell", "/bin/sh runs scripts")
        }
        Ok(_) => Check::fail("shell", "/bin/sh is no program", "install a POSIX shell"),
        Err(error) => Check::fail("shell", format!("/bin/sh: {error}"), "install a POSIX shell"),
    }
}

/// Whether the state directory is that of the engine that is meant, and this user's.
pub fn is_own_state(place: &Place) -> bool {
    let is_named = place.socket.is_none() || place.state.is_some();
    is_named && !place.is_installed() && !is_closed(place)
}

fn state_dir(place: &Place) -> Vec<Check> {
    let dir = place.state_dir();
    let shown = dir.display().to_string();
    if place.socket.is_some() && place.state.is_none() {
        let found = "not looked at: --socket names an engine, which has its own";
        return vec![Check::ok("state", found)];
    }
    if place.is_installed() {
        return vec![Check::ok("state", "belongs to the installed engine")];
    }
    if is_closed(place) {
        let found = format!("{shown} belongs to the engine's user, and you may look on");
        return vec![Check::ok("state", found)];
    }
    let refused = match foreign(&dir) {
        Ok(None) => None,
        Ok(Some(foreign)) => Some((
            format!("{shown} is not safe to work in: {foreign}"),
            "until then nothing starts an engine there",
        )),
        Err(error) => Some((format!("{shown} cannot be looked at: {error}"), "name another")),
    };
    if let Some((found, mend)) = refused {
        return vec![Check::fail("state", found, mend)];
    }
    // Before the first start it is the nearest directory that there is, where it would be made.
    let there = dir.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let mut checks = vec![writable(&dir, there)];
    checks.push(match measure(there) {
        Ok(room) => {
            let found = format!("{} MiB free for {shown}", room.free >> 20);
            match room.scarce() {
                None => Check::ok("disk", found),
                Some(Scarce::Space) => {
                    let mend = "make room, or cancel the run that fills it: without any, runs and \
                                deployments wait or fail, and nothing new is accepted or begun once what the journal keeps is used";
                    Check::fail("disk", found, mend)
                }
                Some(Scarce::Files(more)) => {
                    let found = format!("{found}, and {more} more files");
                    Check::fail("disk", found, FILES)
                }
            }
        }
        Err(error) => {
            Check::warn("disk", format!("the free space of {shown} is not known: {error}"), "")
        }
    });
    checks
}

/// Whether this user may watch an engine and not tell it anything.
fn is_closed(place: &Place) -> bool {
    let denied = UnixStream::connect(place.operator_socket())
        .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    denied && UnixStream::connect(place.watch_socket()).is_ok()
}

fn writable(dir: &Path, there: &Path) -> Check {
    let shown = dir.display();
    let mend = "name another with --state, or give it to this user";
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match rustix::fs::access(there, access) {
        Ok(()) if there == dir => Check::ok("state", format!("{shown} is writable")),
        Ok(()) => Check::ok("state", format!("{shown} will be made by the first start")),
        Err(error) => {
            Check::fail("state", format!("{} is not writable: {error}", there.display()), mend)
        }
    }
}

fn localhost() -> Check {
    let name = "pilothouse.localhost";
    let found = (name, 80).to_socket_addrs();
    match found.map(|mut found| found.all(|address| address.ip().is_loopback())) {
        Ok(true) => Check::ok("localhost", "names below .localhost lead to this machine"),
        Ok(false) => Check::warn(
            "localhost",
            "names below .localhost lead elsewhere",
            "your resolver breaks RFC 6761, section 6.3; browsers do not ask it",
        ),
        Err(_) => Check::warn(
            "localhost",
            "the system does not resolve names below .localhost; browsers and curl do so themselves",
            "for other programs, add the domains to /etc/hosts or install nss-myhostname",
        ),
    }
}

/// Where logind kills what a user leaves behind, a personal engine ends at logout.
fn logind() -> Option<Check> {
    if !Path::new("/run/systemd/system").is_dir() {
        return None;
    }
    let mut files = vec![PathBuf::from("/etc/systemd/logind.conf")];
    let dropped = std::fs::read_dir("/etc/systemd/logind.conf.d").into_iter().flatten();
    let mut dropped: Vec<PathBuf> = dropped.filter_map(|file| Some(file.ok()?.path())).collect();
    dropped.sort();
    files.extend(dropped);
    let said =
        files.iter().filter_map(|file| kills(&std::fs::read_to_string(file).ok()?)).next_back();
    Some(if said == Some(true) {
        Check::warn(
            "logout",
            "logind ends a user's processes at logout (KillUserProcesses=yes), a personal engine too",
            "`loginctl enable-linger`, and start it as a user service, or install the engine",
        )
    } else {
        Check::ok("logout", "a personal engine survives a logout")
    })
}

/// What a file says of `KillUserProcesses`, the last one counting.
fn kills(text: &str) -> Option<bool> {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("KillUserProcesses="));
    values.map(|value| matches!(value.trim(), "yes" | "true" | "1" | "on")).next_back()
}

fn inotify(name: &'static str, least: u64) -> Option<Check> {
    let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
    let limit: u64 = text.trim().parse().ok()?;
    Some(if limit < least {
        let mend = format!("sysctl fs.inotify.{name}={least}");
        Check::warn("inotify", format!("{name} is only {limit}"), mend)
    } else {
        Check::ok("inotify", format!("{name} is {limit}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git_are_read() {
        assert_eq!(version("git version 2.39.5 (Apple Git-154)\n"), Some((2, 39)));
        assert_eq!(version("git version 2.50\n"), Some((2, 50)));
        assert_eq!(version("git version 2.45.1-rc0.windows.1\n"), Some((2, 45)));
        assert_eq!(version("not git"), None);
    }

    #[test]
    fn the_last_word_on_logout_counts() {
        assert_eq!(kills("[Login]\n#KillUserProcesses=yes\n"), None);
        assert_eq!(kills("KillUserProcesses=yes\nKillUserProcesses=no\n"), Some(false));
        assert_eq!(kills("  KillUserProcesses=yes\n"), Some(true));
        for (word, is_yes) in [
            ("yes", true),
            ("true", true),
            ("1", true),
            ("on", true),
            ("no", false),
            ("false", false),
            ("0", false),
            ("off", false),
        ] {
            assert_eq!(kills(&format!("KillUserProcesses={word} \n")), Some(is_yes), "{word}");
        }
    }
}
