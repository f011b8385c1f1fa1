//! Nothing that a unit started outlives it, however it is ended.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pilothouse_supervisor::{
    Liveness, MainExit, Outcome, Stream, cancel, find, stop, sweep, watch,
};
use rustix::process::Signal;

use crate::support::{Unit, binary, is_alive, kill, number_in, until};

/// Says that it is ready once its sleep is one, because a shell's child does not
/// hear a signal between its beginning and its becoming another program.
const PAUSE: &str = "sleep 60 & \
    until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done; echo ready; wait";

/// A shell that starts two daemons in sessions of their own, one behind another.
const DAEMONS: &str = "
    setsid sh -c 'echo $$ > outer; setsid sh -c \"trap : TERM; echo \\$\\$ > inner; \
    while :; do sleep 60; done\" & exec sleep 60' > /dev/null 2>&1 &
    until [ -s outer ] && [ -s inner ]; do :; done;";

#[test]
fn a_deadline_ends_even_who_ignores_term() {
    let unit =
        Unit::shell("trap '' TERM; echo ready; while :; do sleep 60; done").deadline(100).grace(50);
    let record = unit.run();
    assert_eq!(record.outcome, Outcome::TimedOut);
    assert_eq!(record.main, Some(MainExit::Signal(9)));
    let notes = unit.text(Stream::Note);
    assert!(notes.contains("deadline") && notes.contains("killed"), "{notes}");
}

#[test]
fn cancel_lets_a_step_clean_up() {
    let unit = Unit::shell(&format!("trap 'echo cleaned; exit 5' TERM; {PAUSE}"));
    let handle = unit.start();
    unit.wait_for_line("ready");
    assert!(cancel(&handle).unwrap());
    let record = unit.record_after(&handle);
    assert_eq!((record.outcome, record.main), (Outcome::Cancelled, Some(MainExit::Code(5))));
    assert_eq!(unit.text(Stream::Stdout), "ready\ncleaned\n");
    assert!(!cancel(&handle).unwrap(), "nobody is left to be asked");
}

#[test]
fn asking_again_shortens_the_grace() {
    let unit = Unit::shell("trap '' TERM; echo ready; while :; do sleep 60; done").grace(3_600_000);
    let handle = unit.start();
    unit.wait_for_line("ready");
    assert!(cancel(&handle).unwrap());
    until("the end's beginning", || unit.all().contains("asked to stop").then_some(()));
    assert!(stop(&handle, Some(Duration::ZERO)).unwrap());
    assert_eq!(unit.record_after(&handle).main, Some(MainExit::Signal(9)));
}

#[test]
fn another_signal_may_ask() {
    let mut unit = Unit::shell(&format!("trap 'exit 6' USR1; {PAUSE}"));
    unit.spec.stop.signal = 10;
    let handle = unit.start();
    unit.wait_for_line("ready");
    cancel(&handle).unwrap();
    assert_eq!(unit.record_after(&handle).main, Some(MainExit::Code(6)));
}

#[test]
fn a_stopped_process_is_ended_as_well() {
    let unit = Unit::shell(&format!("echo $$ > pid; trap 'exit 7' TERM; {PAUSE}"));
    let handle = unit.start();
    unit.wait_for_line("ready");
    kill(number_in(&unit.path("pid")), Signal::STOP);
    cancel(&handle).unwrap();
    assert_eq!(unit.record_after(&handle).main, Some(MainExit::Code(7)));
}

#[test]
fn daemons_end_with_a_cancelled_step() {
    let unit = Unit::shell(&format!("{DAEMONS} echo ready; sleep 60")).grace(50);
    let handle = unit.start();
    unit.wait_for_line("ready");
    let daemons = ["outer", "inner"].map(|name| number_in(&unit.path(name)));
    assert!(daemons.into_iter().all(is_alive));
    assert!(sweep(&unit.dir).is_err(), "a supervised unit is not swept");
    cancel(&handle).unwrap();
    assert_eq!(unit.record_after(&handle).outcome, Outcome::Cancelled);
    assert!(!daemons.into_iter().any(is_alive));
}

#[test]
fn daemons_end_with_a_finished_step_and_are_counted() {
    let unit = Unit::shell(&format!("{DAEMONS} echo done")).grace(50);
    let record = unit.run();
    assert_eq!(record.outcome, Outcome::Exited { code: 0 });
    // The two daemons and the inner one's sleep.
    assert_eq!((record.leftovers_ended, record.survivors), (3, 0));
    let daemons = ["outer", "inner"].map(|name| number_in(&unit.path(name)));
    assert!(!daemons.into_iter().any(is_alive));
    assert!(unit.text(Stream::Note).contains("3 processes outlived"), "{}", unit.all());
}

#[test]
fn a_step_that_ended_first_is_not_called_cancelled() {
    let words = format!("{DAEMONS} exit 9").replace("exec sleep", "trap : TERM; sleep");
    let unit = Unit::shell(&words).grace(3_600_000);
    let handle = unit.start();
    until("the leftovers' end", || unit.all().contains("outlived").then_some(()));
    assert!(stop(&handle, Some(Duration::ZERO)).unwrap());
    let record = unit.record_after(&handle);
    assert_eq!(record.outcome, Outcome::Exited { code: 9 });
    assert!(record.leftovers_ended >= 3 && record.survivors == 0, "{record:?}");
}

#[test]
fn a_background_writer_may_finish_its_words() {
    // Some milliseconds of work after the main process is gone.
    let work = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done";
    let words = format!("(read line; {work}; echo got $line) < fifo & echo ready; echo x > fifo");
    let unit = Unit::shell(&words);
    let made = Command::new("mkfifo").arg(unit.path("fifo")).status();
    assert!(made.unwrap().success());
    let record = unit.run();
    assert_eq!(record.leftovers_ended, 0, "{}", unit.all());
    assert_eq!(unit.text(Stream::Stdout), "ready\ngot x\n");
}

#[test]
fn a_fork_storm_ends_in_bounded_time() {
    // Sixteen lines of descent, each of which forks its successor and ends, ignoring
    // every request, so that no list of them is ever true.
    let storm = "trap '' TERM INT HUP; storm() { ( storm & ); }; i=0; \
        while [ $i -lt 16 ]; do storm; i=$((i+1)); done; echo ready; sleep 60";
    let unit = Unit::shell(storm).grace(0);
    let handle = unit.start();
    unit.wait_for_line("ready");
    let begun = Instant::now();
    cancel(&handle).unwrap();
    let record = unit.record_after(&handle);
    assert_eq!((record.outcome, record.survivors), (Outcome::Cancelled, 0));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(sweep(&unit.dir).unwrap(), 0, "nobody is left");
}

#[test]
fn a_unit_survives_the_engine_that_started_it() {
    let unit = Unit::shell("echo ready; read line < fifo; echo $line; exit 8");
    let made = Command::new("mkfifo").arg(unit.path("fifo")).status();
    assert!(made.unwrap().success());
    let mut engine = Command::new(binary().path)
        .arg("start")
        .arg(&unit.dir)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(engine.stdin.take().unwrap(), &unit.spec).unwrap();
    assert!(engine.wait().unwrap().success());
    let Liveness::Alive(handle, _) = find(&unit.dir).unwrap() else { panic!("it should live") };
    kill(handle.supervisor.pid, Signal::HUP);
    unit.wait_for_line("ready");
    std::fs::write(unit.path("fifo"), "go on\n").unwrap();
    let record = unit.record_after(&handle);
    assert_eq!(record.outcome, Outcome::Exited { code: 8 });
    assert_eq!(unit.text(Stream::Stdout), "ready\ngo on\n");
}

/// Either file tells whose the processes are, should the other be damaged.
#[test]
fn a_sweep_needs_one_file_alone() {
    for damaged in ["spec.json", "status.json"] {
        let unit = Unit::shell(&format!("echo $$ > main; {DAEMONS} echo ready; sleep 60"));
        let handle = unit.start();
        unit.wait_for_line("ready");
        let pids = ["outer", "inner"].map(|name| number_in(&unit.path(name)));
        let ended = watch(&handle).unwrap().unwrap();
        kill(handle.supervisor.pid, Signal::KILL);
        assert!(ended.wait(Duration::from_secs(10)).unwrap());
        std::fs::write(unit.dir.join(damaged), [0; 64]).unwrap();
        assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
        assert!(sweep(&unit.dir).unwrap() >= 1, "{damaged}");
        assert!(!pids.into_iter().any(is_alive), "{damaged}");
    }
}

#[test]
fn a_killed_supervisor_leaves_nothing_after_a_sweep() {
    let unit = Unit::shell(&format!("echo $$ > main; {DAEMONS} echo ready; sleep 60"));
    let handle = unit.start();
    unit.wait_for_line("ready");
    let pids = ["main", "outer", "inner"].map(|name| number_in(&unit.path(name)));
    assert!(sweep(&unit.dir).is_err(), "a supervised unit is not swept");
    let ended = watch(&handle).unwrap().unwrap();
    kill(handle.supervisor.pid, Signal::KILL);
    assert!(ended.wait(Duration::from_secs(10)).unwrap());
    until("the main process's death with its supervisor", || (!is_alive(pids[0])).then_some(()));
    assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
    assert!(is_alive(pids[2]), "the daemon is what there is to sweep");
    assert!(sweep(&unit.dir).unwrap() >= 2);
    assert!(!pids.into_iter().any(is_alive));
    assert_eq!(sweep(&unit.dir).unwrap(), 0, "twice is safe");
    assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted, "it is never run again");
    assert!(unit.try_start().is_err());
}
