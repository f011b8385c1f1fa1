//! A Docker engine of a test's own, which can die.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use pilothouse_docker::Docker;
use rustix::process::Signal;
use tempfile::TempDir;

use super::super::stage::{processes, wait_until};

/// Tells the engines of one test program apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A Docker engine of a test's own: nothing of it is shared with the machine's, and nothing of it
/// is left.
pub struct Daemon {
    dir: TempDir,
    bridge: String,
    /// The socket, where it is held for the engine as systemd does.
    held: Option<UnixListener>,
    process: Option<Child>,
}

impl Daemon {
    /// Starts one and waits until it answers. A machine that cannot fails the test.
    pub fn start() -> Self {
        let mut daemon = Self::prepare();
        daemon.run();
        daemon
    }

    /// Starts one whose containers outlive it.
    pub fn start_live() -> Self {
        let mut daemon = Self::prepare();
        let file = daemon.dir.path().join("daemon.json");
        std::fs::write(file, "{ \"live-restore\": true }\n").unwrap();
        daemon.run();
        daemon
    }

    /// Starts one whose socket is held for it, also while it is away: whoever connects then waits.
    pub fn start_held() -> Self {
        let mut daemon = Self::prepare();
        daemon.held = Some(UnixListener::bind(daemon.socket()).unwrap());
        daemon.run();
        daemon
    }

    /// Starts one that has no more room than this for images and containers.
    pub fn start_on(size: &str) -> Self {
        let mut daemon = Self::prepare();
        let data = daemon.dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let size = format!("size={size}");
        busybox(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", data.to_str().unwrap()]);
        daemon.run();
        daemon
    }

    fn prepare() -> Self {
        // Short, because a socket's path may have 107 bytes (unix(7)).
        let dir = tempfile::Builder::new().prefix("phd").tempdir_in("/tmp").unwrap();
        // Whatever is configured for this machine's own engine is not for this one.
        std::fs::write(dir.path().join("daemon.json"), "{}\n").unwrap();
        let (number, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let bridge = format!("phd{number}.{next}");
        busybox(&["brctl", "addbr", &bridge]);
        let daemon = Self { dir, bridge, held: None, process: None };
        let address = format!("10.{}.{}.1/24", 200 + next % 50, number % 256);
        busybox(&["ip", "addr", "add", &address, "dev", &daemon.bridge]);
        busybox(&["ip", "link", "set", &daemon.bridge, "up"]);
        daemon
    }

    /// Where it answers, as `DOCKER_HOST` says it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A connection to it.
    pub fn client(&self) -> Docker {
        Docker::at(self.socket().to_str().unwrap()).unwrap()
    }

    /// What it keeps of a kind, by the names of the files.
    pub fn entries(&self, kind: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join("data").join(kind)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Removes all images without a name, as `docker image prune` does.
    pub fn prune_images(&self) {
        self.post("/images/prune", "");
    }

    /// Makes a network, as an operator does.
    pub fn make_network(&self, name: &str) {
        self.post("/networks/create", &format!("{{\"Name\":\"{name}\"}}"));
    }

    /// Makes a container, as somebody does who knows nothing of ours.
    pub fn make_container(&self, name: &str, image: &str) {
        let body = format!("{{\"Image\":\"{image}\",\"Cmd\":[\"/bin/true\"]}}");
        self.post(&format!("/containers/create?name={name}"), &body);
    }

    /// Makes an image of a container, as `docker commit` does; without a name, or with one and more
    /// labels.
    pub fn commit(&self, container: &str, name: &str, labels: &str) {
        let changes = labels.replace(' ', "%20").replace('=', "%3D");
        let changes =
            if labels.is_empty() { changes } else { format!("&changes=LABEL%20{changes}") };
        self.post(&format!("/commit?container={container}&repo={name}{changes}"), "{}");
    }

    /// Lets every user ask it, as a group does for its members.
    pub fn open_to_all(&self) {
        self.allow(0o777);
    }

    /// Lets nobody else ask it, as for whoever is not in its group.
    pub fn close_to_others(&self) {
        self.allow(0o700);
    }

    fn allow(&self, socket: u32) {
        for (path, mode) in [(self.dir.path().to_owned(), 0o755), (self.socket(), socket)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    fn post(&self, path: &str, body: &str) {
        let length = body.len();
        self.ask(&format!(
            "POST /v1.41{path} HTTP/1.0\r\nHost: docker\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
    }

    /// What it answers, as its API's reference has it.
    pub fn get(&self, path: &str) -> String {
        self.ask(&format!("GET /v1.41{path} HTTP/1.0\r\nHost: docker\r\n\r\n"))
    }

    /// Asks by HTTP/1.0, whose answers are never cut into chunks.
    fn ask(&self, request: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 20"), "{request}: {answer}");
        body.to_owned()
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("docker.sock")
    }

    /// Starts it, again if it died.
    pub fn run(&mut self) {
        let path = |part: &str| self.dir.path().join(part);
        // One that was killed leaves these, and the next one believes them.
        for file in ["pid", "exec/containerd/containerd.pid"] {
            let _ = std::fs::remove_file(path(file));
        }
        let log = File::options().create(true).append(true).open(path("log")).unwrap();
        // The first file beyond the three usual ones is the socket, see sd_listen_fds(3).
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec dockerd \"$@\" 3<&0 </dev/null";
        let (mut command, host) = if let Some(held) = &self.held {
            let mut command = Command::new("sh");
            let held: OwnedFd = held.try_clone().unwrap().into();
            command.args(["-c", script, "sh"]).stdin(held);
            (command, "fd://".to_owned())
        } else {
            let mut command = Command::new("dockerd");
            command.stdin(Stdio::null());
            (command, self.host())
        };
        let child = command
            .arg("--config-file")
            .arg(path("daemon.json"))
            .args(["--host", &host, "--iptables=false", "--bridge", &self.bridge])
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("this test needs dockerd and root; scripts/test installs Debian's docker.io");
        self.process = Some(child);
        let log = self.dir.path().join("log");
        let socket = self.socket();
        let what = || {
            let log = std::fs::read_to_string(&log).unwrap();
            let last: Vec<&str> = log.lines().rev().take(10).collect();
            format!("dockerd answers; the newest first: {last:#?}")
        };
        wait_until(what, || answers(&socket));
    }

    /// Tells it to end, as whoever updates it does, and waits for it.
    pub fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        processes::signal(process.id(), Signal::TERM);
        process.wait().unwrap();
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        // Its containerd is killed with it, and its containers live on.
        let dir = self.dir.path();
        let is_there =
            || processes::of(dir).iter().any(|one| one.line.starts_with("containerd --config"));
        wait_until(|| "its containerd is gone".to_owned(), || !is_there());
    }
}

fn answers(socket: &Path) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Ok(docker) = Docker::at(socket.to_str().unwrap()) else { return false };
        docker.ready().await.is_ok()
    })
}

impl Drop for Daemon {
    /// What it started goes too, also after a test that failed while it was dead.
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            processes::signal(process.id(), Signal::TERM);
            let _ = process.wait();
        }
        // Containers first: they are children of shims, which name the engine's directory.
        for _ in 0..100 {
            let left = processes::of(self.dir.path());
            if left.is_empty() {
                break;
            }
            for process in left {
                for child in processes::below(process.pid) {
                    processes::signal(child, Signal::KILL);
                }
                processes::signal(process.pid, Signal::KILL);
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let places = mounts.lines().rev().filter_map(|line| line.split(' ').nth(1));
        for place in places.filter(|place| Path::new(place).starts_with(self.dir.path())) {
            try_busybox(&["umount", "-l", place]);
        }
        try_busybox(&["ip", "link", "set", &self.bridge, "down"]);
        try_busybox(&["brctl", "delbr", &self.bridge]);
    }
}

#[track_caller]
fn busybox(arguments: &[&str]) {
    assert!(try_busybox(arguments), "busybox {arguments:?} failed; these tests need root");
}

fn try_busybox(arguments: &[&str]) -> bool {
    Command::new("busybox").args(arguments).status().is_ok_and(|status| status.success())
}
