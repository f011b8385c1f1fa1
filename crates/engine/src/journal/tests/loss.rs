//! Losses: what was durable and is gone is refused until somebody accepts it.

use super::*;

/// A journal of several segments and two snapshots, with records behind them.
fn filled(dir: &Path) {
    let (mut journal, _) = open(dir).unwrap();
    append_each(&mut journal, 1..=10);
    journal.snapshot(Seq(6), b"six").unwrap();
    journal.snapshot(Seq(10), b"ten").unwrap();
    append_each(&mut journal, 11..=24);
}

fn refused(dir: &Path) -> OpenError {
    let before = snapshot_of(dir);
    let error = open(dir).unwrap_err();
    assert_eq!(snapshot_of(dir), before, "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    let told = inspect(dir, &options()).unwrap_err();
    assert_eq!(told.to_string(), error.to_string());
    error
}

#[test]
fn a_newest_segment_that_is_gone_is_told_from_record_to_record() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    let newest = segments(temp.path()).pop().unwrap();
    let first: u64 = newest.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    fs::remove_file(newest).unwrap();
    let error = refused(temp.path());
    let dir = temp.path().display();
    let told = format!("records {first} to 24 of {dir} were durable and are gone");
    assert!(error.to_string().starts_with(&told), "{error}");
    assert!(error.to_string().contains("serve --accept-lost-records"), "{error}");
}

#[test]
fn a_loss_is_accepted_once_and_only_once_the_journal_says_so() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    fs::remove_file(segments(temp.path()).pop().unwrap()).unwrap();
    let OpenError::Lost { from, to, .. } = refused(temp.path()) else { panic!() };
    let (journal, recovered) = accepted(temp.path()).unwrap();
    let loss = Loss { after: Seq(from - 1), to: Seq(to) };
    assert_eq!((recovered.loss, recovered.last), (Some(loss), Seq(from - 1)));
    assert!(matches!(&recovered.notes[..], [Note::LossAccepted(told)] if *told == loss));
    // It was killed before it recorded anything.
    drop(journal);
    assert!(matches!(refused(temp.path()), OpenError::Lost { .. }));
    let (mut journal, _) = accepted(temp.path()).unwrap();
    append_each(&mut journal, [from]);
    drop(journal);
    let (_, recovered) = open(temp.path()).unwrap();
    assert_eq!((recovered.loss, recovered.last), (None, Seq(from)));
    drop(recovered);
    let (_, recovered) = accepted(temp.path()).unwrap();
    assert!(recovered.loss.is_none() && recovered.notes.is_empty(), "nothing is lost");
}

#[test]
fn a_mark_that_is_gone_or_unreadable_is_not_guessed() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    for spoil in [
        (|path| fs::write(path, "").unwrap()) as fn(&Path),
        |path| fs::write(path, [b'x'; 2 * mark::SLOT]).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ] {
        spoil(&mark::path(temp.path()));
        assert!(matches!(refused(temp.path()), OpenError::Mark { .. }));
        let (mut journal, recovered) = accepted(temp.path()).unwrap();
        let last = recovered.last;
        assert_eq!(recovered.loss, Some(Loss { after: last, to: last }));
        append_each(&mut journal, [last.0 + 1]);
        drop(journal);
        open(temp.path()).unwrap();
    }
}

#[test]
fn what_is_known_to_be_gone_is_told_also_without_a_mark() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    drop(open(temp.path()).unwrap());
    fs::remove_file(segments(temp.path()).pop().unwrap()).unwrap();
    for spoil in [(|path| fs::write(path, "").unwrap()) as fn(&Path), |path| {
        fs::remove_file(path).unwrap();
    }] {
        spoil(&mark::path(temp.path()));
        assert!(matches!(refused(temp.path()), OpenError::Lost { to: 24, .. }));
    }
    let (_, recovered) = accepted(temp.path()).unwrap();
    assert_eq!(recovered.loss.map(|loss| loss.to), Some(Seq(24)));
}

#[test]
fn a_changed_byte_of_the_mark_is_not_believed() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    let whole = fs::read(mark::path(temp.path())).unwrap();
    for at in 0..70 {
        let mut bytes = whole.clone();
        for slot in bytes.chunks_mut(mark::SLOT) {
            slot[at] ^= 0x01;
        }
        fs::write(mark::path(temp.path()), &bytes).unwrap();
        if let Ok((_, recovered)) = open(temp.path()) {
            // Only the blanks behind it mean nothing.
            assert!(whole[at] == b' ' && recovered.last == Seq(24), "byte {at}");
            break;
        }
        assert!(matches!(refused(temp.path()), OpenError::Mark { .. }), "byte {at}");
    }
}

#[test]
fn a_journal_of_before_marks_opens_and_has_one_from_then_on() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    fs::remove_file(mark::path(temp.path())).unwrap();
    fs::write(temp.path().join("epoch.json"), "{\"format\":[1,0],\"epoch\":1,\"durable\":24}")
        .unwrap();
    drop(open(temp.path()).unwrap());
    fs::remove_file(segments(temp.path()).pop().unwrap()).unwrap();
    assert!(matches!(refused(temp.path()), OpenError::Lost { to: 24, .. }));
}

#[test]
fn an_older_copy_is_refused_where_something_else_tells_of_a_later_start() {
    let temp = tempfile::tempdir().unwrap();
    filled(temp.path());
    let told =
        |losses| Journal::open(temp.path(), SMALL, Options { told: Epoch(7), losses, ..options() });
    let before = snapshot_of(temp.path());
    // However often it is started.
    for _ in 0..10 {
        let error = told(Losses::Refuse).unwrap_err();
        assert!(matches!(error, OpenError::Older { known: 1, told: 7, .. }), "{error}");
    }
    assert_eq!(snapshot_of(temp.path()), before);
    let (mut journal, recovered) = told(Losses::Accept).unwrap();
    assert_eq!(recovered.epoch, Epoch(8), "what knows of the seventh takes it");
    append_each(&mut journal, [25]);
    drop(journal);
    told(Losses::Refuse).unwrap();
}

#[test]
fn files_of_two_copies_are_told_apart_by_who_began_them() {
    let temp = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (mut journal, _) = open(temp.path()).unwrap();
        let last = journal.last().0;
        append_each(&mut journal, last + 1..=last + 20);
    }
    let newest = segments(temp.path()).pop().unwrap();
    let text = fs::read_to_string(&newest).unwrap();
    let begun = |epoch| text.replacen("\"epoch\":3", &format!("\"epoch\":{epoch}"), 1);
    // A file of a copy that went on for longer, behind those of this one.
    fs::write(&newest, begun(4)).unwrap();
    let error = refused(temp.path());
    assert!(matches!(error, OpenError::Epoch { .. }), "{error}");
    // A file of an earlier copy, in place of a later one.
    fs::write(&newest, begun(1)).unwrap();
    let error = refused(temp.path());
    assert!(matches!(error, OpenError::Mixed { begun: 1, .. }), "{error}");
    fs::write(&newest, begun(3)).unwrap();
    assert_eq!(open(temp.path()).unwrap().1.last, Seq(60));
}

#[test]
fn looking_at_a_journal_changes_nothing_and_tells_what_is_there() {
    let temp = tempfile::tempdir().unwrap();
    assert!(inspect(&temp.path().join("none"), &options()).unwrap().is_none());
    assert!(inspect(temp.path(), &options()).unwrap().is_none());
    filled(temp.path());
    let newest = segments(temp.path()).pop().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes.extend_from_slice(b"{\"seq\":25,");
    fs::write(&newest, bytes).unwrap();
    let before = snapshot_of(temp.path());
    // Also while an engine has it.
    let lock = lock::take(temp.path()).unwrap();
    let found = inspect(temp.path(), &options()).unwrap().unwrap();
    drop(lock);
    assert_eq!(snapshot_of(temp.path()), before);
    assert_eq!((found.last, found.mark, found.torn), (Seq(24), Some(Seq(24)), 10));
    assert_eq!(found.snapshot.map(|snapshot| snapshot.seq), Some(Seq(10)));
    assert_eq!(found.records.len(), 14);
    assert!(found.bytes > 1000 && found.first > Seq(1) && found.unusable.is_empty());
}
