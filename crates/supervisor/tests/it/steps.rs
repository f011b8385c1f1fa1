//! How steps end by themselves, and what they are given.

use std::os::unix::fs::PermissionsExt;

use pilothouse_supervisor::{
    Kind, LaunchFailureKind, MainExit, Outcome, SpecError, StartError, Stream,
};

use crate::support::{Unit, number_in};

#[test]
fn a_code_is_recorded() {
    for code in [0, 3, 255] {
        let unit = Unit::shell(&format!("echo out; echo err >&2; exit {code}"));
        let record = unit.run();
        assert_eq!(record.outcome, Outcome::Exited { code });
        assert_eq!(record.main, Some(MainExit::Code(code)));
        assert_eq!((record.output_bytes, record.dropped_bytes), (8, 0));
        assert_eq!((record.leftovers_ended, record.survivors), (0, 0));
        assert!(record.started_ms <= record.ended_ms && record.log_error.is_none());
        assert_eq!(unit.text(Stream::Stdout), "out\n");
        assert_eq!(unit.text(Stream::Stderr), "err\n");
    }
}

#[test]
fn a_signal_is_recorded() {
    let record = Unit::shell("kill -USR1 $$").run();
    assert_eq!(record.outcome, Outcome::Signaled { signal: 10 });
}

fn launch_failure(unit: &Unit) -> LaunchFailureKind {
    let Err(StartError::LaunchFailed(why)) = unit.try_start() else {
        panic!("a launch failure was expected");
    };
    let record = unit.record();
    assert_eq!(record.outcome, Outcome::LaunchFailed { why: why.clone() });
    assert_eq!(record.main, None);
    why.kind
}

#[test]
fn a_missing_program_is_a_launch_failure() {
    assert_eq!(launch_failure(&Unit::program(&["/no/such"])), LaunchFailureKind::NoProgram);
    assert_eq!(launch_failure(&Unit::program(&["no-such-x"])), LaunchFailureKind::NoProgram);
}

#[test]
fn a_file_that_is_no_program_is_a_launch_failure() {
    let mut unit = Unit::program(&["x"]);
    let file = unit.path("plain");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    unit.spec.argv = vec![file.to_str().unwrap().into()];
    assert_eq!(launch_failure(&unit), LaunchFailureKind::NotExecutable);
}

#[test]
fn a_missing_directory_is_a_launch_failure() {
    let mut unit = Unit::shell("true");
    unit.spec.dir = unit.path("missing");
    assert_eq!(launch_failure(&unit), LaunchFailureKind::NoDirectory);
}

#[test]
fn a_failing_instance_is_not_started_again_if_it_never_ran() {
    let unit = Unit::program(&["/no/such"]).instance();
    assert_eq!(launch_failure(&unit), LaunchFailureKind::NoProgram);
}

#[test]
fn what_can_never_run_is_refused_before_anything_is_made() {
    let mut unit = Unit::shell("true");
    unit.spec.argv = vec![];
    let refused = unit.try_start();
    assert!(matches!(refused, Err(StartError::Spec(SpecError::NoProgram(_)))), "{refused:?}");
    assert!(!unit.dir.exists());
}

#[test]
fn the_environment_is_exactly_what_was_given() {
    let mut unit = Unit::program(&["/usr/bin/env"]);
    unit.spec.env = [("A".to_owned(), "1".to_owned())].into();
    unit.secrets.env = [("TOKEN".to_owned(), "hunter2hunter2".to_owned())].into();
    unit.run();
    let text = unit.text(Stream::Stdout);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let marker = lines.remove(1);
    assert!(marker.starts_with("PILOTHOUSE_UNIT=test/unit-1:"), "{marker}");
    assert_eq!(lines, ["A=1", "TOKEN=***"]);
}

#[test]
fn the_process_is_prepared_as_asked() {
    let words =
        "umask; pwd; ulimit -n; readlink /proc/self/fd/0; cat /proc/$$/stat; ls /proc/$$/fd";
    let mut unit = Unit::shell(words);
    unit.spec.umask = 0o077;
    unit.spec.max_open_files = Some(100);
    unit.run();
    let text = unit.text(Stream::Stdout);
    let lines: Vec<&str> = text.lines().collect();
    let dir = unit.spec.dir.to_str().unwrap();
    assert_eq!(&lines[..4], ["0077", dir, "100", "/dev/null"]);
    let stat: Vec<&str> = lines[4].split(' ').collect();
    assert_eq!(stat[0], stat[5], "the program leads a session of its own");
    // What the test itself was given by whoever ran it is not the supervisor's doing.
    let given = |descriptor: &str| {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}"));
        let flags = info
            .unwrap_or_default()
            .lines()
            .find_map(|line| i64::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
        flags.is_some_and(|flags| flags & 0o2_000_000 == 0)
    };
    let leaked: Vec<&str> = lines[5..].iter().copied().filter(|fd| !given(fd)).collect();
    assert!(leaked.is_empty(), "descriptors {leaked:?} leak into the program");
}

#[test]
fn secrets_are_in_no_file_and_in_no_argument() {
    let secret = "correct-horse-battery";
    let mut unit = Unit::shell("echo $$ > pid; echo $TOKEN; read line < fifo");
    unit.secrets.env = [("TOKEN".to_owned(), secret.to_owned())].into();
    unit.secrets.masks = vec!["another-secret".into()];
    let made = std::process::Command::new("mkfifo").arg(unit.path("fifo")).status();
    assert!(made.unwrap().success());
    let handle = unit.start();
    number_in(&unit.path("pid"));
    unit.wait_for_line("***");
    for name in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{name}", handle.supervisor.pid);
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        assert!(!text.contains(secret) && !text.contains("another-secret"), "{text}");
    }
    std::fs::write(unit.path("fifo"), "go\n").unwrap();
    unit.record_after(&handle);
    let mut files = 0;
    for entry in std::fs::read_dir(&unit.dir).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains(secret) && !text.contains("another-secret"), "{path:?}");
        let bits = path.metadata().unwrap().permissions().mode();
        assert_eq!(bits & 0o777, 0o600, "{path:?}");
        files += 1;
    }
    assert_eq!(files, 5, "spec, lock, status, log, exit");
}

#[test]
fn a_flood_beyond_the_limit_is_counted_and_does_not_stop_the_step() {
    let mut unit = Unit::shell("head -c 3000000 /dev/zero; echo end >&2; exit 4");
    unit.spec.kind = Kind::Step { deadline_ms: None, output_limit_bytes: 1000 };
    let record = unit.run();
    assert_eq!(record.outcome, Outcome::Exited { code: 4 });
    assert_eq!((record.output_bytes, record.dropped_bytes), (3_000_004, 2_999_004));
    assert_eq!(unit.bytes(Stream::Stdout), vec![0; 1000]);
    let notes = unit.text(Stream::Note);
    assert!(notes.contains("limit of 1000 bytes"), "{notes}");
    assert!(notes.contains("2999004 bytes of output were not kept"), "{notes}");
}
