//! A git repository for a test, with a service that needs nothing but this test's own binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A git repository.
pub struct Repository {
    dir: PathBuf,
}

/// What a repository's `pilothouse.toml` is to say.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The script of the only step.
    pub step: String,
    /// Variables that the service gets: see [`super::service`].
    pub env: Vec<(&'static str, String)>,
    /// How long a new instance has until its first passed check.
    pub start_deadline: &'static str,
    /// How long an instance has to end.
    pub grace: &'static str,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self { step: "true".to_owned(), env: Vec::new(), start_deadline: "10s", grace: "2s" }
    }
}

impl Pipeline {
    /// The file's text. The service is [`super::service`] within this test's binary.
    pub fn text(&self) -> String {
        let binary = std::env::current_exe().unwrap();
        let run = [binary.to_str().unwrap(), "--exact", super::service::TEST];
        let mut text = format!(
            "[[stage]]\nname = \"test\"\nrun = '''\n{}\n'''\n\n[service]\nrun = {run:?}\n\
             health = {{ path = \"/health\", interval = \"50ms\", timeout = \"1s\", healthy = 1, \
             unhealthy = 2, start_deadline = \"{}\" }}\n",
            self.step, self.start_deadline
        );
        let _ = writeln!(text, "stop = {{ grace = {:?} }}\n[service.env]", self.grace);
        for (name, value) in &self.env {
            let _ = writeln!(text, "{name} = {value:?}");
        }
        text
    }
}

impl Repository {
    /// Makes one with a first commit on `main`.
    pub fn new(dir: PathBuf, pipeline: &Pipeline) -> Self {
        let repository = Self::empty(dir);
        repository.commit("first", pipeline);
        repository
    }

    /// Makes one without a commit.
    pub fn empty(dir: PathBuf) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        let repository = Self { dir };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Runs git in it, apart from whatever this user has configured.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(&self.dir)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "kim")
            .env("GIT_AUTHOR_EMAIL", "kim@example.com")
            .env("GIT_COMMITTER_NAME", "kim")
            .env("GIT_COMMITTER_EMAIL", "kim@example.com")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes the pipeline, and a page that holds the subject, commits both, and gives the
    /// commit's id.
    pub fn commit(&self, subject: &str, pipeline: &Pipeline) -> String {
        std::fs::write(self.dir.join("pilothouse.toml"), pipeline.text()).unwrap();
        std::fs::write(self.dir.join("page"), subject).unwrap();
        self.commit_all(subject)
    }

    /// Commits whatever the work tree holds, and gives the commit's id.
    pub fn commit_all(&self, subject: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Switches to a new branch.
    pub fn branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-b", name]);
    }
}
