//! Another user of the machine: may watch where the operator allows it, and can change nothing.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output};

use pilothouse_core::id::RunId;
use pilothouse_core::instance::Role;

use super::stage::Stage;

/// The user `nobody`, as Linux distributions number it.
const STRANGER: &str = "65534";
/// Names the socket to the part of the test that runs as the stranger.
const SOCKET: &str = "PILOTHOUSE_TEST_SOCKET";
const REQUEST: &str = "PILOTHOUSE_TEST_REQUEST";

/// Sends one request to one socket and prints the answer, where another test runs this one as
/// the stranger; by itself there is nothing to ask.
#[test]
fn asks_as_a_stranger() {
    let (Ok(socket), Ok(request)) = (std::env::var(SOCKET), std::env::var(REQUEST)) else { return };
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) => {
            print!("\nANSWER {:?}\n", error.kind());
            return;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    // An event stream never ends by itself: its head and first piece are enough.
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&answer);
        if text.contains("text/event-stream") && text.contains("\r\n\r\n") {
            break;
        }
    }
    print!("\nANSWER {}\n", String::from_utf8_lossy(&answer));
}

/// What the stranger may be: a copy of a program in a place where everybody can run it.
struct Stranger {
    tests: std::path::PathBuf,
    binary: std::path::PathBuf,
}

impl Stranger {
    fn new(stage: &Stage) -> Self {
        let copy = |from: &Path, name: &str| {
            let to = stage.path(name);
            std::fs::copy(from, &to).unwrap();
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755)).unwrap();
            to
        };
        Self {
            tests: copy(&std::env::current_exe().unwrap(), "tests"),
            binary: copy(Path::new(env!("CARGO_BIN_EXE_pilothouse")), "pilothouse"),
        }
    }

    /// A program as the stranger; none where this user may not become another.
    fn command(program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", "--"]);
        command.arg(program).env("HOME", "/").current_dir("/");
        command
    }

    fn run(program: &str, arguments: &[&str]) -> Output {
        Self::command(Path::new(program)).args(arguments).output().unwrap()
    }

    /// Asks a socket; the answer with its head, or the kind of error.
    #[track_caller]
    fn ask(&self, socket: &Path, method: &str, path: &str, body: &str) -> String {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: pilothouse\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let output = Self::command(&self.tests)
            .args(["--exact", "watcher::asks_as_a_stranger", "--nocapture"])
            .env(SOCKET, socket)
            .env(REQUEST, request)
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let answer = out.split_once("\nANSWER ").unwrap_or_else(|| panic!("{output:?}")).1;
        answer.split("\ntest ").next().unwrap_or("").to_owned()
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn another_user_sees_everything_and_changes_nothing() {
    if !rustix::process::geteuid().is_root() {
        let told = "a watcher cannot be tested: only root can become another user";
        assert!(std::env::var_os("CI").is_none(), "{told}");
        eprintln!("NOT TESTED: {told}");
        return;
    }
    let mut stage = Stage::new();
    let mut serve = stage.serve();
    serve.arg("--watch-all");
    stage.start_as(&mut serve);
    stage.wait("the engine answers", |_| true);
    let repository = stage.deployed("v1");
    let stranger = Stranger::new(&stage);
    let sockets = stage.state_dir().join("run");
    let watch = sockets.join("watch.sock");

    let instance = stage.state().instances.keys().next().unwrap().to_string();
    let log = format!("/v1/instances/{instance}/log");
    for (path, holds) in [
        ("/v1/version", "\"api\""),
        ("/v1/state", "\"access\":\"watcher\""),
        ("/v1/runs/1/log", "\"lines\""),
        (log.as_str(), "\"lines\""),
        ("/v1/events", "text/event-stream"),
    ] {
        let answer = stranger.ask(&watch, "GET", path, "");
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        assert!(answer.contains(holds), "{path}: {answer}");
    }
    let before = stage.state();
    let commands = [
        r#"{"command":"halt"}"#,
        r#"{"command":{"look":{"project":null,"trigger":"hook"}}}"#,
        r#"{"command":{"cancel_run":{"id":1}}}"#,
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT"] {
        for path in ["/v1/commands", "/v1/look", "/v1/state", "/v1/runs/1/log", "//v1/commands"] {
            let is_reading = method == "HEAD" && !path.ends_with("commands");
            let answer = stranger.ask(&watch, method, path, commands[0]);
            let code = status(&answer);
            assert!(is_reading || (400..500).contains(&code), "{method} {path}: {answer}");
        }
    }
    for command in commands {
        let answer = stranger.ask(&watch, "POST", "/v1/commands", command);
        assert!(matches!(status(&answer), 403..=405), "{answer}");
    }
    for name in ["engine.sock", "trigger.sock", "edge.sock"] {
        let answer = stranger.ask(&sockets.join(name), "POST", "/v1/commands", commands[0]);
        assert!(answer.starts_with("PermissionDenied"), "{name}: {answer}");
    }
    cannot_read(&stage);
    let output = Stranger::command(&stranger.binary)
        .args(["serve", "--state"])
        .arg(stage.state_dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains(stage.state_dir().to_str().unwrap()) && !said.contains("panicked"));

    is_told_nothing_of_the_directory(&stage, &stranger);

    let after = stage.state();
    assert_eq!(after.runs, before.runs);
    assert_eq!(after.projects, before.projects);
    assert!(!after.halting);
    assert!(after.instances.values().all(|instance| instance.role == Role::Active));
    repository.commit("v2");
    stage.succeeds(after.last_deployment);
    assert!(stage.state().runs.contains_key(&RunId(2)));
    stage.end();
}

/// Whose the directory is, is no mistake of a watcher's.
#[test]
fn another_user_who_may_not_watch_is_told_what_lets_them() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "only root can become another user");
        return;
    }
    let stage = Stage::with_engine();
    let stranger = Stranger::new(&stage);
    let state = stage.state_dir().display().to_string();
    let watch = stage.state_dir().join("run/watch.sock").display().to_string();
    let binary = stranger.binary.display().to_string();
    for arguments in [["--socket", &watch, "status"], ["watch", "--state", &state]] {
        let output = Stranger::run(&binary, &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("may not open") && said.contains("`--watch-all`"), "{said}");
        assert_eq!(output.status.code(), Some(5), "{said}");
    }
    stage.end();
}

fn is_told_nothing_of_the_directory(stage: &Stage, stranger: &Stranger) {
    let mut doctor = Stranger::command(&stranger.binary);
    let said = doctor.args(["doctor", "--state"]).arg(stage.state_dir()).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(said.contains("belongs to the engine's user, and you may look on"), "{said}");
    assert!(!said.contains("give it to this user"), "{said}");
    let mut version = Stranger::command(&stranger.binary);
    let said = version.args(["version", "--state"]).arg(stage.state_dir()).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(said.contains("engine     0") && !said.contains("engine.sock"), "{said}");
}

/// Nothing of the state directory but the way to the sockets is open to others.
fn cannot_read(stage: &Stage) {
    let dir = stage.state_dir();
    let parts =
        ["journal", "audit", "projects", "runs", "artifacts", "releases", "instances", "edge"];
    for part in parts.iter().map(|part| dir.join(part)).chain([dir.clone()]) {
        let output = Stranger::run("ls", &[part.to_str().unwrap()]);
        assert!(!output.status.success(), "{} can be listed", part.display());
    }
    let output = Stranger::run("cat", &[dir.join("probe-token").to_str().unwrap()]);
    assert!(!output.status.success(), "the probe token can be read");
    let output = Stranger::run("touch", &[dir.join("run/planted").to_str().unwrap()]);
    assert!(!output.status.success(), "something can be put beside the sockets");
    // Whoever could open a lock could hold it, and keep the next engine from starting.
    for entry in std::fs::read_dir(dir.join("run")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let output = Stranger::run("cat", &[path.to_str().unwrap()]);
            assert!(!output.status.success(), "{} can be opened", path.display());
        }
    }
    let state = stage.state();
    let told = serde_json::to_string(&state).unwrap();
    let token = std::fs::read_to_string(dir.join("probe-token")).unwrap();
    assert!(!told.contains(token.trim()), "the state tells the probe token");
}
