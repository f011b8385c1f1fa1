//! One environment, and what it may not share with the others.

use std::collections::BTreeMap;

use pilothouse_core::id::{EnvironmentName, is_name};
use pilothouse_core::spec::allowed::{self, Owner, PREVIEW_NAME};
use pilothouse_core::spec::{DeployMode, EnvironmentSpec, Strategy};
use pilothouse_core::text::printable;

use super::{aws, branches, docker, domain, elsewhere, rule, secrets, strategy};
use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};

const KEYS: [&str; 18] = [
    "branch",
    "preview",
    "domain",
    "runtime",
    "docker",
    "aws",
    "instances",
    "deploy",
    "min_healthy",
    "max",
    "drain",
    "bake",
    "auto_rollback",
    "keep",
    "env",
    "secrets",
    "budget",
    "rule",
];
/// The name that makes previews without saying so, and the one that is deployed by hand.
const PREVIEW: &str = "preview";
/// See [`PREVIEW`].
const PRODUCTION: &str = "production";
const INSTANCES: u32 = 1;
const KEEP: u32 = 5;

/// What the environments before this one have taken.
#[derive(Default)]
pub(super) struct Seen {
    /// Branches and patterns, with the environment and line that took them.
    pub(super) branches: Vec<(String, String, usize)>,
    /// Domains, with the environment that took them.
    pub(super) domains: BTreeMap<String, String>,
}

/// Reads `[environment.NAME]`.
pub(super) fn read(
    project: &str,
    field: &Field<'_>,
    seen: &mut Seen,
    found: &mut Found<'_>,
) -> Option<EnvironmentSpec> {
    let name = field.name.as_str();
    let title = format!("[environment.{}]", printable(name, 60));
    let section = field.section(&title, &KEYS, found)?;
    if !is_name(name) {
        let message = format!("`{}` cannot name an environment", printable(name, 60));
        let help = "use 1 to 40 of a-z, 0-9 and -, beginning with a letter, as in qa-2";
        found.add(ProblemKind::WrongValue, field.key_at.clone(), &message, help);
    }
    section.refuse_unknown(found, |key| elsewhere(key, &KEYS));
    let preview = preview(name, &section, found);
    if aws::is_watched(&section) {
        return watched(name, &section, preview, found);
    }
    if let Some(field) = section.get("aws") {
        let message = "`aws` says what is watched there, and this environment is not watched";
        let help = "write runtime = \"aws-watch\" as well, or leave `aws` out";
        found.add(ProblemKind::Conflict, field.key_at, message, help);
    }
    let branches = branches::read(&section, name, preview, seen, found);
    let domain = domain::read(&section, project, name, preview, seen, found);
    let runtime = docker::runtime(&section, name, found);
    let instances = section
        .get("instances")
        .and_then(|field| field.count(found, allowed::INSTANCES))
        .unwrap_or(INSTANCES);
    let env = section
        .get("env")
        .map_or_else(BTreeMap::new, |field| field.variables(found, Owner::Instance));
    let secrets = section
        .get("secrets")
        .map_or_else(BTreeMap::new, |field| secrets::read(&field, &env, preview, found));
    Some(EnvironmentSpec {
        name: EnvironmentName::new(name),
        branches,
        preview,
        runtime,
        instances,
        deploy: deploy(name, &section, found),
        strategy: strategy::read(&section, instances, found),
        rules: rule::read(&section, &domain, preview, found),
        domain: Some(domain),
        env,
        secrets,
        keep_releases: section
            .get("keep")
            .and_then(|field| field.count(found, allowed::KEEP))
            .unwrap_or(KEEP),
        budget_micro_usd_per_hour: section
            .get("budget")
            .and_then(|field| field.micro_usd_per_hour(found)),
    })
}

/// An environment that is only watched: no branch feeds it, and nothing is started for it.
fn watched(
    name: &str,
    section: &Section<'_>,
    preview: bool,
    found: &mut Found<'_>,
) -> Option<EnvironmentSpec> {
    Some(EnvironmentSpec {
        name: EnvironmentName::new(name),
        branches: Vec::new(),
        preview: false,
        runtime: aws::runtime(section, name, preview, found)?,
        instances: 0,
        deploy: DeployMode::Manual,
        strategy: Strategy::default(),
        rules: Vec::new(),
        domain: None,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        keep_releases: KEEP,
        budget_micro_usd_per_hour: section
            .get("budget")
            .and_then(|field| field.micro_usd_per_hour(found)),
    })
}

fn preview(name: &str, section: &Section<'_>, found: &mut Found<'_>) -> bool {
    let written = section.get("preview");
    let preview = written.as_ref().and_then(|field| field.flag(found)).unwrap_or(name == PREVIEW);
    if preview && name.len() > PREVIEW_NAME {
        let message = format!(
            "`{}` is too long for previews, whose names end in their branch's",
            printable(name, 60)
        );
        let help = format!("use at most {PREVIEW_NAME} characters, as in [environment.preview]");
        found.add(ProblemKind::WrongValue, section.at.clone(), &message, &help);
    }
    preview
}

fn deploy(name: &str, section: &Section<'_>, found: &mut Found<'_>) -> DeployMode {
    let usual = if name == PRODUCTION { DeployMode::Manual } else { DeployMode::Auto };
    let written = section
        .get("deploy")
        .and_then(|field| field.one_of(&["auto", "manual"], "way to deploy", found));
    match written {
        Some("auto") => DeployMode::Auto,
        Some("manual") => DeployMode::Manual,
        Some(_) | None => usual,
    }
}
