//! An edge in a process of its own, for what belongs to a whole process.

use std::process::{Child, Command, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Rig, serve, settings};

/// Tells the test below that it is the process of another one, and its directory.
const DIR: &str = "PILOTHOUSE_TEST_EDGE_DIR";
/// The descriptors that it may open, soft and hard.
const SOFT: &str = "PILOTHOUSE_TEST_EDGE_SOFT";
const HARD: &str = "PILOTHOUSE_TEST_EDGE_HARD";

/// Serves where another test started this program again, and does nothing otherwise.
#[test]
fn an_edge_in_a_process_of_its_own() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().ok();
    let limit = Rlimit { current: number(SOFT), maximum: number(HARD) };
    setrlimit(Resource::Nofile, limit).unwrap();
    serve(settings(dir.as_ref(), |_| ())).unwrap();
}

/// Ends the process whatever becomes of its test.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, or ends now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts an edge that may open so many descriptors, soft and hard.
    pub fn start(dir: tempfile::TempDir, soft: u64, hard: u64) -> (Self, Rig) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "support::process::an_edge_in_a_process_of_its_own"])
            .env(DIR, dir.path())
            .env(SOFT, soft.to_string())
            .env(HARD, hard.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self(child);
        (process, Rig::beside(dir))
    }

    /// How many descriptors it may open now, as the kernel tells.
    pub fn soft_limit(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.0.id())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        line.split_whitespace().nth(3).unwrap().parse().unwrap()
    }
}
