//! Git: looks at repositories and lays commits out.
//!
//! The system's git moves bytes, so that ssh configuration, agents and credential programs
//! work; git2 reads what has arrived. No type of git2 leaves this file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pilothouse_core::effect::{Fault, Outcome};
use pilothouse_core::event::Head;
use pilothouse_core::id::{BranchName, CommitId, ProjectName, RunId};
use pilothouse_core::pipeline::Pipeline;
use pilothouse_core::state::Commit;
use pilothouse_core::text::first_line;
use pilothouse_core::time::{Millis, Timestamp};

use super::program::{Call, run};
use super::{Surroundings, blocking, cancelled, jenkins};
use crate::clock::Clock;
use crate::executor::{Attention, Ended};
use crate::places::Places;
use crate::remove;

/// How long git may take to list or fetch.
const NETWORK: Duration = Duration::from_secs(120);
/// How ssh is called: it asks nobody, and gives up what was silent for two minutes.
const SSH: &str =
    "ssh -o BatchMode=yes -o ConnectTimeout=120 -o ServerAliveInterval=30 -o ServerAliveCountMax=4";
/// How long git may take to lay a commit out.
const CHECKOUT: Duration = Duration::from_secs(600);
/// Branches beyond these are not looked at.
const BRANCHES: usize = 10_000;
/// The longest pipeline file in bytes.
const PIPELINE_BYTES: u64 = 1 << 20;
/// The pipeline's file in a repository.
const PIPELINE_FILE: &str = "pilothouse.toml";

/// A standing look at a repository.
pub struct Look {
    /// The project.
    pub project: ProjectName,
    /// Where its repository is.
    pub repository: String,
    /// When to look first.
    pub due: Timestamp,
    /// Time between two looks.
    pub interval: Millis,
    /// The heads that are known.
    pub known: Listed,
    /// Whether the first look has an outcome even if it finds nothing new.
    pub answer: bool,
}

/// The branches of a repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Their heads.
    pub heads: BTreeMap<BranchName, CommitId>,
    /// How many are left out, because their names are no UTF-8.
    pub unread: u32,
}

/// Looks at repositories and lays commits out.
pub struct Git {
    places: Places,
    clock: Clock,
    seen: Mutex<BTreeMap<ProjectName, Timestamp>>,
}

impl Git {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let (places, clock) = (surroundings.places.clone(), surroundings.clock);
        Self { places, clock, seen: Mutex::default() }
    }

    /// When each project's repository was last looked at with success, in this engine's life.
    pub fn seen(&self) -> BTreeMap<ProjectName, Timestamp> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn look(&self, look: Look, attention: &Attention) -> Ended {
        let mut due = look.due;
        let mut answer = look.answer;
        loop {
            tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                () = tokio::time::sleep_until(self.clock.instant(due)) => {}
            }
            let listed = self.list(&look, attention).await?;
            let now = self.clock.now();
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(look.project.clone(), now);
            let mirror = self.places.mirror(&look.project);
            let is_new = listed != look.known;
            if is_new || answer {
                let known = Arc::new(look.known.heads.clone());
                let read = || {
                    let (mirror, known) = (mirror.clone(), known.clone());
                    blocking("reading branches", move || heads(&mirror, &known))
                };
                let here = if is_new || !mirror.exists() { None } else { Some(read().await?) };
                // What was fetched while the repository was empty or another one is of no use.
                let heads = if let Some(here) = here.filter(|here| is_of(here, &listed)) {
                    here
                } else {
                    self.fetch(&look, attention).await?;
                    read().await?
                };
                return Ok(Outcome::Looked { heads, unread: listed.unread });
            }
            answer = false;
            due = now.after(look.interval);
        }
    }

    /// The heads that the repository has now, without bringing anything over.
    async fn list(&self, look: &Look, attention: &Attention) -> Result<Listed, Fault> {
        let what = format!("looking at {}", look.repository);
        let call = git(&what, NETWORK, ["ls-remote", "--heads", "--", &look.repository]);
        let output = run(call, attention).await?;
        Ok(listed(&output))
    }

    async fn fetch(&self, look: &Look, attention: &Attention) -> Result<(), Fault> {
        let mirror = self.places.mirror(&look.project);
        if !mirror.join("HEAD").exists() {
            let place = mirror.clone();
            blocking("making the mirror", move || make_mirror(&place)).await?;
        }
        let what = format!("fetching {}", look.repository);
        let mut call = git(
            &what,
            NETWORK,
            [
                "fetch",
                "--quiet",
                "--prune",
                "--no-tags",
                "--no-write-fetch-head",
                "--force",
                "--",
                &look.repository,
                "+refs/heads/*:refs/heads/*",
            ],
        );
        call.env.push(("GIT_DIR", mirror.as_os_str()));
        run(call, attention).await.map(|_| ())
    }

    pub(super) async fn check_out(
        &self,
        id: RunId,
        project: &ProjectName,
        (commit, repository): (&CommitId, &str),
        attention: &Attention,
    ) -> Ended {
        let (workspace, mirror) = (self.places.workspace(id), self.places.mirror(project));
        let place = workspace.clone();
        // Half a checkout of an engine that died is not built on.
        blocking("clearing the workspace", move || clear(&place)).await?;
        let what = format!("checking {} out", commit.short());
        let mut call = git(
            &what,
            CHECKOUT,
            ["clone", "--quiet", "--no-checkout", "--shared", "--no-tags", "--"],
        );
        call.arguments.extend([mirror.as_os_str(), workspace.as_os_str()]);
        run(call, attention).await?;
        let mut call = git(&what, CHECKOUT, ["checkout", "--quiet", "--detach", commit.as_str()]);
        call.arguments.splice(0..0, [OsStr::new("-C"), workspace.as_os_str()]);
        run(call, attention).await?;
        let origin = without_password(repository);
        let pipeline = blocking("reading the pipeline", move || {
            name_origin(&workspace, &origin)?;
            read_pipeline(&workspace)
        })
        .await?;
        Ok(Outcome::CheckedOut { pipeline: Box::new(pipeline) })
    }

    /// What is said of a commit that a look has brought over, where it has a Jenkinsfile and no pipeline of ours.
    pub async fn verdict(
        &self,
        project: &ProjectName,
        commit: &CommitId,
    ) -> Result<Option<String>, Fault> {
        let (mirror, commit) = (self.places.mirror(project), commit.clone());
        blocking("reading the Jenkinsfile", move || verdict(&mirror, &commit)).await
    }
}

/// A call of git that asks nobody, runs no hook and speaks no odd protocol.
fn git<'a, const N: usize>(what: &'a str, limit: Duration, arguments: [&'a str; N]) -> Call<'a> {
    let quiet = [
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "protocol.ext.allow=never",
        "-c",
        "advice.detachedHead=false",
        "-c",
        "gc.auto=0",
        // A remote that went silent is given up by git itself: an engine that was killed cannot.
        "-c",
        "http.lowSpeedLimit=1",
        "-c",
        "http.lowSpeedTime=120",
    ];
    let arguments = quiet.into_iter().chain(arguments).map(OsStr::new).collect();
    let env = vec![
        ("GIT_TERMINAL_PROMPT", OsStr::new("0")),
        ("GIT_SSH_COMMAND", OsStr::new(SSH)),
        ("GIT_OPTIONAL_LOCKS", OsStr::new("0")),
    ];
    Call { program: "git", what, arguments, env, limit }
}

/// What a step pushes goes to the project's repository, and not into the engine's mirror of it.
fn name_origin(workspace: &Path, repository: &str) -> Result<(), Fault> {
    let named = git2::Repository::open(workspace)
        .and_then(|opened| opened.remote_set_url("origin", repository));
    named.map_err(|error| {
        let place = workspace.display();
        Fault::transient(format!("cannot name the origin of {place}: {}", error.message()))
    })
}

/// A repository's address without the password that may stand in it: a step can read it.
fn without_password(repository: &str) -> String {
    let Some((scheme, rest)) = repository.split_once("://") else { return repository.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
    {
        Some((user, host)) => format!("{scheme}://{user}@{host}{path}"),
        None => repository.to_owned(),
    }
}

fn make_mirror(place: &Path) -> Result<(), Fault> {
    let failed = |error: git2::Error| {
        Fault::transient(format!("cannot make the mirror {}: {}", place.display(), error.message()))
    };
    let mut options = git2::RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false);
    git2::Repository::init_opts(place, &options).map_err(failed)?;
    Ok(())
}

/// Reads what `git ls-remote` lists. As when heads are read, a name that is no UTF-8 is left out:
/// it would be new at every look.
fn listed(output: &[u8]) -> Listed {
    let mut listed = Listed::default();
    for line in output.split(|byte| *byte == b'\n').take(BRANCHES) {
        let Ok(line) = std::str::from_utf8(line) else {
            listed.unread += 1;
            continue;
        };
        let branch = line.split_once('\t');
        let branch = branch.and_then(|(id, name)| Some((id, name.strip_prefix("refs/heads/")?)));
        if let Some((id, name)) = branch {
            listed.heads.insert(BranchName::new(name), CommitId::new(id));
        }
    }
    listed
}

/// Whether these are the heads that are listed.
fn is_of(heads: &[Head], listed: &Listed) -> bool {
    let is_listed = |head: &Head| listed.heads.get(&head.name) == Some(&head.commit.id);
    heads.len() == listed.heads.len() && heads.iter().all(is_listed)
}

fn heads(mirror: &Path, known: &BTreeMap<BranchName, CommitId>) -> Result<Vec<Head>, Fault> {
    let failed = |error: git2::Error| {
        Fault::transient(format!("cannot read {}: {}", mirror.display(), error.message()))
    };
    let repository = git2::Repository::open_bare(mirror).map_err(failed)?;
    let mut heads = Vec::new();
    let mut seen = BTreeSet::new();
    for reference in repository.references_glob("refs/heads/*").map_err(failed)?.take(BRANCHES) {
        let reference = reference.map_err(failed)?;
        // A name that is no UTF-8 cannot be shown, typed or deployed.
        let Ok(name) = reference.name() else { continue };
        let Some(name) = name.strip_prefix("refs/heads/") else { continue };
        let Ok(commit) = reference.peel_to_commit() else { continue };
        if seen.insert(name.to_owned()) {
            let name = BranchName::new(name);
            let replaces =
                known.get(&name).is_some_and(|before| !has(&repository, &commit, before));
            heads.push(Head { name, commit: facts(&commit), replaces });
        }
    }
    Ok(heads)
}

/// Whether a commit is another, or has it in its history. What is not here is in no history that is.
fn has(repository: &git2::Repository, commit: &git2::Commit<'_>, before: &CommitId) -> bool {
    let Ok(before) = git2::Oid::from_str(before.as_str()) else { return false };
    commit.id() == before || repository.graph_descendant_of(commit.id(), before).unwrap_or(false)
}

fn verdict(mirror: &Path, commit: &CommitId) -> Result<Option<String>, Fault> {
    let failed = |error: git2::Error| {
        Fault::transient(format!("cannot read {}: {}", commit.short(), error.message()))
    };
    let repository = git2::Repository::open_bare(mirror).map_err(failed)?;
    let id = git2::Oid::from_str(commit.as_str()).map_err(failed)?;
    let tree = repository.find_commit(id).and_then(|commit| commit.tree()).map_err(failed)?;
    let file = tree.get_name(jenkins::FILE).filter(|entry| {
        let is_link = entry.filemode() == i32::from(git2::FileMode::Link);
        entry.kind() == Some(git2::ObjectType::Blob) && !is_link
    });
    let Some(file) = file.filter(|_| tree.get_name(PIPELINE_FILE).is_none()) else {
        return Ok(None);
    };
    // A file that is longer than what is read of one is not loaded to find that out.
    let (length, _) =
        repository.odb().and_then(|store| store.read_header(file.id())).map_err(failed)?;
    if length > jenkins::MOST_BYTES {
        return Ok(Some(jenkins::told(None)));
    }
    let blob = repository.find_blob(file.id()).map_err(failed)?;
    Ok(Some(jenkins::told(Some(blob.content()))))
}

fn facts(commit: &git2::Commit<'_>) -> Commit {
    let message = String::from_utf8_lossy(commit.message_bytes());
    let author = commit.author();
    let seconds = u64::try_from(commit.time().seconds()).unwrap_or(0);
    Commit {
        id: CommitId::new(commit.id().to_string()),
        subject: first_line(&message, 200),
        author: first_line(&String::from_utf8_lossy(author.name_bytes()), 80),
        at: Timestamp(seconds.saturating_mul(1000)),
    }
}

fn clear(place: &Path) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot clear {}: {error}", place.display()))
    };
    remove::tree(place).map_err(failed)?;
    place.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)
}

/// Reads the commit's pipeline. A file that is a link is refused: it could name anything.
fn read_pipeline(workspace: &Path) -> Result<Pipeline, Fault> {
    let path: PathBuf = workspace.join(PIPELINE_FILE);
    let missing = |error: &std::io::Error| {
        if let Some(said) = jenkins::said(workspace, error) {
            return Fault::permanent(said);
        }
        Fault::permanent(format!(
            "the commit has no readable {PIPELINE_FILE} ({error}); `pilothouse init` writes one, or \
             `pilothouse convert` of a Jenkinsfile"
        ))
    };
    let found = std::fs::symlink_metadata(&path).map_err(|error| missing(&error))?;
    if !found.is_file() || found.len() > PIPELINE_BYTES {
        return Err(Fault::permanent(format!(
            "{PIPELINE_FILE} must be a file of at most {PIPELINE_BYTES} bytes"
        )));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| missing(&error))?;
    pilothouse_settings::pipeline::read_for(PIPELINE_FILE, &text, workspace.to_str())
        .map_err(|problems| Fault::permanent(pilothouse_settings::problem::told(&problems)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_text_is_not_listed_as_it_is_not_read() {
        let output = b"aa\trefs/heads/main\nbb\trefs/heads/bad\xff\ncc\trefs/heads/\xea\xb2\xb0\n";
        let listed = listed(output);
        let names: Vec<&str> = listed.heads.keys().map(BranchName::as_str).collect();
        assert_eq!((names, listed.unread), (vec!["main", "\u{acb0}"], 1));
    }
}
