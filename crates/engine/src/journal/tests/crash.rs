//! Crashes: a file cut at any byte, unwritten pages, a batch that is half there.

use super::*;

/// Makes a journal of several segments whose last holds single records and a batch, and
/// returns the file's length after each append in that segment with its last record.
fn filled(dir: &Path) -> Vec<(u64, u64)> {
    let (mut journal, _) = open(dir).unwrap();
    append_each(&mut journal, 1..=6);
    let mut lengths = Vec::new();
    for size in [1u64, 3, 1] {
        let next = journal.last().0 + 1;
        let batch: Vec<_> = (next..next + size).map(payload).collect();
        journal.append(&batch).unwrap();
        let active = segments(dir).pop().unwrap();
        lengths.push((fs::metadata(active).unwrap().len(), journal.last().0));
    }
    lengths
}

#[test]
fn a_last_segment_cut_at_any_byte_recovers_every_whole_append_before_it() {
    let temp = tempfile::tempdir().unwrap();
    let whole = temp.path().join("whole");
    let lengths = filled(&whole);
    let active = segments(&whole).pop().unwrap();
    let bytes = fs::read(&active).unwrap();
    let first: u64 = active.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert!(first > 1 && lengths[0].0 < lengths[2].0, "the appends share the last segment");
    for cut in 0..bytes.len() {
        let dir = temp.path().join(format!("cut{cut}"));
        copy_dir(&whole, &dir);
        let path = dir.join(active.file_name().unwrap());
        fs::write(&path, &bytes[..cut]).unwrap();
        if (cut as u64) < lengths[0].0 {
            // The segment's first append was not noted yet where it was not durable.
            let error = open(&dir).unwrap_err();
            assert!(matches!(error, OpenError::Lost { .. }), "cut {cut}: {error}");
            epoch::write(&options().disk, &dir, 1, first - 1).unwrap();
        }
        let (mut journal, recovered) = open(&dir).unwrap();
        let acked = lengths
            .iter()
            .filter(|(length, _)| *length <= cut as u64)
            .map(|(_, last)| *last)
            .max()
            .unwrap_or(0);
        let last = recovered.last.0;
        assert_eq!(numbers(&recovered), (1..=last).collect::<Vec<_>>());
        assert_eq!(last, acked.max(first - 1), "cut {cut}");
        if let [Note::TornEnd { bytes: cut_off, kept, .. }] = &recovered.notes[..] {
            let kept = fs::read(kept).unwrap();
            assert!(bytes[..cut].ends_with(&kept) && kept.len() as u64 == *cut_off);
        } else {
            assert!(recovered.notes.is_empty(), "cut {cut}: {:?}", recovered.notes);
        }
        append_each(&mut journal, [last + 1]);
        drop(journal);
        let (_, again) = open(&dir).unwrap();
        assert_eq!(numbers(&again), (1..=last + 1).collect::<Vec<_>>());
        assert!(again.notes.is_empty(), "cut {cut}: {:?}", again.notes);
    }
}

#[test]
fn an_unwritten_page_inside_the_last_append_is_a_torn_end() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, [1]);
    let path = segments(temp.path()).pop().unwrap();
    let before = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    journal.append(&[payload(2), payload(3), payload(4)]).unwrap();
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    bytes[before..before + 20].fill(0);
    fs::write(&path, bytes).unwrap();
    let (_, recovered) = open(temp.path()).unwrap();
    assert_eq!(numbers(&recovered), [1]);
    assert!(matches!(recovered.notes[..], [Note::TornEnd { .. }]));
}

#[test]
fn only_the_newest_cut_off_bytes_are_kept() {
    let temp = tempfile::tempdir().unwrap();
    for n in 1..=4 {
        let (mut journal, _) = open(temp.path()).unwrap();
        append_each(&mut journal, [n]);
        drop(journal);
        let path = segments(temp.path()).pop().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"seq\":");
        fs::write(&path, bytes).unwrap();
    }
    open(temp.path()).unwrap();
    let kept = files(temp.path(), "torn");
    assert_eq!(kept.len(), SMALL.keep_side_files);
    assert!(kept[1].to_str().unwrap().ends_with("cut-00000000000000000005-5.torn"), "{kept:?}");
}

#[test]
fn temporary_files_of_a_crash_are_swept() {
    let temp = tempfile::tempdir().unwrap();
    drop(open(temp.path()).unwrap());
    fs::write(temp.path().join("snapshot-00000000000000000009.json.tmp"), "half").unwrap();
    drop(open(temp.path()).unwrap());
    assert!(files(temp.path(), "tmp").is_empty());
}
