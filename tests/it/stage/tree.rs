//! Trees of files: whose they are, and who may do what with them.

use std::path::Path;

/// Lets everybody look into a directory.
pub fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Gives a tree to a user.
pub fn give_tree(path: &Path, user: u32) -> std::io::Result<()> {
    std::os::unix::fs::lchown(path, Some(user), Some(user))?;
    if std::fs::symlink_metadata(path)?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give_tree(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Lets a tree be removed whose directories are read-only, as a release's are.
pub fn open_tree(path: &Path) -> std::io::Result<()> {
    if std::fs::symlink_metadata(path)?.is_dir() {
        open_to_all(path);
        for entry in std::fs::read_dir(path)? {
            open_tree(&entry?.path())?;
        }
    }
    Ok(())
}
