//! What must happen to each file of the peer's tests, as its own checkout says it.

use std::collections::BTreeMap;
use std::io::Result;
use std::path::{Path, PathBuf};

use crate::java::{Expected, constants, expected};
use crate::messages::Messages;

const MODULE: &str = "pipeline-model-definition/src";
const RESOURCES: &str = "test/resources";

/// Files that are refused for what the peer's tests add to their own Jenkins (validators, agents, tools and libraries), or
/// only once they run.
const ELSEWHERE: [&str; 13] = [
    "agentMissingRequiredParam",
    "agentUnknownParamForType",
    "globalLibraryNonStepBody",
    "globalLibraryObjectMethodCall",
    "notInstalledToolVersion",
    "optionValidatorContributor",
    "postValidatorContributor",
    "scriptSecurityRejectionInEnvironment",
    "scriptSecurityRejectionInSteps",
    "scriptSecurityRejectionInWhenExpression",
    "specificDescribableMatch",
    "tooManyUnnamedParameters",
    "validatorContributor",
];

/// What must happen to a file.
pub(crate) enum Wanted {
    /// It is accepted.
    Accept,
    /// It is accepted by a test that the peer ignores, because the peer refuses it.
    Ignored,
    /// It is refused with messages that begin like this.
    Refuse(Vec<String>),
}

/// A file of the peer's tests.
pub(crate) struct Case {
    /// Where it stands below the test resources.
    pub(crate) file: String,
    pub(crate) wanted: Wanted,
}

/// The peer's tests.
pub(crate) struct Cases {
    /// The directory of the test resources.
    pub(crate) root: PathBuf,
    /// Its files, by name.
    pub(crate) all: Vec<Case>,
    pub(crate) messages: Messages,
}

impl Cases {
    /// Reads a checkout.
    pub(crate) fn read(checkout: &Path) -> Result<Self> {
        let module = checkout.join(MODULE);
        let root = module.join(RESOURCES);
        let messages = messages(checkout)?;
        let mut tests: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
        for source in files(&module.join("test/java"), "java")? {
            for expected in expected(&std::fs::read_to_string(source)?, &messages) {
                tests.entry(expected.file.clone()).or_default().push(expected);
            }
        }
        let mut all = Vec::new();
        for path in files(&root, "groovy")? {
            let inside = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
            let name = inside.to_string_lossy().into_owned();
            let tests = tests.remove(&name).unwrap_or_default();
            let text = std::fs::read_to_string(&path)?;
            if let Some(wanted) = wanted(&name, &text, &tests, &messages) {
                all.push(Case { file: name + ".groovy", wanted });
            }
        }
        Ok(Self { root, all, messages })
    }
}

/// What must happen to a file, if it is one of the cases.
fn wanted(name: &str, text: &str, tests: &[Expected], messages: &Messages) -> Option<Wanted> {
    let is_error = name.starts_with("errors/");
    let last = name.rsplit('/').next().unwrap_or_default();
    // Without a pipeline it is a class of the tests, or plain Groovy.
    let has_pipeline = text.lines().any(|line| line.trim_end().ends_with("pipeline {"));
    if is_error && ELSEWHERE.contains(&last) || !is_error && !has_pipeline {
        return None;
    }
    let is_verdict = |text: &String| messages.is_verdict(text);
    let is_refused = |test: &Expected| test.fails && test.messages.iter().any(is_verdict);
    if is_error || tests.iter().any(is_refused) {
        // The compiler's headline is no message of its own.
        let is_message = |text: &String| !text.contains("startup failed:");
        let told = tests.iter().flat_map(|test| test.messages.clone());
        return Some(Wanted::Refuse(told.filter(is_message).collect()));
    }
    let is_ignored = !tests.is_empty() && tests.iter().all(|test| test.is_ignored);
    Some(if is_ignored { Wanted::Ignored } else { Wanted::Accept })
}

fn messages(checkout: &Path) -> Result<Messages> {
    let mut messages = Messages::default();
    for module in ["pipeline-model-api/src/main", "pipeline-model-definition/src/main"] {
        let module = checkout.join(module);
        for path in files(&module, "properties")? {
            // Other languages have files of their own.
            if path.file_name().is_some_and(|name| name == "Messages.properties") {
                messages.add(&std::fs::read_to_string(path)?);
            }
        }
        for kind in ["java", "groovy"] {
            for path in files(&module, kind)? {
                let class = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                for (name, text) in constants(&class, &std::fs::read_to_string(&path)?) {
                    messages.add_constant(name, text);
                }
            }
        }
    }
    Ok(messages)
}

/// The files below a directory that end in this, by name.
fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if entry.path().extension().is_some_and(|found| found == ending) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
