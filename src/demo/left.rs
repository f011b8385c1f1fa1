//! What demonstrations that were killed have left behind, and what removes it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How a demonstration's directory is called, before the number of its process.
pub const PREFIX: &str = "pilothouse-demo-";

/// A sentence for each of this user's demonstrations below a directory whose process is gone. One
/// that was to be kept is told of too: nothing says which it was.
pub fn behind(base: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(base) else { return Vec::new() };
    let own = rustix::process::geteuid().as_raw();
    let left = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let pid = pid_of(entry.file_name().to_str()?)?;
        let is_own = entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == own);
        let is_over = !Path::new("/proc").join(pid.to_string()).exists();
        (is_own && is_over).then(|| entry.path())
    });
    let mut left: Vec<PathBuf> = left.collect();
    left.sort();
    left.iter().map(|path| sentence(path)).collect()
}

/// The process that a directory of this name belongs to.
fn pid_of(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

fn sentence(path: &Path) -> String {
    let (dir, state) = (path.display(), path.join("state"));
    let state = state.display();
    format!(
        "an earlier demonstration is left in {dir}; to end and remove it: pilothouse --state {state} \
         down --all --yes; rm -r {dir}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_whose_process_is_gone_are_told() {
        let base = tempfile::tempdir().unwrap();
        let own = std::process::id();
        // No process has this number: pid_max is at most 2^22 (proc(5)).
        for name in [format!("{PREFIX}{own}-0"), format!("{PREFIX}4194305-0"), "other".to_owned()] {
            std::fs::create_dir(base.path().join(name)).unwrap();
        }
        let told = behind(base.path());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("pilothouse-demo-4194305-0/state down --all"), "{told:?}");
    }
}
