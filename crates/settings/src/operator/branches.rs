//! Which branches feed an environment.

use pilothouse_core::spec::allowed::{self, BRANCH_HELP, BRANCHES};

use super::environment::Seen;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::Section;
use crate::value::quoted;

/// Reads `branch`; an empty list means that only promotions feed the environment.
pub(super) fn read(
    section: &Section<'_>,
    environment: &str,
    preview: bool,
    seen: &mut Seen,
    found: &mut Found<'_>,
) -> Vec<String> {
    let Some(field) = section.get("branch") else {
        let usual = usual(environment, preview);
        take(&usual, environment, section.at.clone(), seen, found);
        return vec![usual];
    };
    let texts = field.texts(found, BRANCH_HELP).unwrap_or_default();
    if preview && texts.is_empty() {
        let help = "write branch = \"feature/*\"";
        field.wrong(found, "a preview belongs to a branch, and none is named", help);
    }
    if texts.len() > BRANCHES {
        let message = format!("there are more than {BRANCHES} branches");
        field.wrong(found, &message, "use patterns, as in branch = \"release/*\"");
    }
    let mut branches = Vec::new();
    for (text, at) in texts.into_iter().take(BRANCHES) {
        if let Some((message, help)) = allowed::branch(text) {
            found.add(ProblemKind::WrongValue, at, &message, &help);
        } else if take(text, environment, at, seen, found) {
            branches.push(text.to_owned());
        }
    }
    branches
}

/// The branch that feeds an environment of this name where the file does not say.
fn usual(environment: &str, preview: bool) -> String {
    match environment {
        _ if preview => "feature/*",
        "production" => "main",
        "qa" | "staging" => "release/*",
        "development" => "develop",
        other => other,
    }
    .to_owned()
}

/// Notes the branch as taken; two environments cannot be fed by one pattern, and one that an
/// earlier pattern covers would never be.
fn take(
    branch: &str,
    environment: &str,
    at: std::ops::Range<usize>,
    seen: &mut Seen,
    found: &mut Found<'_>,
) -> bool {
    let line = found.line(at.start);
    let same = seen.branches.iter().find(|(taken, _, _)| taken == branch);
    if let Some((_, owner, line)) = same {
        let shown = quoted(branch);
        let message = format!("{shown} feeds {owner} already (line {line})");
        let help = "let each branch feed one environment; promote to reach a second";
        found.add(ProblemKind::Conflict, at, &message, help);
        return false;
    }
    let cover = seen
        .branches
        .iter()
        .find(|(taken, owner, _)| owner != environment && allowed::covers(taken, branch));
    if let Some((taken, owner, line)) = cover {
        let message = format!(
            "no branch is left for {}: {} of {owner} (line {line}) fits all of them",
            quoted(branch),
            quoted(taken)
        );
        let help = format!("put [environment.{environment}] before [environment.{owner}]");
        found.add(ProblemKind::Conflict, at, &message, &help);
        return false;
    }
    let taken = (branch.to_owned(), environment.to_owned(), line);
    seen.branches.push(taken);
    true
}
