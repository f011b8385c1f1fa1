//! Tests of the artifact store against real directories, with hostile trees.

mod hostile;
mod keeping;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::*;
use crate::journal::{Faults, NoSync, Step, Verdict};

fn no_sync() -> Disk {
    Disk::with_faults(Arc::new(NoSync))
}

/// A store and a place for trees.
struct Place {
    temp: tempfile::TempDir,
    store: Store,
}

fn place() -> Place {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("store"), Limits::default(), no_sync()).unwrap();
    Place { temp, store }
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Makes a tree of a program, two equal files, an empty directory and two links.
    fn tree(&self, name: &str) -> PathBuf {
        let tree = self.path(name);
        fs::create_dir_all(tree.join("bin")).unwrap();
        fs::create_dir_all(tree.join("share/empty")).unwrap();
        fs::write(tree.join("bin/server"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(tree.join("bin/server"), fs::Permissions::from_mode(0o4711)).unwrap();
        fs::write(tree.join("share/a"), "equal").unwrap();
        fs::write(tree.join("share/b"), "equal").unwrap();
        symlink("server", tree.join("bin/latest")).unwrap();
        symlink("../bin/server", tree.join("share/up")).unwrap();
        tree
    }

    fn seal(&self, tree: &Path) -> Result<Sealed, SealError> {
        self.store.seal(tree, &[PathBuf::from(".")], &|| false)
    }

    fn manifest(&self, digest: Digest) -> String {
        fs::read_to_string(self.store.manifest_path(digest)).unwrap()
    }
}

/// Counts the files below a directory.
fn count(dir: &Path) -> usize {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}

#[test]
fn a_tree_comes_back_as_it_was_and_read_only() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    assert_eq!((sealed.files, sealed.bytes), (3, 20));
    assert_eq!(count(&place.path("store/objects")), 2, "equal files stand once");
    assert_eq!(count(&place.path("store/tmp")), 0);
    let dest = place.path("release");
    assert_eq!(place.store.unpack(sealed.digest, &dest).unwrap(), Unpacked::Now);
    assert_eq!(fs::read(dest.join("bin/latest")).unwrap(), b"#!/bin/sh\n");
    assert_eq!(fs::read(dest.join("share/up")).unwrap(), b"#!/bin/sh\n");
    let mode = |path: &str| fs::metadata(dest.join(path)).unwrap().mode() & 0o7777;
    assert_eq!((mode("bin/server"), mode("share/a")), (0o555, 0o444));
    assert!(dest.join("share/empty").is_dir());
    assert_eq!(place.store.unpack(sealed.digest, &dest).unwrap(), Unpacked::Before);
    assert_eq!(place.store.verify(sealed.digest).unwrap(), sealed);
}

#[test]
fn two_copies_of_a_tree_have_one_digest_and_any_change_another() {
    let place = place();
    let one = place.seal(&place.tree("one")).unwrap();
    let two = place.tree("two");
    assert_eq!(place.seal(&two).unwrap(), one);
    fs::set_permissions(two.join("share/a"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(place.seal(&two).unwrap(), one, "only the executable bit counts");
    let mut seen = BTreeSet::from([one.digest]);
    fs::set_permissions(two.join("share/a"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(seen.insert(place.seal(&two).unwrap().digest));
    fs::rename(two.join("share/b"), two.join("share/c")).unwrap();
    assert!(seen.insert(place.seal(&two).unwrap().digest));
    fs::write(two.join("share/c"), "equaL").unwrap();
    assert!(seen.insert(place.seal(&two).unwrap().digest));
    fs::remove_dir(two.join("share/empty")).unwrap();
    assert!(seen.insert(place.seal(&two).unwrap().digest));
}

#[test]
fn the_manifest_is_what_it_always_was() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    let expected = "\
pilothouse-artifact 1
d - - - bin
l - - server bin/latest
f 755 10 a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf bin/server
d - - - share
f 644 5 f9d6cd1ed5cf1ead7b54873537748e0daa8f1390cd61555b68089fca063444f3 share/a
f 644 5 f9d6cd1ed5cf1ead7b54873537748e0daa8f1390cd61555b68089fca063444f3 share/b
d - - - share/empty
l - - ../bin/server share/up
";
    assert_eq!(place.manifest(sealed.digest), expected);
    assert_eq!(
        sealed.digest.to_string(),
        "25e59c34f0f93cf625ddaa4ce8d6097f1eb7124e910439ea8b08e33b9a81a9f2"
    );
}

#[test]
fn only_the_wanted_paths_are_sealed() {
    let place = place();
    let tree = place.tree("tree");
    let paths = ["bin/server", "share/empty", "bin/server"].map(PathBuf::from);
    let sealed = place.store.seal(&tree, &paths, &|| false).unwrap();
    let manifest = place.manifest(sealed.digest);
    let names: Vec<_> = manifest.lines().skip(1).map(|l| l.rsplit(' ').next().unwrap()).collect();
    assert_eq!(names, ["bin", "bin/server", "share", "share/empty"]);
    assert_eq!((sealed.files, sealed.bytes), (1, 10));
    let absent = place.store.seal(&tree, &[PathBuf::from("dist")], &|| false).unwrap_err();
    assert!(matches!(absent, SealError::Absent { .. }), "{absent}");
}

#[test]
fn a_file_that_says_that_it_is_too_large_is_not_read() {
    let place = place();
    let tree = place.tree("tree");
    let sparse = fs::File::create(tree.join("sparse")).unwrap();
    sparse.set_len(200 << 30).unwrap();
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        false
    };
    let error = place.store.seal(&tree, &[PathBuf::from("sparse")], &count).unwrap_err();
    assert!(matches!(error, SealError::TooLarge { .. }), "{error}");
    assert_eq!(asked.get(), 0, "pieces were read");
}

#[test]
fn sealing_stops_between_two_pieces() {
    let place = place();
    let tree = place.tree("tree");
    fs::write(tree.join("long"), vec![7; 1 << 20]).unwrap();
    let asked = Cell::new(0);
    let third = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let error = place.store.seal(&tree, &[PathBuf::from("long")], &third).unwrap_err();
    assert!(error.to_string().contains("no longer wanted"), "{error}");
    assert_eq!(asked.get(), 3, "it went on");
    assert_eq!(count(&place.path("store/tmp")), 0, "half a file stays");
}

#[test]
fn a_tree_beyond_a_limit_is_refused() {
    let place = place();
    let tree = place.tree("tree");
    let base = Limits::default();
    for (limits, what) in [
        (Limits { entries: 7, ..base }, "more than 7 files, directories and links"),
        (Limits { bytes: 19, ..base }, "more than 19 bytes"),
        (Limits { depth: 1, ..base }, "more than 1 directories in each other"),
        (Limits { path_bytes: 9, ..base }, "more than 9 bytes in one path"),
    ] {
        let store = Store::open(&place.path("store"), limits, no_sync()).unwrap();
        let error = store.seal(&tree, &[PathBuf::from(".")], &|| false).unwrap_err();
        assert!(matches!(error, SealError::TooLarge { .. }));
        assert!(error.to_string().contains(what), "{error}");
    }
    let exact = Limits { entries: 8, bytes: 20, depth: 2, path_bytes: 13 };
    let store = Store::open(&place.path("store"), exact, no_sync()).unwrap();
    let sealed = store.seal(&tree, &[PathBuf::from(".")], &|| false).unwrap();
    store.verify(sealed.digest).unwrap();
}

/// Fails the n-th step and all after it, as a full disk does.
#[derive(Default)]
struct Full {
    seen: AtomicUsize,
    at: usize,
}

impl Faults for Full {
    fn judge(&self, _step: Step, _path: &Path) -> Verdict {
        if self.seen.fetch_add(1, Ordering::SeqCst) + 1 < self.at {
            return Verdict::Skip;
        }
        Verdict::Short(3, io::Error::from(io::ErrorKind::StorageFull))
    }
}

#[test]
fn a_full_disk_leaves_no_half_artifact_and_the_next_seal_succeeds() {
    let place = place();
    let tree = place.tree("tree");
    let expected = place.seal(&tree).unwrap();
    for at in 1.. {
        let dir = place.path(&format!("store{at}"));
        let good = Store::open(&dir, Limits::default(), no_sync()).unwrap();
        let faults = Arc::new(Full { at, ..Full::default() });
        let bad = Store { disk: Disk::with_faults(faults), ..good.clone() };
        match bad.seal(&tree, &[PathBuf::from(".")], &|| false) {
            Ok(sealed) => {
                assert_eq!(sealed, expected);
                assert!(at > 10, "only {at} steps were seen");
                break;
            }
            Err(error) => assert!(error.to_string().contains("Remove files"), "{error}"),
        }
        assert_eq!(count(&dir.join("tmp")), 0);
        assert!(!good.has(expected.digest) || good.verify(expected.digest).is_ok());
        assert_eq!(good.seal(&tree, &[PathBuf::from(".")], &|| false).unwrap(), expected);
        good.verify(expected.digest).unwrap();
    }
}

#[test]
fn a_full_disk_leaves_no_half_unpacked_tree() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    for at in 1.. {
        let dest = place.path(&format!("release{at}"));
        let faults = Arc::new(Full { at, ..Full::default() });
        let bad = Store { disk: Disk::with_faults(faults), ..place.store.clone() };
        if bad.unpack(sealed.digest, &dest).is_ok() {
            assert!(at > 10, "only {at} steps were seen");
            break;
        }
        place.store.unpack(sealed.digest, &dest).unwrap();
        assert_eq!(count(&dest), 6);
    }
}
