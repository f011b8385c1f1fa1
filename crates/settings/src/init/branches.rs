//! Which environments a repository's branches ask for.

use pilothouse_core::spec::allowed;
use pilothouse_core::text::printable;

use super::RepositoryFacts;
use crate::operator::DraftEnvironment;

/// Branches that feed production where nobody says otherwise, the likeliest first.
const MAIN: [&str; 4] = ["main", "master", "trunk", "production"];
/// Branches that feed development.
const DEVELOP: [&str; 4] = ["develop", "development", "dev", "next"];
/// Beginnings of branches that feed qa.
const RELEASE: [&str; 2] = ["release/", "releases/"];

/// The environments of a new project; production and previews are always among them.
pub(super) fn environments(
    facts: &RepositoryFacts,
    notes: &mut Vec<String>,
) -> Vec<DraftEnvironment> {
    let has = |name: &&str| facts.branches.iter().any(|branch| branch == name);
    let is_usable = |branch: &&String| allowed::branch(branch).is_none() && !branch.contains('*');
    let default = facts.default_branch.as_ref().filter(is_usable);
    let main = MAIN.iter().find(|name| has(name)).copied();
    let main = default.map(String::as_str).or(main).unwrap_or("main");
    let shown = printable(main, 60);
    notes.push(format!("{shown} feeds production, which waits for a person's key"));
    let mut environments = vec![environment("production", main, 2)];
    if let Some(prefix) = RELEASE
        .iter()
        .find(|prefix| facts.branches.iter().any(|branch| branch.starts_with(**prefix)))
    {
        environments.push(environment("qa", &format!("{prefix}*"), 1));
    }
    if let Some(develop) = DEVELOP.iter().find(|name| has(name) && **name != main) {
        environments.push(environment("development", develop, 1));
    }
    environments.push(environment("preview", "feature/*", 1));
    environments
}

fn environment(name: &str, branch: &str, instances: u32) -> DraftEnvironment {
    DraftEnvironment { name: name.to_owned(), branches: vec![branch.to_owned()], instances }
}
