//! Damage: durable bytes that changed are refused with a place and an advice.

use super::*;

/// Changes one byte of a file.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x04;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_journal_that_lost_all_its_records_is_not_taken_for_a_new_one() {
    type Spoil = fn(&Path);
    let losses: [Spoil; 3] = [
        |segment| fs::remove_file(segment).unwrap(),
        |segment| fs::write(segment, "").unwrap(),
        |segment| {
            let text = fs::read_to_string(segment).unwrap();
            fs::write(segment, format!("{}\n", text.lines().next().unwrap())).unwrap();
        },
    ];
    for loss in losses {
        let temp = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(temp.path()).unwrap();
        append_each(&mut journal, 1..=2);
        drop(journal);
        loss(&segments(temp.path())[0]);
        let before = snapshot_of(temp.path());
        let error = open(temp.path()).unwrap_err();
        assert!(matches!(error, OpenError::Lost { from: 1, to: 2, .. }), "{error}");
        assert!(error.to_string().contains("`pilothouse serve --accept-lost-records`"), "{error}");
        assert_eq!(snapshot_of(temp.path()), before);
        // As told.
        let (mut journal, recovered) = accepted(temp.path()).unwrap();
        assert_eq!(recovered.loss, Some(Loss { after: Seq(0), to: Seq(2) }));
        append_each(&mut journal, [1]);
        drop(journal);
        assert_eq!(numbers(&open(temp.path()).unwrap().1), [1]);
    }
}

#[test]
fn a_changed_byte_anywhere_before_the_end_is_refused_and_nothing_is_changed() {
    let temp = tempfile::tempdir().unwrap();
    let whole = temp.path().join("whole");
    let (mut journal, _) = Journal::open(&whole, Limits::default(), options()).unwrap();
    append_each(&mut journal, 1..=3);
    journal.append(&[payload(4), payload(5)]).unwrap();
    append_each(&mut journal, [6]);
    drop(journal);
    let path = segments(&whole).pop().unwrap();
    let bytes = fs::read(&path).unwrap();
    let header = bytes.iter().position(|b| *b == b'\n').unwrap();
    for at in header + 1..bytes.len() - 1 {
        let dir = temp.path().join(format!("at{at}"));
        copy_dir(&whole, &dir);
        flip(&dir.join(path.file_name().unwrap()), at);
        let before = snapshot_of(&dir);
        match open(&dir) {
            Err(OpenError::Damaged { damage, .. }) => {
                let line = bytes[..at].split(|b| *b == b'\n').count();
                assert_eq!(damage.line, line, "byte {at}");
            }
            other => panic!("byte {at}: {other:?}"),
        }
        assert_eq!(snapshot_of(&dir), before, "byte {at}");
    }
}

#[test]
fn the_advice_for_damage_works() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(temp.path(), Limits::default(), options()).unwrap();
    append_each(&mut journal, 1..=5);
    drop(journal);
    let path = segments(temp.path()).pop().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    flip(&path, text.find("{\"n\":4}").unwrap() + 5);
    let error = open(temp.path()).unwrap_err();
    let OpenError::Damaged { damage, lost_from, .. } = &error else { panic!("{error}") };
    assert_eq!((damage.line, *lost_from), (5, 4));
    let message = error.to_string();
    assert!(message.contains(".jsonl:5: the record's checksum does not match"), "{message}");
    let advice = format!("`truncate -s {} {}`", damage.offset, path.display());
    assert!(message.contains(&advice), "{message}");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(damage.offset as u64).unwrap();
    assert!(message.ends_with(ACCEPT), "{message}");
    assert_eq!(numbers(&accepted(temp.path()).unwrap().1), [1, 2, 3]);
}

#[test]
fn a_missing_or_short_segment_in_the_middle_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=40);
    drop(journal);
    let all = segments(temp.path());
    assert!(all.len() > 3, "{all:?}");
    let held = fs::read(&all[1]).unwrap();
    fs::remove_file(&all[1]).unwrap();
    let error = open(temp.path()).unwrap_err();
    let first_of = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let (from, to) = (first_of(&all[1]), first_of(&all[2]) - 1);
    let is_told =
        matches!(error, OpenError::Missing { from: f, to: t, .. } if (f, t) == (from, to));
    assert!(is_told, "{error}");
    fs::write(&all[1], &held[..held.len() - 5]).unwrap();
    let error = open(temp.path()).unwrap_err();
    assert!(error.to_string().contains("cut short and another segment follows"), "{error}");
    fs::write(&all[1], &held).unwrap();
    fs::remove_file(&all[0]).unwrap();
    let error = open(temp.path()).unwrap_err();
    assert!(matches!(error, OpenError::Missing { from: 1, .. }), "{error}");
}

#[test]
fn versions_are_checked_in_both_directions() {
    let temp = tempfile::tempdir().unwrap();
    let at = |payload| Journal::open(temp.path(), SMALL, Options { payload, ..options() });
    let (mut journal, _) = at(Format(2, 1)).unwrap();
    append_each(&mut journal, [1]);
    drop(journal);
    for (reads, side) in [
        (Format(2, 0), "this engine is the older side"),
        (Format(1, 9), "this engine is the older side"),
        (Format(3, 0), "the file is the older side"),
    ] {
        let error = at(reads).unwrap_err();
        assert!(matches!(error, OpenError::Version { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(side) && message.contains("2.1"), "{message}");
    }
    let (mut journal, recovered) = at(Format(2, 2)).unwrap();
    assert_eq!(numbers(&recovered), [1]);
    append_each(&mut journal, [2]);
    drop(journal);
    assert_eq!(segments(temp.path()).len(), 2, "what 2.2 writes stands under a header of 2.2");
    assert!(at(Format(2, 1)).is_err());
    assert_eq!(numbers(&at(Format(2, 2)).unwrap().1), [1, 2]);
}

#[test]
fn a_lost_epoch_is_not_guessed() {
    let temp = tempfile::tempdir().unwrap();
    drop(open(temp.path()).unwrap());
    let path = temp.path().join("epoch.json");
    fs::write(&path, "{\"form").unwrap();
    assert!(matches!(open(temp.path()).unwrap_err(), OpenError::Epoch { .. }));
    fs::remove_file(&path).unwrap();
    let error = open(temp.path()).unwrap_err();
    assert!(error.to_string().contains("{\"format\":[1,0],\"epoch\":N}"), "{error}");
    fs::write(&path, "{\"format\":[1,0],\"epoch\":41}").unwrap();
    assert_eq!(open(temp.path()).unwrap().1.epoch, Epoch(42));
}

#[test]
fn an_unusable_newest_snapshot_falls_back_to_the_previous_one() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=20);
    journal.snapshot(Seq(10), b"ten").unwrap();
    journal.snapshot(Seq(20), b"twenty").unwrap();
    append_each(&mut journal, [21]);
    drop(journal);
    let newest = snapshot::path(temp.path(), 20);
    let length = fs::metadata(&newest).unwrap().len();
    flip(&newest, usize::try_from(length).unwrap() - 3);
    let (_, recovered) = open(temp.path()).unwrap();
    assert_eq!(recovered.snapshot, Some(Snapshot { seq: Seq(10), bytes: b"ten".to_vec() }));
    assert_eq!(numbers(&recovered), (11..=21).collect::<Vec<_>>());
    assert!(matches!(&recovered.notes[..], [Note::SnapshotUnusable { .. }]));
    drop(recovered);
    flip(&snapshot::path(temp.path(), 10), 70);
    let error = open(temp.path()).unwrap_err();
    assert!(matches!(error, OpenError::Missing { from: 1, .. }), "{error}");
}

#[test]
fn damage_behind_the_snapshot_is_told_but_stops_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=20);
    journal.snapshot(Seq(20), b"twenty").unwrap();
    drop(journal);
    flip(&segments(temp.path())[0], 200);
    let (_, recovered) = open(temp.path()).unwrap();
    assert!(recovered.records.is_empty());
    assert!(matches!(&recovered.notes[..], [Note::OldSegmentDamaged { .. }]));
}

/// A journal whose snapshot holds all its records, and its newest segment.
fn all_in_a_snapshot() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=3);
    journal.snapshot(Seq(3), b"three").unwrap();
    let path = segments(temp.path()).pop().unwrap();
    (temp, path)
}

#[test]
fn segments_that_end_before_the_snapshot_go_on_behind_it() {
    let (temp, path) = all_in_a_snapshot();
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 4).unwrap();
    let (mut journal, recovered) = open(temp.path()).unwrap();
    assert_eq!(recovered.last, Seq(3));
    assert!(recovered.notes.iter().any(|n| matches!(n, Note::SegmentsBehindSnapshot { .. })));
    append_each(&mut journal, [4]);
    drop(journal);
    assert_eq!(numbers(&open(temp.path()).unwrap().1), [4]);
}

#[test]
fn a_snapshot_that_holds_everything_goes_on_without_any_segment() {
    let (temp, path) = all_in_a_snapshot();
    fs::remove_file(&path).unwrap();
    // An engine before marks could not know that nothing is behind the snapshot.
    let old = temp.path().join("old");
    copy_dir(temp.path(), &old);
    fs::remove_file(mark::path(&old)).unwrap();
    fs::write(old.join("epoch.json"), "{\"format\":[1,0],\"epoch\":1,\"durable\":1}").unwrap();
    assert!(matches!(open(&old).unwrap_err(), OpenError::Missing { from: 4, .. }));
    let (mut journal, recovered) = open(temp.path()).unwrap();
    assert!(matches!(&recovered.notes[..], [Note::SegmentsBehindSnapshot { .. }]));
    append_each(&mut journal, [4]);
}

#[test]
fn a_changed_record_before_a_torn_end_is_damage_and_not_torn() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=3);
    drop(journal);
    let path = segments(temp.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() - 4;
    bytes[at] ^= 0x04;
    bytes.extend_from_slice(b"{\"seq\":4,\"ba");
    fs::write(&path, bytes).unwrap();
    let error = open(temp.path()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { lost_from: 3, .. }), "{error}");
}

#[test]
fn zeros_in_a_record_that_another_append_followed_are_damage() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=3);
    drop(journal);
    let path = segments(temp.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(7).position(|w| w == b"{\"n\":2}").unwrap();
    bytes[at..at + 7].fill(0);
    fs::write(&path, bytes).unwrap();
    let error = open(temp.path()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { lost_from: 2, .. }), "{error}");
}
