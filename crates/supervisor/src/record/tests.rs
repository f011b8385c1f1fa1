//! Fixes the form of the files that outlive a version of the engine.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::spec::{Kind, Spec, Stop};
use crate::unit::{StopWish, StoredSpec};

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, golden: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), golden);
    assert_eq!(serde_json::from_str::<T>(golden).unwrap(), *value);
}

#[test]
fn golden_exit_record() {
    let record = ExitRecord {
        version: 1,
        id: "run/7".into(),
        outcome: Outcome::Exited { code: 3 },
        main: Some(MainExit::Code(3)),
        started_ms: 1,
        ended_ms: 2,
        restarts: 3,
        leftovers_ended: 4,
        survivors: 5,
        output_bytes: 6,
        dropped_bytes: 7,
        log_error: None,
    };
    check(
        &record,
        r#"{"version":1,"id":"run/7","outcome":{"exited":{"code":3}},"main":{"code":3},"started_ms":1,"ended_ms":2,"restarts":3,"leftovers_ended":4,"survivors":5,"output_bytes":6,"dropped_bytes":7,"log_error":null}"#,
    );
}

#[test]
fn golden_outcomes() {
    check(&Outcome::Signaled { signal: 9 }, r#"{"signaled":{"signal":9}}"#);
    check(&Outcome::TimedOut, r#""timed_out""#);
    check(&Outcome::Cancelled, r#""cancelled""#);
    check(&Outcome::Stopped, r#""stopped""#);
    let why = LaunchFailure { kind: LaunchFailureKind::NoProgram, message: "m".into() };
    check(
        &Outcome::LaunchFailed { why },
        r#"{"launch_failed":{"why":{"kind":"no_program","message":"m"}}}"#,
    );
    check(&MainExit::Signal(15), r#"{"signal":15}"#);
    check(&MainExit::NotStarted, r#""not_started""#);
}

#[test]
fn golden_status() {
    let status = Status {
        version: 1,
        id: "shop/0".into(),
        marker: "shop/0:ab".into(),
        boot_id: "b".into(),
        supervisor: ProcessId { pid: 10, start_time: 11 },
        phase: Phase::BackingOff,
        main: Some(ProcessId { pid: 12, start_time: 13 }),
        started_ms: 1,
        main_started_ms: Some(2),
        restarts: 3,
        in_a_row: 2,
        last_exit: Some(MainExit::Code(0)),
        next_restart_ms: None,
    };
    check(
        &status,
        r#"{"version":1,"id":"shop/0","marker":"shop/0:ab","boot_id":"b","supervisor":{"pid":10,"start_time":11},"phase":"backing_off","main":{"pid":12,"start_time":13},"started_ms":1,"main_started_ms":2,"restarts":3,"in_a_row":2,"last_exit":{"code":0},"next_restart_ms":null}"#,
    );
}

#[test]
fn golden_specification() {
    let kind = Kind::Step { deadline_ms: Some(5), output_limit_bytes: 6 };
    let spec = Spec {
        id: "run/7".into(),
        kind,
        argv: vec!["make".into()],
        dir: "/w".into(),
        env: [("A".into(), "1".into())].into(),
        stop: Stop { signal: 15, grace_ms: 9 },
        umask: 18,
        max_open_files: None,
        is_owner: false,
    };
    check(
        &StoredSpec { version: 1, marker: "run/7:ab".into(), spec },
        r#"{"version":1,"marker":"run/7:ab","spec":{"id":"run/7","kind":{"step":{"deadline_ms":5,"output_limit_bytes":6}},"argv":["make"],"dir":"/w","env":{"A":"1"},"stop":{"signal":15,"grace_ms":9},"umask":18,"max_open_files":null}}"#,
    );
    // Specifications of before say nothing of owners.
    let owner = r#"{"id":"i","kind":{"step":{"deadline_ms":null,"output_limit_bytes":6}},"argv":["own"],"dir":"/w","env":{},"stop":{"signal":15,"grace_ms":9},"umask":18,"max_open_files":null,"is_owner":true}"#;
    let read = serde_json::from_str::<Spec>(owner).unwrap();
    assert!(read.is_owner);
    check(&read, owner);
    let kind = Kind::Instance {
        backoff_min_ms: 1,
        backoff_max_ms: 2,
        stable_after_ms: 3,
        max_log_bytes: 4,
    };
    check(
        &kind,
        r#"{"instance":{"backoff_min_ms":1,"backoff_max_ms":2,"stable_after_ms":3,"max_log_bytes":4}}"#,
    );
    check(&StopWish { version: 1, grace_ms: Some(0) }, r#"{"version":1,"grace_ms":0}"#);
}
