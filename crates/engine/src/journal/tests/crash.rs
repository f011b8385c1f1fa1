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
    let newest = lengths[2].1;
    assert!(first > 1 && lengths[0].0 < lengths[2].0, "the appends share the last segment");
    for cut in 0..bytes.len() {
        let dir = temp.path().join(format!("cut{cut}"));
        copy_dir(&whole, &dir);
        let path = dir.join(active.file_name().unwrap());
        fs::write(&path, &bytes[..cut]).unwrap();
        let whole = lengths.iter().filter(|(length, _)| *length <= cut as u64);
        let acked = whole.map(|(_, last)| *last).max().unwrap_or(first - 1);
        // All of them were acknowledged.
        let before = snapshot_of(&dir);
        let error = open(&dir).unwrap_err();
        let is_told =
            matches!(error, OpenError::Lost { from, to, .. } if (from, to) == (acked + 1, newest));
        assert!(is_told, "cut {cut}: {error}");
        assert_eq!(snapshot_of(&dir), before, "cut {cut}");
        // What was not acknowledged had no mark either.
        mark::Mark::create(&options().disk, &dir, acked).unwrap();
        let (mut journal, recovered) = open(&dir).unwrap();
        let last = recovered.last.0;
        assert_eq!(numbers(&recovered), (1..=last).collect::<Vec<_>>());
        assert_eq!(last, acked, "cut {cut}");
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
    // What was not acknowledged had no mark either.
    mark::Mark::create(&options().disk, temp.path(), 1).unwrap();
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

/// Brings a journal to where its mark was just written.
type Way = fn(&mut Journal);

fn more(journal: &mut Journal, count: u64) {
    let next = journal.last().0 + 1;
    append_each(journal, next..next + count);
}

/// Every way in which the mark is written.
const WAYS: [Way; 5] = [
    |_| {},
    |journal| more(journal, 1),
    |journal| more(journal, 300),
    |journal| {
        let segments = journal.segments.len();
        while journal.segments.len() == segments {
            more(journal, 1);
        }
    },
    |journal| {
        more(journal, 3);
        journal.snapshot(journal.last(), b"state").unwrap();
    },
];

#[test]
fn a_crash_at_any_byte_behind_a_mark_is_a_torn_end_and_never_a_loss() {
    for (index, way) in WAYS.iter().enumerate() {
        let temp = tempfile::tempdir().unwrap();
        let [whole, before] = ["whole", "before"].map(|name| temp.path().join(name));
        let (mut journal, _) = open(&whole).unwrap();
        more(&mut journal, 2);
        drop(journal);
        let (mut journal, _) = open(&whole).unwrap();
        way(&mut journal);
        copy_dir(&whole, &before);
        let last = journal.last().0;
        journal.append(&[payload(last + 1), payload(last + 2)]).unwrap();
        let active = journal.active_path();
        let name = active.file_name().unwrap().to_owned();
        drop(journal);
        let bytes = fs::read(&active).unwrap();
        let durable = fs::read(before.join(&name)).map_or(0, |bytes| bytes.len());
        for cut in durable..bytes.len() {
            let dir = temp.path().join(format!("cut{cut}"));
            copy_dir(&before, &dir);
            fs::write(dir.join(&name), &bytes[..cut]).unwrap();
            let (_, recovered) = open(&dir).unwrap_or_else(|e| panic!("way {index}, {cut}: {e}"));
            assert_eq!(recovered.last.0, last, "way {index}, cut {cut}");
        }
        let [old, new] = [&before, &whole].map(|dir| fs::read(mark::path(dir)).unwrap());
        let changed: Vec<_> = (0..old.len()).filter(|at| old[*at] != new[*at]).collect();
        assert!(!changed.is_empty(), "way {index}");
        for cut in changed {
            let dir = temp.path().join(format!("mark{cut}"));
            copy_dir(&whole, &dir);
            fs::write(mark::path(&dir), [&new[..cut], &old[cut..]].concat()).unwrap();
            let (_, recovered) = open(&dir).unwrap_or_else(|e| panic!("way {index}, {cut}: {e}"));
            assert_eq!(recovered.last.0, last + 2, "way {index}, mark {cut}");
        }
    }
}

#[test]
fn an_append_that_a_killed_engine_never_synced_is_synced_before_the_mark_tells_of_it() {
    struct Order(std::sync::Mutex<Vec<(Step, String)>>);
    impl Faults for Order {
        fn judge(&self, step: Step, path: &Path) -> Verdict {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            self.0.lock().unwrap().push((step, name));
            Verdict::Go
        }
    }
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, [1]);
    drop(journal);
    let order = Arc::new(Order(std::sync::Mutex::default()));
    let disk = Disk::with_faults(order.clone());
    drop(Journal::open(temp.path(), SMALL, Options { disk, ..options() }).unwrap());
    let done = order.0.lock().unwrap();
    let at =
        |step, name: &str| done.iter().position(|one| *one == (step, name.to_owned())).unwrap();
    let segment = at(Step::Sync, "00000000000000000001.jsonl");
    assert!(segment < at(Step::Create, "mark.tmp"), "{done:?}");
    assert!(at(Step::Rename, "mark.tmp") < at(Step::Rename, "epoch.json.tmp"), "{done:?}");
}
