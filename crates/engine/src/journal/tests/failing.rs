//! A disk that refuses: nothing half-written stays, and the journal comes back.

use super::*;

/// Opens a journal on a disk whose faults can be armed, with three records in it.
fn prepared(dir: &Path) -> (Arc<Failing>, Journal) {
    let faults = Arc::new(Failing::default());
    let (mut journal, _) = Journal::open(dir, SMALL, failing_options(&faults)).unwrap();
    append_each(&mut journal, 1..=3);
    (faults, journal)
}

#[test]
fn a_failed_append_degrades_until_it_recovers() {
    for step in [Step::Write, Step::Sync] {
        for short in [0, 1, 30, 1000] {
            let temp = tempfile::tempdir().unwrap();
            let (faults, mut journal) = prepared(temp.path());
            faults.short.store(short, Ordering::SeqCst);
            faults.arm(1, Some(step), false);
            let error = journal.append(&[payload(99)]).unwrap_err();
            assert!(
                matches!(&error, AppendError::Disk { cut_back: true, source } if source.is_full())
            );
            assert!(matches!(journal.health(), Health::Degraded(_)));
            let error = journal.append(&[payload(99)]).unwrap_err();
            assert!(matches!(error, AppendError::Degraded(_)));
            journal.recover().unwrap();
            assert_eq!(*journal.health(), Health::Ready);
            append_each(&mut journal, 4..=12);
            drop(journal);
            assert_eq!(numbers(&open(temp.path()).unwrap().1), (1..=12).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_batch_that_could_not_be_cut_back_is_gone_after_recovery() {
    let temp = tempfile::tempdir().unwrap();
    let (faults, mut journal) = prepared(temp.path());
    // The sync of the append fails, and so does everything after it.
    faults.arm(2, None, true);
    let error = journal.append(&[payload(99), payload(98)]).unwrap_err();
    assert!(matches!(error, AppendError::Disk { cut_back: false, .. }), "{error}");
    assert!(matches!(journal.recover().unwrap_err(), RecoverError::Disk(_)));
    assert!(matches!(journal.health(), Health::Degraded(_)));
    faults.disarm();
    journal.recover().unwrap();
    append_each(&mut journal, [4]);
    drop(journal);
    assert_eq!(numbers(&open(temp.path()).unwrap().1), [1, 2, 3, 4]);
}

#[test]
fn a_half_written_batch_that_could_not_be_cut_back_is_gone_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let (faults, mut journal) = prepared(temp.path());
    faults.short.store(60, Ordering::SeqCst);
    faults.arm(1, None, true);
    journal.append(&[payload(99), payload(98)]).unwrap_err();
    drop(journal);
    let (_, recovered) = open(temp.path()).unwrap();
    assert_eq!(numbers(&recovered), [1, 2, 3]);
    assert!(matches!(recovered.notes[..], [Note::TornEnd { .. }]));
}

/// Walks a failure through every step of a run that appends, rotates and snapshots.
#[test]
fn whatever_step_fails_nothing_acknowledged_is_lost_and_nothing_refused_appears() {
    for crashes in [false, true] {
        for at in 1..200 {
            let temp = tempfile::tempdir().unwrap();
            let (faults, mut journal) = prepared(temp.path());
            faults.short.store(at % 70, Ordering::SeqCst);
            faults.arm(at, None, crashes);
            let mut next = 4;
            for round in 0..16u64 {
                let batch: Vec<_> = (next..=next + round % 3).map(payload).collect();
                match journal.append(&batch) {
                    Ok(last) => next = last.0 + 1,
                    Err(_) if crashes => break,
                    Err(_) => journal.recover().unwrap(),
                }
                if round % 5 == 4
                    && journal.snapshot(Seq(next - 1), &payload(next - 1)).is_err()
                    && crashes
                {
                    break;
                }
            }
            let has_failed = faults.seen.load(Ordering::SeqCst) >= at;
            drop(journal);
            let (_, recovered) = open(temp.path()).unwrap();
            let from = recovered.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq.0);
            if let Some(snapshot) = &recovered.snapshot {
                assert_eq!(snapshot.bytes, payload(from));
            }
            let last = recovered.last.0;
            assert_eq!(numbers(&recovered), (from + 1..=last).collect::<Vec<_>>(), "step {at}");
            if crashes {
                // A whole batch may have reached the file when its sync failed.
                assert!((next - 1..=next + 2).contains(&last), "step {at}: {last} of {next}");
            } else {
                assert_eq!(last, next - 1, "step {at}");
            }
            if !has_failed {
                assert!(at > 40, "only {at} steps were seen");
                break;
            }
        }
    }
}

#[test]
fn a_start_on_a_full_disk_says_that_room_is_wanted() {
    for (kind, wants_room) in [(io::ErrorKind::StorageFull, true), (io::ErrorKind::Other, false)] {
        let error = DiskError::new("write", Path::new("mark.tmp"), kind.into());
        let said = OpenError::Disk(error).to_string();
        assert_eq!(
            said.ends_with("; make room there and start the engine again"),
            wants_room,
            "{said}"
        );
    }
}

#[test]
fn a_start_on_a_full_disk_uses_the_room_that_was_kept() {
    let temp = tempfile::tempdir().unwrap();
    let (faults, journal) = prepared(temp.path());
    let epoch = journal.epoch();
    drop(journal);
    // No file can be made.
    faults.arm(1, Some(Step::Create), true);
    for start in 1..4 {
        let opened = Journal::open(temp.path(), SMALL, failing_options(&faults));
        let (mut journal, recovered) = opened.unwrap();
        assert_eq!(recovered.epoch, Epoch(epoch.0 + start));
        let last = 2 + start;
        assert_eq!(numbers(&recovered), (1..=last).collect::<Vec<_>>());
        append_each(&mut journal, [last + 1]);
    }
    assert_eq!(mark::read(temp.path()).unwrap(), Some(6));
    // Without that room it is refused, and says what is wanted.
    for spare in ["mark.spare", "epoch.json.spare"] {
        fs::remove_file(temp.path().join(spare)).unwrap();
    }
    let refused = Journal::open(temp.path(), SMALL, failing_options(&faults)).unwrap_err();
    assert!(matches!(&refused, OpenError::Disk(error) if error.is_full()), "{refused}");
}

#[test]
fn a_refused_start_can_be_repeated() {
    for at in 1..40 {
        let temp = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(temp.path()).unwrap();
        append_each(&mut journal, 1..=3);
        drop(journal);
        let path = segments(temp.path()).pop().unwrap();
        let length = fs::metadata(&path).unwrap().len();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 4).unwrap();
        mark::Mark::create(&options().disk, temp.path(), 2).unwrap();
        let faults = Arc::new(Failing::default());
        faults.arm(at, None, true);
        let refused = Journal::open(temp.path(), SMALL, failing_options(&faults));
        let is_refused = refused.is_err();
        drop(refused);
        let (journal, recovered) = open(temp.path()).unwrap();
        assert_eq!(numbers(&recovered), [1, 2], "step {at}");
        assert!(journal.epoch().0 >= 2);
        if !is_refused {
            assert!(at > 8, "only {at} steps were seen");
            break;
        }
    }
}

/// What fills the disk can be ended only where that can be recorded.
#[test]
fn room_is_kept_behind_the_last_record() {
    use std::os::unix::fs::MetadataExt as _;
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(temp.path(), Limits::default(), options()).unwrap();
    let path = segments(temp.path()).pop().unwrap();
    let large = format!("{{\"large\":\"{}\"}}", "x".repeat(200 << 10)).into_bytes();
    for _ in 0..3 {
        let found = fs::metadata(&path).unwrap();
        assert!(found.blocks() * 512 >= found.len() + (128 << 10), "{found:?}");
        journal.append(std::slice::from_ref(&large)).unwrap();
    }
}
