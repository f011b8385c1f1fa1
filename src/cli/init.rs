//! `pilothouse init`: proposes both files for a repository that has none.

mod aws;
mod beside;

use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_core::id::is_name;
use pilothouse_core::text::printable;
use pilothouse_settings::init::{Proposed, name_from, propose};
use pilothouse_settings::operator::write_watch;
use pilothouse_settings::pipeline;

use self::beside::Beside;
use super::add::{repository, write_new};
use super::convert::{Fate, fate};
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{facts, out};

/// What Jenkins reads.
const JENKINSFILE: &str = "Jenkinsfile";

/// Which repository.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The repository's working copy
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The project's name, instead of the directory's
    #[arg(long)]
    name: Option<String>,
    /// What is fetched from, instead of the directory itself
    #[arg(long)]
    repository: Option<String>,
    /// Whoever can push may act as the engine's user
    #[arg(long)]
    trusted: bool,
    #[command(flatten)]
    aws: aws::Aws,
}

/// Writes what is not there yet, and says what to do next.
pub fn run(place: &Place, init: &Init) -> Result<()> {
    let dir = init.dir.canonicalize();
    let dir = dir.wrap_err_with(|| format!("cannot look into {}", init.dir.display()))?;
    let Some(shown) = dir.to_str() else {
        let why = format!("{} is not UTF-8; move it", dir.display());
        return Err(failed(Failure::Usage, why));
    };
    let name = init.name.clone().or_else(|| name_from(shown));
    let Some(name) = name else {
        let why = "names of projects have letters from a to z, and the directory's has none; \
                   say one with --name";
        return Err(failed(Failure::Usage, why.to_owned()));
    };
    if !is_name(&name) {
        let why = format!("{name:?} cannot name a project; say another with --name");
        return Err(failed(Failure::Usage, why));
    }
    let mut known = facts::of(&dir)?;
    known.name.clone_from(&name);
    known.repository = repository(init.repository.as_deref().unwrap_or(shown))?;
    known.trusted = init.trusted;
    let mut proposal = propose(&known);
    let operators = place.project_file(&name);
    let beside = Beside { project: &name, file: &operators, proposed: &proposal.operator.text };
    let found = aws::find(&init.aws, &beside)?;
    let watched = found.as_ref().filter(|draft| !draft.is_empty());
    let watched = watched.map(|draft| draft.environment.clone());
    let watch = found.map(|draft| write_watch(&draft));
    proposal.operator.text.push_str(watch.as_deref().unwrap_or(""));
    let jenkinsfile = Jenkinsfile::of(&dir, &known.files);
    let file = dir.join(pipeline::FILE);
    let ours = match jenkinsfile.and_then(Jenkinsfile::keeps) {
        Some(why) => {
            out::line(&format!("wrote no {}: {why}", out::path(&file)));
            false
        }
        None => write(&file, &proposal.pipeline)?,
    };
    let theirs = write(&operators, &proposal.operator)?;
    if let Some(watch) = watch.filter(|_| !theirs) {
        out::line(&format!(
            "  this would watch what runs at AWS; add it to {}:",
            out::path(&operators)
        ));
        out::line(&watch);
    }
    if let (Some(origin), None) = (facts::origin(&dir), &init.repository) {
        let origin = printable(&origin, 200);
        out::line(&format!(
            "  commits are taken from this directory; to take what is pushed, write {origin} as \
             the repository"
        ));
    }
    out::line("");
    out::line("next");
    if let Some(jenkinsfile) = jenkinsfile {
        jenkinsfile.say();
    }
    if ours {
        out::line(&format!("  look at {}, and commit it", pipeline::FILE));
    }
    if theirs {
        out::line(&format!("  look at {}", out::path(&operators)));
    }
    out::line(&format!("  pilothouse apply {name}"));
    if let Some(environment) = watched {
        out::line("  pilothouse iam-policy    the least that its credentials must be allowed");
        out::line(&format!("  pilothouse aws {name}/{environment}"));
    }
    Ok(())
}

/// A Jenkinsfile in a repository without a pipeline of ours.
#[derive(Clone, Copy)]
struct Jenkinsfile {
    /// What becomes of it here.
    fate: Fate,
}

impl Jenkinsfile {
    fn of(dir: &Path, files: &[String]) -> Option<Self> {
        let is_there = files.iter().any(|file| file == JENKINSFILE);
        let has_ours = dir.join(pipeline::FILE).symlink_metadata().is_ok();
        (is_there && !has_ours).then(|| Self { fate: fate(&dir.join(JENKINSFILE)) })
    }

    /// Why no other pipeline is proposed beside it.
    fn keeps(self) -> Option<String> {
        match self.fate {
            Fate::Runs => Some(format!("the {JENKINSFILE} says more")),
            Fate::Refused => Some(format!("Jenkins refuses the {JENKINSFILE}: mend it first")),
            Fate::Left => None,
        }
    }

    /// Says what can be done with it.
    fn say(self) {
        out::line(&format!("  pilothouse check    says what of the {JENKINSFILE} runs here"));
        let file = pipeline::FILE;
        match self.fate {
            // Of one that Jenkins refuses the line above says where.
            Fate::Runs | Fate::Refused => {
                out::line(&format!("  pilothouse convert -o {file}"));
                out::line(&format!("  say in {file} how the service is run, and commit it"));
            }
            Fate::Left => out::line(&format!(
                "  pilothouse convert  says why nothing of it is taken over: write {file} yourself"
            )),
        }
    }
}

/// Writes a file unless it is there, says what was guessed, and tells whether it was written.
fn write(path: &Path, proposed: &Proposed) -> Result<bool> {
    if path.symlink_metadata().is_ok() {
        out::line(&format!("{} is there already and was left as it is", out::path(path)));
        return Ok(false);
    }
    write_new(path, &proposed.text)?;
    out::line(&format!("wrote {}", out::path(path)));
    for note in &proposed.notes {
        out::line(&format!("  {}", printable(note, 400)));
    }
    Ok(true)
}
