//! The demonstration, ended before it is over: in order by a signal, and by the next one after a
//! `kill -9`.

use std::fs::File;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

use super::stage::{Stage, processes, wait_until};

/// A demonstration without a cockpit, in a directory of its own for temporary files.
struct Demo {
    stage: Stage,
    child: Option<Child>,
    _turn: MutexGuard<'static, ()>,
}

/// One at a time: a port that two find free at the same moment only one can have.
static TURN: Mutex<()> = Mutex::new(());

impl Demo {
    fn begin(arguments: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut demo = Self { stage: Stage::new(), child: None, _turn: turn };
        demo.again(arguments);
        demo
    }

    /// Begins another one beside what is there.
    fn again(&mut self, arguments: &[&str]) {
        let said = File::create(self.stage.path("said")).unwrap();
        let mut command = self.stage.binary();
        command.args(["demo", "--headless"]).args(arguments).env("TMPDIR", self.place());
        command.env_remove("PILOTHOUSE_STATE").env_remove("PILOTHOUSE_CONFIG");
        // As a shell starts what a terminal's Ctrl-C reaches.
        command.process_group(0).stdout(said.try_clone().unwrap()).stderr(said);
        self.child = Some(command.stdin(Stdio::null()).spawn().unwrap());
    }

    fn place(&self) -> PathBuf {
        self.stage.path("home")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.stage.path("said")).unwrap()
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        wait_until(
            || format!("it says {words:?}: {}", self.said()),
            || self.said().contains(words),
        );
    }

    /// Sends a signal to it and to what a terminal would send it to as well; its exit code.
    fn end(&mut self, signal: Signal) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        kill_process_group(Pid::from_child(&child), signal).unwrap();
        let mut ended = None;
        let what = || format!("it ends: {}", self.said());
        wait_until(what, || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        let ended = ended.unwrap();
        ended.code().or(ended.signal().map(|number| -number))
    }

    /// Its directories.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.place()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn a_signal_ends_it_in_order_and_nothing_is_left() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut demo = Demo::begin(&[]);
        demo.wait_for("ok    1.");
        assert!(processes::of(&demo.place()).len() >= 4, "{}", demo.said());
        assert_eq!(demo.end(signal), Some(code), "{}", demo.said());
        assert_eq!(processes::of(&demo.place()), [], "{}", demo.said());
        assert_eq!(demo.files(), [] as [PathBuf; 0], "{}", demo.said());
        let said = demo.said();
        assert!(said.contains("and removing its directory") && !said.contains("FAIL"), "{said}");
    }
}

#[test]
fn a_signal_before_its_engine_answers_leaves_nothing_either() {
    let mut demo = Demo::begin(&[]);
    wait_until(|| "its directory is there".to_owned(), || !demo.files().is_empty());
    assert_eq!(demo.end(Signal::TERM), Some(143), "{}", demo.said());
    assert_eq!(processes::of(&demo.place()), [], "{}", demo.said());
    assert_eq!(demo.files(), [] as [PathBuf; 0], "{}", demo.said());
}

#[test]
fn a_directory_that_is_to_be_kept_is_named_and_stays() {
    let mut demo = Demo::begin(&["--keep"]);
    demo.wait_for("ok    1.");
    assert_eq!(demo.end(Signal::TERM), Some(143), "{}", demo.said());
    assert_eq!(processes::of(&demo.place()), [], "{}", demo.said());
    let [kept] = demo.files().try_into().unwrap();
    let said = demo.said();
    assert!(said.contains(&format!("stays, as asked: {}", kept.display())), "{said}");
    assert!(!said.contains("removing"), "{said}");
    // It is the person's now: no other demonstration speaks of it or takes it.
    demo.again(&[]);
    demo.wait_for("9 acts on");
    assert!(!demo.said().contains("earlier"), "{}", demo.said());
    demo.end(Signal::TERM);
    assert_eq!(demo.files(), [kept]);
}

#[test]
fn what_a_killed_one_left_is_ended_and_removed_by_the_next() {
    let mut demo = Demo::begin(&[]);
    demo.wait_for("ok    1.");
    let engine = processes::one(&demo.place(), " serve ");
    demo.end(Signal::KILL);
    processes::signal(engine, Signal::KILL);
    let place = demo.place();
    let engine_lives = || processes::of(&place).iter().any(|process| process.pid == engine);
    wait_until(|| "the engine is gone".to_owned(), || !engine_lives());
    // The edge, and two instances with their supervisors.
    assert!(processes::lasting(&demo.place()).len() >= 5, "{:#?}", processes::of(&demo.place()));
    let [left] = demo.files().try_into().unwrap();
    demo.again(&[]);
    demo.wait_for("9 acts on");
    let said = demo.said();
    assert!(said.contains("an earlier demonstration was killed"), "{said}");
    assert!(!left.exists(), "{said}");
    assert_eq!(processes::of(&left), [], "{said}");
    assert_eq!(demo.end(Signal::TERM), Some(143), "{}", demo.said());
    assert_eq!(processes::of(&demo.place()), [], "{}", demo.said());
}

#[test]
fn down_all_ends_what_a_dead_engine_left() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    stage.kill_engine();
    let down = |arguments: &[&str]| stage.binary().args(arguments).output().unwrap();
    let ended = down(&["down", "--all", "--yes"]);
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    let why = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{told}{why}");
    assert!(told.contains("2 × shop/production"), "{told}");
    let root = stage.path("");
    wait_until(|| format!("{:#?}", processes::of(&root)), || processes::of(&root).is_empty());
    // Nothing is brought back only to be ended.
    assert_eq!(down(&["down", "--all", "--yes"]).status.code(), Some(7));
}
