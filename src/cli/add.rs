//! `pilothouse add`: writes the operator's file of a project and makes it active.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_core::id::is_name;
use pilothouse_core::spec::allowed;
use pilothouse_core::text::printable;
use pilothouse_settings::operator::{Draft, DraftEnvironment, write};

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::follow::Copy;
use crate::{ask, facts, out, start};

/// How long the first look at a repository is waited for.
const LOOK: Duration = Duration::from_secs(15);

/// The project.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Its name
    name: String,
    /// Its repository: a directory, or anything that `git fetch` takes
    repository: String,
    /// The branch that feeds production
    #[arg(long, default_value = "main")]
    branch: String,
    /// Where requests come in; may be given more than once
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<String>,
    /// Whoever can push may act as the engine's user
    #[arg(long)]
    trusted: bool,
}

/// Writes and applies it.
pub fn run(place: &Place, add: &Add) -> Result<()> {
    if !is_name(&add.name) {
        let why = format!(
            "{:?} cannot name a project: use 1 to 40 of a-z, 0-9 and -, beginning with a letter",
            add.name
        );
        return Err(failed(Failure::Usage, why));
    }
    let environment = |name: &str, branch: &str, instances| DraftEnvironment {
        name: name.to_owned(),
        branches: vec![branch.to_owned()],
        instances,
    };
    let serves_from_image = facts::serves_from_image(Path::new(&add.repository));
    let text = write(&Draft {
        name: add.name.clone(),
        repository: repository(&add.repository)?,
        trusted: add.trusted,
        listen: if add.listen.is_empty() { facts::listen() } else { add.listen.clone() },
        serves_from_image,
        environments: vec![
            environment("production", &add.branch, 2),
            environment("preview", "feature/*", 1),
        ],
    });
    let path = place.project_file(&add.name);
    // What the command line said may not be valid: then there is to be no file.
    let shown = path.display().to_string();
    let spec =
        pilothouse_settings::operator::read(&add.name, &shown, &text).map_err(|problems| {
            out::error(pilothouse_settings::problem::report(&problems).trim_end());
            failed(Failure::Usage, "nothing was written")
        })?;
    ask::run(async {
        match ask::operator(place).state().await {
            Ok(snapshot) => ask::may_change(&snapshot),
            // Where none answers, one is started; it says itself what is wrong.
            Err(_) => Ok(()),
        }
    })?;
    write_new(&path, &text)?;
    out::line(&format!("wrote {shown}"));
    start::ensure_engine(place)?;
    super::apply::activate(place, vec![spec], false)?;
    // What serves from an image is built in containers as a rule; a step that is not says so.
    if !add.trusted && !serves_from_image {
        out::line(&format!(
            "trusted is false, so no step runs on the host; if whoever can push may run \
             programs as you, say trusted = true in {shown} and `pilothouse apply {}`",
            add.name
        ));
    }
    if serves_from_image || !add.trusted {
        ask::run(async {
            if let Some(why) = super::doctor::docker::missing().await {
                out::line(&format!(
                    "containers need a Docker engine, and none is of use now: {why}"
                ));
            }
            Ok(())
        })?;
    }
    first_look(place, &add.name)
}

/// Waits until the repository was looked at, and tells what was found.
pub fn first_look(place: &Place, name: &str) -> Result<()> {
    ask::run(async {
        let mut copy = Copy::of(&ask::operator(place)).await?;
        let looked = async {
            loop {
                if let Some(project) = copy.state().projects.get(name) {
                    if let Some(error) = &project.poll.error {
                        let error = printable(error, 300);
                        out::error(&format!("the repository cannot be looked at: {error}"));
                        return Ok(());
                    }
                    if project.poll.changed_at.is_some() {
                        let count = project.branches.len();
                        let branches = if count == 1 { "branch" } else { "branches" };
                        out::line(&format!(
                            "found {count} {branches}; see `pilothouse status {name}`"
                        ));
                        return Ok(());
                    }
                }
                copy.change().await?;
            }
        };
        tokio::time::timeout(LOOK, looked).await.unwrap_or_else(|_| {
            out::line(&format!("the first look takes longer; see `pilothouse status {name}`"));
            Ok(())
        })
    })
}

/// The repository as the file says it: a directory that is here is named in full.
pub fn repository(text: &str) -> Result<String> {
    let path = Path::new(text);
    let text = if path.is_dir() {
        let full = path.canonicalize().wrap_err_with(|| format!("cannot resolve {text}"))?;
        full.into_os_string().into_string().map_err(|path| {
            failed(Failure::Usage, format!("{} is not UTF-8; move it", path.display()))
        })?
    } else {
        text.to_owned()
    };
    let of_line = allowed::line(&text)
        .map(|message| (format!("the repository's path {message}"), "move it".to_owned()));
    match of_line.or_else(|| allowed::repository(&text)) {
        None => Ok(text),
        Some((message, help)) => Err(failed(Failure::Usage, format!("{message}; {help}"))),
    }
}

/// Writes a file that is not there yet, whole or not at all.
pub fn write_new(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).wrap_err_with(cannot)?;
    let fresh = dir.join(format!(".new-{}", std::process::id()));
    let written = std::fs::File::create(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // A link, unlike a rename, replaces nothing.
        std::fs::hard_link(&fresh, path)
    });
    // What stays behind is a hidden file that means nothing.
    let _ = std::fs::remove_file(&fresh);
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let path = path.display();
            Err(failed(Failure::Refused, format!("{path} is there already and was left as it is")))
        }
        written => written.wrap_err_with(cannot),
    }
}
