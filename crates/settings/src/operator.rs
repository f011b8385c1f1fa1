//! Reads the operator's `projects/NAME.toml`: where a project's commits go and how they serve.
//!
//! Responsible for the file's shape, its defaults, and the contradictions that can be seen in it
//! alone. It must never look at the repository, resolve a name, or read a secret.

mod aws;
mod branches;
mod clash;
mod docker;
mod domain;
mod environment;
mod load_balancer;
mod repository;
mod rule;
mod secrets;
mod strategy;
mod write;

use std::collections::BTreeMap;

use pilothouse_core::id::{ProjectName, is_name};
use pilothouse_core::spec::allowed::{self, ENVIRONMENTS, Owner};
use pilothouse_core::spec::{EnvironmentSpec, ProjectSpec};
use pilothouse_core::time::Millis;

use crate::found::{Found, too_large};
use crate::pipeline::PIPELINE_KEYS;
use crate::section::Section;
use crate::value::quoted;
use crate::{MOST_BYTES, Problem, ProblemKind};

pub use clash::{Clash, clashes};
pub use write::{Draft, DraftEnvironment, Kind, WatchDraft, write, write_watch};

const KEYS: [&str; 8] = [
    "repository",
    "poll",
    "trusted",
    "keep_runs",
    "step_env",
    "docker",
    "load_balancer",
    "environment",
];
const POLL: Millis = Millis::seconds(15);
const KEEP_RUNS: u32 = 100;

/// Reads the specification of the project that the file is named after.
///
/// # Errors
/// All problems of the text in the order in which they stand in it.
pub fn read(name: &str, file: &str, text: &str) -> Result<ProjectSpec, Vec<Problem>> {
    if text.len() > MOST_BYTES {
        return Err(vec![too_large(file)]);
    }
    let mut found = Found::new(file, text);
    if !is_name(name) {
        let message = format!("{} cannot name a project", quoted(name));
        let help =
            "name the file with 1 to 40 of a-z, 0-9 and -, beginning with a letter: shop.toml";
        found.add(ProblemKind::WrongValue, 0..0, &message, help);
    }
    let root = found.parse();
    let section = Section::root("the file", &root, &KEYS);
    section.refuse_unknown(&mut found, |key| elsewhere(key, &KEYS));
    let repository = repository::read(&section, &mut found);
    let poll =
        section.get("poll").and_then(|field| field.duration(&mut found, allowed::POLL, "15s"));
    let trusted = section.get("trusted").and_then(|field| field.flag(&mut found));
    let keep_runs =
        section.get("keep_runs").and_then(|field| field.count(&mut found, allowed::KEEP_RUNS));
    let step_env = section
        .get("step_env")
        .map_or_else(BTreeMap::new, |field| field.variables(&mut found, Owner::Step));
    let grants = docker::grants(&section, &mut found);
    let load_balancer = load_balancer::read(section.get("load_balancer"), &mut found);
    let environments = environments(name, &section, &mut found);
    found.finish(ProjectSpec {
        name: ProjectName::new(name),
        repository: repository.unwrap_or_default(),
        poll: poll.unwrap_or(POLL),
        trusted: trusted.unwrap_or(false),
        environments,
        load_balancer,
        step_env,
        keep_runs: keep_runs.unwrap_or(KEEP_RUNS),
        grants,
    })
}

fn environments(project: &str, root: &Section<'_>, found: &mut Found<'_>) -> Vec<EnvironmentSpec> {
    let help = "add [environment.production] with branch = \"main\"";
    let Some(field) = root.get("environment") else {
        root.miss(found, "environment", help);
        return Vec::new();
    };
    let Some(section) = field.section("[environment.NAME]", &[], found) else {
        return Vec::new();
    };
    let fields = section.fields();
    if fields.is_empty() {
        field.wrong(found, "there is no environment", help);
    }
    if fields.len() > ENVIRONMENTS {
        let message = format!("there are more than {ENVIRONMENTS} environments");
        let help = "let one [environment.preview] serve every branch that needs its own";
        found.add(ProblemKind::TooLarge, field.key_at.clone(), &message, help);
    }
    let mut seen = environment::Seen::default();
    fields
        .iter()
        .take(ENVIRONMENTS)
        .filter_map(|field| environment::read(project, field, &mut seen, found))
        .collect()
}

/// What to say of a pipeline's key in the operator's file.
fn elsewhere(key: &str, here: &[&str]) -> Option<(String, String)> {
    if here.contains(&key) {
        return None;
    }
    if matches!(key, "name" | "project") {
        let message = "a project's name is not written in its file".to_owned();
        let help = "leave it out: projects/shop.toml is the project shop".to_owned();
        return Some((message, help));
    }
    PIPELINE_KEYS.contains(&key).then(|| {
        let message = format!("`{key}` is not the operator's to say: it belongs to the commit");
        let help = format!("write `{key}` into the repository's pilothouse.toml");
        (message, help)
    })
}
