//! How instances are kept running and stopped.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use pilothouse_supervisor::{Kind, MainExit, Meter, Outcome, Phase, Stream, stop, usage};
use rustix::process::Signal;

use crate::support::{Unit, kill, number_in, until};

#[test]
fn an_instance_is_started_again_with_a_growing_delay() {
    let unit = Unit::shell("echo run; exit 3").instance();
    let handle = unit.start();
    let status = until("three restarts", || Some(unit.status()).filter(|s| s.restarts >= 3));
    assert_eq!(status.supervisor, handle.supervisor);
    let status = until("a delay", || Some(unit.status()).filter(|s| s.phase == Phase::BackingOff));
    assert_eq!((status.last_exit, status.main), (Some(MainExit::Code(3)), None));
    assert!(status.next_restart_ms >= status.main_started_ms);
    assert!(stop(&handle, None).unwrap());
    let record = unit.record_after(&handle);
    assert_eq!((record.outcome, record.main), (Outcome::Stopped, Some(MainExit::Code(3))));
    assert!(record.restarts >= 3);
    let notes = unit.text(Stream::Note);
    let delays: Vec<&str> = notes
        .lines()
        .filter_map(|line| line.split_once("again in ")?.1.strip_suffix(" ms"))
        .collect();
    assert_eq!(delays[..3], ["50", "100", "200"]);
    // The delays were really waited for.
    let frames = unit.frames();
    let runs: Vec<u64> = frames
        .iter()
        .filter(|frame| frame.stream == Stream::Stdout)
        .map(|frame| frame.time_ms)
        .collect();
    assert!(runs[3] - runs[0] >= 340, "{runs:?}");
}

#[test]
fn a_killed_instance_comes_back_with_the_same_environment() {
    let mut unit = Unit::shell("echo $PORT $$ >> runs; echo $$ > pid; exec sleep 60").instance();
    unit.spec.env.insert("PORT".into(), "31041".into());
    let handle = unit.start();
    let first = number_in(&unit.path("pid"));
    assert_eq!(unit.status().main.unwrap().pid, first);
    kill(first, Signal::KILL);
    let second =
        until("another process", || Some(number_in(&unit.path("pid"))).filter(|&pid| pid != first));
    let status = until("its status", || Some(unit.status()).filter(|s| s.restarts == 1));
    assert_eq!(status.last_exit, Some(MainExit::Signal(9)));
    stop(&handle, None).unwrap();
    let record = unit.record_after(&handle);
    assert_eq!((record.outcome, record.restarts), (Outcome::Stopped, 1));
    assert_eq!(record.main, Some(MainExit::Signal(15)));
    let runs = std::fs::read_to_string(unit.path("runs")).unwrap();
    assert_eq!(runs, format!("31041 {first}\n31041 {second}\n"));
}

#[test]
fn an_instance_whose_program_is_away_waits_for_it() {
    let mut unit = Unit::shell("").instance();
    let (program, away) = (unit.path("program"), unit.path("away"));
    std::fs::write(&program, "#!/bin/sh\nmv program away\nexit 1\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    unit.spec.argv = vec![program.to_str().unwrap().into()];
    let handle = unit.start();
    for _ in 0..2 {
        until("a start that failed", || {
            Some(unit.status()).filter(|s| s.last_exit == Some(MainExit::NotStarted))
        });
        std::fs::rename(&away, &program).unwrap();
        until("a start that worked", || away.exists().then_some(()));
    }
    stop(&handle, None).unwrap();
    let record = unit.record_after(&handle);
    assert_eq!((record.outcome, record.survivors), (Outcome::Stopped, 0));
    assert!(unit.text(Stream::Note).contains("cannot be executed"), "{}", unit.all());
}

#[test]
fn a_status_that_could_not_be_written_is_written_once_it_can_be() {
    let unit = Unit::shell("echo $$ > pid; exec sleep 60").instance();
    let handle = unit.start();
    let first = number_in(&unit.path("pid"));
    // A directory where the new status is written first stands for a disk without room.
    let obstacle = unit.dir.join("status.json.tmp");
    std::fs::create_dir(&obstacle).unwrap();
    kill(first, Signal::KILL);
    until("another process", || Some(number_in(&unit.path("pid"))).filter(|&pid| pid != first));
    until("it is told", || {
        Some(unit.text(Stream::Note)).filter(|notes| notes.contains("cannot be written"))
    });
    assert_eq!(unit.status().restarts, 0);
    std::fs::remove_dir(&obstacle).unwrap();
    let status = until("its status", || Some(unit.status()).filter(|s| s.restarts == 1));
    assert_eq!((status.phase, status.in_a_row), (Phase::Running, 1));
    assert_eq!(unit.text(Stream::Note).matches("cannot be written").count(), 1);
    stop(&handle, None).unwrap();
    unit.record_after(&handle);
}

#[test]
fn a_stop_without_grace_kills() {
    let unit = Unit::shell("trap '' TERM; echo ready; while :; do sleep 60; done").instance();
    let handle = unit.start();
    unit.wait_for_line("ready");
    stop(&handle, Some(Duration::ZERO)).unwrap();
    assert_eq!(unit.record_after(&handle).main, Some(MainExit::Signal(9)));
}

#[test]
fn the_log_of_an_instance_is_bounded() {
    let mut unit = Unit::shell(
        "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; \
        echo last; exec sleep 60",
    );
    unit.spec.kind = Kind::Instance {
        backoff_min_ms: 50,
        backoff_max_ms: 50,
        stable_after_ms: 1000,
        max_log_bytes: 20_000,
    };
    let handle = unit.start();
    unit.wait_for_line("last");
    stop(&handle, None).unwrap();
    let record = unit.record_after(&handle);
    assert_eq!(record.dropped_bytes, 0);
    let size = |name: &str| std::fs::metadata(unit.dir.join(name)).unwrap().len();
    assert!(size("log") + size("log.1") <= 20_000 + 2 * 16, "{} {}", size("log"), size("log.1"));
    let slice = pilothouse_supervisor::read_log(&unit.dir, 0, 1 << 20).unwrap();
    assert!(slice.lost > 0, "what was rotated away is not passed over in silence");
    let text = unit.text(Stream::Stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.last(), Some(&"last"));
    assert_eq!(lines[lines.len() - 2], "line 2999");
    let tail = pilothouse_supervisor::tail(&unit.dir, 400, 1 << 20).unwrap();
    let count: usize =
        tail.frames.iter().map(|frame| frame.bytes.split(|&byte| byte == b'\n').count() - 1).sum();
    assert!(count >= 400 || tail.frames[0].offset == slice.frames[0].offset, "{count}");
}

#[test]
fn usage_counts_the_whole_tree() {
    let words = "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; exec sleep 60' & wait";
    let unit = Unit::shell(words).instance();
    let handle = unit.start();
    unit.wait_for_line("ready");
    let used = usage(&handle).unwrap().unwrap();
    assert_eq!(used.processes, 2);
    assert!(used.resident_bytes > 100_000, "{used:?}");
    assert!(used.cpu >= Duration::from_millis(10), "{used:?}");
    stop(&handle, None).unwrap();
    unit.record_after(&handle);
    assert_eq!(usage(&handle).unwrap(), None);
}

#[test]
fn a_meter_notices_who_is_born_later_and_who_is_gone() {
    let words = "mkfifo go; echo ready; read -r _ < go; sleep 60 & echo more; wait";
    let unit = Unit::shell(words).instance();
    let handle = unit.start();
    unit.wait_for_line("ready");
    let mut meter = Meter::default();
    let mut count = || meter.measure(&[&handle]).unwrap()[0].map(|used| used.processes);
    // The second time, strangers are known.
    assert_eq!([count(), count()], [Some(1), Some(1)]);
    std::fs::write(unit.temp.path().join("go"), "\n").unwrap();
    unit.wait_for_line("more");
    assert_eq!(count(), Some(2));
    stop(&handle, None).unwrap();
    unit.record_after(&handle);
    assert_eq!(count(), None);
}
