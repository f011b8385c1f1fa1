//! What is loaded after a file was lost, cut or changed.

use pilothouse_core::routing::{HealthCheck, TargetGroup};

use super::*;

fn table(version: u64) -> Table {
    let group = TargetGroup {
        id: format!("group-{version}"),
        environment: "production".to_owned(),
        health: HealthCheck::default(),
        targets: Vec::new(),
    };
    Table { target_groups: vec![group], ..Table::default() }.seal(1, version)
}

/// Saves versions 1 and 2, changes the files, and says what is loaded.
fn after(change: impl FnOnce(&Path)) -> (u64, TableSource) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save(&table(1)).unwrap();
    store.save(&table(2)).unwrap();
    change(dir.path());
    let (table, source) = store.load();
    (table.version, source)
}

#[test]
fn the_newest_is_loaded() {
    assert_eq!(after(|_| ()), (2, TableSource::Saved));
}

#[test]
fn an_unreadable_table_means_the_previous_one() {
    let (version, source) = after(|dir| fs::write(dir.join(NEWEST), "{").unwrap());
    assert_eq!(version, 1);
    assert!(matches!(source, TableSource::Previous { .. }), "{source:?}");
    let (version, source) = after(|dir| fs::remove_file(dir.join(NEWEST)).unwrap());
    assert_eq!(version, 1);
    assert!(matches!(source, TableSource::Previous { .. }), "{source:?}");
}

#[test]
fn a_changed_byte_is_noticed() {
    let (version, source) = after(|dir| {
        let text = fs::read_to_string(dir.join(NEWEST)).unwrap();
        fs::write(dir.join(NEWEST), text.replace("group-2", "group-9")).unwrap();
    });
    assert_eq!(version, 1);
    assert!(matches!(source, TableSource::Previous { .. }), "{source:?}");
}

#[test]
fn nothing_readable_is_said_loudly() {
    let (version, source) = after(|dir| {
        fs::write(dir.join(NEWEST), "").unwrap();
        fs::write(dir.join(PREVIOUS), "").unwrap();
    });
    assert_eq!(version, 0);
    assert!(matches!(source, TableSource::Lost { .. }), "{source:?}");
}

#[test]
fn an_unreadable_table_does_not_push_out_the_previous_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save(&table(1)).unwrap();
    store.save(&table(2)).unwrap();
    fs::write(dir.path().join(NEWEST), "{").unwrap();
    store.save(&table(3)).unwrap();
    assert_eq!(read(&dir.path().join(PREVIOUS)).unwrap().unwrap().version, 1);
    assert_eq!(store.load().0.version, 3);
}

#[test]
fn a_directory_belongs_to_one_edge() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(Error::Running(_))));
    drop(first);
    assert!(Store::open(dir.path()).is_ok());
}

/// On a full disk a table is saved where the one before the last was.
#[test]
fn the_room_of_old_tables_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let inodes = || {
        let inode = |name| fs::metadata(dir.path().join(name)).unwrap().ino();
        std::collections::BTreeSet::from([NEWEST, PREVIOUS, FRESH].map(inode))
    };
    for version in 1..4 {
        store.save(&table(version)).unwrap();
    }
    let before = inodes();
    assert_eq!(before.len(), 3);
    for version in 4..9 {
        store.save(&table(version)).unwrap();
        assert_eq!(inodes(), before, "{version}");
        assert_eq!(store.load().0.version, version);
        let previous = read(&dir.path().join(PREVIOUS)).unwrap().unwrap();
        assert_eq!(previous.version, version - 1);
    }
}

/// Whichever two names a crash left for one table, none of those that are needed is written over.
#[test]
fn a_table_that_has_two_names_is_not_written_over() {
    for (one, other) in [(NEWEST, FRESH), (PREVIOUS, FRESH), (NEWEST, PREVIOUS), (NEWEST, SPARE)] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        for version in 1..4 {
            store.save(&table(version)).unwrap();
        }
        let _ = fs::remove_file(dir.path().join(other));
        fs::hard_link(dir.path().join(one), dir.path().join(other)).unwrap();
        for version in 4..9 {
            let kept = fs::read(dir.path().join(NEWEST)).unwrap();
            store.save(&table(version)).unwrap();
            // What was the newest is the previous one, byte for byte.
            assert_eq!(
                fs::read(dir.path().join(PREVIOUS)).unwrap(),
                kept,
                "{one} {other} {version}"
            );
            assert_eq!(store.load().0.version, version, "{one} {other}");
        }
    }
}
