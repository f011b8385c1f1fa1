//! Reads what people call things on the command line: `shop/production`, `#12`, `d3`, `r41`.

use color_eyre::Result;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{
    BranchName, DeploymentId, InstanceId, ProjectName, ReleaseNumber, RunId,
};
use pilothouse_core::state::{Project, State};
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed};

/// The most names that an error lists.
const LISTED: usize = 12;

/// A run's number: `12` or `#12`.
pub fn run(text: &str) -> Option<RunId> {
    digits(text.strip_prefix('#').unwrap_or(text)).map(RunId)
}

/// A deployment's number: `d3`.
pub fn deployment(text: &str) -> Option<DeploymentId> {
    digits(text.strip_prefix('d')?).map(DeploymentId)
}

/// A release's number: `r41` or `41`.
pub fn release(text: &str) -> Result<ReleaseNumber, String> {
    digits(text.strip_prefix('r').unwrap_or(text))
        .and_then(|number| u32::try_from(number).ok())
        .map(ReleaseNumber)
        .ok_or_else(|| format!("{text:?} is no release; write one such as r41"))
}

/// A run's number, for clap.
pub fn run_argument(text: &str) -> Result<RunId, String> {
    run(text).ok_or_else(|| format!("{text:?} is no run; write one such as 12"))
}

fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

/// Finds `[PROJECT/]ENVIRONMENT`. The project may be left out where only one has it.
pub fn environment(state: &State, text: &str) -> Result<EnvironmentKey> {
    if let Some((project, name)) = text.split_once('/') {
        let key = EnvironmentKey { project: project.into(), name: name.into() };
        if state.environments.contains_key(&key) {
            return Ok(key);
        }
        return Err(no_environment(state, text));
    }
    let found: Vec<_> = state.environments.keys().filter(|key| key.name.as_str() == text).collect();
    match found[..] {
        [] => Err(no_environment(state, text)),
        [key] => Ok(key.clone()),
        _ => Err(failed(
            Failure::Usage,
            format!("{text} could be {}: name the project too", listed(&found, "or")),
        )),
    }
}

/// Finds the environments that `PROJECT` or `[PROJECT/]ENVIRONMENT` means.
pub fn environments(state: &State, text: &str) -> Result<Vec<EnvironmentKey>> {
    let is_environment = state.environments.keys().any(|key| key.name.as_str() == text);
    if is_environment || !state.projects.contains_key(text) {
        return Ok(vec![environment(state, text)?]);
    }
    let own = state.environments.keys().filter(|key| key.project.as_str() == text);
    Ok(own.cloned().collect())
}

fn no_environment(state: &State, text: &str) -> color_eyre::Report {
    let known = state.environments.keys().map(ToString::to_string);
    missing(
        "environment",
        text,
        &known.collect::<Vec<_>>(),
        "add a project with `pilothouse add NAME REPOSITORY`",
    )
}

/// Finds an instance by its name, or by the end of it that the cockpit shows, such as `r41-0`.
pub fn instance(state: &State, text: &str) -> Result<InstanceId> {
    if let Some((id, _)) = state.instances.get_key_value(text) {
        return Ok(id.clone());
    }
    let end = format!("-{text}");
    let found: Vec<_> = state.instances.keys().filter(|id| id.as_str().ends_with(&end)).collect();
    match found[..] {
        [id] => Ok(id.clone()),
        [_, _, ..] => Err(failed(
            Failure::Usage,
            format!(
                "{} could be {}: write all of the name",
                printable(text, 80),
                listed(&found, "or")
            ),
        )),
        [] => {
            let known: Vec<_> = state.instances.keys().map(ToString::to_string).collect();
            Err(missing("instance", text, &known, "nothing runs: `pilothouse status` says why"))
        }
    }
}

/// Finds a project.
pub fn project<'a>(state: &'a State, text: &str) -> Result<(&'a ProjectName, &'a Project)> {
    state.projects.get_key_value(text).ok_or_else(|| {
        let known: Vec<_> = state.projects.keys().map(ToString::to_string).collect();
        missing("project", text, &known, "add one with `pilothouse add NAME REPOSITORY`")
    })
}

/// Finds a branch, in a project or in the only one that has it. `PROJECT:BRANCH` names both.
pub fn branch(
    state: &State,
    text: &str,
    project: Option<&str>,
) -> Result<(ProjectName, BranchName)> {
    let (project, text) = match (project, text.split_once(':')) {
        (None, Some((project, branch))) => (Some(project), branch),
        (project, _) => (project, text),
    };
    if let Some(project) = project {
        self::project(state, project)?;
    }
    let wanted =
        state.projects.iter().filter(|(name, _)| project.is_none_or(|p| p == name.as_str()));
    let found: Vec<_> = wanted
        .clone()
        .filter_map(|(name, project)| Some((name, project.branches.get_key_value(text)?.0)))
        .collect();
    match found[..] {
        [(name, branch)] => Ok((name.clone(), branch.clone())),
        [_, _, ..] => {
            let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
            let names = listed(&names, "and");
            Err(failed(
                Failure::Usage,
                format!("{names} have that branch: say which with --project"),
            ))
        }
        [] => {
            let is_plain = project.is_some() || state.projects.len() < 2;
            let known = wanted.flat_map(|(name, project)| {
                project.branches.keys().map(move |branch| {
                    let branch = printable(branch.as_str(), 60);
                    if is_plain { branch } else { format!("{name}:{branch}") }
                })
            });
            let known: Vec<_> = known.collect();
            Err(missing("branch", text, &known, "`pilothouse look` looks at the repositories now"))
        }
    }
}

/// Names in a sentence, with a word before the last one.
fn listed(names: &[impl ToString], word: &str) -> String {
    let mut shown: Vec<String> = names.iter().take(LISTED).map(ToString::to_string).collect();
    let more = names.len() - shown.len();
    let last = if more > 0 { Some(format!("{more} more")) } else { shown.pop() };
    match last {
        Some(last) if !shown.is_empty() => format!("{} {word} {last}", shown.join(", ")),
        Some(last) => last,
        None => String::new(),
    }
}

fn missing(kind: &str, text: &str, known: &[String], hint: &str) -> color_eyre::Report {
    let text = printable(text, 80);
    let count = known.len();
    let why = if known.is_empty() {
        format!("there is no {kind} {text}, nor any other; {hint}")
    } else if count > LISTED {
        let shown = known[..LISTED].join(", ");
        format!("there is no {kind} {text}; there are {shown} and {} more", count - LISTED)
    } else {
        format!("there is no {kind} {text}; there is {}", known.join(", "))
    };
    failed(Failure::Refused, why)
}

#[cfg(test)]
mod tests {
    use pilothouse_core::apply::apply;
    use pilothouse_core::command::Command;
    use pilothouse_core::decide::decide;
    use pilothouse_core::effect::Input;
    use pilothouse_core::event::Recorded;
    use pilothouse_core::time::Timestamp;

    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_shown() {
        assert_eq!(run("#12"), Some(RunId(12)));
        assert_eq!(run("12"), Some(RunId(12)));
        assert_eq!(deployment("d3"), Some(DeploymentId(3)));
        assert_eq!(release("r41"), Ok(ReleaseNumber(41)));
        for wrong in ["", "#", "+1", "-1", "x1", "1x", "99999999999999999999999"] {
            assert_eq!(run(wrong), None, "{wrong}");
            assert_eq!(deployment(&format!("d{wrong}")), None, "{wrong}");
        }
        assert!(release("r4294967296").is_err());
    }

    #[test]
    fn names_that_meet_are_all_told() {
        assert_eq!(listed(&["shop/live", "site/live"], "or"), "shop/live or site/live");
        assert_eq!(listed(&["a", "b", "c"], "or"), "a, b or c");
        let many: Vec<String> = (0..14).map(|number| format!("p{number}")).collect();
        assert!(listed(&many, "or").ends_with("p10, p11 or 2 more"), "{}", listed(&many, "or"));
    }

    #[test]
    fn an_environment_of_three_projects_is_told_by_all_three() {
        let mut state = State::default();
        for project in ["shop", "site", "page"] {
            let text = "repository = \"/srv/git\"\n[environment.live]\nbranch = \"main\"\n";
            let spec = pilothouse_settings::operator::read(project, "file.toml", text).unwrap();
            let command = Command::Apply { spec: Box::new(spec) };
            let input = Input::Command { actor: "kim".to_owned(), command };
            for event in decide(&state, &input, Timestamp(1)).events {
                let seq = state.seq.next();
                apply(&mut state, &Recorded { seq, at: Timestamp(1), event });
            }
        }
        let said = environment(&state, "live").unwrap_err().to_string();
        let all = "live could be page/live, shop/live or site/live: name the project too";
        assert_eq!(said, all);
    }
}
