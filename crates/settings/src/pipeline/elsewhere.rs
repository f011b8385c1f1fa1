//! Keys that belong to the other file.
//!
//! Responsible for telling which file a key belongs to and saying so.

use crate::suggest::synonym;

/// Keys of the operator's file that a repository may be tempted to set.
const OPERATOR_KEYS: [&str; 28] = [
    "bake",
    "branch",
    "budget",
    "cost",
    "deploy",
    "domain",
    "drain",
    "environment",
    "environments",
    "instances",
    "keep",
    "keep_runs",
    "listen",
    "load_balancer",
    "max",
    "name",
    "poll",
    "preview",
    "project",
    "repository",
    "rule",
    "rules",
    "runtime",
    "secrets",
    "step_env",
    "trusted",
    "trusted_proxies",
    "auto_rollback",
];

/// Keys of the repository's file that an operator may look for in theirs.
pub(crate) const PIPELINE_KEYS: [&str; 11] = [
    "artifact", "build", "health", "pipeline", "run", "service", "stage", "stages", "step",
    "steps", "stop",
];

/// What to say of an operator's key in a pipeline; keys that exist in both are not among them.
pub(crate) fn operators(key: &str, here: &[&'static str]) -> Option<(String, String)> {
    let is_here = here.contains(&key) || synonym(key, here).is_some();
    let exact = OPERATOR_KEYS.iter().find(|name| **name == key).copied();
    let meant = exact.or_else(|| synonym(key, &OPERATOR_KEYS)).filter(|_| !is_here)?;
    let message = format!("a branch cannot say `{key}`: its pipeline says how to build and run");
    let help =
        format!("`{meant}` goes into the operator's file, ~/.config/pilothouse/projects/NAME.toml");
    Some((message, help))
}
