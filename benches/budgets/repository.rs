//! Git repositories to measure with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// A repository whose commits are made as the measurement goes.
pub struct Repository {
    dir: PathBuf,
}

/// What the pipeline's file says.
pub struct Pipeline<'a> {
    /// The only step's script.
    pub step: &'a str,
    /// Time between two health checks.
    pub interval: &'a str,
}

impl Repository {
    /// Makes an empty one.
    pub fn create(dir: PathBuf) -> Outcome<Self> {
        std::fs::create_dir_all(dir.join("site"))?;
        let repository = Self { dir };
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(repository)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Commits a page and a pipeline.
    pub fn commit(&self, page: &str, pipeline: &Pipeline<'_>) -> Outcome<()> {
        std::fs::write(self.dir.join("site/index.html"), page)?;
        std::fs::write(self.dir.join("pilothouse.toml"), pipeline.text())?;
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", page])?;
        Ok(())
    }

    /// Makes branches at the head, so many in all.
    pub fn branches(&self, count: u32) -> Outcome<()> {
        use std::io::Write as _;
        let head = self.git(&["rev-parse", "HEAD"])?;
        let mut child = command(&self.dir, &["update-ref", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            for number in 1..count {
                writeln!(input, "create refs/heads/topic/{number:04} {head}")?;
            }
        }
        if !child.wait()?.success() {
            return Err("the branches could not be made".into());
        }
        self.git(&["pack-refs", "--all"])?;
        Ok(())
    }

    /// Runs git in it; what it prints.
    pub fn git(&self, arguments: &[&str]) -> Outcome<String> {
        git(&self.dir, arguments)
    }
}

impl Pipeline<'_> {
    fn text(&self) -> String {
        let (binary, step, interval) = (env!("CARGO_BIN_EXE_pilothouse"), self.step, self.interval);
        format!(
            "artifact = \"site\"\n\n[[stage]]\nname = \"build\"\nrun = '''\n{step}\n'''\n\n\
             [service]\nrun = \"cd site && exec '{binary}' demo-service\"\n\
             health = {{ path = \"/up\", interval = \"{interval}\", timeout = \"1s\", healthy = 1, \
             unhealthy = 2, start_deadline = \"20s\" }}\n\
             stop = {{ signal = \"TERM\", grace = \"2s\" }}\n"
        )
    }
}

/// Runs git in a directory; what it prints.
pub fn git(dir: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = command(dir, arguments).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git {} failed: {}", arguments.join(" "), said.trim()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Git apart from whatever this user has configured.
fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "kim");
        command.env(format!("GIT_{role}_EMAIL"), "kim@example.invalid");
    }
    command
}
