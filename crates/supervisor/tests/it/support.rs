//! What the tests share: a unit in a directory of its own, and bounded waiting.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pilothouse_supervisor::{
    Binary, ExitRecord, Frame, Handle, Kind, Liveness, Secrets, Spec, StartError, Status, Stop,
    Stream, find, read_log, spawn, stop, sweep, watch,
};
use tempfile::TempDir;

/// How long anything may take. Reached only by a failing test.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Unit {
    pub dir: PathBuf,
    pub spec: Spec,
    pub secrets: Secrets,
    pub temp: TempDir,
}

pub fn binary() -> Binary {
    Binary {
        path: env!("CARGO_BIN_EXE_supervisor-probe").into(),
        verb: vec!["supervise".into()],
        environment: Vec::new(),
    }
}

impl Unit {
    /// A step that runs a shell's words, which is what real steps look like.
    pub fn shell(words: &str) -> Self {
        Self::program(&["/bin/sh", "-c", words])
    }

    pub fn program(argv: &[&str]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = std::env::var("PATH").unwrap();
        let spec = Spec {
            id: "test/unit-1".into(),
            kind: Kind::Step { deadline_ms: None, output_limit_bytes: 1 << 30 },
            argv: argv.iter().map(|&argument| argument.into()).collect(),
            dir: temp.path().canonicalize().unwrap(),
            env: BTreeMap::from([("PATH".into(), path)]),
            stop: Stop { signal: 15, grace_ms: 5000 },
            umask: 0o022,
            max_open_files: None,
            is_owner: false,
        };
        Self { dir: temp.path().join("unit"), spec, secrets: Secrets::default(), temp }
    }

    pub fn instance(mut self) -> Self {
        self.spec.kind = Kind::Instance {
            backoff_min_ms: 50,
            backoff_max_ms: 200,
            stable_after_ms: 60_000,
            max_log_bytes: 1 << 20,
        };
        self
    }

    pub fn grace(mut self, grace_ms: u64) -> Self {
        self.spec.stop.grace_ms = grace_ms;
        self
    }

    pub fn deadline(mut self, deadline_ms: u64) -> Self {
        self.spec.kind = Kind::Step { deadline_ms: Some(deadline_ms), output_limit_bytes: 1 << 20 };
        self
    }

    pub fn try_start(&self) -> Result<Handle, StartError> {
        spawn(&binary(), &self.dir, &self.spec, &self.secrets)
    }

    pub fn start(&self) -> Handle {
        self.try_start().unwrap()
    }

    /// Starts the unit and waits for its record.
    pub fn run(&self) -> ExitRecord {
        let handle = self.start();
        self.record_after(&handle)
    }

    pub fn record_after(&self, handle: &Handle) -> ExitRecord {
        if let Some(watch) = watch(handle).unwrap() {
            assert!(watch.wait(LIMIT).unwrap(), "the supervisor did not end: {}", self.all());
        }
        self.record()
    }

    pub fn record(&self) -> ExitRecord {
        match find(&self.dir).unwrap() {
            Liveness::Exited(record) => *record,
            other => panic!("expected an exit record, found {other:?}"),
        }
    }

    pub fn status(&self) -> Status {
        match find(&self.dir).unwrap() {
            Liveness::Alive(_, status) => *status,
            other => panic!("expected a living unit, found {other:?}"),
        }
    }

    pub fn frames(&self) -> Vec<Frame> {
        let (mut frames, mut from) = (Vec::new(), 0);
        loop {
            let slice = read_log(&self.dir, from, 1 << 20).unwrap();
            if slice.frames.is_empty() {
                return frames;
            }
            from = slice.next;
            frames.extend(slice.frames);
        }
    }

    pub fn bytes(&self, stream: Stream) -> Vec<u8> {
        let frames = self.frames().into_iter().filter(|frame| frame.stream == stream);
        frames.flat_map(|frame| frame.bytes).collect()
    }

    pub fn text(&self, stream: Stream) -> String {
        String::from_utf8_lossy(&self.bytes(stream)).into_owned()
    }

    /// Everything in the log, for messages.
    pub fn all(&self) -> String {
        let frames = self.frames().into_iter();
        frames.map(|frame| String::from_utf8_lossy(&frame.bytes).into_owned()).collect()
    }

    pub fn wait_for_line(&self, line: &str) {
        until(&format!("the line {line:?}"), || {
            let found = read_log(&self.dir, 0, 1 << 20).is_ok_and(|slice| {
                let bytes: Vec<u8> =
                    slice.frames.into_iter().flat_map(|frame| frame.bytes).collect();
                String::from_utf8_lossy(&bytes).lines().any(|found| found == line)
            });
            found.then_some(())
        });
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }
}

/// No test leaves a process behind, not even a failing one.
impl Drop for Unit {
    fn drop(&mut self) {
        if let Ok(Liveness::Alive(handle, _)) = find(&self.dir) {
            let watch = watch(&handle);
            let _ = stop(&handle, Some(Duration::ZERO));
            if let Ok(Some(watch)) = watch {
                let _ = watch.wait(LIMIT);
            }
        }
        let _ = sweep(&self.dir);
    }
}

/// Waits for a condition by looking again and again, within the limit.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A number that a program wrote to a file, with a line feed when it is whole.
pub fn number_in(path: &Path) -> i32 {
    until(&format!("a number in {}", path.display()), || {
        let text = std::fs::read_to_string(path).ok()?;
        text.strip_suffix('\n')?.trim().parse().ok()
    })
}

/// Whether a process exists and has not ended.
pub fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| Some(!stat.rsplit_once(')')?.1.trim_start().starts_with(['Z', 'X'])))
        .unwrap_or(false)
}

/// Sends a signal to a process that the test's unit started.
pub fn kill(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
