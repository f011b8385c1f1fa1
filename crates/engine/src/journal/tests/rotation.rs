//! Rotation, snapshots, and what is removed behind them.

use super::*;

#[test]
fn segments_rotate_by_size_and_a_batch_is_never_split() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    for batch in 0..10u64 {
        let batch: Vec<_> = (batch * 3 + 1..=batch * 3 + 3).map(payload).collect();
        journal.append(&batch).unwrap();
    }
    drop(journal);
    for path in segments(temp.path()) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() as u64 <= SMALL.segment_bytes, "{}", path.display());
        assert_eq!((text.lines().count() - 1) % 3, 0);
    }
    assert_eq!(numbers(&open(temp.path()).unwrap().1), (1..=30).collect::<Vec<_>>());
}

#[test]
fn the_previous_snapshot_and_what_it_needs_stay() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=20);
    assert_eq!(journal.snapshot(Seq(10), b"ten").unwrap().segments, 0);
    let all = segments(temp.path()).len();
    let pruned = journal.snapshot(Seq(20), b"twenty").unwrap();
    assert!(pruned.segments > 0 && pruned.bytes > 0 && pruned.stopped.is_none());
    assert_eq!(segments(temp.path()).len(), all - pruned.segments);
    append_each(&mut journal, 21..=30);
    journal.snapshot(Seq(30), b"thirty").unwrap();
    assert!(!snapshot::path(temp.path(), 10).exists());
    drop(journal);
    fs::remove_file(snapshot::path(temp.path(), 30)).unwrap();
    let (_, recovered) = open(temp.path()).unwrap();
    assert_eq!(recovered.snapshot.as_ref().unwrap().bytes, b"twenty");
    assert_eq!(numbers(&recovered), (21..=30).collect::<Vec<_>>());
}

#[test]
fn the_newest_segments_stay_whatever_snapshots_cover() {
    let temp = tempfile::tempdir().unwrap();
    let limits = Limits { keep_segments: 3, ..SMALL };
    let (mut journal, _) = Journal::open(temp.path(), limits, options()).unwrap();
    append_each(&mut journal, 1..=40);
    journal.snapshot(Seq(39), b"a").unwrap();
    journal.snapshot(Seq(40), b"b").unwrap();
    assert_eq!(segments(temp.path()).len(), 3);
}

#[test]
fn a_snapshot_must_be_of_durable_records_and_newer_than_the_last() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=5);
    let error = journal.snapshot(Seq(6), b"").unwrap_err();
    assert!(matches!(error, SnapshotError::Ahead { seq: 6, last: 5 }), "{error}");
    journal.snapshot(Seq(4), b"four").unwrap();
    journal.snapshot(Seq(4), b"other").unwrap();
    let error = journal.snapshot(Seq(3), b"").unwrap_err();
    assert!(matches!(error, SnapshotError::Behind { seq: 3, newest: 4 }), "{error}");
    let error = journal.snapshot(Seq(5), &[b'x'; 1001]).unwrap_err();
    assert!(matches!(error, SnapshotError::TooLong { bytes: 1001, limit: 1000 }), "{error}");
    drop(journal);
    assert_eq!(open(temp.path()).unwrap().1.snapshot.unwrap().bytes, b"four");
}

#[test]
fn on_a_full_disk_the_room_behind_a_full_segment_serves_on() {
    let temp = tempfile::tempdir().unwrap();
    let faults = Arc::new(Failing::default());
    let (mut journal, _) = Journal::open(temp.path(), SMALL, failing_options(&faults)).unwrap();
    // No file can be made.
    faults.arm(1, Some(Step::Create), true);
    append_each(&mut journal, 1..=40);
    assert_eq!(segments(temp.path()).len(), 1);
    // Where there is no such room the disk refuses.
    journal.ahead.forget();
    let error = journal.append(&[payload(41)]).unwrap_err();
    assert!(matches!(&error, AppendError::Disk { source, .. } if source.is_full()), "{error}");
    journal.recover().unwrap_err();
    faults.disarm();
    journal.recover().unwrap();
    append_each(&mut journal, 41..=44);
    assert!(segments(temp.path()).len() > 1);
    drop(journal);
    assert_eq!(numbers(&open(temp.path()).unwrap().1), (1..=44).collect::<Vec<_>>());
}
