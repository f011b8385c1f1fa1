//! What is said of a commit that has a Jenkinsfile and no pipeline of ours.
//!
//! Responsible for looking at that file, and for what is said of it: a line that
//! stands in the Branches pane, and those below it in the detail behind it. It must not run anything.

use std::io::{Error, ErrorKind, Read as _};
use std::path::Path;

use jenkinsfile::Report;
use jenkinsfile::table::Table;
use jenkinsfile::verdict::Level;

/// What the file is called.
pub(super) const FILE: &str = "Jenkinsfile";
/// The longest file that is judged here, in bytes: many times what people write by hand, and little
/// enough that nobody who only looks can keep the engine busy with one.
pub(super) const MOST_BYTES: usize = 256 << 10;
/// The most parts, or mistakes, that are told.
const MOST_LINES: usize = 24;

/// Why a run ends that found no pipeline, if it found a Jenkinsfile instead. A link is not
/// followed: it could name anything.
pub(super) fn said(workspace: &Path, error: &Error) -> Option<String> {
    if error.kind() != ErrorKind::NotFound {
        return None;
    }
    let path = workspace.join(FILE);
    if !std::fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::fs::File::open(&path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(told(Some(&bytes)))
}

/// What is said of the file; without its bytes it is one that is too long to be read here.
pub(super) fn told(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes.filter(|bytes| bytes.len() <= MOST_BYTES) else {
        return format!(
            "no pilothouse.toml but a Jenkinsfile of more than {} KiB, which is not judged here\n\
             `pilothouse check` says more",
            MOST_BYTES >> 10
        );
    };
    let report = Report::of(FILE, bytes, &Table::built_in());
    let summary = report.summary(MOST_LINES).join("\n");
    let next = match report.level {
        Level::Broken => "`pilothouse check` says what to mend in it",
        Level::Scripted | Level::Unread => "`pilothouse check` says more",
        _ => "`pilothouse check` says more, and `pilothouse convert` writes what both can say",
    };
    format!("no pilothouse.toml but a Jenkinsfile: {summary}\n{next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(files: &[(&str, &str)]) -> Option<String> {
        let workspace = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(workspace.path().join(name), text).unwrap();
        }
        said(workspace.path(), &Error::from(ErrorKind::NotFound))
    }

    #[test]
    fn a_jenkinsfile_is_judged() {
        let text = "pipeline { agent any\nstages { stage('a') { steps { sh 'b' } } } }";
        let said = said_of(&[("Jenkinsfile", text)]).unwrap();
        assert!(said.contains("level 1, declarative"), "{said}");
        assert!(said.contains("3 of 3 parts run"), "{said}");
        assert!(said.contains("`pilothouse convert` writes"), "{said}");
    }

    #[test]
    fn what_cannot_be_converted_is_not_sent_to_be() {
        for text in ["pipeline { agent any }", "node { sh 'b' }", &"#".repeat(MOST_BYTES + 1)] {
            let said = said_of(&[("Jenkinsfile", text)]).unwrap();
            assert!(said.contains("`pilothouse check` says"), "{said}");
            assert!(!said.contains("`pilothouse convert`"), "{said}");
        }
    }

    #[test]
    fn without_one_nothing_is_said() {
        assert_eq!(said_of(&[("Makefile", "all:")]), None);
    }

    #[test]
    fn a_link_is_not_followed() {
        let workspace = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", workspace.path().join("Jenkinsfile")).unwrap();
        assert_eq!(said(workspace.path(), &Error::from(ErrorKind::NotFound)), None);
    }
}
