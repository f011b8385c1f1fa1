//! Random appends, snapshots, failures and crashes against a model.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    Append(u64),
    Snapshot(u64),
    /// An append whose n-th step fails, with this much of the batch written.
    Fail(u64, usize, usize),
    /// A crash that leaves this share (of 256) of an append that was not acknowledged.
    Crash(u64, usize),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1u64..5).prop_map(Act::Append),
        2 => (0u64..6).prop_map(Act::Snapshot),
        2 => (1u64..5, 1usize..8, 0usize..200).prop_map(|(n, at, short)| Act::Fail(n, at, short)),
        1 => (1u64..5, 0usize..256).prop_map(|(n, share)| Act::Crash(n, share)),
        1 => Just(Act::Restart),
    ]
}

fn batch(journal: &Journal, size: u64) -> Vec<Vec<u8>> {
    let next = journal.last().0 + 1;
    (next..next + size).map(payload).collect()
}

/// Opens and compares with what was acknowledged.
fn reopened(dir: &Path, faults: &Arc<Failing>, acked: std::ops::RangeInclusive<u64>) -> Journal {
    let (journal, recovered) = Journal::open(dir, SMALL, failing_options(faults)).unwrap();
    let from = recovered.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq.0);
    if let Some(snapshot) = &recovered.snapshot {
        assert_eq!(snapshot.bytes, payload(from));
    }
    assert_eq!(numbers(&recovered), (from + 1..=recovered.last.0).collect::<Vec<_>>());
    assert!(acked.contains(&recovered.last.0), "{:?} not in {acked:?}", recovered.last);
    journal
}

fn run(acts: Vec<Act>) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let faults = Arc::new(Failing::default());
    let mut journal = reopened(dir, &faults, 0..=0);
    let mut newest = 0;
    for act in acts {
        let last = journal.last().0;
        match act {
            Act::Append(size) => {
                let batch = batch(&journal, size);
                assert_eq!(journal.append(&batch).unwrap(), Seq(last + size));
            }
            Act::Snapshot(behind) => {
                let seq = last.saturating_sub(behind);
                if seq > newest {
                    assert!(journal.snapshot(Seq(seq), &payload(seq)).unwrap().stopped.is_none());
                    newest = seq;
                }
            }
            Act::Fail(size, at, short) => {
                let batch = batch(&journal, size);
                faults.short.store(short, Ordering::SeqCst);
                faults.arm(at, None, false);
                let result = journal.append(&batch);
                faults.disarm();
                if result.is_err() {
                    assert_eq!(journal.last(), Seq(last));
                    journal.recover().unwrap();
                }
            }
            Act::Crash(size, share) => {
                let batch = batch(&journal, size);
                let before = fs::metadata(journal.active_path()).unwrap().len();
                let path = journal.active_path();
                let mark = fs::read(mark::path(dir)).unwrap();
                journal.append(&batch).unwrap();
                if path == journal.active_path() {
                    let more = fs::metadata(&path).unwrap().len() - before;
                    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
                    file.set_len(before + more * share as u64 / 256).unwrap();
                    // What was not acknowledged had no mark either.
                    fs::write(mark::path(dir), mark).unwrap();
                    drop(journal);
                    journal = reopened(dir, &faults, last..=last);
                }
            }
            Act::Restart => {
                drop(journal);
                journal = reopened(dir, &faults, last..=last);
            }
        }
    }
    let last = journal.last().0;
    drop(journal);
    reopened(dir, &faults, last..=last);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_comes_back(acts in proptest::collection::vec(act(), 1..40)) {
        run(acts);
    }
}
