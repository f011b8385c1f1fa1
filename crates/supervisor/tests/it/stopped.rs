//! A program that stops its supervisor does not escape its end.

use pilothouse_supervisor::{Liveness, Outcome, cancel, find, force, sweep, wake};
use rustix::process::Signal;

use crate::support::{Unit, is_alive, kill, number_in, until};

/// Whether a process is stopped.
fn is_stopped(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
}

#[test]
fn a_stopped_supervisor_hears_a_cancel() {
    let unit = Unit::shell("kill -STOP $PPID; echo $$ > main; exec sleep 301").grace(1000);
    let handle = unit.start();
    // A stop that came only after the cancel would be heard by nobody.
    number_in(&unit.path("main"));
    until("the supervisor is stopped again", || {
        kill(handle.supervisor.pid, Signal::STOP);
        is_stopped(handle.supervisor.pid).then_some(())
    });
    assert!(cancel(&handle).unwrap());
    assert_eq!(unit.record_after(&handle).outcome, Outcome::Cancelled);
}

#[test]
fn a_supervisor_that_was_woken_sees_the_deadline_that_passed() {
    let unit = Unit::shell("echo $$ > main; kill -STOP $PPID; exec sleep 301").deadline(300);
    let handle = unit.start();
    let main = number_in(&unit.path("main"));
    until("the supervisor is stopped or the deadline passed", || {
        (is_stopped(handle.supervisor.pid) || !is_alive(main)).then_some(())
    });
    assert!(wake(&handle).unwrap());
    assert_eq!(unit.record_after(&handle).outcome, Outcome::TimedOut);
    assert!(!wake(&handle).unwrap());
}

#[test]
fn a_unit_is_ended_in_its_supervisors_stead() {
    // The second shell stops the supervisor again whenever it goes on.
    let unit = Unit::shell(
        "trap '' TERM; echo $$ > main; setsid sh -c 'trap \"\" TERM; echo $$ > other; \
         while :; do kill -STOP '$PPID' 2> /dev/null; done' & wait",
    );
    let handle = unit.start();
    let pids = ["main", "other"].map(|name| number_in(&unit.path(name)));
    until("the supervisor is stopped", || is_stopped(handle.supervisor.pid).then_some(()));
    force(&handle, Outcome::TimedOut).unwrap();
    let record = unit.record();
    assert_eq!((record.outcome, record.survivors), (Outcome::TimedOut, 0));
    assert!(record.leftovers_ended >= 1);
    until("the processes are gone", || (!pids.into_iter().any(is_alive)).then_some(()));
    assert_eq!(sweep(&unit.dir).unwrap(), 0);
}

#[test]
fn a_record_that_is_there_stays() {
    let unit = Unit::shell("exit 7");
    let handle = unit.start();
    unit.record_after(&handle);
    force(&handle, Outcome::TimedOut).unwrap();
    let Liveness::Exited(record) = find(&unit.dir).unwrap() else { panic!("it is over") };
    assert_eq!(record.outcome, Outcome::Exited { code: 7 });
}
