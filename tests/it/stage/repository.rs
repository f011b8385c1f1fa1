//! A git repository for a test, of a service that is run by the binary itself.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Stage;

/// A git repository.
pub struct Repository {
    dir: PathBuf,
    home: PathBuf,
    /// The script of the step `build`, after the page was copied into `dist`.
    pub build: RefCell<String>,
    /// How long the step `build` may take.
    pub timeout: RefCell<&'static str>,
    /// How long the service may take from the stop signal to its end.
    pub grace: RefCell<&'static str>,
    /// What the service's shell does before it becomes the service.
    pub before: RefCell<&'static str>,
}

impl Repository {
    /// Makes an empty one.
    pub fn new(stage: &Stage) -> Self {
        Self::at(stage, "shop")
    }

    /// Makes an empty one of another name.
    pub fn at(stage: &Stage, name: &str) -> Self {
        let repository = Self {
            dir: stage.path(name),
            home: stage.path("home"),
            build: RefCell::default(),
            timeout: RefCell::new("1m"),
            grace: RefCell::new("1s"),
            before: RefCell::default(),
        };
        std::fs::create_dir_all(&repository.dir).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs git in it, apart from whatever this user has configured.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"])
            .args(arguments)
            .current_dir(&self.dir)
            .env("HOME", &self.home)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", "kim"), ("GIT_AUTHOR_EMAIL", "kim@example.com")])
            .envs([("GIT_COMMITTER_NAME", "kim"), ("GIT_COMMITTER_EMAIL", "kim@example.com")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file into the work tree.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.join(name), text).unwrap();
    }

    /// Commits whatever the work tree holds; the commit's id.
    pub fn commit_all(&self, subject: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits a version of the service; the commit's id.
    pub fn commit(&self, version: &str) -> String {
        self.write("index.html", &format!("<!doctype html><h1>shop</h1><p>{version}</p>\n"));
        self.write("pilothouse.toml", &self.pipeline());
        self.commit_all(version)
    }

    fn pipeline(&self) -> String {
        let (build, timeout) = (self.build.borrow(), self.timeout.borrow());
        let grace = self.grace.borrow();
        let (before, binary) = (self.before.borrow(), env!("CARGO_BIN_EXE_pilothouse"));
        format!(
            r#"artifact = "dist"
[[stage]]
name = "build"
timeout = "{timeout}"
run = '''
mkdir dist
cp index.html dist/
{build}
'''
[service]
run = '''{before}
cd dist
exec '{binary}' demo-service
'''
health = {{ path = "/up", interval = "50ms", timeout = "1s", healthy = 1, unhealthy = 2, start_deadline = "20s" }}
stop = {{ signal = "TERM", grace = "{grace}" }}
"#
        )
    }
}
