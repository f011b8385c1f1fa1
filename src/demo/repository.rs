//! The demonstration's repository: real commits by real git.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, bail};

/// What a commit makes of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// A good one.
    Good,
    /// Its test fails.
    Broken,
    /// Its instances never become healthy.
    Sick,
    /// Its instances turn bad so many milliseconds after the first visitor.
    TurnsBad(u32),
}

/// A repository that the demonstration pushes to.
pub struct Repository {
    dir: PathBuf,
    home: PathBuf,
    service: PathBuf,
    image: Option<String>,
}

impl Repository {
    /// Makes the repository, whose service is run by this binary, or by an image that holds it.
    pub fn create(root: &Path, service: &Path, image: Option<&str>) -> Result<Self> {
        let dir = root.join("shop");
        let home = root.join("home");
        std::fs::create_dir_all(&dir)?;
        std::fs::create_dir_all(&home)?;
        let image = image.map(str::to_owned);
        let repository = Self { dir, home, service: service.to_owned(), image };
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        repository.git(&["config", "user.name", "Kim"])?;
        repository.git(&["config", "user.email", "kim@example.invalid"])?;
        Ok(repository)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Goes to a branch, and makes it where it is not there.
    pub fn branch(&self, name: &str) -> Result<()> {
        if self.git(&["checkout", "--quiet", name]).is_err() {
            self.git(&["checkout", "--quiet", "-b", name])?;
        }
        Ok(())
    }

    /// Commits a version of the service to the branch it is on.
    pub fn commit(&self, version: &str, subject: &str, commit: Commit) -> Result<()> {
        let behaviour = match commit {
            Commit::Good | Commit::Broken => "good\n".to_owned(),
            Commit::Sick => "sick\n".to_owned(),
            Commit::TurnsBad(ms) => format!("turns-bad {ms}\n"),
        };
        let title = if commit == Commit::Broken { "<h1>shp</h1>" } else { "<h1>shop</h1>" };
        self.write("index.html", &format!("<!doctype html>{title}<p>{version}</p>\n"))?;
        self.write("behaviour", &behaviour)?;
        match &self.image {
            None => self.write("pilothouse.toml", &pipeline(&self.service))?,
            Some(image) => {
                self.write("pilothouse.toml", &contained(image))?;
                self.write("Dockerfile", &dockerfile(image))?;
            }
        }
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject])
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.dir.join(name), text)
            .wrap_err_with(|| format!("cannot write {name} of the demonstration's repository"))
    }

    fn git(&self, arguments: &[&str]) -> Result<()> {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.dir)
            .args(arguments)
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null())
            .output()
            .wrap_err("git cannot be run; the demonstration needs it")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("git {} failed: {}", arguments.first().unwrap_or(&""), said.trim());
        }
        Ok(())
    }
}

fn pipeline(service: &Path) -> String {
    let service = service.display();
    format!(
        r#"# How the demonstration's shop is built, tested and run.
artifact = "dist"
{STAGES}
[service]
run = "cd dist && exec '{service}' demo-service"
{SERVICE}"#
    )
}

/// The same in containers: steps run in an image, and the artifact is one.
fn contained(image: &str) -> String {
    format!(
        r#"# How the demonstration's shop is built, tested and run.
image = "{image}"
artifact = {{ dockerfile = "Dockerfile" }}
{STAGES}
[service]
port = 8000
{SERVICE}"#
    )
}

fn dockerfile(image: &str) -> String {
    format!(
        "FROM {image}\nCOPY dist /shop\nWORKDIR /shop\nENV HOST=0.0.0.0\n\
         CMD [\"/pilothouse\", \"demo-service\"]\n"
    )
}

const STAGES: &str = r#"
[[stage]]
name = "build"
run = """
mkdir dist
cp index.html behaviour dist/
echo "built $PILOTHOUSE_COMMIT"
"""

[[stage]]
name = "test"
run = """
grep -q '<h1>shop</h1>' dist/index.html || { echo "FAILED: the title is not shop" >&2; exit 1; }
echo "1 test passed"
"""
"#;

const SERVICE: &str = r#"health = { path = "/up", interval = "200ms", timeout = "1s", healthy = 2, unhealthy = 2, start_deadline = "4s" }
stop = { signal = "TERM", grace = "2s" }
"#;
