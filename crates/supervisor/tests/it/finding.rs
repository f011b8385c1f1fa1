//! A unit is found again, and never owned twice.

use std::process::{Command, Stdio};

use pilothouse_supervisor::{Liveness, StartError, find, stop, sweep, watch};

use crate::support::{Unit, binary, kill, until};

#[test]
fn a_living_unit_is_found_with_the_same_handle() {
    let unit = Unit::program(&["/bin/sleep", "60"]).instance();
    assert_eq!(find(&unit.dir).unwrap(), Liveness::NeverStarted);
    let handle = unit.start();
    let Liveness::Alive(found, status) = find(&unit.dir).unwrap() else { panic!() };
    assert_eq!(found, handle);
    assert_eq!(status.supervisor, handle.supervisor);
    let ended = watch(&found).unwrap().unwrap();
    assert!(!ended.is_over().unwrap());
    stop(&found, None).unwrap();
    unit.record_after(&found);
    assert!(ended.is_over().unwrap());
    let process = format!("/proc/{}", handle.supervisor.pid);
    assert!(!std::path::Path::new(&process).exists(), "the supervisor was reaped");
    assert!(watch(&found).unwrap().is_none());
}

#[test]
fn a_second_supervisor_is_refused() {
    let unit = Unit::program(&["/bin/sleep", "60"]).instance();
    let handle = unit.start();
    let refused = unit.try_start();
    assert!(matches!(refused, Err(StartError::Locked(_))), "{refused:?}");
    // Not only the library refuses; the process itself does.
    let second = Command::new(binary().path)
        .arg("supervise")
        .arg(&unit.dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert_eq!(String::from_utf8(second.stdout).unwrap(), "\"locked\"");
    assert_eq!(unit.status().supervisor, handle.supervisor);
}

#[test]
fn a_used_directory_is_refused() {
    let unit = Unit::shell("true");
    unit.run();
    let refused = unit.try_start();
    assert!(matches!(refused, Err(StartError::Used(_))), "{refused:?}");
    let second = Command::new(binary().path)
        .arg("supervise")
        .arg(&unit.dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(second.stdout).unwrap(), "\"used\"");
}

#[test]
fn another_boot_is_told_apart() {
    let unit = Unit::shell("true");
    unit.run();
    std::fs::remove_file(unit.dir.join("exit.json")).unwrap();
    assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
    let path = unit.dir.join("status.json");
    let mut status: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    status["boot_id"] = "an earlier one".into();
    std::fs::write(&path, status.to_string()).unwrap();
    assert_eq!(find(&unit.dir).unwrap(), Liveness::OtherBoot);
}

#[test]
fn a_living_unit_writes_a_status_again_that_was_lost() {
    let unit = Unit::program(&["/bin/sleep", "60"]).instance();
    let handle = unit.start();
    let path = unit.dir.join("status.json");
    let lose: [&dyn Fn(); 3] = [
        &|| std::fs::write(&path, DAMAGED[0]).unwrap(),
        &|| std::fs::write(&path, DAMAGED[1]).unwrap(),
        &|| std::fs::remove_file(&path).unwrap(),
    ];
    for (number, lose) in lose.iter().enumerate() {
        let before = unit.status();
        // One that was stopped goes on for it.
        if number > 0 {
            kill(handle.supervisor.pid, rustix::process::Signal::STOP);
        }
        lose();
        let found = until("the status", || match find(&unit.dir).unwrap() {
            Liveness::Alive(found, status) => Some((found, *status)),
            Liveness::Starting => None,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, (handle.clone(), before));
    }
    stop(&handle, None).unwrap();
    unit.record_after(&handle);
}

/// What a disk that failed, or lost power, leaves of a file that was not synced.
const DAMAGED: [&[u8]; 2] = [b"", &[0; 64]];

#[test]
fn a_damaged_file_of_what_is_over_tells_nothing_and_keeps_nothing_up() {
    for damaged in DAMAGED {
        let unit = Unit::shell("true");
        unit.run();
        std::fs::write(unit.dir.join("exit.json"), damaged).unwrap();
        assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
        std::fs::write(unit.dir.join("status.json"), damaged).unwrap();
        assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
        std::fs::write(unit.dir.join("spec.json"), damaged).unwrap();
        assert_eq!(sweep(&unit.dir).unwrap(), 0);
        // It was taken, and is never run again.
        std::fs::remove_file(unit.dir.join("lock")).unwrap();
        assert_eq!(find(&unit.dir).unwrap(), Liveness::Interrupted);
    }
}

#[test]
fn a_process_that_took_over_the_number_is_not_signalled() {
    let unit = Unit::program(&["/bin/sleep", "60"]);
    let handle = unit.start();
    let mut stranger = handle.clone();
    stranger.supervisor.start_time -= 1;
    assert!(!stop(&stranger, None).unwrap());
    assert!(watch(&stranger).unwrap().is_none());
    assert!(matches!(find(&unit.dir).unwrap(), Liveness::Alive(..)));
}
