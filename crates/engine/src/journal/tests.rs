//! Tests of the journal against a real directory and a disk that fails on demand.

mod crash;
mod damage;
mod failing;
mod golden;
mod loss;
mod random;
mod rotation;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// Keeps everything small, so that a few records rotate.
const SMALL: Limits = Limits {
    segment_bytes: 400,
    record_bytes: 100,
    batch_bytes: 300,
    snapshot_bytes: 1000,
    keep_segments: 1,
    keep_side_files: 2,
};

const V1: Format = Format(1, 0);

/// Fails steps: from the n-th on, or at the n-th only.
#[derive(Default)]
struct Failing {
    seen: AtomicUsize,
    at: AtomicUsize,
    goes_on: AtomicBool,
    short: AtomicUsize,
    only: std::sync::Mutex<Option<Step>>,
}

impl Failing {
    /// Arms the fault: the n-th step from now (of a kind, if given) fails.
    fn arm(&self, n: usize, only: Option<Step>, goes_on: bool) {
        self.seen.store(0, Ordering::SeqCst);
        self.goes_on.store(goes_on, Ordering::SeqCst);
        *self.only.lock().unwrap() = only;
        self.at.store(n, Ordering::SeqCst);
    }

    fn disarm(&self) {
        self.at.store(0, Ordering::SeqCst);
    }
}

impl Faults for Failing {
    fn judge(&self, step: Step, _path: &Path) -> Verdict {
        let at = self.at.load(Ordering::SeqCst);
        if at == 0 || self.only.lock().unwrap().is_some_and(|only| only != step) {
            return Verdict::Skip;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if seen == at || (seen > at && self.goes_on.load(Ordering::SeqCst)) {
            let error = io::Error::from(io::ErrorKind::StorageFull);
            return Verdict::Short(self.short.load(Ordering::SeqCst), error);
        }
        Verdict::Skip
    }
}

fn options() -> Options {
    Options {
        payload: V1,
        disk: Disk::with_faults(Arc::new(NoSync)),
        told: Epoch(0),
        losses: Losses::Refuse,
    }
}

fn failing_options(faults: &Arc<Failing>) -> Options {
    Options {
        payload: V1,
        disk: Disk::with_faults(faults.clone()),
        told: Epoch(0),
        losses: Losses::Refuse,
    }
}

fn open(dir: &Path) -> Result<(Journal, Recovered), OpenError> {
    Journal::open(dir, SMALL, options())
}

/// Opens as `serve --accept-lost-records` does.
fn accepted(dir: &Path) -> Result<(Journal, Recovered), OpenError> {
    Journal::open(dir, SMALL, Options { losses: Losses::Accept, ..options() })
}

fn payload(n: u64) -> Vec<u8> {
    format!("{{\"n\":{n}}}").into_bytes()
}

/// Appends the payloads of these numbers one by one.
fn append_each(journal: &mut Journal, numbers: impl IntoIterator<Item = u64>) {
    for n in numbers {
        assert_eq!(journal.append(&[payload(n)]).unwrap(), Seq(n));
    }
}

/// Returns the numbers of recovered records, having checked each payload.
fn numbers(recovered: &Recovered) -> Vec<u64> {
    recovered
        .records
        .iter()
        .map(|record| {
            assert_eq!(record.payload, payload(record.seq.0));
            record.seq.0
        })
        .collect()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    files(dir, "jsonl")
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

fn snapshot_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "lock")
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn a_new_journal_is_empty_and_gives_back_what_it_was_given() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("state/journal");
    let (mut journal, recovered) = open(&dir).unwrap();
    assert_eq!((recovered.epoch, recovered.last), (Epoch(1), Seq(0)));
    assert!(recovered.records.is_empty() && recovered.notes.is_empty());
    assert_eq!(journal.append(&[payload(1), payload(2)]).unwrap(), Seq(2));
    assert_eq!(journal.append(&[]).unwrap(), Seq(2));
    assert_eq!(journal.append(&[payload(3)]).unwrap(), Seq(3));
    drop(journal);
    let (journal, recovered) = open(&dir).unwrap();
    assert_eq!(numbers(&recovered), [1, 2, 3]);
    assert_eq!((recovered.epoch, recovered.last, journal.last()), (Epoch(2), Seq(3), Seq(3)));
    assert!(recovered.notes.is_empty(), "{:?}", recovered.notes);
}

#[test]
fn every_line_is_json() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    journal.append(&[payload(1), payload(2)]).unwrap();
    journal.snapshot(Seq(2), b"{\"state\":2}").unwrap();
    for path in [&segments(temp.path())[0], &files(temp.path(), "json")[1]] {
        for line in fs::read_to_string(path).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value.is_object(), "{line}");
        }
    }
}

#[test]
fn a_second_engine_is_refused_and_told_who_owns_the_state() {
    let temp = tempfile::tempdir().unwrap();
    let first = open(temp.path()).unwrap();
    let error = open(temp.path()).unwrap_err();
    let expected = format!("another engine (pid {}) owns this state", std::process::id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(matches!(error, OpenError::Held { pid: Some(_), .. }));
    drop(first);
    assert_eq!(open(temp.path()).unwrap().1.epoch, Epoch(2), "the refused one raised nothing");
}

#[test]
fn payloads_beyond_the_limits_are_refused_and_the_journal_stays_ready() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    let refused = |journal: &mut Journal, batch: &[Vec<u8>]| journal.append(batch).unwrap_err();
    let long = vec![b'1'; 101];
    let error = refused(&mut journal, &[payload(1), long]);
    assert!(matches!(error, AppendError::RecordTooLong { index: 1, bytes: 101, limit: 100 }));
    let error = refused(&mut journal, &[vec![b'1'; 100], vec![b'1'; 100], vec![b'1'; 101]]);
    assert!(matches!(error, AppendError::RecordTooLong { index: 2, .. }));
    let batch = vec![vec![b'1'; 100]; 4];
    assert!(matches!(refused(&mut journal, &batch), AppendError::BatchTooLong { bytes: 400, .. }));
    for bad in [&b""[..], b"{\n}", b"{\0}"] {
        let error = refused(&mut journal, &[bad.to_vec()]);
        assert!(matches!(error, AppendError::NotOneLine { index: 0 }), "{error}");
    }
    append_each(&mut journal, [1]);
}

#[test]
fn contradicting_limits_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    for limits in [Limits { keep_segments: 0, ..SMALL }, Limits { batch_bytes: 99, ..SMALL }] {
        let error = Journal::open(temp.path(), limits, options()).unwrap_err();
        assert!(matches!(error, OpenError::Limits(_)), "{error}");
    }
}
