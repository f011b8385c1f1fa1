//! Tests of the audit log against a real directory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::journal::{Faults, NoSync, Step, Verdict};

const SMALL: Limits = Limits { file_bytes: 300, keep_files: 3, field_bytes: 40 };

fn entry(n: usize) -> Entry {
    Entry {
        at: "2026-01-01T00:00:00Z".to_owned(),
        actor: "kim".to_owned(),
        command: format!("deploy.start {n}"),
        result: "accepted".to_owned(),
    }
}

fn open(dir: &Path) -> Audit {
    Audit::open(dir, SMALL, Disk::with_faults(Arc::new(NoSync))).unwrap()
}

#[test]
fn entries_come_back_in_order_across_files_and_restarts() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("audit");
    for n in 0..6 {
        open(&dir).append(&entry(n)).unwrap();
    }
    assert!(numbers(&dir).unwrap().len() > 1);
    let all = newest(&dir, 100).unwrap();
    assert_eq!(all.entries, (0..6).map(entry).collect::<Vec<_>>());
    assert_eq!(newest(&dir, 2).unwrap().entries, [entry(4), entry(5)]);
    assert!(newest(&dir, 0).unwrap().entries.is_empty());
}

#[test]
fn old_files_go_and_the_newest_stay() {
    let temp = tempfile::tempdir().unwrap();
    let mut audit = open(temp.path());
    for n in 0..60 {
        audit.append(&entry(n)).unwrap();
    }
    assert_eq!(numbers(temp.path()).unwrap().len(), SMALL.keep_files);
    let kept = newest(temp.path(), 100).unwrap().entries;
    assert!(kept.len() >= 6);
    assert_eq!(kept, (60 - kept.len()..60).map(entry).collect::<Vec<_>>());
}

#[test]
fn a_torn_line_is_skipped_and_swallows_nothing() {
    let temp = tempfile::tempdir().unwrap();
    open(temp.path()).append(&entry(1)).unwrap();
    let path = path(temp.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"at\":\"20");
    fs::write(&path, &bytes).unwrap();
    open(temp.path()).append(&entry(2)).unwrap();
    let found = newest(temp.path(), 10).unwrap();
    assert_eq!(found, Newest { entries: vec![entry(1), entry(2)], unreadable: 1 });
}

#[test]
fn hostile_text_stays_in_its_line_and_long_text_is_cut() {
    let temp = tempfile::tempdir().unwrap();
    let mut audit = open(temp.path());
    let hostile = Entry { command: "a\n{\"at\":\"\"}\u{1b}[2J".to_owned(), ..entry(1) };
    audit.append(&hostile).unwrap();
    audit.append(&Entry { actor: "é".repeat(30), ..entry(2) }).unwrap();
    let found = newest(temp.path(), 10).unwrap();
    assert_eq!(found.entries[0], hostile);
    assert_eq!(found.entries[1].actor, format!("{} [20 bytes cut]", "é".repeat(20)));
    let text = fs::read_to_string(path(temp.path(), 1)).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(!text.contains('\u{1b}'));
}

/// Writes but refuses to sync and to truncate while it is on.
#[derive(Default)]
struct Full(AtomicBool);

impl Faults for Full {
    fn judge(&self, step: Step, _path: &Path) -> Verdict {
        if self.0.load(Ordering::SeqCst) && matches!(step, Step::Sync | Step::Truncate) {
            return Verdict::Short(20, io::Error::from(io::ErrorKind::StorageFull));
        }
        Verdict::Skip
    }
}

#[test]
fn an_entry_that_failed_is_not_there_later() {
    let temp = tempfile::tempdir().unwrap();
    let full = Arc::new(Full::default());
    let mut audit = Audit::open(temp.path(), SMALL, Disk::with_faults(full.clone())).unwrap();
    audit.append(&entry(1)).unwrap();
    full.0.store(true, Ordering::SeqCst);
    let long = Entry { result: "refused, for a long reason".to_owned(), ..entry(2) };
    assert!(audit.append(&long).unwrap_err().is_full());
    assert!(audit.append(&long).unwrap_err().is_full());
    full.0.store(false, Ordering::SeqCst);
    audit.append(&entry(3)).unwrap();
    let found = newest(temp.path(), 10).unwrap();
    assert_eq!(found, Newest { entries: vec![entry(1), entry(3)], unreadable: 0 });
}
