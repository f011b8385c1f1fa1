//! The container that an engine's own builder has for a step of a build: known by what the build
//! says, because it has neither a name nor a label of ours.
//!
//! What a step prints comes the same way, and may say the same. So only what was not there before
//! the build began is believed to be its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::engine::Docker;
use crate::error::Error;
use crate::output::say;

/// How a step of the classic builder begins, and how it tells of its container.
const STEP: &str = "Step ";
const RUNS: &str = " ---> Running in ";
/// How many characters of an id it tells.
const SHORT: usize = 12;

/// What is known of the container of a build's step.
pub(super) struct Own {
    /// Where its id is told.
    file: Option<PathBuf>,
    known: RefCell<Known>,
}

#[derive(Default)]
struct Known {
    /// What was there before the build began.
    before: BTreeSet<String>,
    /// Whether a step has begun and has told of no container yet.
    is_awaited: bool,
    /// The newest step's container.
    current: Option<String>,
}

impl Own {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, known: RefCell::default() }
    }

    /// Begins a build. Where an earlier try was broken off by its engine's end, what this left of
    /// its step is removed; one that still runs is left alone.
    pub(super) async fn begin(&self, docker: &Docker) -> Result<(), Error> {
        let left = self.known.borrow().current.clone();
        if let Some(id) = left
            && let Some(found) = docker.container(&id).await?
            && !found.is_running
        {
            docker.remove(&id).await?;
        }
        self.forget();
        let all = docker.containers().await?;
        let before = all.into_iter().map(|one| one.id).collect();
        *self.known.borrow_mut() = Known { before, ..Known::default() };
        Ok(())
    }

    /// Looks whether something that was said tells of a container.
    pub(super) async fn listen(&self, docker: &Docker, said: &str) {
        let Some(short) = self.hear(said) else { return };
        // One that is over already needs nobody to know it.
        let Ok(Some(found)) = docker.container(&short).await else { return };
        let id = found.id;
        if !id.starts_with(&short) || self.known.borrow().before.contains(&id) {
            return;
        }
        if let Some(file) = &self.file
            && let Err(error) = std::fs::write(file, &id)
        {
            say(&format!("cannot write {}: {error}", file.display()));
        }
        self.known.borrow_mut().current = Some(id);
    }

    /// Forgets the container, which is gone.
    pub(super) fn forget(&self) {
        if self.known.borrow_mut().current.take().is_some()
            && let Some(file) = &self.file
        {
            // A file that stays names a container that is no more.
            let _ = std::fs::remove_file(file);
        }
    }

    /// The first container that is told of behind the beginning of a step.
    fn hear(&self, said: &str) -> Option<String> {
        let mut known = self.known.borrow_mut();
        if said.starts_with(STEP) {
            known.is_awaited = true;
            return None;
        }
        let id = said.strip_prefix(RUNS)?.trim_end();
        let is_id = id.len() == SHORT && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && std::mem::take(&mut known.is_awaited)).then(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_that_a_step_tells_of_is_its_container() {
        let own = Own::new(None);
        let hear = |said: &str| own.hear(said);
        assert_eq!(hear(" ---> Running in 0123456789ab\n"), None, "no step has begun");
        assert_eq!(hear("Step 2/3 : RUN make\n"), None);
        for other in [" ---> Running in ../../etc/pa\n", " ---> Running in 0123\n", "make\n"] {
            assert_eq!(hear(other), None, "{other}");
        }
        assert_eq!(hear(" ---> Running in 0123456789ab\n").as_deref(), Some("0123456789ab"));
        assert_eq!(hear(" ---> Running in ba9876543210\n"), None, "its output says the same");
    }
}
