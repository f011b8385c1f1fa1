//! Reads the repository's `pilothouse.toml`: how a commit is built and how its service is run.
//!
//! Responsible for the file's shape and defaults. The file is part of the commit, and so its
//! text is hostile: whatever could move an environment is refused here with a word on where it
//! belongs.

mod container;
mod elsewhere;
mod health;
mod service;
mod stage;

use pilothouse_core::pipeline::{Pipeline, Run, Service};
use toml::de::DeValue;

use self::container::Usual;
use crate::found::{Found, too_large};
use crate::section::{Field, Section};
use crate::value::quoted;
use crate::{MOST_BYTES, Problem, ProblemKind};

pub(crate) use elsewhere::{PIPELINE_KEYS, operators};

/// What the file is called in a repository.
pub const FILE: &str = "pilothouse.toml";

const KEYS: [&str; 4] = ["image", "stage", "artifact", "service"];
/// The most paths that an artifact is put together from.
const ARTIFACT_PATHS: usize = 100;

/// Reads a pipeline.
///
/// # Errors
/// All problems of the text in the order in which they stand in it.
pub fn read(file: &str, text: &str) -> Result<Pipeline, Vec<Problem>> {
    read_for(file, text, None)
}

/// Reads a pipeline whose steps see their workspace at this path, if it is known yet.
///
/// # Errors
/// As [`read`], and what would lie over the workspace.
pub fn read_for(file: &str, text: &str, workspace: Option<&str>) -> Result<Pipeline, Vec<Problem>> {
    if text.len() > MOST_BYTES {
        return Err(vec![too_large(file)]);
    }
    let mut found = Found::new(file, text);
    let root = found.parse();
    let section = Section::root("the pipeline", &root, &KEYS);
    section.refuse_unknown(&mut found, |key| operators(key, &KEYS));
    let image = section.get("image").map(|field| container::image_of(&field, &mut found));
    let usual = Usual { image: image.as_ref(), workspace };
    let mut stages = stage::read(&section, usual, &mut found);
    let whole = || vec![".".to_owned()];
    let (artifact, image) = match section.get("artifact") {
        Some(field) if matches!(field.value, DeValue::Table(_)) => {
            (whole(), Some(container::artifact_of(&field, &mut found)))
        }
        Some(field) => (artifact(&field, &mut found), None),
        None => (whole(), None),
    };
    if let Some(build) = &image {
        stages.push(container::artifact_stage(build, &stages));
    }
    let service = if let Some(field) = section.get("service") {
        service::read(&field, image.is_some(), &mut found)
    } else {
        let help = "add [service] with run = \"…\", which must listen on 127.0.0.1:$PORT";
        section.miss(&mut found, "service", help);
        None
    };
    let service = service.unwrap_or_else(nothing);
    found.finish(Pipeline { stages, artifact, image, service })
}

/// Stands in for a service that could not be read; it is never returned.
fn nothing() -> Service {
    Service {
        run: Run::Argv(Vec::new()),
        image: None,
        port: None,
        env: std::collections::BTreeMap::new(),
        health: pilothouse_core::pipeline::Health::default(),
        stop: pilothouse_core::pipeline::Stop::default(),
    }
}

fn artifact(field: &Field<'_>, found: &mut Found<'_>) -> Vec<String> {
    let help = "write artifact = \"dist\" or artifact = [\"dist\", \"public\"]";
    let Some(texts) = field.texts(found, help) else {
        return Vec::new();
    };
    if texts.is_empty() || texts.len() > ARTIFACT_PATHS {
        let message = format!("`artifact` takes 1 to {ARTIFACT_PATHS} paths");
        field.wrong(found, &message, help);
    }
    let mut paths: Vec<String> = Vec::new();
    for (text, at) in texts.into_iter().take(ARTIFACT_PATHS) {
        let path = tidy(text);
        if let Some((message, help)) = refuse_path(text) {
            found.add(ProblemKind::WrongValue, at, &message, help);
        } else if paths.contains(&path) {
            let message = format!("{} is in the artifact twice", quoted(text));
            found.add(ProblemKind::Conflict, at, &message, "keep one of the two");
        } else {
            paths.push(path);
        }
    }
    paths
}

/// The path without `./` and a trailing slash.
fn tidy(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() { "." } else { path }.to_owned()
}

/// Why a path cannot be part of an artifact, and what to write instead.
fn refuse_path(path: &str) -> Option<(String, &'static str)> {
    let shown = quoted(path);
    let parts = || path.split('/');
    if path.is_empty() {
        Some(("an artifact's path is empty".to_owned(), "write \".\" for the whole tree"))
    } else if path.starts_with('/') {
        Some((
            format!("{shown} is absolute; an artifact is made from the workspace alone"),
            "write the path as it is seen from the repository's root, as in \"dist\"",
        ))
    } else if parts().any(|part| part == "..") {
        Some((
            format!("{shown} leaves the workspace; an artifact is made from the workspace alone"),
            "let a step copy what is needed into the workspace, and name it there",
        ))
    } else if parts().any(|part| part == ".git") {
        Some((
            format!("{shown} is git's own; it holds history, hooks and perhaps credentials"),
            "name what the build made, as in \"dist\"",
        ))
    } else if path.contains(['*', '?', '[']) {
        Some((
            format!("{shown} is a pattern; an artifact takes paths"),
            "name a file or a directory; a directory comes with all that is in it",
        ))
    } else if path.chars().any(char::is_control) || path.contains('\\') || path.len() > 1024 {
        Some((
            format!("{shown} holds a control character or a backslash, or is too long"),
            "write parts with / between them, as in \"target/release\"",
        ))
    } else {
        None
    }
}
