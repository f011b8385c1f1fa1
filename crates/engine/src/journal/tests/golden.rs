//! A journal of version 1.0 stays readable for ever.

use super::*;

#[test]
fn the_journal_of_version_1_opens() {
    let temp = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-v1");
    copy_dir(&fixture, temp.path());
    let (journal, recovered) = open(temp.path()).unwrap();
    assert_eq!(recovered.epoch, Epoch(2));
    let snapshot = recovered.snapshot.as_ref().unwrap();
    assert_eq!((snapshot.seq, &snapshot.bytes[..]), (Seq(3), &b"{\"sum\":6}"[..]));
    assert_eq!(numbers(&recovered), [4, 5, 6, 7]);
    assert_eq!(journal.last(), Seq(7));
    assert!(recovered.notes.is_empty(), "{:?}", recovered.notes);
}

#[test]
fn what_is_written_today_is_what_version_1_wrote() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path()).unwrap();
    append_each(&mut journal, 1..=3);
    journal.append(&[payload(4), payload(5)]).unwrap();
    journal.snapshot(Seq(3), b"{\"sum\":6}").unwrap();
    append_each(&mut journal, 6..=7);
    drop(journal);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-v1");
    for entry in fs::read_dir(fixture).unwrap() {
        let path = entry.unwrap().path();
        // What stands beside the epoch came later; who does not know of it reads on.
        if path.ends_with("epoch.json") {
            let written = fs::read_to_string(temp.path().join("epoch.json")).unwrap();
            let beside = "\"durable\":0,\"mark\":true";
            assert_eq!(written, format!("{{\"format\":[1,0],\"epoch\":1,{beside}}}\n"));
            continue;
        }
        let written = fs::read_to_string(temp.path().join(path.file_name().unwrap())).unwrap();
        assert_eq!(written, fs::read_to_string(&path).unwrap(), "{}", path.display());
    }
    assert_eq!(segments(temp.path()).len(), 2);
    let mark = fs::read_to_string(mark::path(temp.path())).unwrap();
    let slots: Vec<_> = mark.lines().map(str::trim_end).collect();
    assert_eq!(
        slots,
        [
            "{\"format\":[1,0],\"durable\":6,\"crc\":\"d1609937\"}",
            "{\"format\":[1,0],\"durable\":7,\"crc\":\"a667a9a1\"}",
        ]
    );
}
