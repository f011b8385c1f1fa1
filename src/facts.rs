//! Looks at a repository's working copy for what a first pipeline can be guessed from.
//!
//! It runs git with arguments that make git run nothing of the repository's own, reads a few
//! well-known files up to a limit, and decides nothing.

use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use color_eyre::Result;
use pilothouse_core::text::{printable, shell_word};
use pilothouse_settings::init::RepositoryFacts;
use pilothouse_settings::pipeline;
use serde_json::Value;

use crate::exit::{Failure, failed};
use crate::out;

/// The most files and branches that are looked at.
const MOST: usize = 10_000;
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// What is there to be seen in a repository, which has no link in its path. `name`, `repository` and
/// `trusted` are the caller's.
pub fn of(dir: &Path) -> Result<RepositoryFacts> {
    let Some(files) = git(dir, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    else {
        let shown = printable(&dir.display().to_string(), 300);
        let why = match strangers(dir) {
            Some(top) => {
                let word = shell_word(&top.display().to_string());
                format!(
                    "{} belongs to another user, and git looks at it only once you say that you \
                     trust it: git config --global --add safe.directory {}",
                    out::path(top),
                    printable(&word, 400)
                )
            }
            None => format!("{shown} is no git repository, or git is not there"),
        };
        return Err(failed(Failure::Usage, why));
    };
    // What is fetched from, and where a pipeline is looked for, is the whole working copy.
    if let Some(top) = git(dir, &["rev-parse", "--show-toplevel"])
        && Path::new(top.trim_end_matches('\n')) != dir
    {
        let why = format!(
            "{} is within the repository {}; name that one",
            out::path(dir),
            printable(top.trim_end(), 300)
        );
        return Err(failed(Failure::Usage, why));
    }
    let package = json(&dir.join("package.json"));
    let scripts = package.get("scripts").and_then(Value::as_object);
    let refs = ["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin"];
    let branches = git(dir, &refs).unwrap_or_default();
    let text = |name: &str| text(&dir.join(name));
    let makefile = text("Makefile").or_else(|| text("makefile")).unwrap_or_default();
    Ok(RepositoryFacts {
        files: files.split('\0').filter(|f| !f.is_empty()).take(MOST).map(str::to_owned).collect(),
        scripts: scripts.map(|all| all.keys().cloned().collect()).unwrap_or_default(),
        main: package.get("main").and_then(Value::as_str).map(str::to_owned),
        crate_name: text("Cargo.toml").and_then(|text| crate_name(&text)),
        make_targets: make_targets(&makefile),
        python_packages: python_packages(&text("requirements.txt").unwrap_or_default()),
        serves_from_image: serves_from_image(dir),
        branches: short_names(&branches),
        default_branch: default_branch(dir),
        listen: listen(),
        ..RepositoryFacts::default()
    })
}

/// The working copy that holds a directory, where somebody else owns it or its repository: that
/// is what git refuses to look at (git-config(1), `safe.directory`).
fn strangers(dir: &Path) -> Option<&Path> {
    let top = dir.ancestors().find(|path| path.join(".git").exists())?;
    let own = rustix::process::geteuid().as_raw();
    let is_anothers = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.uid() != own);
    (is_anothers(top) || is_anothers(&top.join(".git"))).then_some(top)
}

/// Whether the service of the working copy's own pipeline runs in an image: the artifact, or one
/// that it names.
pub fn serves_from_image(dir: &Path) -> bool {
    let read = |text: String| pipeline::read(pipeline::FILE, &text).ok();
    let own = text(&dir.join(pipeline::FILE)).and_then(read);
    own.is_some_and(|own| own.image.is_some() || own.service.image.is_some())
}

/// Where requests usually come in here: port 8080 of loopback, of IPv6 too if there is any.
pub fn listen() -> Vec<String> {
    let mut all = vec!["127.0.0.1:8080".to_owned()];
    if std::net::TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, 0)).is_ok() {
        all.push("[::1]:8080".to_owned());
    }
    all
}

/// The address that `git push` would send to, if there is one.
pub fn origin(dir: &Path) -> Option<String> {
    git(dir, &["config", "--get", "remote.origin.url"]).map(|text| text.trim().to_owned())
}

fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        // Neither of these is run by a working copy that somebody else prepared.
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

fn default_branch(dir: &Path) -> Option<String> {
    let remote = git(dir, &["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
    let head = remote.or_else(|| git(dir, &["symbolic-ref", "--quiet", "HEAD"]))?;
    short_name(head.trim()).map(str::to_owned)
}

fn short_name(name: &str) -> Option<&str> {
    let short = name.strip_prefix("refs/heads/");
    short.or_else(|| name.strip_prefix("refs/remotes/origin/")).filter(|short| *short != "HEAD")
}

fn short_names(refs: &str) -> Vec<String> {
    let mut names: Vec<String> =
        refs.lines().filter_map(short_name).take(MOST).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn text(path: &Path) -> Option<String> {
    let bytes = regular(path, MOST_BYTES)?;
    String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= MOST_BYTES)
}

/// The beginning of a file of a repository, which can be anything: it is no link, device or pipe,
/// even where one takes its place meanwhile. At most one byte more than is asked for is read.
pub fn regular(path: &Path, most: u64) -> Option<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let flags = i32::try_from(flags.bits()).ok()?;
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn json(path: &Path) -> Value {
    text(path).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The name of the package, or of the first `[[bin]]`, which is what the build makes.
fn crate_name(text: &str) -> Option<String> {
    let mut section = "";
    let mut package = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let value = line.split_once('=').filter(|(key, _)| key.trim() == "name");
        let name = value.map(|(_, value)| value.trim().trim_matches('"').to_owned());
        match (section, name) {
            ("[[bin]]", Some(name)) => return Some(name),
            ("[package]", Some(name)) => package = Some(name),
            _ => {}
        }
    }
    package
}

/// Lines such as `test: build`, but not `NAME := value`, patterns or `.PHONY`.
fn make_targets(text: &str) -> Vec<String> {
    let target = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let is_plain = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (is_plain && !rest.starts_with('=')).then(|| name.to_owned())
    };
    text.lines().filter_map(target).take(MOST).collect()
}

/// The packages' names of a `requirements.txt` (PEP 508), in lower case.
fn python_packages(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let line = line.trim();
        let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
        let name = &line[..end];
        (!name.is_empty() && !name.starts_with('-')).then(|| name.to_ascii_lowercase())
    };
    text.lines().filter_map(name).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        let cargo = "[package]\nname = \"shop\"\n[dependencies]\nname = \"no\"\n";
        assert_eq!(crate_name(cargo).as_deref(), Some("shop"));
        let bin = format!("{cargo}[[bin]]\nname = \"shopd\"\n");
        assert_eq!(crate_name(&bin).as_deref(), Some("shopd"));
        let make = "CC := gcc\n.PHONY: test\ntest: build\n\techo a:b\n%.o: %.c\nbuild:\n";
        assert_eq!(make_targets(make), ["test", "build"]);
        let python = "Flask==2.0\n# note\n-r more.txt\npytest >= 7 ; python_version < '4'\n";
        assert_eq!(python_packages(python), ["flask", "pytest"]);
        let refs = "refs/heads/main\nrefs/remotes/origin/HEAD\nrefs/remotes/origin/main\n";
        assert_eq!(short_names(refs), ["main"]);
    }

    #[test]
    fn what_is_no_file_of_its_own_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("endless")).unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(regular(&at("file"), 2).unwrap(), b"tex");
        for name in ["endless", "link", "socket", "pipe", "none", "."] {
            assert_eq!(regular(&at(name), 10), None, "{name}");
        }
        assert_eq!(regular(Path::new("/dev/zero"), 10), None);
    }

    #[test]
    fn a_service_runs_in_an_image_that_the_pipeline_makes_or_names() {
        let stage = "[[stage]]\nname = \"t\"\nrun = \"make\"\n";
        let service = "[service]\nrun = [\"x\"]\nport = 8000\n";
        for (text, expected) in [
            (format!("{stage}{service}"), false),
            (format!("image = \"debian:12\"\n{stage}{service}"), false),
            (format!("{stage}{service}image = \"debian:12\"\n"), true),
            (format!("artifact = {{ dockerfile = \"Dockerfile\" }}\n{stage}{service}"), true),
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(pipeline::FILE), &text).unwrap();
            assert_eq!(serves_from_image(dir.path()), expected, "{text}");
        }
    }
}
