//! Trees of every kind, and what beside them must stay.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

/// Makes directories in each other by what is open, as a program does that changes into each.
fn chain(root: &Path, name: &str, levels: usize, made: impl Fn(&OwnedFd, usize)) {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = rustix::fs::open(root, flags, Mode::empty()).unwrap();
    for level in 0..levels {
        rustix::fs::mkdirat(&at, name, Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, name, flags, Mode::empty()).unwrap();
        made(&at, level);
    }
}

/// A tree to be removed, beside a file that must stay.
fn made() -> (tempfile::TempDir, PathBuf, PathBuf) {
    // Where that is memory, since some disks take minutes for so many directories.
    let memory = Path::new("/dev/shm");
    let memory = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let temp = tempfile::tempdir_in(memory).unwrap();
    let (root, kept) = (temp.path().join("root"), temp.path().join("outside/kept"));
    std::fs::create_dir(&root).unwrap();
    std::fs::create_dir(temp.path().join("outside")).unwrap();
    std::fs::write(&kept, "").unwrap();
    (temp, root, kept)
}

#[test]
fn a_tree_of_any_depth_goes_with_little_stack_and_few_descriptors() {
    let (_temp, root, kept) = made();
    let outside = kept.parent().unwrap().to_owned();
    chain(&root, &"d".repeat(200), 25_000, |dir, level| {
        if level % 50 == 0 {
            rustix::fs::symlinkat(&outside, dir, "link").unwrap();
            rustix::fs::mkdirat(dir, "empty", Mode::empty()).unwrap();
            rustix::fs::mkdirat(dir, "beside", Mode::RWXU).unwrap();
            rustix::fs::mkdirat(dir, "beside/below", Mode::RWXU).unwrap();
        }
    });
    // What things are called that are moved up is taken.
    std::fs::write(root.join(".removed-1"), "").unwrap();
    std::fs::create_dir_all(root.join(".removed-2/full")).unwrap();
    let removing = root.clone();
    let thread = std::thread::Builder::new().stack_size(128 << 10);
    let thread = thread.spawn(move || tree(&removing)).unwrap();
    thread.join().unwrap().unwrap();
    assert!(!root.exists() && kept.exists());
}

#[test]
fn a_directory_that_lets_nobody_in_goes_and_its_owner_alone_is_let_in() {
    let (_temp, root, kept) = made();
    let modes = [0o000, 0o300, 0o555, 0o070];
    for mode in modes {
        let dir = root.join(format!("{mode:o}"));
        std::fs::create_dir_all(dir.join("below")).unwrap();
        std::fs::write(dir.join("below/file"), "").unwrap();
        symlink(kept.parent().unwrap(), dir.join("link")).unwrap();
        std::fs::set_permissions(dir.join("below"), PermissionsExt::from_mode(0o000)).unwrap();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(mode)).unwrap();
    }
    let fd = rustix::fs::open(&root, OFlags::PATH, Mode::empty()).unwrap();
    allow(fd.as_fd(), c"70").unwrap();
    assert_eq!(root.join("70").metadata().unwrap().permissions().mode() & 0o7777, 0o770);
    symlink(kept.parent().unwrap(), root.join("link")).unwrap();
    assert_eq!(allow(fd.as_fd(), c"link").unwrap_err(), Errno::NOTDIR);
    tree(&root).unwrap();
    assert!(!root.exists() && kept.exists());
}

#[test]
fn a_file_a_link_and_nothing_are_removed_as_well() {
    let (_temp, root, kept) = made();
    symlink(kept.parent().unwrap(), root.join("link")).unwrap();
    for path in [root.join("link"), root.join("nothing"), root.join("no/thing"), kept.clone()] {
        tree(&path).unwrap();
        assert!(path.symlink_metadata().is_err(), "{}", path.display());
    }
    assert!(kept.parent().unwrap().exists());
    assert!(tree(Path::new("/")).is_err());
}
